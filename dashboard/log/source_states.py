"""How collecting goes, source by source: the cursor, the last success, the fault in words, and who has it in hand."""

from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from dashboard.log.bulk import many
from dashboard.log.tables import source_states as table
from dashboard.model.instants import micros

PUSHED = "webhook"  # the type of what nobody asks
LEAST = 0  # of instants: due at once, held by nobody
ANEW = "anew"  # in place of the digest of options: is read from its beginning by whoever takes it next


@dataclass(frozen=True, slots=True)
class State:
    """One source as the log knows it; instants in microseconds, None for never."""

    source: str
    type: str
    options: str  # digest of how it is read
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


def introduce(connection: Connection, source: str, kind: str, options: str, interval: float) -> None:
    """Makes a source known; one that is known already stays as it is."""
    new = State(source, kind, options, interval, None, None, None, None, "", None, 0, LEAST, 0, "", LEAST)
    many(connection, table.name, COLUMNS, [tuple(getattr(new, name) for name in COLUMNS)])


def correct(connection: Connection, source: str, **values: Any) -> None:
    """Writes down what is configured differently now, and takes the source out of every hand."""
    _update(connection, source, due_at=LEAST, held_by="", held_until=LEAST, **values)


def read_anew(connection: Connection, source: str) -> None:
    """Has a source read from its beginning by whoever takes it in hand next; its cursor is kept until then."""
    correct(connection, source, options=ANEW)


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
    """Takes a source in hand until then; None where another worker has it. What this worker has heard of it since it
    last wrote, `values`, is written down with it, unless another one has had it in between.

    A row that another transaction is just claiming is passed over, not waited for. SQLite has one writer at a time.
    """
    free = or_(table.c.held_by.in_(["", worker]), table.c.held_until <= micros(now))
    query = select(*(table.c[name] for name in COLUMNS)).where(table.c.source == source, free)
    row = connection.execute(query.with_for_update(skip_locked=True)).first()
    if row is None:
        return None
    heard = values if row.held_by == worker else {}
    taken = {"held_by": worker, "held_until": micros(until), **heard}
    _update(connection, source, **taken)
    return replace(State(*row), **taken)


def keep(connection: Connection, source: str, worker: str, **values: Any) -> bool:
    """Writes down how a source stands; False, and nothing is written, where it is no longer in this worker's hand."""
    mine = update(table).where(table.c.source == source, table.c.held_by == worker)
    return connection.execute(mine.values(**values)).rowcount == 1


def delivered(connection: Connection, source: str, now: datetime, new: int, error: str = "") -> None:
    """Writes down that something was pushed, of which so many facts were new; `error`: what is wrong all the same."""
    known = read_state(connection, source)
    failing = known.failing_since if known and known.failing_since else micros(now)
    _update(
        connection,
        source,
        attempted_at=micros(now),
        succeeded_at=micros(now),
        error=error,
        failing_since=failing if error else None,
        failures=(known.failures if known else 0) + 1 if error else 0,
        rows=table.c.rows + new,
        **({"news_at": micros(now)} if new else {}),
    )


def refused(connection: Connection, source: str, now: datetime, error: str) -> None:
    """Writes down that something was pushed that could not be taken."""
    known = read_state(connection, source)
    failing = known.failing_since if known and known.failing_since else micros(now)
    failures = (known.failures if known else 0) + 1
    _update(connection, source, attempted_at=micros(now), error=error, failing_since=failing, failures=failures)


def release(connection: Connection, source: str, worker: str, **values: Any) -> None:
    """Lets go of a source, so that whoever comes next need not wait."""
    keep(connection, source, worker, held_by="", held_until=LEAST, **values)


def _update(connection: Connection, source: str, **values: Any) -> None:
    connection.execute(update(table).where(table.c.source == source).values(**values))
