"""Where everything stands: maintenances and the nodes in them, now or as of any instant.

Now comes from the derived tables; a past instant from the log, by the same rules, from the maintenances that can
matter to it. A test holds the two against each other.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, text

from dashboard.log import derive
from dashboard.log.bulk import in_chunks
from dashboard.log.read import node_attributes, nodes_at
from dashboard.log.tables import FACT_TABLES, current_maintenances, current_stages
from dashboard.log.wholes import read_wholes, under_wholes
from dashboard.model.joining import Wholes
from dashboard.model.maintenance import Maintenance, fold
from dashboard.model.stages import OUT, RANK, Stage, Status

_T = FACT_TABLES["node_transitions"]
_M = FACT_TABLES["maintenance_nodes"]
_S = current_stages.c

_counts = or_(_S.since.is_not(None), and_(_S.named_at.is_not(None), ~_S.withdrawn))


class Standing(NamedTuple):
    """One node in one maintenance; `since` None: named in it, and nothing was reported yet."""

    maintenance_id: str
    node_id: str
    stage: str
    since: int | None
    first_out_at: int | None
    cluster_id: str
    rack: str
    gpus: int
    team_id: str


class Change(NamedTuple):
    """A node's entry into a stage, with the stage it left ('' where it had none)."""

    maintenance_id: str
    node_id: str
    occurred_at: int
    before: str
    stage: str


@dataclass(frozen=True, slots=True)
class Known:
    """A maintenance, and whether any of its nodes was ever reported on by itself."""

    maintenance: Maintenance
    by_node: bool


def maintenances(connection: Connection, at: int | None = None, ids: Iterable[str] | None = None) -> dict[str, Known]:
    """Every maintenance known at `at`, or those of `ids` that are."""
    table = current_maintenances
    query = select(table)
    if at is not None:
        query = query.where(table.c.first_recorded_at <= at)
    rows = [row for part in _parts(query, table.c.maintenance_id, ids) for row in connection.execute(part).mappings()]
    known = {row["maintenance_id"]: Known(_maintenance(row), row["by_node"]) for row in rows}
    if at is None:
        return known
    joined = read_wholes(connection, at)
    moved = joined.moved(read_wholes(connection))
    changed = [row["maintenance_id"] for row in rows if row["last_recorded_at"] > at]
    again = set(changed) | (moved if ids is None else moved & set(ids))
    seen = derive.spans(connection, moved & again, joined, until=at)
    reported = _reported(connection, at, again, joined)
    updates = derive.read_updates(connection, again, joined, until=at)
    for name in again:
        if name in moved and name not in seen:
            known.pop(name, None)
        else:
            known[name] = Known(fold(name, updates.get(name, ())), name in reported)
    return known


def _parts(query: Any, column: Any, ids: Iterable[str] | None) -> Iterator[Any]:
    if ids is None:
        yield query
    else:
        for part in in_chunks(sorted(set(ids))):
            yield query.where(column.in_(part))


_FIELDS = [each.name for each in fields(Maintenance)]


def _maintenance(row: Any) -> Maintenance:
    told = {name: row[name] for name in _FIELDS}
    return Maintenance(**(told | {"status": Status(row["status"])}))


def _reported(connection: Connection, at: int, ids: Iterable[str], joined: Wholes) -> set[str]:
    found: set[str] = set()
    for part in in_chunks(joined.parts(ids)):
        query = select(_T.c.maintenance_id).where(_T.c.maintenance_id.in_(part), _T.c.recorded_at <= at).distinct()
        found |= {joined.whole(each) for each in connection.scalars(query)}
    return found


def out_or_lost(connection: Connection, at: int | None = None) -> list[Standing]:
    """The nodes that are out, or lost, by what was reported of each."""
    stages = current_stages
    is_so = or_(stages.c.is_out, stages.c.stage == Stage.REMOVED.value)
    if at is None:
        # In the words of the partial indexes, one at a time: SQLite uses neither for `is_out = 1`, for a bound
        # parameter, or for both with OR, and would read every node of every maintenance there ever was.
        return _standings(connection, at, text("is_out")) + _standings(connection, at, text("stage = 'removed'"))
    # Out at `at` and not now means that something was recorded since; so these few can hold all that was out then.
    now = select(stages.c.maintenance_id).where(is_so).distinct()
    since = select(current_maintenances.c.maintenance_id).where(current_maintenances.c.last_recorded_at > at)
    ids = set(connection.scalars(now)) | set(connection.scalars(since))
    ids |= read_wholes(connection, at).moved(read_wholes(connection))
    held = {*OUT, Stage.REMOVED}
    return [each for each in of_maintenances(connection, ids, at) if each.stage in held]


def of_maintenances(connection: Connection, ids: Iterable[str], at: int | None = None) -> list[Standing]:
    """Every node of these maintenances: those named in them and not withdrawn, and those reported on."""
    chosen = sorted(set(ids))
    if at is None:
        mine = current_stages.c.maintenance_id
        return [e for part in in_chunks(chosen) for e in _standings(connection, at, and_(mine.in_(part), _counts))]
    joined = read_wholes(connection, at)
    return [each for part in in_chunks(chosen, 50) for each in _as_of(connection, part, joined, at)]


class Tally(NamedTuple):
    """How many nodes of a maintenance stand in a stage, and their GPUs, by cluster and team."""

    maintenance_id: str
    stage: str
    cluster_id: str
    team_id: str
    nodes: int
    gpus: int
    first_out_at: int | None


def tallies(connection: Connection, ids: Iterable[str], at: int | None = None) -> list[Tally]:
    """Counts the nodes of these maintenances, by stage, cluster and team."""
    chosen = sorted(set(ids))
    if at is None:
        nodes, stages = nodes_at(connection, at), current_stages
        by = (stages.c.maintenance_id, stages.c.stage, nodes.c.cluster_id, nodes.c.team_id)
        query = (
            select(*by, func.count(), func.sum(nodes.c.gpus), func.min(stages.c.first_out_at))
            .join(nodes, nodes.c.node_id == stages.c.node_id)
            .group_by(*by)
        )
        parts = [query.where(stages.c.maintenance_id.in_(part), _counts) for part in in_chunks(chosen)]
        rows = [row for part in parts for row in connection.execute(part)]
        return [Tally(row[0], row[1], row[2], row[3], int(row[4]), int(row[5]), row[6]) for row in rows]
    found: dict[tuple[str, str, str, str], tuple[int, int, int | None]] = {}
    for each in of_maintenances(connection, chosen, at):
        key = (each.maintenance_id, each.stage, each.cluster_id, each.team_id)
        count, gpus, first = found.get(key, (0, 0, None))
        seen = [at for at in (first, each.first_out_at) if at is not None]
        found[key] = (count + 1, gpus + each.gpus, min(seen, default=None))
    return [Tally(*key, *value) for key, value in found.items()]


def _standings(connection: Connection, at: int | None, where: Any) -> list[Standing]:
    stages, nodes = current_stages, nodes_at(connection, at)
    query = (
        select(
            stages.c.maintenance_id,
            stages.c.node_id,
            stages.c.stage,
            stages.c.since,
            stages.c.first_out_at,
            nodes.c.cluster_id,
            nodes.c.rack,
            nodes.c.gpus,
            nodes.c.team_id,
        )
        .join(nodes, nodes.c.node_id == stages.c.node_id)
        .where(where)
    )
    return [Standing(*row) for row in connection.execute(query).all()]


def _as_of(connection: Connection, ids: list[str], joined: Wholes, at: int) -> list[Standing]:
    parts = joined.parts(ids)
    told = select(_T.c.maintenance_id, _T.c.node_id, _T.c.stage, _T.c.occurred_at)
    rows = connection.execute(told.where(_T.c.maintenance_id.in_(parts), _T.c.recorded_at <= at))
    latest, first_out = derive.latest_stages(under_wholes([tuple(row) for row in rows], 0, joined))
    named = select(_M.c.maintenance_id, _M.c.node_id, _M.c.recorded_at, _M.c.removed)
    rows = connection.execute(named.where(_M.c.maintenance_id.in_(parts), _M.c.recorded_at <= at))
    members = derive.latest_members(under_wholes([tuple(row) for row in rows], 0, joined))
    keys = set(latest) | {key for key, (_, withdrawn) in members.items() if not withdrawn}
    attributes = node_attributes(connection, {node for _, node in keys}, at)
    found = []
    for key in sorted(keys):
        if key[1] in attributes:
            since, _, stage = latest.get(key, (None, 0, Stage.SCHEDULED.value))
            standing = Standing(*key, str(stage), since, first_out.get(key), "", "", 0, "")
            found.append(standing._replace(**attributes[key[1]]._asdict()))
    return found


class Entry(NamedTuple):
    """A node's entry into a stage, and the one that it was in as the time asked about began ('' for none)."""

    maintenance_id: str
    node_id: str
    occurred_at: int
    stage: str
    at_first: str


def changes(
    connection: Connection, since: int, at: int | None = None, maintenance_id: str | None = None
) -> list[Change]:
    """Every change of a node's stage that occurred after `since`, in order; of one maintenance, or of all."""
    standing: dict[tuple[str, str], str] = {}
    found = []
    for maintenance, node, occurred_at, stage, at_first in sorted(
        entries(connection, since, at, maintenance_id), key=lambda each: (each.occurred_at, RANK[each.stage])
    ):
        was = standing.get((maintenance, node), at_first)
        standing[maintenance, node] = stage
        if stage != was:
            found.append(Change(maintenance, node, occurred_at, was, stage))
    return found


def entries(
    connection: Connection, since: int, at: int | None = None, maintenance_id: str | None = None
) -> list[Entry]:
    """Every entry of a node into a stage that occurred after `since`, in no order; of one maintenance, or of all.

    One may be told twice, or be into the stage that the node is in already.
    """
    earlier = _T.alias("earlier")
    known = [] if at is None else [earlier.c.recorded_at <= at]
    before = (
        select(earlier.c.stage)
        .where(
            earlier.c.maintenance_id == _T.c.maintenance_id,
            earlier.c.node_id == _T.c.node_id,
            earlier.c.occurred_at <= since,
            *known,
        )
        .order_by(earlier.c.occurred_at.desc(), earlier.c.stage)
        .limit(1)
        .correlate(_T)
        .scalar_subquery()
    )
    joined = read_wholes(connection, at)
    query = select(_T.c.maintenance_id, _T.c.node_id, _T.c.occurred_at, _T.c.stage, func.coalesce(before, ""))
    query = query.where(_T.c.occurred_at > since)
    if at is not None:
        query = query.where(_T.c.recorded_at <= at)
    parts = [query] if maintenance_id is None else _parts(query, _T.c.maintenance_id, joined.parts([maintenance_id]))
    rows = [row for part in parts for row in connection.execute(part).all()]  # far cheaper than one by one
    if not joined.of:
        return [Entry._make(row) for row in rows]
    first = _before(connection, since, at, joined)
    told = (Entry._make(row)._replace(maintenance_id=joined.whole(row[0])) for row in rows)
    return [each._replace(at_first=first.get(each[:2], each.at_first)) for each in told]


def _before(connection: Connection, since: int, at: int | None, joined: Wholes) -> dict[tuple[str, str], str]:
    """Where the nodes of joined maintenances stood at `since`, whoever told it; '' where nobody had."""
    found: dict[tuple[str, str], str] = {}
    query = select(_T.c.maintenance_id, _T.c.node_id, _T.c.stage, _T.c.occurred_at)
    if at is not None:
        query = query.where(_T.c.recorded_at <= at)
    for part in in_chunks(joined.parts(joined.of.values())):
        rows = [tuple(row) for row in connection.execute(query.where(_T.c.maintenance_id.in_(part)))]
        told = under_wholes(rows, 0, joined)
        found |= {(row[0], row[1]): "" for row in told}
        latest, _ = derive.latest_stages(row for row in told if row[3] <= since)
        found |= {key: str(word[2]) for key, word in latest.items()}
    return found
