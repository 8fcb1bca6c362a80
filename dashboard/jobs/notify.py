"""Looks at the log, and writes what is due into the outbox: both in one transaction, from a position on."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select, text

from dashboard.log.append import newest_recorded, take_position
from dashboard.log.database import appending, reading, writing
from dashboard.log.outbox import (
    Beat,
    beat,
    read_beat,
    stumble,
    take_turn,
    write_ladders,
    write_messages,
    write_notices,
)
from dashboard.log.tables import appends, current_maintenances, current_stages, touched
from dashboard.model.instants import micros
from dashboard.model.stages import CLOSED
from dashboard.notices.audiences import Directory
from dashboard.notices.compose import Draft, Mail, Style, message_of, over, row_of, together
from dashboard.notices.events import events_of
from dashboard.notices.look import Looked, Looking
from dashboard.notices.plan import SECOND, Notices
from dashboard.notices.reading import read_directory, read_heard, read_words, silent_since

WHOLE_EVERY = timedelta(hours=1)
"""So often everything that is open is looked at, whether or not there is a reason to."""

HEARD_EVERY = timedelta(minutes=10)
OURS = ("notices", "forecast")


@dataclass(frozen=True, slots=True)
class Stepped:
    """What one look came to."""

    looked_at: int  # maintenances
    written: tuple[Mail, ...]

    @property
    def notices(self) -> int:
        """How many notices were written."""
        return sum(len(each.rows) for each in self.written)


@dataclass
class Notifier:
    """Writes notices for one configuration. What it remembers between looks only spares it looking at everything.

    `during` is called between what is read and what is written, and once more before that is committed: for tests.
    """

    engine: Engine
    plan: Notices
    during: Callable[[str], None] = lambda _: None
    whole_every: timedelta = WHOLE_EVERY
    _position: int = -1
    _next_at: dict[str, int] = field(default_factory=dict)
    _running: set[str] = field(default_factory=set)
    _sources: dict[str, tuple[str, int]] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)  # those last looked at as of a silent source
    _heard: dict[str, int] = field(default_factory=dict)
    _heard_at: datetime | None = None
    _whole_at: datetime | None = None
    _known: tuple[int, Directory] | None = None

    @property
    def style(self) -> Style:
        """How notices are put."""
        return Style(self.plan.templates, self.plan.link, self.plan.ladder.ladder)

    def step(self, now: datetime, *, keep: bool = True) -> Stepped:
        """Writes every notice that is due now, each once. With `keep` false it only says which those would be."""
        with reading(self.engine) as connection:
            told = read_beat(connection)
            head, _ = newest_recorded(connection)
            began = micros(now) if told is None else told.began_at
            ids: set[str] = self._to_look_at(connection, told, head, now)
            looking = self._looking(connection, head, began, now)
            looked = looking.look(connection, ids)
        self.during("looked")
        if not keep:
            return Stepped(len(ids), tuple(self._mails(looked.drafts, looking)))
        if looked.drafts:
            mails, looked = self._write(looked, ids, now, head)
        else:
            mails = self._note(looked, now, head)
        self._remember(looked, ids)
        self._position = head
        return Stepped(len(ids), mails)

    def trouble(self, now: datetime, error: str) -> None:
        """Writes down that a look failed, and why."""
        with writing(self.engine) as connection:
            take_turn(connection, now, self.plan.every)
            stumble(connection, now, error)

    def _looking(self, connection: Connection, head: int, began: int, now: datetime) -> Looking:
        if self._known is None or self._known[0] != head:
            self._known = (head, read_directory(connection, micros(now)))
        return Looking(self.plan, self.style, self._known[1], self._heard, began, micros(now))

    def _to_look_at(self, connection: Connection, told: Beat | None, head: int, now: datetime) -> set[str]:
        """What has news, what is due to be looked at again, and now and then everything that is open."""
        at = micros(now)
        since = self._position if self._position >= 0 else (told.position if told else head)
        ids = set(connection.scalars(select(touched.c.maintenance_id).where(touched.c.position > since).distinct()))
        self._listen(connection, ids, now)
        whole = self._position < 0 or self._whole_at is None or abs(now - self._whole_at) >= self.whole_every
        if whole or self._directory_may_have_changed(connection, since):
            ids |= open_ids(connection) | self._next_at.keys()
            self._whole_at = now
        ids |= {name for name, due in self._next_at.items() if due <= at}
        if head != since:
            ids |= self._running
        after = round(self.plan.ladder.silent_after * SECOND)
        silent = {
            name
            for name, (source, word) in self._sources.items()
            if silent_since(self._heard, source, word, at, after) is not None
        }
        ids |= silent ^ self._silent
        return ids

    def _listen(self, connection: Connection, ids: Iterable[str], now: datetime) -> None:
        if self._heard_at is None or abs(now - self._heard_at) >= HEARD_EVERY:
            self._heard, self._heard_at = read_heard(connection, micros(now)), now
        for source, word in read_words(connection, ids):
            self._heard[source] = max(self._heard.get(source, word), word)

    def _directory_may_have_changed(self, connection: Connection, since: int) -> bool:
        """Whether anything was appended that speaks of no maintenance: teams, nodes, allocations, parties."""
        silent = select(appends.c.position).where(
            appends.c.position > since,
            appends.c.what.not_in(OURS),
            appends.c.position.not_in(select(touched.c.position).where(touched.c.position > since)),
        )
        return connection.execute(silent.limit(1)).first() is not None

    def _write(self, looked: Looked, ids: set[str], now: datetime, head: int) -> tuple[tuple[Mail, ...], Looked]:
        """Writes what is due, alone with the outbox; where the log has moved meanwhile, it is looked at again first."""
        with appending(self.engine) as connection:
            told = take_turn(connection, now, self.plan.every)
            newest, _ = newest_recorded(connection)
            looking = self._looking(connection, newest, told.began_at, now)
            if newest != head:
                looked = looking.look(connection, ids)
            pairs = [(each, row_of(each, looking.directory, looking.style)) for each in looked.drafts]
            mails = together(pairs)
            write_notices(connection, [row for mail in mails for row in mail.rows])
            lines = [line for mail in mails for line in over(mail, micros(now))]
            events = events_of(connection, looked.drafts, looking.directory)
            write_messages(connection, [message_of(mail, events) for mail in mails], lines)
            # The later of two rows of one ladder stays.
            write_ladders(connection, [*looked.ladders, *looking.after(looked, pairs)])
            if mails:
                take_position(connection, now, OURS[0], sum(len(mail.rows) for mail in mails))
            # Not `newest`: what came in since the first look was not looked for.
            beat(connection, now, self.plan.every, head)
            self.during("written")
        return tuple(mails), looked

    def _note(self, looked: Looked, now: datetime, head: int) -> tuple[Mail, ...]:
        with writing(self.engine) as connection:
            take_turn(connection, now, self.plan.every)
            write_ladders(connection, looked.ladders)
            beat(connection, now, self.plan.every, head)
            self.during("written")
        return ()

    def _mails(self, drafts: list[Draft], looking: Looking) -> list[Mail]:
        return together([(each, row_of(each, looking.directory, looking.style)) for each in drafts])

    def _remember(self, looked: Looked, ids: Iterable[str]) -> None:
        for name in ids:
            self._next_at.pop(name, None)
            self._sources.pop(name, None)
            self._running.discard(name)
            self._silent.discard(name)
        self._next_at |= {name: min(nexts.values()) for name, nexts in looked.next_at.items() if nexts}
        self._sources |= looked.sources
        self._running |= looked.running
        self._silent |= looked.silent


def open_ids(connection: Connection) -> set[str]:
    """The maintenances that are not over, and those that are told to be and still hold nodes."""
    open_ones = current_maintenances.c.status.not_in([str(each) for each in CLOSED])
    told = set(connection.scalars(select(current_maintenances.c.maintenance_id).where(open_ones)))
    return told | set(connection.scalars(select(current_stages.c.maintenance_id).where(text("is_out")).distinct()))
