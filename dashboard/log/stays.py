"""How long nodes stayed in a stage: the stays that are over, of chosen maintenances."""

from collections.abc import Iterable
from itertools import pairwise

from sqlalchemy import Connection, select

from dashboard.log.bulk import in_chunks
from dashboard.log.tables import FACT_TABLES
from dashboard.log.wholes import read_wholes, under_wholes
from dashboard.model.instants import HOUR
from dashboard.model.stages import CODE, Stage

_T = FACT_TABLES["node_transitions"]


def stays(connection: Connection, ids: Iterable[str], at: int | None = None) -> dict[tuple[str, str], list[float]]:
    """(stage, the next stage) -> the hours of every stay that ended so, as known at `at` (µs; None: now)."""
    joined = read_wholes(connection, at)
    query = select(_T.c.maintenance_id, _T.c.node_id, _T.c.occurred_at, _T.c.stage).distinct()
    if at is not None:
        query = query.where(_T.c.recorded_at <= at)
    told: list[tuple[str, str, int, str]] = []
    for part in in_chunks(joined.parts(ids)):
        rows = [tuple(row) for row in connection.execute(query.where(_T.c.maintenance_id.in_(part)))]
        told += under_wholes(rows, 0, joined)
    told.sort(key=lambda row: (row[0], row[1], row[2], CODE[Stage(row[3])]))
    found: dict[tuple[str, str], list[float]] = {}
    entered = None  # a stage that is told again is not entered again
    for before, after in pairwise(told):
        if entered is None or entered[:2] != before[:2] or entered[3] != before[3]:
            entered = before
        if before[:2] == after[:2] and before[3] != after[3]:
            found.setdefault((before[3], after[3]), []).append((after[2] - entered[2]) / HOUR)
    return found
