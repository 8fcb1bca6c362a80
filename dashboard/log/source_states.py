"""How collecting goes, source by source: the cursor, the last success, the fault in words, and who has it in hand."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from dashboard.log.derive import many
from dashboard.log.tables import source_states as table
from dashboard.model.instants import micros

LEAST = 0  # of instants: due at once, held by nobody


@dataclass(frozen=True, slots=True)
class State:
    """One source as the log knows it; instants in microseconds, None for never."""

    source: str
    type: str
    interval: float  # seconds
    cursor: str | None
    attempted_at: int | None
    succeeded_at: int | None
    news_at: int | None
    error: str
    failing_since: int | None
    failures: int
    due_at: int
    rows: int
    held_by: str
    held_until: int


COLUMNS = tuple(each.name for each in fields(State))


def register(connection: Connection, sources: Sequence[tuple[str, str, float]]) -> None:
    """Makes sources known by (name, type, seconds between polls); what is known of them stays.

    One whose type changed is another source: its cursor means nothing any more.
    """
    known = {state.source: state for state in read_states(connection)}
    new = [State(*each, None, None, None, None, "", None, 0, LEAST, 0, "", LEAST) for each in sources]
    many(connection, table.name, COLUMNS, [tuple(getattr(each, name) for name in COLUMNS) for each in new])
    for name, kind, interval in sources:
        if name in known and (known[name].type, known[name].interval) != (kind, interval):
            forget = {"cursor": None} if known[name].type != kind else {}
            _update(connection, name, type=kind, interval=interval, due_at=LEAST, **forget)


def read_states(connection: Connection) -> list[State]:
    """Every source that was ever registered, by name."""
    rows = connection.execute(select(*(table.c[name] for name in COLUMNS)).order_by(table.c.source))
    return [State(*row) for row in rows]


def read_state(connection: Connection, source: str) -> State | None:
    """One source; None where nobody registered it."""
    row = connection.execute(select(*(table.c[name] for name in COLUMNS)).where(table.c.source == source)).first()
    return None if row is None else State(*row)


def claim(
    connection: Connection, source: str, worker: str, now: datetime, until: datetime, **values: Any
) -> State | None:
    """Takes a source in hand until then, and writes `values` down with it; None where another worker has it.

    A row that another transaction is just claiming is passed over, not waited for. SQLite has one writer at a time.
    """
    free = or_(table.c.held_by.in_(["", worker]), table.c.held_until <= micros(now))
    query = select(*(table.c[name] for name in COLUMNS)).where(table.c.source == source, free)
    row = connection.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    taken = {"held_by": worker, "held_until": micros(until), **values}
    _update(connection, source, **taken)
    return replace(State(*row), **taken)


def keep(connection: Connection, source: str, worker: str, **values: Any) -> bool:
    """Writes down how a source stands; False, and nothing is written, where it is no longer in this worker's hand."""
    mine = update(table).where(table.c.source == source, table.c.held_by == worker)
    return connection.execute(mine.values(**values)).rowcount == 1


def release(connection: Connection, source: str, worker: str) -> None:
    """Lets go of a source, so that whoever comes next need not wait."""
    keep(connection, source, worker, held_by="", held_until=LEAST)


def forget_cursor(connection: Connection, source: str) -> None:
    """Has a source read again from its beginning; what it brought stays, and is not brought twice."""
    _update(connection, source, cursor=None, due_at=LEAST)


def _update(connection: Connection, source: str, **values: Any) -> None:
    connection.execute(update(table).where(table.c.source == source).values(**values))
