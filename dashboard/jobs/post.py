"""Posts the update that writes itself, at its hour, into the outbox: once a turn, whoever is late and however late."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, Engine

from dashboard.errors import UsageError
from dashboard.log.append import take_position
from dashboard.log.database import appending, reading
from dashboard.log.outbox import Line, last_messages, read_beat, replace_older, take_turn, write_messages
from dashboard.model.instants import instant, micros
from dashboard.notices.plan import Notices, Update
from dashboard.notices.updates import Written, audience_of, message_of, turns

Writer = Callable[[Connection, Update, datetime, datetime], Written]
"""Writes an update: of what, what is new since when, and as of when."""


@dataclass
class Updates:
    """Posts the updates of one configuration. What it remembers only spares it asking again.

    `faults`: what was wrong at the last step, of which each cost one update only.
    """

    engine: Engine
    plan: Notices
    writer: Writer
    faults: list[str] = field(default_factory=list)
    _done: dict[str, datetime] = field(default_factory=dict)

    def step(self, now: datetime, *, keep: bool = True) -> list[tuple[Update, Written]]:
        """Posts each that is due and not posted yet; with `keep` false it only says which those would be."""
        found, self.faults = [], []
        for update in self.plan.updates:
            due_at, before = turns(update, now, self.plan.zone)
            if self._done.get(update.name) == due_at:
                continue
            try:
                told = self._one(update, due_at, before, now, keep=keep)
            except UsageError as why:
                self.faults.append(str(why))
                continue
            found += [(update, told)] if told else []
            if keep:
                self._done[update.name] = due_at
        return found

    def written(self, update: Update, now: datetime) -> Written:
        """An update as if it were due. Raises UsageError."""
        with reading(self.engine) as connection:
            return self.writer(connection, update, turns(update, now, self.plan.zone)[0], now)

    def _one(self, update: Update, due_at: datetime, before: datetime, now: datetime, *, keep: bool) -> Written | None:
        """What was missed is one update: of all that is new since the last that anyone got."""
        with reading(self.engine) as connection:
            beat = read_beat(connection)
            written_at, arrived_at = last_messages(connection, audience_of(update))
            began = beat.began_at if beat else micros(now)
            if micros(due_at) <= (written_at if written_at is not None else began):
                return None  # there is one; or it was due before anything was to be told
            since = instant(arrived_at) if arrived_at is not None else before
            told = self.writer(connection, update, since, now)
        if keep:
            with appending(self.engine) as connection:
                take_turn(connection, now, self.plan.every)
                row = message_of(update, due_at, since, now, told)
                over = [Line(row[0], name, 0, place, micros(now)) for place, name in enumerate(update.channels)]
                if not write_messages(connection, [row], over):
                    return None  # another notifier was quicker
                replace_older(connection, audience_of(update), row[0])
                take_position(connection, now, "notices", 1)
        return told
