"""Facts as of an instant. `at` is in microseconds (model.instants): only what was recorded by then counts.

`at` None means everything in the log. The answer for one instant is the same for ever, whatever is appended later
that was recorded later.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, FromClause, RowMapping, Subquery, Table, func, select

from dashboard.log.bulk import in_chunks
from dashboard.log.tables import FACT_TABLES, current_nodes, recorded_column
from dashboard.log.wholes import read_wholes
from dashboard.model.facts import FACTS


class Attributes(NamedTuple):
    """What a node is."""

    cluster_id: str
    rack: str
    gpus: int
    team_id: str


TIED = "digest"
Only = tuple[str, Sequence[str]] | None


def in_force(connection: Connection, name: str, at: int | None = None, only: Only = None) -> list[RowMapping]:
    """The rows in force of the fact `name`: of each key, what was recorded last; as the table has them.

    `only`: a column and the values of which it must hold one. Folded facts (an empty field means unchanged) come back
    folded, with the `recorded_at` of the last word.
    """
    fact = FACTS[name]
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in _rows(connection, name, at, only):
        key = tuple(row[each] for each in fact.key)
        before = found.get(key)
        if before is None or not fact.folds:
            found[key] = dict(row)
        else:
            before.update({column: value for column, value in row.items() if value not in (None, "")})
    return list(found.values())  # type: ignore[arg-type]


def history(connection: Connection, name: str, at: int | None = None, only: Only = None) -> list[RowMapping]:
    """Every row of the fact `name`, superseded ones too, in the order in which it became known."""
    return list(_rows(connection, name, at, only))


def in_force_of(connection: Connection, name: str, ids: Iterable[str], at: int | None = None) -> list[RowMapping]:
    """`in_force` of these maintenances, under whichever name they were told; `maintenance_id` is the whole's."""
    return _under_wholes(connection, in_force, name, ids, at)


def history_of(connection: Connection, name: str, ids: Iterable[str], at: int | None = None) -> list[RowMapping]:
    """`history` of these maintenances, under whichever name they were told; `maintenance_id` is the whole's."""
    return _under_wholes(connection, history, name, ids, at)


def _under_wholes(
    connection: Connection, read: Callable[..., list[RowMapping]], name: str, ids: Iterable[str], at: int | None
) -> list[RowMapping]:
    joined = read_wholes(connection, at)
    rows = read(connection, name, at, ("maintenance_id", joined.parts(ids)))
    if not joined.of:
        return rows
    return [{**row, "maintenance_id": joined.whole(row["maintenance_id"])} for row in rows]  # type: ignore[misc]


def _rows(connection: Connection, name: str, at: int | None, only: Only) -> Iterable[RowMapping]:
    table = FACT_TABLES[name]
    recorded = table.c[recorded_column(FACTS[name])]
    query = select(table)
    if at is not None:
        query = query.where(recorded <= at)
    order = [recorded] + ([table.c[TIED]] if TIED in table.c else [])
    query = query.order_by(*order)
    if only is None:
        return connection.execute(query).mappings()
    column, values = only
    found: list[RowMapping] = []
    for part in in_chunks(sorted(set(values))):
        found += connection.execute(query.where(table.c[column].in_(part))).mappings()
    return found


def nodes_at(connection: Connection, at: int | None) -> Table | Subquery:
    """What a query joins to know the fleet as of `at`: node_id, cluster_id, rack, gpus, team_id.

    The derived table, unless a node was told differently since.
    """
    nodes = FACT_TABLES["nodes"]
    if at is None or connection.scalar(select(func.count()).select_from(nodes).where(nodes.c.recorded_at > at)) == 0:
        return current_nodes
    last = func.row_number().over(
        partition_by=nodes.c.node_id, order_by=(nodes.c.recorded_at.desc(), nodes.c.digest.desc())
    )
    versions = select(nodes, last.label("age")).where(nodes.c.recorded_at <= at).subquery()
    return select(versions).where(versions.c.age == 1).subquery()


def fleet_totals(connection: Connection, at: int | None) -> list[tuple[str, str, int, int]]:
    """(cluster_id, team_id, nodes, gpus), a row for each pair; team_id '' where the nodes name none."""
    nodes: FromClause = nodes_at(connection, at)
    query = select(nodes.c.cluster_id, nodes.c.team_id, func.count(), func.sum(nodes.c.gpus))
    rows = connection.execute(query.group_by(nodes.c.cluster_id, nodes.c.team_id))
    return [(cluster, team, int(count), int(gpus)) for cluster, team, count, gpus in rows]


def node_attributes(
    connection: Connection, node_ids: Iterable[str] | None = None, at: int | None = None
) -> dict[str, Attributes]:
    """What each of these nodes is, or every node; one that the log does not name is left out."""
    nodes = nodes_at(connection, at)
    query = select(nodes.c.node_id, nodes.c.cluster_id, nodes.c.rack, nodes.c.gpus, nodes.c.team_id)
    chosen = None if node_ids is None else sorted(set(node_ids))
    parts = [query] if chosen is None else [query.where(nodes.c.node_id.in_(part)) for part in in_chunks(chosen)]
    return {row[0]: Attributes(*row[1:]) for part in parts for row in connection.execute(part).all()}


def nodes_of(connection: Connection, cluster: str, at: int | None = None) -> dict[str, Attributes]:
    """Every node of a cluster, and what it is."""
    nodes = nodes_at(connection, at)
    query = select(nodes.c.node_id, nodes.c.cluster_id, nodes.c.rack, nodes.c.gpus, nodes.c.team_id)
    rows = connection.execute(query.where(nodes.c.cluster_id == cluster).order_by(nodes.c.node_id))
    return {row[0]: Attributes(*row[1:]) for row in rows}


def node_ids(connection: Connection) -> set[str]:
    """Every node that the log names."""
    return set(connection.scalars(select(current_nodes.c.node_id)))
