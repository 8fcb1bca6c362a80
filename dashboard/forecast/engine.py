"""When do the nodes of a maintenance go out and come back, as far as is known at one instant."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from dashboard.forecast.calibration import calibrate
from dashboard.forecast.departures import departures
from dashboard.forecast.experience import Experience, experience_of
from dashboard.forecast.noise import Singles, resampled
from dashboard.forecast.pace import draw_pace
from dashboard.forecast.paces import Drawn, Pace, Paces
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.promises import most_back
from dashboard.forecast.quantiles import HORIZON, Futures
from dashboard.forecast.rollout import Course, arrangement, walk
from dashboard.forecast.slots import HOLDS
from dashboard.forecast.spells import IS_OUT, Spells, shared_racks, spells_of, tidied
from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import CLOSED, STAGES

ENGINE = "2026.10"
SPARE = 4
_MUCH = 4_000_000  # nodes x paths, beyond which none is drawn to spare
_AT_ONCE = 2_500_000  # nodes x paths simulated together: more need memory that is slow
_FEWEST = 50  # paths simulated together: fewer need more calls

__all__ = ["ENGINE", "Experience", "Futures", "foresee", "foresee_some", "learn"]


def learn(known: Knowledge) -> Experience:
    """Fits everything that a forecast needs from the maintenances known at one instant, open ones included."""
    experience = experience_of(known)

    def foreseen(rollout: Rollout, hour_of_week: float, rng: np.random.Generator, paths: int) -> Futures:
        return foresee(rollout, hour_of_week, experience, rng, paths)

    return replace(experience, calibration=calibrate(known, foreseen))


def foresee(
    rollout: Rollout,
    hour_of_week: float,
    experience: Experience,
    rng: np.random.Generator,
    paths: int = 200,
    drawn: Drawn | None = None,
) -> Futures:
    """Draws what may become of each node. Never raises on odd records; the same rng gives the same bits.

    hour_of_week : hours from Monday 00:00 UTC to as_of
    drawn : what was drawn for other forecasts of it, where it is forecast time and again with something changed
    """
    return _joined(list(foresee_some(rollout, hour_of_week, experience, rng, paths, drawn)))


def foresee_some(
    rollout: Rollout,
    hour_of_week: float,
    experience: Experience,
    rng: np.random.Generator,
    paths: int = 200,
    drawn: Drawn | None = None,
) -> Iterator[Futures]:
    """The same, some paths at a time, so that a large maintenance needs no more memory than a processor has near it.

    The order of the nodes may be another; each of them says it.
    """
    rollout = tidied(rollout)
    spells = experience.untold.of_rollout(rollout, spells_of(rollout), experience.durations)
    start = _start(rollout, spells, experience, paths, rng)
    if not _told_by_node(rollout, spells, experience):
        yield _as_a_whole(rollout, spells, start, experience, rng)
        return
    settled = not rollout.nodes or rollout.status in CLOSED
    counts = not settled and experience.promises.weigh(rollout, np.ones(1)) is not None
    many = SPARE if counts and rollout.nodes * paths * SPARE <= _MUCH else 1
    start = np.tile(start, many)
    made = _by_node(
        rollout, spells, start, hour_of_week=hour_of_week, experience=experience, rng=rng, drawn=drawn or Drawn()
    )
    if counts:
        made = iter([_kept(rollout, _joined(list(made)), start, experience, rng, paths=paths)])
    correction = None if settled else experience.calibration.of(rollout.provider, spells)
    for each in made:
        yield each if correction is None else correction.of(each)


def _joined(some: list[Futures]) -> Futures:
    """All paths, and the nodes in order."""
    first = some[0]
    if len(some) == 1 and first.node is None:
        return first
    place = np.arange(first.lost.shape[1]) if first.node is None else np.argsort(first.node)
    out_at, end_at, lost = (
        np.concatenate([getattr(each, name)[:, place] for each in some]) for name in ("out_at", "end_at", "lost")
    )
    return Futures(out_at, end_at, lost, None if first.known_at is None else first.known_at[place])


def _kept(
    rollout: Rollout, futures: Futures, start: Floats, experience: Experience, rng: np.random.Generator, *, paths: int
) -> Futures:
    """The paths kept: drawn by their agreement with the promise."""
    weight = experience.promises.weigh(rollout, most_back(futures.end_at) - start)
    return futures.taken(np.arange(paths) if weight is None else resampled(weight, paths, rng))


def _told_by_node(rollout: Rollout, spells: Spells, experience: Experience) -> bool:
    return bool(np.any(~spells.waiting)) or experience.promises.tells_nodes(rollout.provider)


def _start(rollout: Rollout, spells: Spells, experience: Experience, paths: int, rng: np.random.Generator) -> Floats:
    """When the first node may go out, (paths,); <= 0 where it has begun."""
    told = float(np.fmin(spells.first_out, rollout.started))
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
    drawn: Drawn,
) -> Iterator[Futures]:
    """Simulates node by node: their stages, and the queue of those that wait; some paths at a time."""
    paths, cell = start.size, (rollout.provider, rollout.kind)
    order = arrangement(spells, rollout.rack)
    rollout, spells = replace(rollout, rack=rollout.rack[order]), spells.arranged(order)
    name, rack = rollout.maintenance_id, shared_racks(rollout.rack)
    seeds = rng.integers(2**63, size=len(STAGES))

    def pace(stage: int) -> Pace:
        durations, seed = experience.durations[stage], int(seeds[stage])

        def draw() -> Pace:
            law, own = durations.law_of(rollout), np.random.default_rng(seed)
            return draw_pace(stage, spells, rack, law, hour_of_week=hour_of_week, paths=paths, rng=own)

        return drawn.once((durations, experience.untold, rollout.at), (stage, seed, paths), draw)

    paces = Paces(pace)
    chance = experience.turns.draw(cell, name, paths, rng)
    holds = HOLDS[experience.slots.way_of(rollout.provider)]
    home = ~IS_OUT[spells.now] & ~spells.waiting
    known_at = np.where(home, np.minimum(spells.since, 0.0), np.nan)
    rows = max(_AT_ONCE // max(rollout.nodes, 1), _FEWEST)
    for begin in range(0, paths, rows):
        path = slice(begin, begin + rows)
        course = walk(
            spells, rack, paces=paces.of(path), chance=chance[path], holds=holds, hour_of_week=hour_of_week, rng=rng
        )
        out_at = _met(rollout, spells, course, start[path], hour_of_week=hour_of_week, experience=experience, rng=rng)
        yield Futures(out_at, course.ends, course.lost, known_at, order)


def _met(
    rollout: Rollout,
    spells: Spells,
    course: Course,
    start: Floats,
    *,
    hour_of_week: float,
    experience: Experience,
    rng: np.random.Generator,
) -> Singles:
    """When each node goes out, (paths, nodes): those that wait are the first, and the course is moved to then."""
    ends, lost, waiting = course.ends, course.lost, int(spells.waiting.sum())
    out_at = np.where(spells.waiting, np.inf, np.minimum(np.nan_to_num(spells.out_at), 0.0)).astype(np.float32)
    out_at = np.tile(out_at, (start.size, 1))
    if rollout.status in CLOSED:
        over = min(rollout.closed, 0.0) if np.isfinite(rollout.closed) else 0.0
        ends[:, :waiting], lost[:, :waiting] = over, False
    elif waiting:
        went = departures(
            rollout, spells, course.frees, start, hour_of_week=hour_of_week, experience=experience, rng=rng
        )
        ends[:, :waiting] += went
        np.minimum(went, np.float32(HORIZON), out=out_at[:, :waiting])
    np.minimum(ends, np.float32(HORIZON), out=ends)
    return out_at


def _as_a_whole(
    rollout: Rollout, spells: Spells, start: Floats, experience: Experience, rng: np.random.Generator
) -> Futures:
    """Forecasts all nodes as one, from the plan, the provider's word and how such promises went."""
    shape = (start.size, rollout.nodes)
    lost = np.zeros(shape, dtype=bool)
    if rollout.status in CLOSED:
        over = min(rollout.closed, 0.0) if np.isfinite(rollout.closed) else 0.0
        return Futures(np.full(shape, np.inf, np.float32), np.full(shape, over, np.float32), lost)
    promised = rollout.claimed_end if np.isfinite(rollout.claimed_end) else rollout.planned_end
    cell: Cell = (rollout.provider, rollout.kind)
    end = experience.promises.draw_end(
        cell, rollout.maintenance_id, start, promised=promised, planned_start=rollout.planned_start, rng=rng
    )
    soon = (np.minimum(each, HORIZON).astype(np.float32)[:, None] for each in (start, end))
    went, back = (np.tile(each, (1, rollout.nodes)) for each in soon)
    return Futures(went, back, lost)
