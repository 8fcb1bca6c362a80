"""Which worker has which forecast in hand, so that no two make the same one; a dead one's run out by themselves."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, or_, select, update

from dashboard.log.bulk import in_chunks, many
from dashboard.log.tables import forecast_claims as table
from dashboard.model.instants import micros

LEAST = 0


def take(
    connection: Connection, ids: Iterable[str], worker: str, now: datetime, until: datetime, most: int
) -> list[str]:
    """Takes up to `most` of these maintenances in hand that no other worker has.

    Rows that another transaction is just taking are passed over, not waited for. SQLite has one writer at a time.
    """
    wanted = sorted(set(ids))
    many(connection, table.name, ("maintenance_id", "held_by", "held_until"), [(each, "", LEAST) for each in wanted])
    free = or_(table.c.held_by.in_(["", worker]), table.c.held_until <= micros(now))
    taken: list[str] = []
    for part in in_chunks(wanted):
        query = select(table.c.maintenance_id).where(table.c.maintenance_id.in_(part), free)
        query = query.order_by(table.c.maintenance_id).limit(most - len(taken)).with_for_update(skip_locked=True)
        mine = list(connection.scalars(query))
        if mine:
            held = update(table).where(table.c.maintenance_id.in_(mine))
            connection.execute(held.values(held_by=worker, held_until=micros(until)))
        taken += mine
        if len(taken) >= most:
            break
    return taken


def let_go(connection: Connection, ids: Iterable[str], worker: str) -> None:
    """Hands back what is still in this worker's hand."""
    for part in in_chunks(sorted(set(ids))):
        connection.execute(delete(table).where(table.c.maintenance_id.in_(part), table.c.held_by == worker))
