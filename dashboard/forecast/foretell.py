"""The room's edge: a rollout as the log knows it in, a forecast in instants out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from dashboard.forecast.because import Foretold, because
from dashboard.forecast.engine import ENGINE, Experience, Futures, foresee, foresee_some
from dashboard.forecast.noise import seed_of
from dashboard.forecast.paces import Drawn
from dashboard.forecast.quantiles import Capacity, Returns, back_in, capacity, returns_of, together
from dashboard.model.instants import full_hour
from dashboard.model.outlook import FRACTIONS, HORIZON_DAYS, LEVELS, Forecast, Part, Quantiles
from dashboard.model.rollout import Codes, Hours, Rollout

PATHS = 200
FINE_HOURS, COARSE_HOURS = 72, 3  # an instant an hour for three days, then one every three


@dataclass(frozen=True, slots=True)
class Place:
    """Whose a node is."""

    cluster_id: str
    team_id: str  # "": the node names none


def foretell(
    rollout: Rollout,
    places: Sequence[Place],
    hour_of_week: float,
    experience: Experience,
    as_of: datetime,
    *,
    reasons: bool = True,
) -> Forecast:
    """Forecasts one maintenance as known at `as_of`; the same facts give the same forecast, to the bit.

    places : (nodes,), in the order of the rollout
    reasons : whether to find out why, which is two thirds of the work
    """
    as_of = as_of.astimezone(UTC)
    drawn = Drawn()
    made = _forecast(rollout, places, _futures(rollout, hour_of_week, experience, as_of, drawn), as_of)
    if not reasons:
        return made
    seed = _seed(rollout.maintenance_id, as_of)
    return replace(made, because=because(rollout, hour_of_week, experience, seed, Foretold(made, drawn)))


def foretell_in_parts(
    rollout: Rollout,
    parts: Sequence[tuple[Rollout, Codes]],
    places: Sequence[Place],
    hour_of_week: float,
    experience: Experience,
    as_of: datetime,
) -> Forecast:
    """Forecasts a maintenance as if it went in these parts, each with its nodes of the whole; without reasons."""
    as_of = as_of.astimezone(UTC)
    shape = (PATHS, rollout.nodes)
    whole = Futures(np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32), np.zeros(shape, bool))
    for part, nodes in parts:
        futures = _whole(part, hour_of_week, experience, as_of)
        whole.out_at[:, nodes], whole.end_at[:, nodes], whole.lost[:, nodes] = (
            futures.out_at,
            futures.end_at,
            futures.lost,
        )
        if len(parts) == 1:
            whole = futures
    return _forecast(rollout, places, [whole], as_of)


def _forecast(rollout: Rollout, places: Sequence[Place], some: Iterable[Futures], as_of: datetime) -> Forecast:
    grid = grid_from(as_of)
    hours = np.array([(at - as_of) / timedelta(hours=1) for at in grid])
    kinds = sorted(set(places), key=lambda each: (each.cluster_id, each.team_id))
    index = {each: i for i, each in enumerate(kinds)}
    part = np.array([index[each] for each in places], dtype=np.int64)
    returned: list[Returns] = []
    counted: list[Capacity] = []
    first: list[Hours] = []
    for futures in some:
        returned.append(returns_of(futures, rollout.gpus, FRACTIONS))
        counted.append(capacity(futures, rollout.gpus, part, len(kinds), hours))
        first.append(futures.out_at.min(axis=1, initial=np.inf))
    return Forecast(
        maintenance_id=rollout.maintenance_id,
        as_of=as_of,
        engine=ENGINE,
        back=_back(rollout, returned, as_of),
        starts=_starts(np.concatenate(first), as_of),
        grid=grid,
        parts=_parts(rollout, kinds, part, together(counted)),
        because=(),
    )


def returns(rollout: Rollout, hour_of_week: float, experience: Experience, as_of: datetime) -> dict[float, Quantiles]:
    """When each fraction is back, as `foretell` has it to the bit, for a third of its work."""
    as_of = as_of.astimezone(UTC)
    futures = _futures(rollout, hour_of_week, experience, as_of)
    return _back(rollout, [returns_of(each, rollout.gpus, FRACTIONS) for each in futures], as_of)


def grid_from(as_of: datetime) -> tuple[datetime, ...]:
    """The instants at which a forecast tells capacity: now, then full hours, so that forecasts can be added up."""
    first = full_hour(as_of)
    hours = [*range(1, FINE_HOURS), *range(FINE_HOURS, HORIZON_DAYS * 24 + 1, COARSE_HOURS)]
    return (as_of, *(first + timedelta(hours=each) for each in hours))


def _futures(
    rollout: Rollout, hour_of_week: float, experience: Experience, as_of: datetime, drawn: Drawn | None = None
) -> Iterator[Futures]:
    return foresee_some(rollout, hour_of_week, experience, _rng(rollout, as_of), PATHS, drawn)


def _whole(rollout: Rollout, hour_of_week: float, experience: Experience, as_of: datetime) -> Futures:
    return foresee(rollout, hour_of_week, experience, _rng(rollout, as_of), PATHS)


def _rng(rollout: Rollout, as_of: datetime) -> np.random.Generator:
    return np.random.default_rng(_seed(rollout.maintenance_id, as_of))


def _back(rollout: Rollout, some: Sequence[Returns], as_of: datetime) -> dict[float, Quantiles]:
    hours = back_in(some, rollout.gpus, FRACTIONS, LEVELS)
    return {fraction: _instants(as_of, hours[i]) for i, fraction in enumerate(FRACTIONS)}


def _seed(maintenance_id: str, as_of: datetime) -> int:
    return seed_of(f"{maintenance_id} {as_of.timestamp():.6f}")


def _instants(as_of: datetime, hours: Hours) -> Quantiles:
    return {
        level: as_of + timedelta(seconds=round(at * 3600)) for level, at in zip(LEVELS, hours.tolist(), strict=True)
    }


def _starts(first: Hours, as_of: datetime) -> Quantiles | None:
    """first : (paths,) when the first node goes out."""
    if not np.isfinite(first).all() or (first <= 0).any():
        return None
    return _instants(as_of, np.quantile(first, LEVELS))


def _parts(rollout: Rollout, kinds: Sequence[Place], part: Codes, gpus: Capacity) -> tuple[Part, ...]:
    total = np.bincount(part, rollout.gpus, len(kinds)).astype(np.int64).tolist()
    return tuple(
        Part(each.cluster_id, each.team_id or None, total[i], gpus.out[i], gpus.left[i], gpus.lost[i])
        for i, each in enumerate(kinds)
    )
