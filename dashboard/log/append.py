"""The only way in: rows become facts once, and the derived tables follow in the same transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, insert, select

from dashboard.log import derive
from dashboard.log.bulk import in_chunks, many
from dashboard.log.tables import (
    FACT_TABLES,
    WHOLE_ROW_IS_IDENTITY,
    appends,
    identity,
    recorded_column,
    stored_columns,
    touched,
)
from dashboard.model.facts import FACTS, Fact, Kind
from dashboard.model.instants import EVER, instant, micros

MADE_OF_FACTS = ("forecast", "judge", "usual times", "notices")
"""What moves the log on without a new fact."""

Row = tuple[Any, ...]
"""A fact's values in the order of its columns: text, microseconds, whole numbers, flags; None is unknown."""


@dataclass
class Appending:
    """One append in the making: facts go in in as many pieces as suit, `finish` gives them their position."""

    connection: Connection
    now: datetime
    what: str
    new: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    spans: dict[str, derive.Span | None] = field(default_factory=dict)
    newest: int = EVER
    oldest: int | None = None

    def add(self, name: str, rows: Sequence[Row]) -> int:
        """Appends rows of the fact `name`; returns how many were new. What is there already is left alone."""
        fact = FACTS[name]
        stored = _stored(self.connection, fact, rows, micros(self.now))
        if not stored:
            return 0
        new = _insert(self.connection, fact, stored)
        if new:
            self.new[name] += new
            recorded = stored_columns(fact).index(recorded_column(fact))
            instants = [row[recorded] for row in stored]
            first, last = min(instants), max(instants)
            self.newest = max(self.newest, last)
            self.oldest = first if self.oldest is None else min(self.oldest, first)
            for each, span in derive.follow(self.connection, fact, stored).items():
                self.spans[each] = derive.joined(self.spans[each], span) if each in self.spans else span
        return new

    def finish(self) -> int | None:
        """Brings the folded maintenances up to date and takes a position; None where nothing was new."""
        if not self.new:
            return None
        derive.widen_or_fold(self.connection, self.spans)
        rows = sum(self.new.values())
        position = take_position(self.connection, self.now, self.what, rows, newest=self.newest, oldest=self.oldest)
        if self.spans:
            moved = [(position, each) for each in sorted(self.spans)]
            many(self.connection, touched.name, ("position", "maintenance_id"), moved)
        return position


def take_position(
    connection: Connection, now: datetime, what: str, rows: int, *, newest: int = EVER, oldest: int | None = None
) -> int:
    """Moves the log on by one position, which is what readers watch; `oldest` and `newest` are when the first and the
    last of the new rows were recorded."""
    known = connection.scalar(select(appends.c.newest_recorded_at).order_by(appends.c.position.desc()).limit(1))
    newest = max(newest, EVER if known is None else known)
    row = insert(appends).values(
        appended_at=micros(now), what=what, rows=rows, newest_recorded_at=newest, oldest_recorded_at=oldest
    )
    position: int = connection.execute(row.returning(appends.c.position)).scalar_one()
    return position


def append(connection: Connection, facts: Mapping[str, Sequence[Row]], now: datetime, what: str) -> int | None:
    """Appends facts by name in one go; returns the log's new position, None where all was known.

    `connection` comes from `database.appending`; `now` is when reference data counts from, where it differs from what
    was known before.
    """
    appending = Appending(connection, now, what)
    for name in FACTS:
        if facts.get(name):
            appending.add(name, facts[name])
    return appending.finish()


def _stored(connection: Connection, fact: Fact, rows: Sequence[Row], now: int) -> list[Row]:
    """Rows as the table has them: with every clock set, keys without unknowns, a digest where one is due."""
    names = fact.names
    defaults: dict[int, int | bool] = {
        i: EVER if column.kind is Kind.INSTANT else False
        for i, column in enumerate(fact.columns)
        if column.name in identity(fact) and column.kind in (Kind.INSTANT, Kind.FLAG)
    }
    fallback = (names.index(fact.recorded), names.index(fact.occurred)) if fact.recorded and fact.occurred else None
    filled = _fill(rows, defaults, fallback)
    if fact.name in WHOLE_ROW_IS_IDENTITY:
        return filled
    told = [(*row, digest(row)) for row in filled]
    return told if fact.recorded else _reference(connection, fact, told, now)


def _fill(rows: Sequence[Row], defaults: Mapping[int, int | bool], fallback: tuple[int, int] | None) -> list[Row]:
    if fallback:
        empty, other = fallback
        return [row if row[empty] is not None else (*row[:empty], row[other], *row[empty + 1 :]) for row in rows]
    if not any(row[place] is None for place in defaults for row in rows):
        return list(rows)
    return [tuple(defaults[i] if v is None and i in defaults else v for i, v in enumerate(row)) for row in rows]


def digest(row: Iterable[object]) -> str:
    """A short name for what a row says, the same for the same row everywhere."""
    return blake2b(repr(tuple(row)).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()


def _reference(connection: Connection, fact: Fact, rows: list[Row], now: int) -> list[Row]:
    """Reference data has no clock: its first word holds from ever, a different one from now, the same adds nothing."""
    keys = [fact.names.index(name) for name in fact.key]
    last = {tuple(row[k] for k in keys): row for row in rows}  # one file naming a key twice means its last word
    known = latest_digests(connection, fact, sorted({key[0] for key in last}))
    fresh = []
    for key, row in last.items():
        if known.get(key) != row[-1]:
            fresh.append((*row[:-1], now if key in known else EVER, row[-1]))
    return fresh


def latest_digests(connection: Connection, fact: Fact, first: Sequence[str]) -> dict[tuple[object, ...], str]:
    """Of each key of a reference fact that begins with one of these names, the digest of its word in force."""
    table = FACT_TABLES[fact.name]
    columns = [table.c[name] for name in fact.key]
    query = select(*columns, table.c.digest).order_by(table.c.recorded_at, table.c.digest)
    return {
        tuple(row[:-1]): row[-1]
        for part in in_chunks(first)
        for row in connection.execute(query.where(columns[0].in_(part)))
    }


def _insert(connection: Connection, fact: Fact, rows: list[Row]) -> int:
    columns = stored_columns(fact)
    places = [columns.index(name) for name in identity(fact)]
    # In the order of the tree they go into: neighbours are written together, and a bulk load reads no page twice.
    rows.sort(key=None if places == list(range(len(columns))) else itemgetter(*places))
    return many(connection, fact.name, columns, rows)


def newest_recorded(connection: Connection) -> tuple[int, datetime | None]:
    """The log's position, and the newest instant at which anything in it was recorded; (0, None) where it is empty."""
    row = connection.execute(
        select(appends.c.position, appends.c.newest_recorded_at).order_by(appends.c.position.desc()).limit(1)
    ).first()
    if row is None:
        return 0, None
    return row.position, None if row.newest_recorded_at == EVER else instant(row.newest_recorded_at)


def is_news_of(connection: Connection, at: datetime, since: int) -> bool:
    """Whether facts came after the position `since` that had been recorded by `at`: an import may bring such.

    What was made of facts, and told of them, moves the log on too, and is no news.
    """
    then = appends.c.oldest_recorded_at
    query = select(appends.c.position).where(
        appends.c.position > since,
        appends.c.rows > 0,
        appends.c.what.not_in(MADE_OF_FACTS),
        then.is_(None) | (then <= micros(at)),
    )
    return connection.scalar(query.limit(1)) is not None


def last_append(connection: Connection) -> datetime | None:
    """When the log last moved; None where it is empty."""
    at = connection.scalar(select(appends.c.appended_at).order_by(appends.c.position.desc()).limit(1))
    return None if at is None else instant(at)
