"""What was written to us and is of no maintenance yet, and what somebody gave to one."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dashboard.log import messages
from dashboard.log.messages import Message
from dashboard.log.state import maintenances
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.model.scope import Scope
from dashboard.model.stages import CLOSED, RUNNING
from dashboard.views import words
from dashboard.views.fleet import instant_of

SHOWN = 10
COUNTED = 1_000
EXCERPT, WHOLE = 280, 20_000  # characters
TIED_SHOWN = 10
TIED_FOR = timedelta(days=30)
CLOSED_FOR = timedelta(days=30)  # a maintenance that is over so long is not offered any more


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is listed; all that it says is untrusted text."""

    message_id: str
    received_at: datetime
    sender: str
    subject: str
    excerpt: str  # how it begins, without its empty lines
    rest: str  # all of it, where that is more
    claimed_end: datetime | None
    maintenance: str  # the one that it was given to, by name; '' while unread
    tied_at: datetime | None


@dataclass(frozen=True, slots=True)
class Unread:
    """The messages that no maintenance has at the instant shown, newest first, and those given to one lately."""

    sentence: str  # '' where there is none
    unread: tuple[Written, ...]
    more: int  # that are not listed
    tied: tuple[Written, ...]


def what_is_unread(connection: Connection, scope: Scope, now: datetime) -> Unread:
    """What nobody could tell the maintenance of, and what somebody told lately."""
    at, now = instant_of(scope), scope.as_of or now
    count = messages.count_unread(connection, COUNTED, at)
    unread = messages.unread(connection, SHOWN, at)
    tied = messages.tied(connection, micros(now - TIED_FOR), TIED_SHOWN, at)
    names = {
        name: known.maintenance.title or name
        for name, known in maintenances(connection, at, {each.maintenance_id for each in tied}).items()
    }
    return Unread(
        _sentence(count),
        tuple(_written(each, "") for each in unread),
        count - len(unread),
        tuple(_written(each, names.get(each.maintenance_id, each.maintenance_id)) for each in tied),
    )


def may_be_of(connection: Connection, now: datetime) -> tuple[tuple[str, str], ...]:
    """The maintenances that a message may be given to, as (id, words): running ones first, those that are over last."""
    oldest = micros(now - CLOSED_FOR)
    found = [each.maintenance for each in maintenances(connection).values()]
    offered = [each for each in found if each.status not in CLOSED or (each.closed_at or 0) > oldest]
    offered.sort(
        key=lambda each: (
            each.status in CLOSED,
            each.status not in RUNNING,
            -(each.planned_start or 0),
            each.maintenance_id,
        )
    )
    return tuple(
        (each.maintenance_id, f"{each.title or 'Maintenance'} · {words.stage(each.status)} · {each.maintenance_id}")
        for each in offered
    )


def _sentence(count: int) -> str:
    if not count:
        return ""
    number = f"More than {words.count(COUNTED - 1)}" if count >= COUNTED else words.count(count)
    return f"{number} message{' is' if count == 1 else 's are'} of no maintenance that we could tell."


def _written(each: Message, maintenance: str) -> Written:
    lines = "\n".join(line for line in each.body.splitlines() if line.strip())
    short = len(lines) <= EXCERPT
    excerpt = lines if short else f"{lines[:EXCERPT].rstrip()}…"
    rest = "" if short else each.body if len(each.body) <= WHOLE else f"{each.body[:WHOLE]}…"
    tied_at = instant(each.known_at) if each.by_hand else None
    return Written(
        each.message_id, instant(each.received_at), each.sender, each.subject, excerpt, rest,
        maybe_instant(each.claimed_end), maintenance, tied_at,
    )  # fmt: skip
