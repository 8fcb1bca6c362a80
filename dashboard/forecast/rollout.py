"""When does each node go out and return: the rest of a rollout, simulated with its queue for places."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.pace import ODD, Pace
from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import IN_SERVICE, IS_OUT, REMOVED, REPAIRING, REPAIRS, SCHEDULED, Flags, Spells
from dashboard.model.rollout import Codes

STEPS = 24  # stays after which a node is taken to be back: no loop is endless


@dataclass(frozen=True, slots=True)
class Course:
    """Every node's own way, from where it stands or, for one that waits, from the hour it goes out.

    ends, frees : (paths, nodes)  hours until it is back or removed, and until it gives its place back
    lost : (paths, nodes)
    """

    ends: Floats
    frees: Floats
    lost: Flags


def walk(
    spells: Spells, rack: Codes, *, paces: dict[int, Pace], chance: Floats, holds: Flags, rng: np.random.Generator
) -> Course:
    """Walks every node in every path from stage to stage, all nodes of a path and stage at once.

    chance : (paths, visits, from, to) of each move
    holds  : (stages,)  whether a stage holds a place
    """
    paths, nodes = chance.shape[0], spells.now.size
    stage = np.tile(spells.now.astype(np.int8), (paths, 1))
    repairs = np.tile(spells.now_repairs.astype(np.int8), (paths, 1))
    time = np.tile(np.where(np.isfinite(spells.since) & ~spells.waiting, spells.since, 0.0), (paths, 1))
    frees = np.where(holds[stage] | spells.waiting, np.nan, 0.0)
    stays = _first_stays(paths, spells, paces)
    flat = (stage.reshape(-1), repairs.reshape(-1), time.reshape(-1), frees.reshape(-1))
    active = np.flatnonzero(IS_OUT[flat[0]] | (flat[0] == SCHEDULED))
    for step in range(STEPS):
        if not active.size:
            break
        here = flat[0][active]
        for each in np.unique(here):
            at = active[here == each]
            if each != SCHEDULED:
                pace = paces[int(each)]
                if step == 0:
                    flat[2][at] = np.maximum(flat[2][at] + stays.reshape(-1)[at], 0.0)
                else:
                    path, node = np.divmod(at, nodes)
                    odd = rng.random(at.size) < ODD
                    sigma = np.where(odd, pace.wide[path, 0], pace.sigma[path, 0])
                    z = rng.standard_normal(at.size)
                    flat[2][at] += np.exp(pace.centre[path, rack[node]] + sigma * z)
            flat[1][at] = np.minimum(flat[1][at] + (each == REPAIRING), REPAIRS)
            flat[0][at] = _next(at // nodes, flat[1][at], int(each), chance, rng)
            gave = at[np.isnan(flat[3][at]) & ~holds[flat[0][at]]]
            flat[3][gave] = flat[2][gave]
        active = active[IS_OUT[flat[0][active]]]
    flat[0][active] = IN_SERVICE
    frees = np.where(np.isnan(frees), time, frees)
    return Course(time, frees, stage == REMOVED)


def _first_stays(paths: int, spells: Spells, paces: dict[int, Pace]) -> Floats:
    stays = np.zeros((paths, spells.now.size))
    for pace in paces.values():
        stays[:, pace.running] = np.exp(np.minimum(pace.lasts, 12.0))
    return stays


def _next(path: Codes, repairs: np.ndarray, stage: int, chance: Floats, rng: np.random.Generator) -> np.ndarray:
    """The stage each node moves to. A repair just over does not count for the move out of it."""
    visit = np.maximum(repairs - 1, 0) if stage == REPAIRING else repairs
    ways = np.flatnonzero(chance[:, :, stage].max(axis=(0, 1)) > 0)
    if ways.size == 1:
        return np.full(path.size, ways[0], dtype=np.int8)
    upto = np.cumsum(chance[:, :, stage][:, :, ways[:-1]], axis=-1)
    drawn = rng.random(path.size)
    at = np.zeros(path.size, dtype=np.int64)
    for way in range(ways.size - 1):
        at += drawn > upto[path, visit, way]
    return ways[at].astype(np.int8)


def queue(free: Floats, hold: Floats, opens: Callable[[Floats], Floats]) -> Floats:
    """When each waiting node goes out: in order, each into the place that comes free first.

    free    : (paths, places)  when each place comes free; inf where a path has fewer places
    hold    : (paths, waiting)  how long each node will hold its place
    opens   : the first instant from each given one on at which nodes are taken
    returns : (paths, waiting)

    The places are kept in blocks with the earliest of each block beside them, so that a step costs the square root of
    their number. No loop over paths.
    """
    paths, places = free.shape
    width = max(int(np.sqrt(places)), 1)
    blocks = -(-places // width)
    padded = np.full((paths, blocks * width), np.inf)
    padded[:, :places] = free
    table = padded.reshape(paths, blocks, width)
    earliest = table.min(axis=2)
    went = np.empty(hold.shape)
    row = np.arange(paths)
    for node in range(hold.shape[1]):
        block = earliest.argmin(axis=1)
        inside = table[row, block]
        place = inside.argmin(axis=1)
        at = opens(inside[row, place])
        went[:, node] = at
        inside[row, place] = at + hold[:, node]
        table[row, block, place] = inside[row, place]
        earliest[row, block] = inside.min(axis=1)
    return went


def places(course: Course, holding: Flags, slots: np.ndarray, earliest: Floats) -> Floats:
    """When each place comes free, (paths, places): held ones when their node gives them back, others at `earliest`.

    holding : (nodes,) whether the node holds a place now; slots, earliest : (paths,)
    """
    held = course.frees[:, holding]
    spare = np.maximum(slots - held.shape[1], 0 if held.shape[1] else 1)
    more = np.arange(spare.max(initial=0))
    return np.concatenate([held, np.where(more < spare[:, None], earliest[:, None], np.inf)], axis=1)
