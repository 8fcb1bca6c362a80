"""Which maintenances are one: derived from the joins in force, now or as of any instant."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, select

from dashboard.log.bulk import Row, in_chunks, many
from dashboard.log.tables import FACT_TABLES, current_wholes
from dashboard.model.joining import Wholes, wholes

_joins = FACT_TABLES["joins"]


def read_wholes(connection: Connection, at: int | None = None) -> Wholes:
    """The wholes as known at `at` (µs; None: now)."""
    later = select(_joins.c.maintenance_id).where(_joins.c.recorded_at > (at or 0)).limit(1)
    if at is not None and connection.scalar(later) is not None:
        return _resolved(connection, at)
    return Wholes({row[0]: row[1] for row in connection.execute(select(current_wholes))})


def wholes_of(connection: Connection, told: Iterable[str]) -> Wholes:
    """The wholes now of these maintenances alone."""
    query = select(current_wholes)
    return Wholes(
        {
            row[0]: row[1]
            for part in in_chunks(sorted(set(told)))
            for row in connection.execute(query.where(current_wholes.c.maintenance_id.in_(part)))
        }
    )


def join_again(connection: Connection) -> tuple[Wholes, Wholes]:
    """Brings the derived wholes in step with the joins in the log; returns them as they were, and as they are."""
    before, after = read_wholes(connection), _resolved(connection, None)
    if before != after:
        connection.execute(delete(current_wholes))
        many(connection, current_wholes.name, ("maintenance_id", "whole_id"), sorted(after.of.items()))
    return before, after


def under_wholes(rows: Sequence[Row], place: int, found: Wholes) -> Sequence[Row]:
    """The same rows with the whole in place of what each one names there."""
    if not found.of:
        return rows
    return [(*row[:place], found.whole(row[place]), *row[place + 1 :]) for row in rows]


def _resolved(connection: Connection, at: int | None) -> Wholes:
    query = select(_joins.c.maintenance_id, _joins.c.whole_id).order_by(_joins.c.recorded_at, _joins.c.digest)
    if at is not None:
        query = query.where(_joins.c.recorded_at <= at)
    return wholes({row[0]: row[1] for row in connection.execute(query)})  # of each maintenance the last stays
