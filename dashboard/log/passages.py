"""What nodes went through: each one's passage through each maintenance, now or as of any instant."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from sqlalchemy import Connection, RowMapping, Select, case, func, select

from dashboard.log.bulk import in_chunks
from dashboard.log.derive import latest_members
from dashboard.log.read import history, nodes_at
from dashboard.log.tables import FACT_TABLES, current_stages
from dashboard.log.wholes import read_wholes, under_wholes
from dashboard.model.stages import CODE, OUT, Stage

_T = FACT_TABLES["node_transitions"].c
_M = FACT_TABLES["maintenance_nodes"].c
_CASES = FACT_TABLES["support_cases"].c


class Passage(NamedTuple):
    """A node that went out in a maintenance; instants in µs. `back_at` None: it is not back."""

    maintenance_id: str
    node_id: str
    out_at: int
    back_at: int | None
    repaired: bool  # it failed validation


class Entry(NamedTuple):
    """A node's entry into a stage, told under a name that a maintenance has or had."""

    maintenance_id: str  # the whole's
    occurred_at: int
    stage: Stage
    told_as: str


def passages(connection: Connection, cluster: str, since: int, at: int | None = None) -> list[Passage]:
    """Of the nodes of a cluster, every passage that began after `since`, by maintenance and node."""
    nodes, stages = nodes_at(connection, at), current_stages.c
    mine = select(nodes.c.node_id).where(nodes.c.cluster_id == cluster)
    held = select(stages.maintenance_id).join(nodes, nodes.c.node_id == stages.node_id)
    held = held.where(nodes.c.cluster_id == cluster).distinct()
    if at is None:
        held = held.where(stages.first_out_at > since)
    here = set(connection.scalars(mine))
    joined, names = read_wholes(connection, at), read_wholes(connection).parts(connection.scalars(held))
    told = (tuple(row) for part in in_chunks(names) for row in connection.execute(_passed(part, at)))
    rows = [row for row in told if row[1] in here]
    found: dict[tuple[str, str], tuple[int, int, int, bool]] = {}
    for maintenance, node, first, last, served, repaired in rows:
        key = (joined.whole(maintenance), node)
        before = found.get(key, (first, last, served, False))
        found[key] = (min(first, before[0]), max(last, before[1]), max(served, before[2]), before[3] or bool(repaired))
    return [
        Passage(*key, first, served if served >= last else None, repaired)
        for key, (first, last, served, repaired) in sorted(found.items())
        if first > since
    ]


def _passed(maintenance_ids: Iterable[str], at: int | None) -> Select[Any]:
    """Of each maintenance and node that went out: when first and last, when it was last in service, and any repair."""
    out = _T.stage.in_(sorted(OUT))
    query = select(
        _T.maintenance_id,
        _T.node_id,
        func.min(case((out, _T.occurred_at))),
        func.max(case((out, _T.occurred_at))),
        func.max(case((_T.stage == Stage.IN_SERVICE, _T.occurred_at), else_=0)),
        func.max(case((_T.stage == Stage.REPAIRING, 1), else_=0)),
    ).where(_T.maintenance_id.in_(list(maintenance_ids)))
    if at is not None:
        query = query.where(_T.recorded_at <= at)
    return query.group_by(_T.maintenance_id, _T.node_id).having(func.max(case((out, 1), else_=0)) == 1)


def maintenances_of(connection: Connection, node_id: str, at: int | None = None) -> list[str]:
    """The maintenances that name a node, or report on it, as known at `at`."""
    joined, names = read_wholes(connection, at), _names(connection, node_id)
    told = [(name, node_id, *row) for name, row in _memberships(connection, node_id, names, at)]
    members = latest_members((joined.whole(name), *rest) for name, *rest in told)
    named = {maintenance for (maintenance, _), (_, withdrawn) in members.items() if not withdrawn}
    return sorted(named | {each.maintenance_id for each in entries_of(connection, node_id, at)})


def entries_of(connection: Connection, node_id: str, at: int | None = None) -> list[Entry]:
    """Every stage that a node entered, in order, in whichever maintenance; each told once by each name."""
    joined = read_wholes(connection, at)
    query = select(_T.maintenance_id, _T.occurred_at, _T.stage, _T.maintenance_id).where(_T.node_id == node_id)
    if at is not None:
        query = query.where(_T.recorded_at <= at)
    found: set[Entry] = set()
    for part in in_chunks(_names(connection, node_id)):
        rows = [tuple(row) for row in connection.execute(query.where(_T.maintenance_id.in_(part)))]
        found |= {Entry(row[0], row[1], Stage(row[2]), row[3]) for row in under_wholes(rows, 0, joined)}
    return sorted(found, key=lambda each: (each.occurred_at, CODE[each.stage], each.told_as))


def _names(connection: Connection, node_id: str) -> list[str]:
    """Every name of a maintenance under which the node may have been told."""
    mine = connection.scalars(select(current_stages.c.maintenance_id).where(current_stages.c.node_id == node_id))
    return read_wholes(connection).parts(mine)


def _memberships(
    connection: Connection, node_id: str, names: list[str], at: int | None
) -> list[tuple[str, tuple[int, bool]]]:
    query = select(_M.maintenance_id, _M.recorded_at, _M.removed).where(_M.node_id == node_id)
    if at is not None:
        query = query.where(_M.recorded_at <= at)
    rows = [row for part in in_chunks(names) for row in connection.execute(query.where(_M.maintenance_id.in_(part)))]
    return [(row[0], (row[1], bool(row[2]))) for row in rows]


def cases_of(connection: Connection, node_id: str, at: int | None = None) -> list[RowMapping]:
    """Every word on every support case that ever named the node, in the order in which it became known."""
    named = select(_CASES.case_id).where(_CASES.node_id == node_id).distinct()
    return history(connection, "support_cases", at, ("case_id", list(connection.scalars(named))))


def versions_of(connection: Connection, node_id: str, at: int | None = None) -> list[RowMapping]:
    """What the node was told to be, oldest first."""
    return history(connection, "nodes", at, ("node_id", [node_id]))


__all__ = ["Entry", "Passage", "cases_of", "entries_of", "maintenances_of", "passages", "versions_of"]
