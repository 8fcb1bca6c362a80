"""When does each node go out and return: the rest of a rollout, simulated node by node."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from dashboard.forecast.noise import Singles, mixed, normals, some
from dashboard.forecast.paces import Pace
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import IS_OUT, REMOVED, REPAIRING, REPAIRS, SCHEDULED, Flags, Spells
from dashboard.model.rollout import Codes

STEPS = 24  # stays after which a node is taken to be back: no loop is endless
_AT_ONCE = 250_000  # nodes x paths walked together: what fits a processor's cache


@dataclass(frozen=True, slots=True)
class Course:
    """Every node's own way, from where it stands or, for one that waits, from the hour it goes out.

    ends, frees : (paths, nodes)  hours until it is back or removed, and until it gives its place back
    lost : (paths, nodes)
    """

    ends: Singles
    frees: Singles
    lost: Flags


@dataclass(frozen=True, slots=True)
class _Laws:
    """What a walk follows; `likely` is `chance` on average, (visits, from, to); the first nodes are `waiting`."""

    rack: Codes
    waiting: int
    paces: dict[int, Pace]
    chance: Floats
    likely: Floats
    holds: Flags
    hour_of_week: float
    rng: np.random.Generator
    ways: dict[object, tuple[Codes, Floats]] = field(default_factory=dict)  # what `next` and `others` found before
    columns: dict[tuple[int, int], Codes] = field(default_factory=dict)  # and `running`

    def running(self, stage: int, path: slice, nodes: slice) -> Singles:
        """How long the running stays of these nodes last in all, (paths, nodes) hours."""
        pace, asked = self.paces[stage], (stage, nodes.start)
        if asked not in self.columns:
            order = np.argsort(pace.running)
            self.columns[asked] = order[np.searchsorted(pace.running, np.arange(nodes.start, nodes.stop), sorter=order)]
        return pace.hours(np.minimum(_columns(pace.lasts[path], self.columns[asked]), np.float32(12.0)))

    def stays(self, stage: int, path: slice, nodes: slice) -> Singles:
        """Draws the stays of these nodes in one stage, (paths, nodes)."""
        pace, rack = self.paces[stage], self.rack[nodes]
        sigma = pace.sigma[path]
        z = mixed((sigma.shape[0], rack.size), pace.wide[path, 0] / sigma[:, 0], pace.odd, self.rng)
        z *= sigma
        z += pace.centre[path] if pace.centre.shape[1] == 1 else np.take(pace.centre[path], rack, axis=1, mode="clip")
        return pace.fresh(z)

    def stay(self, stage: int, path: Codes, node: Codes) -> Singles:
        """Draws one stay for each pair of path and node."""
        pace = self.paces[stage]
        sigma = np.where(self.rng.random(path.size, np.float32) < pace.odd, pace.wide[path, 0], pace.sigma[path, 0])
        return pace.fresh(pace.centre[path, self.rack[node]] + sigma * normals(path.shape, self.rng))

    def let_pass(self, stage: int, time: Singles, lasts: Singles, on_clock: bool | Flags) -> None:
        """Moves hours, in place, to the end of stays that begin at them; `on_clock` where they are hours from now."""
        staffing = self.paces[stage].staffing
        ends = None if staffing is None else staffing.ends(time, lasts, self.hour_of_week)
        time += lasts
        if ends is not None:
            np.copyto(time, ends, casting="same_kind", where=on_clock)

    def next(self, path: Codes, visit: Codes, stage: int) -> Codes:
        """The stage each node moves to, by its path's chances. A repair just over does not count for the move on."""
        if stage not in self.ways:
            chance = self.chance[:, :, stage]
            ways = np.flatnonzero(chance.max(axis=(0, 1)) > 0)
            self.ways[stage] = ways, np.cumsum(chance[:, :, ways[:-1]], axis=-1)
        ways, upto = self.ways[stage]
        if ways.size == 1:
            return np.full(path.size, ways[0])
        drawn = self.rng.random(path.size)
        return np.asarray(ways[(drawn[:, None] > upto[path, visit]).sum(axis=1)])

    def others(self, visit: int, stage: int, following: int) -> tuple[Codes, Floats]:
        """The stages that may follow beside `following`, and their chances added up, (paths, others)."""
        asked = visit, stage, following
        if asked not in self.ways:
            chance = self.chance[:, visit, stage]
            others = np.flatnonzero((chance.max(axis=0) > 0) & (np.arange(chance.shape[1]) != following))
            self.ways[asked] = others, np.cumsum(chance[:, others], axis=1)
        return self.ways[asked]


@dataclass(frozen=True, slots=True)
class _Strays:
    """Nodes that left the way most of theirs go: path, node, the stage they entered, its number of repairs, when."""

    path: Codes
    node: Codes
    stage: Codes
    repairs: Codes
    time: Singles
    freed: Singles  # nan while it holds its place


def arrangement(spells: Spells, rack: Codes) -> Codes:
    """(nodes,) an order in which nodes that stand alike are neighbours: those that wait first, as they were."""
    return np.lexsort((np.where(spells.waiting, 0, rack), _standing(spells)))


def _standing(spells: Spells) -> Codes:
    return spells.now * (REPAIRS + 1) + spells.now_repairs


def walk(
    spells: Spells, rack: Codes, *, paces: dict[int, Pace], chance: Floats, holds: Flags, hour_of_week: float,
    rng: np.random.Generator,
) -> Course:  # fmt: skip
    """Walks every node in every path from stage to stage; nodes that stand alike are neighbours.

    Those go the likeliest way together; those that turn off it are drawn, and then walked one by one, for they are
    few.

    chance : (paths, visits, from, to) of each move
    holds  : (stages,)  whether a stage holds a place
    """
    paths, nodes = chance.shape[0], spells.now.size
    shape = (paths, nodes)
    course = Course(np.empty(shape, np.float32), np.zeros(shape, np.float32), np.empty(shape, bool))
    laws = _Laws(rack, int(spells.waiting.sum()), paces, chance, chance.mean(axis=0), holds, hour_of_week, rng)
    edges = [0, *(np.flatnonzero(np.diff(_standing(spells))) + 1).tolist(), nodes] if nodes else [0]
    alike = [slice(begin, end) for begin, end in pairwise(edges)]
    rows = max(_AT_ONCE // max(nodes, 1), 1)
    strays: list[_Strays] = []
    for begin in range(0, paths, rows):
        path = slice(begin, min(begin + rows, paths))
        for group in alike:
            strays += _together(spells, group, path, laws, course)
    if strays:
        _alone(strays, laws, course)
    return course


def _together(spells: Spells, nodes: slice, path: slice, laws: _Laws, course: Course) -> Iterator[_Strays]:
    """Walks nodes that stand alike, of some paths, the likeliest way; yields those that turn off it."""
    stage, repairs = int(spells.now[nodes.start]), int(spells.now_repairs[nodes.start])
    time, frees = course.ends[path, nodes], course.frees[path, nodes]
    runs, freed = stage != SCHEDULED, stage != SCHEDULED and not laws.holds[stage]
    time[:] = np.nan_to_num(spells.since[nodes]).astype(np.float32) if runs else 0.0
    for step in range(STEPS):
        if not IS_OUT[stage] and stage != SCHEDULED:
            break
        if step == 0 and runs:
            laws.let_pass(stage, time, laws.running(stage, path, nodes), True)
            np.maximum(time, 0.0, out=time)
        elif stage != SCHEDULED:
            laws.let_pass(stage, time, laws.stays(stage, path, nodes), runs)
        after = min(repairs + (stage == REPAIRING), REPAIRS)
        visit = repairs if stage == REPAIRING else after
        following = int(laws.likely[visit, stage].argmax())
        row, column, to = _turns(path, time.shape[1], visit, stage, following, laws)
        if row.size:
            at = time[row, column]
            held = frees[row, column] if freed else np.where(laws.holds[to], np.float32(np.nan), at)
            yield _Strays(path.start + row, nodes.start + column, to, np.full(row.size, after), at, held)
        if not freed and not laws.holds[following]:
            frees[:] = time
            freed = True
        stage, repairs = following, after
    if not freed:
        frees[:] = time
    course.lost[path, nodes] = stage == REMOVED


def _columns(table: Singles, columns: Codes) -> Singles:
    """These columns; a view where they are neighbours."""
    first = int(columns[0])
    if np.array_equal(columns, np.arange(first, first + columns.size)):
        return table[:, first : first + columns.size]
    return np.take(table, columns, axis=1)


def _turns(path: slice, nodes: int, visit: int, stage: int, following: int, laws: _Laws) -> tuple[Codes, Codes, Codes]:
    """Which of (paths, nodes), by row and column, go another way than `following`, and where to: drawn by thinning."""
    others, upto = laws.others(visit, stage, following)
    if not others.size or not nodes:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    upto = upto[path]
    most = float(upto[:, -1].max())
    where = some(most, upto.shape[0] * nodes, laws.rng)
    drawn, row = laws.rng.random(where.size) * most, where // nodes
    kept = drawn < upto[row, -1]
    where, drawn, row = where[kept], drawn[kept], row[kept]
    at = (drawn[:, None] >= upto[row]).sum(axis=1)
    return row, where - row * nodes, others[np.minimum(at, others.size - 1)]


def _alone(strays: list[_Strays], laws: _Laws, course: Course) -> None:
    """Walks each stray to its end, all that are in one stage at once."""
    path, node, stage, repairs = (
        np.concatenate([getattr(each, name) for each in strays]) for name in ("path", "node", "stage", "repairs")
    )
    time, freed = (np.concatenate([getattr(each, name) for each in strays]) for name in ("time", "freed"))
    active = np.flatnonzero(IS_OUT[stage])
    for _ in range(STEPS):
        if not active.size:
            break
        here = stage[active]
        for each in np.flatnonzero(np.bincount(here)).tolist():
            at = active[here == each]
            then = time[at]
            laws.let_pass(each, then, laws.stay(each, path[at], node[at]), node[at] >= laws.waiting)
            time[at] = then
            visit = repairs[at]
            repairs[at] = np.minimum(visit + (each == REPAIRING), REPAIRS)
            stage[at] = laws.next(path[at], visit, each)
            gave = at[np.isnan(freed[at]) & ~laws.holds[stage[at]]]
            freed[gave] = time[gave]
        active = active[IS_OUT[stage[active]]]
    course.ends[path, node] = time
    course.frees[path, node] = np.where(np.isnan(freed), time, freed)
    course.lost[path, node] = stage == REMOVED
