"""The whole log as arrays, cut at any instant: what forecasts learn from and start at."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from dashboard.log.bulk import in_chunks, no_collector
from dashboard.log.messages import Claim, claims
from dashboard.log.read import Attributes, history, in_force, node_attributes
from dashboard.log.tables import FACT_TABLES
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import HOUR, micros
from dashboard.model.joining import Wholes, wholes
from dashboard.model.maintenance import Maintenance, Update, fold, standing
from dashboard.model.rollout import Codes, Knowledge, Rollout
from dashboard.model.stages import CODE, OUT, Stage, Status

MONDAY = micros(datetime(1970, 1, 5, tzinfo=UTC))
WEEK = 168 * HOUR
ROWS = 10_000  # read at once
_OUT = np.array([stage in OUT for stage in Stage])


@dataclass(frozen=True, slots=True)
class _Nodes:
    """What one maintenance says of its nodes; the node columns index into `names`.

    told  : (transitions, 4) node, stage, occurred_at, recorded_at; each once, when it was first recorded; in order of
        their occurrence
    named : (words, 3) node, recorded_at, withdrawn; in the order in which they were recorded
    """

    names: tuple[str, ...]
    told: Codes
    named: Codes

    @classmethod
    def of(cls, names: tuple[str, ...], told: Codes, named: Codes) -> "_Nodes":
        """The same of rows in any order, some of them told again."""
        node, stage, occurred, recorded = told.T
        told = told[np.lexsort((recorded, node, stage, occurred))]
        new = np.ones(len(told), dtype=bool)
        new[1:] = (told[1:, :3] != told[:-1, :3]).any(axis=1)
        return cls(names, told[new], named[np.lexsort((named[:, 2], named[:, 1]))])


class _Join(NamedTuple):
    maintenance_id: str
    recorded_at: int
    whole_id: str


@dataclass(frozen=True, slots=True)
class Chronicle:
    """Some maintenances, whole, with both clocks."""

    updates: dict[str, list[Update]]
    claims: dict[str, list[Claim]]
    nodes: dict[str, _Nodes]
    attributes: dict[str, Attributes]  # of each node
    clusters: dict[str, tuple[str, str]]  # cluster -> provider, sku
    joins: tuple[_Join, ...] = ()  # in the order in which they were found out

    def at(self, as_of: datetime, ids: Iterable[str] | None = None) -> Knowledge:
        """What was known at `as_of`, of all of them or of `ids`; nothing that was recorded later."""
        now = micros(as_of)
        joined = self._joined(now)
        told = {joined.whole(name) for name in {*self.updates, *self.nodes}} if ids is None else ids
        rollouts = (self._rollout(name, now, joined) for name in (sorted(told) if ids is None else told))
        return Knowledge(
            hour_of_week=((now - MONDAY) % WEEK) / HOUR,
            rollouts=tuple(each for each in rollouts if each is not None),
        )

    def members(self, maintenance_id: str, as_of: datetime) -> tuple[Attributes, ...]:
        """What a rollout's nodes are at `as_of`, in its order."""
        now = micros(as_of)
        nodes = self._nodes(self._joined(now).parts([maintenance_id]))
        return tuple(self._attributes(nodes.names[i]) for i in _present(nodes, now)[0])

    def told(self, maintenance_id: str, as_of: datetime, by: datetime) -> tuple[Maintenance, int | None]:
        """What was told by `by` of a maintenance as put together at `as_of`; and the end that was claimed (µs)."""
        parts, known_by = self._joined(micros(as_of)).parts([maintenance_id]), micros(by)
        state = fold(maintenance_id, self._updates(parts, known_by))
        return state, self._claim(parts, state, known_by)

    def steps(self, maintenance_id: str, as_of: datetime) -> list[tuple[int, Status]]:
        """When each status was told (µs), in order."""
        told = self._updates(self._joined(micros(as_of)).parts([maintenance_id]), micros(as_of))
        return sorted((each.recorded_at, Status(each.status)) for each in told if each.status)

    def named(self, maintenance_id: str, as_of: datetime) -> tuple[str, ...]:
        """The ids of a rollout's nodes at `as_of`, in its order."""
        now = micros(as_of)
        nodes = self._nodes(self._joined(now).parts([maintenance_id]))
        return tuple(nodes.names[i] for i in _present(nodes, now)[0])

    def _updates(self, parts: Sequence[str], now: int) -> list[Update]:
        return [each for part in parts for each in self.updates.get(part, ()) if each.recorded_at <= now]

    def _joined(self, now: int) -> Wholes:
        return wholes({told: whole for told, at, whole in self.joins if at <= now}) if self.joins else _APART

    def _nodes(self, parts: Sequence[str]) -> _Nodes:
        """What is said of nodes under any of these names."""
        told = [self.nodes[each] for each in parts if each in self.nodes]
        return _together(told) if len(told) > 1 else told[0] if told else _NO_NODES

    def _attributes(self, node: str) -> Attributes:
        return self.attributes.get(node, Attributes("", "", 0, ""))

    def _rollout(self, name: str, now: int, joined: Wholes) -> Rollout | None:
        parts = joined.parts([name])
        updates = self._updates(parts, now)
        nodes = self._nodes(parts)
        chosen, told = _present(nodes, now)
        if not updates and not told.size:
            return None
        state = fold(name, updates)
        members = [self._attributes(nodes.names[i]) for i in chosen]
        cluster = state.cluster_id or (members[0].cluster_id if members else "")
        provider, sku = self.clusters.get(cluster, ("", ""))
        out_at = told[_OUT[told[:, 1]], 2]
        seen = [at for at in (state.started_at, out_at.min() if out_at.size else None) if at is not None]
        known_at = [each.recorded_at for each in updates] or [int(told[:, 2].min())]
        place = np.full(len(nodes.names), -1)
        place[chosen] = np.arange(len(chosen))
        last = dict(zip(told[:, 0].tolist(), told[:, 1].tolist(), strict=True))  # told is in order: the last stays
        return Rollout(
            maintenance_id=name,
            provider=state.provider_id or provider,
            kind=state.kind,
            sku=sku,
            cluster=cluster,
            status=standing(state.status, int(sum(_OUT[code] for code in last.values()))),
            announced=_hours(min(known_at), now),
            started=_hours(min(seen, default=None), now),
            planned_start=_hours(state.planned_start, now),
            planned_end=_hours(state.planned_end, now),
            first_planned_end=_hours(state.first_planned_end, now),
            claimed_end=_hours(self._claim(parts, state, now), now),
            max_unavailable=float("nan") if state.max_unavailable is None else float(state.max_unavailable),
            rack=_racks([each.rack for each in members]),
            gpus=np.array([each.gpus for each in members], dtype=np.int64),
            node=place[told[:, 0]],
            stage=told[:, 1],
            at=(told[:, 2] - now) / HOUR,
            closed=_hours(state.closed_at, now),
        )

    def _claim(self, parts: Sequence[str], state: Maintenance, now: int) -> int | None:
        """The provider's latest word on the end, where it is later news than the plan in force."""
        told = [each for part in parts for each in self.claims.get(part, ()) if each.known_at <= now]
        known = [(each.said_at, each.end) for each in told if each.until is None or now < each.until]
        if not known:
            return None
        said_at, end = max(known)
        return end if state.planned_at is None or said_at > state.planned_at else None


_NO_NODES = _Nodes((), np.zeros((0, 4), dtype=np.int64), np.zeros((0, 3), dtype=np.int64))


_APART = Wholes()


def _together(some: Sequence[_Nodes]) -> _Nodes:
    """What several said of nodes, as one."""
    names = sorted({name for each in some for name in each.names})
    place = {name: i for i, name in enumerate(names)}

    def renumbered(rows: Codes, old: tuple[str, ...]) -> Codes:
        code = np.array([place[name] for name in old], dtype=np.int64)
        return np.column_stack([code[rows[:, 0]], rows[:, 1:]])

    told = [renumbered(each.told, each.names) for each in some]
    named = [renumbered(each.named, each.names) for each in some]
    return _Nodes.of(tuple(names), np.concatenate(told), np.concatenate(named))


def _present(nodes: _Nodes, now: int) -> tuple[Codes, Codes]:
    """The nodes that count at `now`, and their transitions (node, stage, occurred_at) in order."""
    told = nodes.told[nodes.told[:, 3] <= now, :3]
    named = nodes.named[nodes.named[:, 1] <= now]
    present = np.zeros(len(nodes.names), dtype=bool)
    present[named[:, 0]] = named[:, 2] == 0  # of several words on one node the last assigned stays
    present[told[:, 0]] = True
    return np.flatnonzero(present), told


def _hours(at: int | None, now: int) -> float:
    return float("nan") if at is None else (int(at) - now) / HOUR


def _racks(names: Sequence[str]) -> Codes:
    """Racks by first appearance; a node without one stands alone."""
    seen: dict[object, int] = {}
    return np.array([seen.setdefault(rack or i, len(seen)) for i, rack in enumerate(names)], dtype=np.int64)


def read_chronicle(connection: Connection, ids: Sequence[str] | None = None, at: int | None = None) -> Chronicle:
    """Reads these maintenances whole, or all; what nodes and clusters are is taken as of `at`."""
    with no_collector():
        return _read(connection, ids, at)


def _read(connection: Connection, ids: Sequence[str] | None, at: int | None) -> Chronicle:
    joins = [_Join(r["maintenance_id"], r["recorded_at"], r["whole_id"]) for r in history(connection, "joins")]
    ids = None if ids is None else read_wholes(connection).parts(ids)
    only = None if ids is None else ("maintenance_id", ids)
    updates: dict[str, list[Update]] = defaultdict(list)
    for row in history(connection, "maintenance_updates", only=only):
        updates[row["maintenance_id"]].append(Update(**row))
    nodes = _read_nodes(connection, ids)
    named = None if ids is None else sorted({name for each in nodes.values() for name in each.names})
    return Chronicle(
        dict(updates),
        claims(connection, ids),
        nodes,
        node_attributes(connection, named, at),
        {row["cluster_id"]: (row["provider_id"], row["sku"]) for row in in_force(connection, "clusters", at)},
        tuple(joins),
    )


def _read_nodes(connection: Connection, ids: Sequence[str] | None) -> dict[str, _Nodes]:
    """Nodes by name: databases sort text differently, and a forecast must not depend on which one it is."""
    places, nodes = _Numbers(), _Numbers()
    named = _read_codes(connection, "maintenance_nodes", ("recorded_at", "removed"), (places, nodes), ids)
    told = _read_codes(connection, "node_transitions", ("stage", "occurred_at", "recorded_at"), (places, nodes), ids)
    order = sorted(nodes)
    rank = np.empty(len(order), dtype=np.int64)
    rank[[nodes[name] for name in order]] = np.arange(len(order))
    named[:, 1], told[:, 1] = rank[named[:, 1]], rank[told[:, 1]]
    of_named, of_told = _by_first(named, len(places)), _by_first(told, len(places))
    return {name: _nodes_of(order, mine, words) for name, mine, words in zip(places, of_told, of_named, strict=True)}


class _Numbers(dict[str, int]):
    """Numbers names as they come."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number


def _read_codes(
    connection: Connection,
    name: str,
    columns: tuple[str, ...],
    numbers: tuple[_Numbers, _Numbers],
    ids: Sequence[str] | None,
) -> Codes:
    """(rows, 2 + columns): maintenance, node and these columns, in the order of the table, all as integers."""
    table = FACT_TABLES[name]
    query = select(*(table.c[each] for each in ("maintenance_id", "node_id", *columns)))
    parts = [query] if ids is None else [query.where(table.c.maintenance_id.in_(part)) for part in in_chunks(ids)]
    code: list[Callable[[Any], int]] = [each.__getitem__ for each in numbers]
    code += [CODE.__getitem__ if each == "stage" else int for each in columns]
    blocks = [np.empty((0, len(code)), dtype=np.int64)]
    for part in parts:
        with connection.execute(part) as found:
            while rows := found.cursor.fetchmany(ROWS):  # SQLAlchemy's rows would take as long to make as these to read
                values = zip(code, zip(*rows, strict=True), strict=True)
                blocks.append(np.stack([np.fromiter(map(of, each), np.int64, len(rows)) for of, each in values], 1))
    return np.concatenate(blocks)


def _by_first(rows: Codes, number: int) -> list[Codes]:
    """The rows of each value of the first column, in their order."""
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return np.split(rows, np.searchsorted(rows[:, 0], np.arange(1, number)))[:number]


def _nodes_of(names: Sequence[str], told: Codes, named: Codes) -> _Nodes:
    members, place = np.unique(np.concatenate([told[:, 1], named[:, 1]]), return_inverse=True)
    told, named = told[:, 1:].copy(), named[:, 1:].copy()
    told[:, 0], named[:, 0] = place[: len(told)], place[len(told) :]
    return _Nodes.of(tuple(names[i] for i in members), told, named)
