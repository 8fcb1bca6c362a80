"""Rows without a clock of their own: how things are now, of which only what is not known yet is a fact."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from dashboard.log.append import Row
from dashboard.log.read import history, in_force
from dashboard.model.facts import Fact
from dashboard.model.instants import micros


def as_news(connection: Connection, fact: Fact, rows: Sequence[Row], now: datetime) -> list[Row]:
    """Rows with every clock set: those without one are known from now, or left out where that is known already.

    Of a fact that folds, a row is known where each thing it says is in force; of any other, where the row is.
    """
    if not fact.recorded:
        return list(rows)
    clock = fact.names.index(fact.recorded)
    unclocked = [row for row in rows if row[clock] is None]
    if not unclocked:
        return list(rows)
    places = [i for i, name in enumerate(fact.names) if name in fact.key]
    first = fact.names[places[0]]
    only = (first, [row[places[0]] for row in unclocked])
    # An event's instant is part of its key, so any word on it counts; of a state, the one in force.
    found = history(connection, fact.name, None, only) if fact.occurred else in_force(connection, fact.name, None, only)
    known: dict[tuple[Any, ...], list[Any]] = {
        tuple(row[fact.names[i]] for i in places): [row[name] for name in fact.names] for row in found
    }
    fresh = [row for row in rows if row[clock] is not None]
    for row in unclocked:
        key = tuple(row[i] for i in places)
        if key not in known:
            known[key] = list(row)
        elif fact.occurred or not _adds(fact, known[key], row, clock):
            continue
        else:
            known[key] = [new if new not in (None, "") else old for new, old in zip(row, known[key], strict=True)]
        fresh.append((*row[:clock], micros(now), *row[clock + 1 :]))
    return fresh


def _adds(fact: Fact, known: Sequence[Any], row: Row, clock: int) -> bool:
    """Whether a row says anything else than what is known; an empty field says nothing where the fact folds."""
    for i, (old, new) in enumerate(zip(known, row, strict=True)):
        same = new == old or (not new and not old)
        if i != clock and not same and not (fact.folds and new in (None, "")):
            return True
    return False
