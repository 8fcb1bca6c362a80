"""What a review of a period reads beside the rollouts: which maintenances it is about, and what was done by hand."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, or_, select

from dashboard.log.bulk import in_chunks
from dashboard.log.notice_tables import acknowledgements, notices
from dashboard.log.read import history_of, in_force_of
from dashboard.log.tables import FACT_TABLES, current_maintenances, touched
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import HOUR
from dashboard.model.joining import HAND
from dashboard.model.stages import Stage

EARLY = 14 * 24 * HOUR
"""Before its planned start a node hardly ever goes out earlier than that."""

_T = FACT_TABLES["node_transitions"]


def touched_by(connection: Connection, begins: int, ends: int, at: int | None = None) -> set[str]:
    """Every maintenance that a period (µs) can be about: not over before it, nor to begin long after; and some more."""
    c = current_maintenances.c
    query = select(c.maintenance_id).where(
        or_(c.closed_at.is_(None), c.last_recorded_at >= begins),
        or_(c.planned_start.is_(None), c.planned_start < ends + EARLY, c.started_at < ends),
    )
    if at is not None:
        query = query.where(c.first_recorded_at <= at)
    found = set(connection.scalars(query))
    if at is not None:  # what was joined, or taken apart, since
        found |= read_wholes(connection, at).moved(read_wholes(connection))
    return found


def failures(connection: Connection, begins: int, ends: int, at: int | None = None) -> dict[str, list[int]]:
    """Of each node, when it entered repair or was removed in this span (µs), in order, in whatever maintenance."""
    query = select(_T.c.node_id, _T.c.occurred_at).where(
        _T.c.occurred_at >= begins,
        _T.c.occurred_at < ends,
        _T.c.stage.in_([Stage.REPAIRING.value, Stage.REMOVED.value]),
    )
    if at is not None:
        query = query.where(_T.c.recorded_at <= at)
    found: dict[str, list[int]] = defaultdict(list)
    for node, occurred_at in connection.execute(query.distinct().order_by(_T.c.occurred_at)):
        found[node].append(occurred_at)
    return dict(found)


def told_by_themselves(connection: Connection, ids: Iterable[str], at: int | None = None) -> Counter[str]:
    """How many notices were written of each maintenance."""
    query = select(notices.c.maintenance_id, func.count()).group_by(notices.c.maintenance_id)
    return _counted(connection, query if at is None else query.where(notices.c.written_at <= at), ids)


def acknowledged(connection: Connection, ids: Iterable[str], at: int | None = None) -> Counter[str]:
    """How many messages about each maintenance somebody acknowledged."""
    said = acknowledgements.c
    query = select(notices.c.maintenance_id, func.count(said.message.distinct()))
    query = query.join(acknowledgements, said.message == notices.c.message).group_by(notices.c.maintenance_id)
    return _counted(connection, query if at is None else query.where(said.acknowledged_at <= at), ids)


def _counted(connection: Connection, query: Any, ids: Iterable[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for part in in_chunks(sorted(set(ids))):
        rows = connection.execute(query.where(notices.c.maintenance_id.in_(part)))
        found.update({row[0]: row[1] for row in rows})
    return found


def decided(connection: Connection, ids: Sequence[str], at: int | None = None) -> Counter[str]:
    """How many decisions were written down about each maintenance."""
    return Counter(row["maintenance_id"] for row in in_force_of(connection, "decisions", ids, at))


def chased(connection: Connection, ids: Sequence[str], now: int, at: int | None = None) -> Counter[str]:
    """How many commitments in each maintenance were not met by when they were due."""
    return Counter(
        row["maintenance_id"]
        for row in in_force_of(connection, "commitments", ids, at)
        if row["due_at"] is not None and not row["withdrawn"] and (row["met_at"] or now) > row["due_at"]
    )


def joined_by_hand(connection: Connection, ids: Sequence[str], at: int | None = None) -> Counter[str]:
    """How often somebody said of each maintenance what it is the same as."""
    return Counter(row["maintenance_id"] for row in history_of(connection, "joins", ids, at) if row["rule"] == HAND)


def touched_since(connection: Connection, position: int) -> set[str]:
    """The maintenances that facts were appended about after this position of the log."""
    return set(connection.scalars(select(touched.c.maintenance_id).where(touched.c.position > position).distinct()))


def directory(connection: Connection) -> tuple[int, ...]:
    """How many words there are on what the fleet is, and on what is one: another one changes what nodes count for."""
    names = ("nodes", "clusters", "providers", "teams", "allocations", "joins")
    return tuple(connection.scalar(select(func.count()).select_from(FACT_TABLES[name])) or 0 for name in names)
