"""Polls one source: facts, what is set aside, and the cursor after them are kept in one transaction."""

import logging
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Engine

from dashboard.errors import LogUnavailable, SourceFailed, SourceInPart, SourceUnavailable
from dashboard.jobs.intake import take_in
from dashboard.log import aside, source_states
from dashboard.log.append import take_position
from dashboard.log.database import appending, reading, writing
from dashboard.log.source_states import State
from dashboard.model.instants import instant, micros
from dashboard.sources.seam import Batch, Source

LEASE = timedelta(minutes=3)
"""So long after the last sign of life of a worker, another takes over."""

LOOK_AGAIN = timedelta(seconds=5)
"""How often a worker looks whether it may take over what another has in hand."""

FIRST_PAUSE, LONGEST_PAUSE = 5.0, 300.0  # seconds after a failure; doubled each time in between
LONGEST_ASKED = 24 * 3600.0  # a Retry-After beyond a day is a mistake of theirs

log = logging.getLogger(__name__)


class How(StrEnum):
    """How a poll went."""

    DONE = "done"
    FAILED = "failed"
    HELD = "held"  # another worker has the source in hand


@dataclass(frozen=True, slots=True)
class Collected:
    """What a poll came to, and when the next is due; `error` is also what is wrong with one that is done."""

    how: How
    due_at: datetime
    new: int = 0
    set_aside: int = 0
    error: str = ""


class _LostLease(Exception):
    """Another worker has taken the source over; what is not committed, it reads itself."""


@dataclass
class Collector:
    """Polls one source for one worker. Between polls it remembers how the source stands, so that idle ones are free.

    `clock` gives now; `chance` a number from 0 to 1 that spreads retries out.
    """

    engine: Engine
    source: Source
    worker: str
    clock: Callable[[], datetime]
    chance: Callable[[], float]
    _state: State | None = field(default=None, init=False)

    @property
    def _lease(self) -> timedelta:
        return LEASE + timedelta(seconds=2 * self.source.timeout)

    def due_at(self) -> datetime:
        """When the next poll is due, as far as this worker or the log knows."""
        if self._state is None:
            with reading(self.engine) as connection:
                found = source_states.read_state(connection, self.source.name)
            return self.clock() if found is None else instant(found.due_at)
        return instant(self._state.due_at)

    def poll(self) -> Collected:
        """Polls once. Whatever goes wrong with the source is written down; raises LogUnavailable only."""
        try:
            return self._poll(self._take())
        except _LostLease:
            self._state = None
            return Collected(How.HELD, max(self.due_at(), self.clock() + LOOK_AGAIN))
        except LogUnavailable:
            self._state = None  # what the log holds by then, it says when it is back
            raise

    def _poll(self, state: State) -> Collected:
        done = Collected(How.DONE, self.clock())
        try:
            with closing(self.source.poll(state.cursor, self.clock())) as batches:
                for batch in batches:
                    new, bad = self._commit(batch)
                    done = replace(done, new=done.new + new, set_aside=done.set_aside + bad)
            return self._succeeded(done)
        except (LogUnavailable, _LostLease):
            raise
        except SourceInPart as why:
            return self._succeeded(done, str(why))
        except SourceFailed as why:
            return self._failed(done, str(why), why)
        except Exception as why:  # one source's fault, whatever it is, is not another's
            log.exception("%s could not be collected", self.source.name)
            words = f"its answer could not be read ({type(why).__name__}): the log of the worker says more"
            return self._failed(done, f"{self.source.name}: {words}", why)

    def let_go(self) -> None:
        """Hands the source back, so that another worker need not wait."""
        if self._state is not None:
            with writing(self.engine) as connection:
                source_states.release(connection, self.source.name, self.worker, **self._heard())
            self._state = None

    def _take(self) -> State:
        """The source in this worker's hand for at least half a lease more. Raises _LostLease where another has it."""
        now = self.clock()
        if self._state is None or instant(self._state.held_until) < now + self._lease / 2:
            with writing(self.engine) as connection:
                until = now + self._lease
                state = source_states.claim(connection, self.source.name, self.worker, now, until, **self._heard())
            if state is None:
                raise _LostLease(f"{self.source.name} is another worker's")
            self._state = self._from_its_beginning(state) if state.options == source_states.ANEW else state
        return self._state

    def _from_its_beginning(self, state: State) -> State:
        """The source as it is read when somebody has asked for that on the page Sources."""
        values: dict[str, Any] = {"options": self.source.options(), "cursor": _anew(self.source, state)}
        with writing(self.engine) as connection:
            if not source_states.keep(connection, self.source.name, self.worker, **values):
                raise _LostLease(f"{self.source.name} is another worker's")
            aside.forget_told(connection, self.source.name)
        return replace(state, **values)

    def _heard(self) -> dict[str, Any]:
        """What the log has not heard yet: an idle poll is not written down by itself."""
        names = ("succeeded_at", "attempted_at", "cursor")
        return {name: getattr(self._state, name) for name in names} if self._state else {}

    def _commit(self, batch: Batch) -> tuple[int, int]:
        """Keeps a batch with its cursor, all or nothing; returns facts that were new, and rows newly set aside."""
        state = self._known()
        if self._says_nothing(batch):
            self._state = replace(state, cursor=batch.cursor)
            return 0, 0
        now = self.clock()
        with appending(self.engine) as connection:
            new, kept = take_in(connection, self.source.name, batch, now)
            after = self._written(
                connection,
                cursor=batch.cursor,
                rows=state.rows + new,
                news_at=micros(now) if new else state.news_at,
                held_until=micros(now + self._lease),
            )
        self._state = after
        return new, kept

    def _says_nothing(self, batch: Batch) -> bool:
        """Whether there is nothing in a batch to be kept, not even a new cursor."""
        if (
            batch.letters
            or batch.set_aside
            or any(batch.facts.values())
            or (batch.lasting and batch.cursor != (self._known().cursor or ""))
        ):
            return False
        with reading(self.engine) as connection:
            return not any(aside.holds_part(connection, self.source.name, part) for part in batch.reread)

    def _succeeded(self, done: Collected, part: str = "") -> Collected:
        """`part`: what the source could not speak for."""
        now, state = self.clock(), self._known()
        word = "; ".join(each for each in (part, self.source.doubt()) if each)
        due_at = now + timedelta(seconds=self.source.rest(state.cursor))
        ours_until_then = due_at < instant(state.held_until)
        turned = bool(state.failures) or state.error != word
        if ours_until_then and not (turned or state.succeeded_at is None or done.new or done.set_aside):
            self._state = replace(state, due_at=micros(due_at), succeeded_at=micros(now), attempted_at=micros(now))
        else:
            since = (state.failing_since or micros(now)) if word else None
            stands = {"error": word, "failures": 0, "failing_since": since}
            self._note(wakes=turned, due_at=micros(due_at), succeeded_at=micros(now), **stands)
        return replace(done, due_at=due_at, error=word)

    def _failed(self, done: Collected, words: str, why: Exception) -> Collected:
        now, state = self.clock(), self._known()
        longest = max(self.source.interval, LONGEST_PAUSE)
        pause = min(FIRST_PAUSE * 2.0 ** min(state.failures, 20), longest)
        if not isinstance(why, SourceUnavailable):  # nothing changes by itself: no need to hurry
            pause = max(pause, self.source.interval)
        pause *= 0.75 + 0.5 * self.chance()
        asked = why.retry_after if isinstance(why, SourceFailed) else None
        due_at = now + timedelta(seconds=max(pause, min(asked or 0.0, LONGEST_ASKED)))
        self._note(
            wakes=not state.failures,
            due_at=micros(due_at),
            error=words,
            failures=state.failures + 1,
            failing_since=state.failing_since or micros(now),
        )
        return replace(done, how=How.FAILED, due_at=due_at, error=words)

    def _note(self, *, wakes: bool, **values: Any) -> None:
        """Writes down how the source stands now; where that turned from good to bad or back, the pages are woken."""
        now = self.clock()
        with appending(self.engine) if wakes else writing(self.engine) as connection:
            after = self._written(connection, attempted_at=micros(now), **values)
            if wakes:
                take_position(connection, now, f"collect {self.source.name}", 0)
        self._state = after

    def _written(self, connection: Connection, **values: Any) -> State:
        """The source as it stands once the transaction is through. Raises _LostLease, which undoes the transaction."""
        if not source_states.keep(connection, self.source.name, self.worker, **values):
            raise _LostLease(f"{self.source.name} is another worker's")
        return replace(self._known(), **values)

    def _known(self) -> State:
        if self._state is None:
            raise _LostLease(f"{self.source.name} is not in hand")
        return self._state


def register(engine: Engine, sources: Iterable[Source], *, again: bool = False) -> None:
    """Makes the configured sources known to the log, and so to the page Sources.

    One that is read in another way than before is read from its beginning, and so is every one with `again`: what was
    set aside may be a fact by now.
    """
    with reading(engine) as connection:
        known = {state.source: state for state in source_states.read_states(connection)}
    changed = [each for each in sources if again or _configured(each) != _known(known.get(each.name))]
    if not changed:
        return
    with writing(engine) as connection:
        for each in changed:
            state = known.get(each.name)
            kind, options, interval = _configured(each)
            if state is None:
                source_states.introduce(connection, each.name, kind, options, interval)
                continue
            cursor = state.cursor
            if again or (state.type, state.options) != (kind, options):
                cursor = _anew(each, state)
                if not each.pushed:
                    aside.forget_told(connection, each.name)
            source_states.correct(connection, each.name, type=kind, options=options, interval=interval, cursor=cursor)


def _anew(source: Source, state: State) -> str | None:
    return source.anew(state.cursor) if state.cursor and state.type == source.type else None


def _configured(source: Source) -> tuple[str, str, float]:
    return source.type, source.options(), source.interval


def _known(state: State | None) -> tuple[str, str, float] | None:
    return None if state is None else (state.type, state.options, state.interval)
