"""The forecasts behind a view, and what they come to together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import PATHS, Place, foretell, grid_from
from dashboard.log.chronicle import read_chronicle
from dashboard.log.forecasts import latest_forecasts
from dashboard.model.instants import micros
from dashboard.model.outlook import HORIZON_DAYS, Forecast, ReturnCurve
from dashboard.views.fleet import Fleet

Floats = npt.NDArray[np.float64]
HORIZON = timedelta(days=HORIZON_DAYS)
BANDS = (0.1, 0.25, 0.5, 0.75, 0.9)


def forecasts_for(connection: Connection, ids: Iterable[str], as_of: datetime | None) -> dict[str, Forecast]:
    """The forecast of each of these maintenances: the newest that was made, or, of a past instant, as it would be made
    from what was known then. One that has none is left out."""
    wanted = sorted(set(ids))
    if as_of is None:
        return latest_forecasts(connection, wanted)
    if not wanted:
        return {}
    whole = read_chronicle(connection, at=micros(as_of))
    experience: Experience = learn(whole.at(as_of.replace(minute=0, second=0, microsecond=0)))
    known = whole.at(as_of, wanted)
    found = {}
    for rollout in known.rollouts:
        places = [Place(each.cluster_id, each.team_id) for each in whole.members(rollout.maintenance_id, as_of)]
        found[rollout.maintenance_id] = foretell(rollout, places, known.hour_of_week, experience, as_of)
    return found


@dataclass(frozen=True, slots=True)
class Together:
    """GPUs of all maintenances together in each simulated future, as a scope counts them; (paths, instants) each."""

    at: tuple[datetime, ...]
    hours: Floats  # (instants,) since the first
    out: dict[str, Floats]  # by cluster
    gone: dict[str, Floats]  # by cluster: out, or lost
    left: Floats  # of what is out now, what is not back yet

    @property
    def total(self) -> Floats:
        """GPUs out in the whole scope."""
        return np.sum(list(self.out.values()), axis=0) if self.out else np.zeros((PATHS, len(self.at)))

    def back_by(self, fraction: float, level: float) -> datetime | None:
        """When `fraction` of what is out now is back, with probability `level`; None where that is beyond the horizon
        or nothing is out."""
        return first_reached(self.at, self.left <= (1 - fraction) * self.left[:, :1] + 1e-6, level)


def first_reached(at: Sequence[datetime], reached: npt.NDArray[np.bool_], level: float) -> datetime | None:
    """The instant by which, with probability `level`, it is reached; (paths, instants). None: not within them."""
    first = np.where(reached.any(axis=1), np.argmax(reached, axis=1), len(at))
    place = int(np.quantile(first, level, method="higher"))
    return at[place] if place < len(at) else None


def together(forecasts: Iterable[Forecast], fleet: Fleet, now: datetime) -> Together:
    """Adds up forecasts path by path: as distributions, not as quantiles.

    Each maintenance's paths are its own draws, so path k of one beside path k of another is one draw of both.
    """
    grid = grid_from(now)
    stamps = np.array([each.timestamp() for each in grid])
    shape = (PATHS, len(grid))
    out: dict[str, Floats] = {}
    gone: dict[str, Floats] = {}
    left = np.zeros(shape)
    for forecast in forecasts:
        own = np.array([each.timestamp() for each in forecast.grid])
        # What holds at an instant is what was told for the last instant before it.
        place = np.clip(np.searchsorted(own, stamps, side="right") - 1, 0, max(own.size - 1, 0))
        for part in forecast.parts:
            weight = fleet.weight(part.cluster_id, part.team_id or "")
            if weight > 0 and own.size:
                is_out, cluster = weight * part.out[:, place], part.cluster_id
                out[cluster] = out.get(cluster, np.zeros(shape)) + is_out
                gone[cluster] = gone.get(cluster, np.zeros(shape)) + is_out + weight * part.lost[:, place]
                left += weight * part.left[:, place]
    return Together(grid, (stamps - stamps[0]) / 3600, out, gone, left)


def curve(together_at: Sequence[datetime], paths: Floats, levels: Sequence[float] = BANDS) -> ReturnCurve:
    """Quantiles of paths (paths, instants) at each instant."""
    quantiles = np.quantile(paths, levels, axis=0) if len(together_at) else np.zeros((len(levels), 0))
    return ReturnCurve(
        tuple(together_at), {level: tuple(np.rint(quantiles[i]).astype(int).tolist()) for i, level in enumerate(levels)}
    )
