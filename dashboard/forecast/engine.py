"""When do the nodes of a maintenance go out and come back, as far as is known at one instant."""

import numpy as np

from dashboard.forecast.departures import departures
from dashboard.forecast.experience import Experience, experience_of
from dashboard.forecast.noise import Singles
from dashboard.forecast.pace import draw_pace
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.promises import MOST
from dashboard.forecast.quantiles import HORIZON, Futures
from dashboard.forecast.rollout import walk
from dashboard.forecast.slots import HOLDS
from dashboard.forecast.spells import IS_OUT, Flags, Spells, shared_racks, spells_of, tidied
from dashboard.model.rollout import Codes, Knowledge, Rollout
from dashboard.model.stages import CLOSED

ENGINE = "2026.2"
SPARE = 4

__all__ = ["ENGINE", "Experience", "Futures", "foresee", "learn"]


def learn(known: Knowledge) -> Experience:
    """Fits everything that a forecast needs from the maintenances known at one instant, open ones included."""
    return experience_of(known)


def foresee(
    rollout: Rollout, hour_of_week: float, experience: Experience, rng: np.random.Generator, paths: int = 200
) -> Futures:
    """Draws what may become of each node. Never raises on odd records; the same rng gives the same bits.

    hour_of_week : hours from Monday 00:00 UTC to as_of
    """
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    start = _start(rollout, spells, experience, paths, rng)
    if _told_by_node(rollout, spells, experience):
        many = _many(rollout, experience, paths)
        start = np.tile(start, many)
        futures = _by_node(rollout, spells, start, hour_of_week=hour_of_week, experience=experience, rng=rng)
        futures = _kept(rollout, futures, start, experience, rng, paths=paths)
    else:
        futures = _as_a_whole(rollout, spells, start, experience, rng)
    return futures


def _many(rollout: Rollout, experience: Experience, paths: int) -> int:
    """How many times as many paths to draw, to keep those that agree with a promise, where it counts."""
    counts = experience.promises.weigh(rollout, np.ones(1)) is not None
    return SPARE if counts and rollout.nodes * paths * SPARE <= 4_000_000 else 1


def _kept(
    rollout: Rollout, futures: Futures, start: Floats, experience: Experience, rng: np.random.Generator, *, paths: int
) -> Futures:
    """The paths kept: drawn by their agreement with the promise (systematic resampling, Kitagawa 1996), or all."""
    if not rollout.nodes or rollout.status in CLOSED:
        return _taken(futures, np.arange(paths))
    rank = max(int(np.ceil(MOST * rollout.nodes)) - 1, 0)
    most = np.partition(futures.end_at, rank, axis=1)[:, rank].astype(float)
    weight = experience.promises.weigh(rollout, most - start)
    if weight is None:
        return futures
    at = (np.arange(paths) + rng.random()) / paths
    return _taken(futures, np.minimum(np.searchsorted(np.cumsum(weight), at), weight.size - 1))


def _taken(futures: Futures, rows: Codes) -> Futures:
    return Futures(futures.out_at[rows], futures.end_at[rows], futures.lost[rows], futures.known_at)


def _told_by_node(rollout: Rollout, spells: Spells, experience: Experience) -> bool:
    return bool(np.any(~spells.waiting)) or experience.promises.tells_nodes(rollout.provider)


def _start(rollout: Rollout, spells: Spells, experience: Experience, paths: int, rng: np.random.Generator) -> Floats:
    """When the first node may go out, (paths,); <= 0 where it has begun."""
    begun = [*spells.out_at[np.isfinite(spells.out_at)].tolist(), rollout.started]
    told = min((at for at in begun if np.isfinite(at)), default=np.nan)
    if told <= 0:
        return np.full(paths, told)
    return experience.promises.draw_start(rollout.provider, rollout.planned_start, paths, rng)


def _by_node(
    rollout: Rollout,
    spells: Spells,
    start: Floats,
    *,
    hour_of_week: float,
    experience: Experience,
    rng: np.random.Generator,
) -> Futures:
    """Simulates node by node: their stages, and the queue of those that wait."""
    paths, cell = start.size, (rollout.provider, rollout.kind)
    name, rack = rollout.maintenance_id, shared_racks(rollout.rack)
    paces = {
        stage: draw_pace(stage, spells, rack, law.law(cell, name, rollout.nodes), paths=paths, rng=rng)
        for stage, law in experience.durations.items()
    }
    chance = experience.turns.draw(cell, name, paths, rng)
    holds = HOLDS[experience.slots.way_of(rollout.provider)]
    course = walk(spells, rack, paces=paces, chance=chance, holds=holds, rng=rng)
    waiting = spells.waiting
    out_at = np.empty((paths, rollout.nodes), np.float32)
    out_at[:] = np.where(waiting, np.inf, np.minimum(np.nan_to_num(spells.out_at), 0.0))
    ends, lost = course.ends, course.lost
    if rollout.status in CLOSED:
        over = min(rollout.closed, 0.0) if np.isfinite(rollout.closed) else 0.0
        ends[:, waiting], lost[:, waiting] = over, False
    elif waiting.any():
        which: slice | Codes = slice(None) if waiting.all() else np.flatnonzero(waiting)
        went = departures(
            rollout, spells, course.frees, start, hour_of_week=hour_of_week, experience=experience, rng=rng
        )
        out_at[:, which] = went
        ends[:, which] += went
    home = ~IS_OUT[spells.now] & ~waiting
    return _futures(out_at, ends, lost, np.where(home, np.minimum(spells.since, 0.0), np.nan))


def _futures(out_at: Singles, ends: Singles, lost: Flags, known_at: Floats | None = None) -> Futures:
    far = np.float32(HORIZON)
    np.minimum(ends, far, out=ends)
    out_at[(out_at > far) & (out_at < np.inf)] = far
    return Futures(out_at, ends, lost, known_at)


def _as_a_whole(
    rollout: Rollout, spells: Spells, start: Floats, experience: Experience, rng: np.random.Generator
) -> Futures:
    """Forecasts all nodes as one, from the plan, the provider's word and how such promises went."""
    shape = (start.size, rollout.nodes)
    lost = np.zeros(shape, dtype=bool)
    if rollout.status in CLOSED:
        over = min(rollout.closed, 0.0) if np.isfinite(rollout.closed) else 0.0
        return _futures(np.full(shape, np.inf, np.float32), np.full(shape, over, np.float32), lost)
    promised = rollout.claimed_end if np.isfinite(rollout.claimed_end) else rollout.planned_end
    cell: Cell = (rollout.provider, rollout.kind)
    end = experience.promises.draw_end(
        cell, rollout.maintenance_id, start, promised=promised, planned_start=rollout.planned_start, rng=rng
    )
    went, back = (np.tile(each.astype(np.float32)[:, None], (1, rollout.nodes)) for each in (start, end))
    return _futures(went, back, lost)
