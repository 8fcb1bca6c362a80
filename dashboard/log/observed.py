"""Rows without a clock of their own: how things are now, of which only what is not known yet is a fact."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from dashboard.log.append import Row
from dashboard.log.bulk import in_chunks
from dashboard.log.read import in_force
from dashboard.log.tables import FACT_TABLES
from dashboard.model.facts import Fact
from dashboard.model.instants import micros


def as_news(connection: Connection, fact: Fact, rows: Sequence[Row], now: datetime) -> list[Row]:
    """Rows with every clock set: those without one are known from now, or left out where that is known already.

    An event is known where any word on it is; of a fact that folds, a row is where each thing it says is in force; of
    any other, where the row is.
    """
    clock = fact.names.index(fact.recorded) if fact.recorded else -1
    if clock < 0 or all(row[clock] is not None for row in rows):
        return list(rows)
    clocked = [row for row in rows if row[clock] is not None]
    unclocked = [row for row in rows if row[clock] is None]
    new = _new_events(connection, fact, unclocked) if fact.occurred else _new_words(connection, fact, unclocked, clock)
    return clocked + [(*row[:clock], micros(now), *row[clock + 1 :]) for row in new]


def _new_events(connection: Connection, fact: Fact, rows: Sequence[Row]) -> Iterator[Row]:
    """Those of which nothing is known. An event's instant is part of its key, so only as far back as they reach."""
    table = FACT_TABLES[fact.name]
    places = [fact.names.index(name) for name in fact.key]
    oldest = min(row[fact.names.index(fact.occurred or "")] for row in rows)
    query = select(*(table.c[name] for name in fact.key)).where(table.c[fact.occurred or ""] >= oldest)
    known = {
        tuple(found)
        for part in in_chunks(sorted({row[places[0]] for row in rows}))
        for found in connection.execute(query.where(table.c[fact.key[0]].in_(part)))
    }
    for row in rows:
        key = tuple(row[i] for i in places)
        if key not in known:
            known.add(key)
            yield row


def _new_words(connection: Connection, fact: Fact, rows: Sequence[Row], clock: int) -> Iterator[Row]:
    """Those that say anything else than what is in force, each after those before it."""
    names = fact.names
    places = [names.index(name) for name in fact.key]
    found = in_force(connection, fact.name, None, (fact.key[0], [row[places[0]] for row in rows]))
    known = {tuple(row[names[i]] for i in places): [row[name] for name in names] for row in found}
    for row in rows:
        key = tuple(row[i] for i in places)
        before = known.get(key)
        if before is not None and not _adds(fact, before, row, clock):
            continue
        # What folds leaves in force what it does not name.
        known[key] = [
            old if before is not None and fact.folds and new in (None, "") else new
            for new, old in zip(row, before or row, strict=True)
        ]
        yield row


def _adds(fact: Fact, known: Sequence[Any], row: Row, clock: int) -> bool:
    """Whether a row says anything else than what is known; an empty field says nothing where the fact folds."""
    for i, (old, new) in enumerate(zip(known, row, strict=True)):
        same = new == old or (not new and not old)
        if i != clock and not same and not (fact.folds and new in (None, "")):
            return True
    return False
