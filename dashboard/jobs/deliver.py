"""Sends what the outbox holds: each channel by itself, so that one that hangs delays no other."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from dashboard.errors import DashboardError
from dashboard.log.database import reading, writing
from dashboard.log.outbox import Claimed, claim, give_up, pending_channels, postpone, settle
from dashboard.notices.channels.seam import Channel, Message, NotDelivered
from dashboard.notices.links import token
from dashboard.notices.plan import Notices

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 900.0  # seconds after a failure; doubled each time in between
STEP_IN_AFTER = 3  # failures until the next channel is used as well; one, of what is urgent or will not work by itself
SLACK = timedelta(seconds=30)  # of a lease beyond what a delivery may take
FOR_DAYS = timedelta(days=7)  # what did not arrive by then is given up, and stays on the page as failed

log = logging.getLogger(__name__)


@dataclass
class Courier:
    """Sends over one channel for one notifier. `clock` gives now; `chance` a number from 0 to 1, spreading retries.

    `during` is called with a word before and after each thing that can be cut short: for tests.
    """

    engine: Engine
    name: str
    channel: Channel | None  # None: no channel of that name is configured any more
    plan: Notices
    worker: str
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    during: Callable[[str], None] = lambda _: None
    at_once: int = 1  # claimed together, for as long a lease; more is quicker, and later where this process dies
    _hung: list[threading.Thread] = field(default_factory=list)

    def deliver(self, most: int = 1000) -> tuple[int, int]:
        """Sends what is due over this channel; returns how many arrived and how many did not. Raises LogUnavailable."""
        arrived = failed = 0
        while arrived + failed < most:
            now = self.clock()
            with writing(self.engine) as connection:
                held = claim(connection, self.name, self.worker, now, self._lease, self.at_once)
            if not held:
                break
            self.during("claimed")
            for each in held:
                if self._one(each):
                    arrived += 1
                else:
                    failed += 1
        return arrived, failed

    @property
    def _lease(self) -> timedelta:
        return self.at_once * timedelta(seconds=2 * self.channel.timeout if self.channel else 0) + SLACK

    def _one(self, held: Claimed) -> bool:
        try:
            said = self._sent(held)
        except Exception as why:  # whatever a channel does, the message is not lost and the others go on
            self._failed(held, why)
            return False
        self.during("sent")
        with writing(self.engine) as connection:
            settle(connection, held, self.clock(), said)
        return True

    def _sent(self, held: Claimed) -> str:
        """Sends within the channel's time, and no longer: what hangs is left behind, in a thread of its own."""
        if self.channel is None:
            raise NotDelivered(f"{self.name}: no channel of that name is configured", lasting=True)
        self._hung = [each for each in self._hung if each.is_alive()]
        if self._hung:
            raise NotDelivered(f"{self.name}: still hangs since the last attempt")
        channel, message, done = self.channel, self._message(held), _Outcome()
        sender = threading.Thread(target=done.run, args=(channel, message), name=f"to {self.name}", daemon=True)
        sender.start()
        sender.join(channel.timeout * 1.5)
        if sender.is_alive():
            self._hung.append(sender)
            raise NotDelivered(f"{self.name}: did not end within {channel.timeout * 1.5:g} s: it hangs")
        if done.error is not None:
            raise done.error
        return done.said

    def _message(self, held: Claimed) -> Message:
        now, link = self.clock(), ""
        if held.urgent and self.plan.link and self.plan.secret is not None:
            told = token(self.plan.secret.reveal(), held.message, now, timedelta(seconds=self.plan.link_expires))
            link = f"{self.plan.link}/acknowledge/{told}"
        usable = self.channel is not None and held.instead and not self.channel.unfit(held.instead)
        contact = held.instead if usable else held.contact  # better to whom it concerns than to nobody
        return Message(
            held.message, now.timestamp(), held.audience, contact, held.subject, held.text, link, held.urgent,
            tuple(json.loads(held.program)), self.plan.link,
        )  # fmt: skip

    def _failed(self, held: Claimed, why: Exception) -> None:
        known = isinstance(why, DashboardError)
        words = str(why) if known else f"{self.name}: could not be sent ({type(why).__name__})"
        if not known:
            log.error("%s could not be sent", held.message, exc_info=why)
        lasting = isinstance(why, NotDelivered) and why.lasting
        now = self.clock()
        pause = min(FIRST_PAUSE * 2 ** min(held.attempts, 20), LONGEST_PAUSE)
        again = now + timedelta(seconds=(LONGEST_PAUSE if lasting else pause) * (0.5 + self.chance()))
        step_in = lasting or held.urgent or held.attempts + 1 >= STEP_IN_AFTER
        with writing(self.engine) as connection:
            postpone(connection, held, self.worker, now, words, again, step_in)


@dataclass
class _Outcome:
    said: str = ""
    error: Exception | None = None

    def run(self, channel: Channel, message: Message) -> None:
        """Sends, and remembers how it went."""
        try:
            self.said = channel.send(message)
        except Exception as why:
            self.error = why


def couriers(
    engine: Engine, plan: Notices, worker: str, clock: Callable[[], datetime], chance: Callable[[], float]
) -> Mapping[str, Courier]:
    """One for each channel that is configured."""
    return {each.name: Courier(engine, each.name, each, plan, worker, clock, chance) for each in plan.channels}


def orphans(engine: Engine, plan: Notices) -> set[str]:
    """Channels that messages still wait for, and that nobody configures any more."""
    with reading(engine) as connection:
        return pending_channels(connection) - {each.name for each in plan.channels}


def forget_old(engine: Engine, now: datetime) -> int:
    """Gives up what has not arrived in a week."""
    with writing(engine) as connection:
        return give_up(connection, now - FOR_DAYS)
