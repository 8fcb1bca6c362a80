"""When does each node go out and return: the rest of a rollout, simulated node by node."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.noise import Singles, normals, some
from dashboard.forecast.pace import Pace
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
    """What a walk follows; `likely` is `chance` on average, (visits, from, to)."""

    rack: Codes
    paces: dict[int, Pace]
    chance: Floats
    likely: Floats
    holds: Flags
    rng: np.random.Generator

    def stays(self, stage: int, path: slice, nodes: Codes) -> Singles:
        """Draws the stays of these nodes in one stage, (paths, nodes)."""
        pace = self.paces[stage]
        z = normals((path.stop - path.start, nodes.size), self.rng)
        wider = pace.wide[path, 0] / pace.sigma[path, 0]
        if (wider > 1).any() and nodes.size:
            flat = z.reshape(-1)
            odd = some(pace.odd, flat.size, self.rng)
            flat[odd] *= wider[odd // nodes.size]
        z *= pace.sigma[path]
        z += np.take(pace.centre[path], self.rack[nodes], axis=1)
        return pace.hours(z)

    def stay(self, stage: int, path: Codes, node: Codes) -> Singles:
        """Draws one stay for each pair of path and node."""
        pace = self.paces[stage]
        sigma = np.where(self.rng.random(path.size) < pace.odd, pace.wide[path, 0], pace.sigma[path, 0])
        return pace.hours(pace.centre[path, self.rack[node]] + sigma * normals(path.shape, self.rng))


@dataclass(frozen=True, slots=True)
class _Strays:
    """Nodes that left the way most of theirs go: path, node, the stage they entered, its number of repairs, when."""

    path: Codes
    node: Codes
    stage: Codes
    repairs: Codes
    time: Singles
    freed: Singles  # nan while it holds its place


def walk(
    spells: Spells, rack: Codes, *, paces: dict[int, Pace], chance: Floats, holds: Flags, rng: np.random.Generator
) -> Course:
    """Walks every node in every path from stage to stage.

    Nodes that stand alike go the likeliest way together; those that turn off it are drawn, and then walked one by one,
    for they are few.

    chance : (paths, visits, from, to) of each move
    holds  : (stages,)  whether a stage holds a place
    """
    paths, nodes = chance.shape[0], spells.now.size
    shape = (paths, nodes)
    course = Course(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.zeros(shape, bool))
    laws = _Laws(rack, paces, chance, chance.mean(axis=0), holds, rng)
    standing = spells.now * (REPAIRS + 1) + spells.now_repairs
    alike = [np.flatnonzero(standing == each) for each in np.unique(standing).tolist()]
    rows = max(_AT_ONCE // max(nodes, 1), 1)
    for begin in range(0, paths, rows):
        path = slice(begin, min(begin + rows, paths))
        strays = [each for group in alike for each in _together(spells, group, path, laws, course)]
        if strays:
            _alone(strays, laws, course)
    return course


def _together(spells: Spells, nodes: Codes, path: slice, laws: _Laws, course: Course) -> list[_Strays]:
    """Walks nodes that stand alike, of some paths, the likeliest way; returns those that turn off it."""
    stage, repairs = int(spells.now[nodes[0]]), int(spells.now_repairs[nodes[0]])
    rows = path.stop - path.start
    since = np.zeros(nodes.size) if stage == SCHEDULED else np.nan_to_num(spells.since[nodes])
    time = np.tile(since.astype(np.float32), (rows, 1))
    freed: Singles | None = None if stage == SCHEDULED or laws.holds[stage] else np.zeros_like(time)
    strays: list[_Strays] = []
    for step in range(STEPS):
        if not IS_OUT[stage] and stage != SCHEDULED:
            break
        if step == 0 and stage != SCHEDULED:
            time = np.maximum(time + _running(laws.paces[stage], path, nodes), np.float32(0))
        elif stage != SCHEDULED:
            time += laws.stays(stage, path, nodes)
        after = min(repairs + (stage == REPAIRING), REPAIRS)
        visit = repairs if stage == REPAIRING else after
        following = int(laws.likely[visit, stage].argmax())
        where, to = _turns(path, nodes.size, visit, stage, following, laws)
        if where.size:
            at, held = time.reshape(-1)[where], np.full(where.size, np.nan, np.float32)
            held = np.where(laws.holds[to], held, at) if freed is None else freed.reshape(-1)[where]
            count = np.full(where.size, after)
            strays.append(
                _Strays(path.start + where // nodes.size, nodes[where % nodes.size], to, count, at, held.astype("f4"))
            )
        if freed is None and not laws.holds[following]:
            freed = time.copy()
        stage, repairs = following, after
    columns: slice | Codes = slice(None) if nodes.size == spells.now.size else nodes
    course.ends[path, columns] = time
    course.frees[path, columns] = time if freed is None else freed
    course.lost[path, columns] = stage == REMOVED
    return strays


def _running(pace: Pace, path: slice, nodes: Codes) -> Singles:
    """How long the running stays of these nodes last in all, (paths, nodes) hours."""
    order = np.argsort(pace.running)
    columns = order[np.searchsorted(pace.running, nodes, sorter=order)]
    return pace.hours(np.minimum(pace.lasts[path][:, columns], np.float32(12.0)))


def _turns(path: slice, nodes: int, visit: int, stage: int, following: int, laws: _Laws) -> tuple[Codes, Codes]:
    """Which of (paths, nodes), as flat indices, go another way than `following`, and where to: drawn by thinning."""
    chance = laws.chance[path, visit, stage]
    others = np.flatnonzero((chance.max(axis=0) > 0) & (np.arange(chance.shape[1]) != following))
    if not others.size or not nodes:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
    upto = np.cumsum(chance[:, others], axis=1)
    most = float(upto[:, -1].max())
    where = some(most, (path.stop - path.start) * nodes, laws.rng)
    drawn, row = laws.rng.random(where.size) * most, where // nodes
    kept = drawn < upto[row, -1]
    where, drawn, row = where[kept], drawn[kept], row[kept]
    at = (drawn[:, None] >= upto[row]).sum(axis=1)
    return where, others[np.minimum(at, others.size - 1)]


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
        for each in np.unique(here).tolist():
            at = active[here == each]
            time[at] += laws.stay(each, path[at], node[at])
            visit = repairs[at]
            repairs[at] = np.minimum(visit + (each == REPAIRING), REPAIRS)
            stage[at] = _next(path[at], visit, each, laws.chance, laws.rng)
            gave = at[np.isnan(freed[at]) & ~laws.holds[stage[at]]]
            freed[gave] = time[gave]
        active = active[IS_OUT[stage[active]]]
    course.ends[path, node] = time
    course.frees[path, node] = np.where(np.isnan(freed), time, freed)
    course.lost[path, node] = stage == REMOVED


def _next(path: Codes, visit: Codes, stage: int, chance: Floats, rng: np.random.Generator) -> Codes:
    """The stage each node moves to, by its path's chances. A repair just over does not count for the move out of it."""
    ways = np.flatnonzero(chance[:, :, stage].max(axis=(0, 1)) > 0)
    if ways.size == 1:
        return np.full(path.size, ways[0])
    upto = np.cumsum(chance[:, :, stage][:, :, ways[:-1]], axis=-1)
    drawn = rng.random(path.size)
    at = np.zeros(path.size, dtype=np.int64)
    for way in range(ways.size - 1):
        at += drawn > upto[path, visit, way]
    return np.asarray(ways[at])
