"""What is still open of what people and systems took on: commitments and support cases, as known at an instant."""

from collections.abc import Sequence

from sqlalchemy import Connection, RowMapping, and_, case, func, or_, select

from dashboard.log.read import history, history_of, in_force
from dashboard.log.tables import FACT_TABLES
from dashboard.log.wholes import read_wholes
from dashboard.model.cases import CLOSED, Case, cases_of

_CASES, _COMMITMENTS = FACT_TABLES["support_cases"].c, FACT_TABLES["commitments"].c


def open_cases(connection: Connection, at: int | None) -> list[Case]:
    """Every support case that is not closed at `at` (µs; None: now), by id."""
    closed = func.lower(_CASES.status).in_(sorted(CLOSED))
    open_at = func.max(case((and_(_CASES.status != "", ~closed), _CASES.recorded_at)))
    closed_at = func.max(case((closed, _CASES.recorded_at)))
    # Nearly all are closed: the database finds the few that may not be, and folding tells whether they are.
    query = select(_CASES.case_id).group_by(_CASES.case_id).having(or_(closed_at.is_(None), open_at >= closed_at))
    if at is not None:
        query = query.where(_CASES.recorded_at <= at)
    ids = list(connection.scalars(query))
    rows = _whole(connection, history(connection, "support_cases", at, ("case_id", ids)), at)
    return sorted((each for each in cases_of(rows) if each.is_open), key=lambda each: each.case_id)


def all_cases(connection: Connection, at: int | None, maintenance_ids: Sequence[str] | None = None) -> list[Case]:
    """Every support case that is known at `at`, or those of some maintenances."""
    if maintenance_ids is None:
        return cases_of(_whole(connection, history(connection, "support_cases", at), at))
    return cases_of(history_of(connection, "support_cases", maintenance_ids, at))


def open_commitments(connection: Connection, at: int | None) -> list[RowMapping]:
    """Every commitment that is neither met nor withdrawn at `at`, by id; as the log has them."""
    query = select(_COMMITMENTS.commitment_id).group_by(_COMMITMENTS.commitment_id)
    query = query.having(func.max(_COMMITMENTS.met_at).is_(None))
    if at is not None:
        query = query.where(_COMMITMENTS.recorded_at <= at)
    rows = in_force(connection, "commitments", at, ("commitment_id", list(connection.scalars(query))))
    rows = _whole(connection, rows, at)
    return sorted((row for row in rows if is_owed(row)), key=lambda row: str(row["commitment_id"]))


def is_owed(row: RowMapping) -> bool:
    """Whether a commitment in force is neither met nor withdrawn."""
    return row["met_at"] is None and not row["withdrawn"]


def _whole(connection: Connection, rows: list[RowMapping], at: int | None) -> list[RowMapping]:
    """The rows with the maintenance that theirs is part of, where it is told twice."""
    joined = read_wholes(connection, at)
    if not joined.of:
        return rows
    return [{**row, "maintenance_id": joined.whole(row["maintenance_id"])} for row in rows]  # type: ignore[misc]
