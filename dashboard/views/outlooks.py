"""The forecasts behind a view, and what they come to together."""

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection

from dashboard.forecast.foretell import PATHS, grid_from
from dashboard.log.forecasts import latest_forecasts
from dashboard.log.usual_times import read_usual
from dashboard.model.instants import micros
from dashboard.model.outlook import HORIZON_DAYS, Forecast, ReturnCurve
from dashboard.model.usual import UsualTimes
from dashboard.views.fleet import Fleet, Key
from dashboard.views.then import forecast_then, usual_then

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
HORIZON = timedelta(days=HORIZON_DAYS)
BANDS = (0.1, 0.25, 0.5, 0.75, 0.9)


def forecasts_for(
    connection: Connection, ids: Iterable[str], as_of: datetime | None, *, reasons: bool = False
) -> dict[str, Forecast]:
    """The forecast of each of these maintenances: the newest that was made, or, of a past instant, as it would be made
    from what was known then, on demand with its reasons. One that has none is left out."""
    wanted = sorted(set(ids))
    if as_of is None:
        return latest_forecasts(connection, wanted)
    return forecast_then(connection, wanted, as_of, reasons=reasons) if wanted else {}


def forecasts_and_usual(
    connection: Connection, ids: Iterable[str], as_of: datetime | None, *, paths: bool = True, reasons: bool = False
) -> tuple[dict[str, Forecast], UsualTimes]:
    """The same, and how long things usually take: as last learnt, or, of a past instant, as it could be learnt then."""
    wanted = sorted(set(ids))
    if as_of is None:
        return latest_forecasts(connection, wanted, paths=paths), read_usual(connection)
    return forecast_then(connection, wanted, as_of, reasons=reasons), usual_then(connection, as_of)


@dataclass(slots=True)
class Sums:
    """GPUs of all maintenances together in each simulated future, of one cluster and the team its nodes name;
    (paths, instants) each."""

    out: Ints
    lost: Ints
    left: Ints  # of what is out now, what is not back yet


@dataclass(frozen=True, slots=True)
class Together:
    """Forecasts added up path by path, as a scope counts them: as distributions, not as quantiles.

    Each maintenance's paths are its own draws, so path k of one beside path k of another is one draw of both.
    """

    at: tuple[datetime, ...]
    hours: Floats  # (instants,) since the first
    sums: dict[Key, Sums]
    fleet: Fleet

    def _weighed(self, take: Callable[[Sums], Ints], clusters: Container[str] | None = None) -> Floats:
        total: Floats = np.zeros((PATHS, len(self.at)))
        for (cluster, team), sums in self.sums.items():
            weight = self.fleet.weight(cluster, team)
            if weight > 0 and (clusters is None or cluster in clusters):
                total += weight * take(sums)
        return total

    @property
    def total(self) -> Floats:
        """GPUs out in the whole scope; (paths, instants), as all of these."""
        return self._weighed(lambda sums: sums.out)

    @property
    def left(self) -> Floats:
        """Of the GPUs that are out now, those not back yet."""
        return self._weighed(lambda sums: sums.left)

    def gone(self, cluster: str) -> Floats:
        """GPUs of one cluster that are out, or lost."""
        return self._weighed(lambda sums: sums.out + sums.lost, (cluster,))

    def back_by(self, fraction: float, level: float) -> datetime | None:
        """When `fraction` of what is out now is back, with probability `level`; None where that is beyond the horizon
        or nothing is out."""
        left = self.left
        return first_reached(self.at, left <= (1 - fraction) * left[:, :1] + 1e-6, level)

    def seen_by(self, fleet: Fleet) -> "Together":
        """The same futures as another scope counts them."""
        return replace(self, fleet=fleet)


def first_reached(at: Sequence[datetime], reached: npt.NDArray[np.bool_], level: float) -> datetime | None:
    """The instant by which, with probability `level`, it is reached; (paths, instants). None: not within them."""
    first = np.where(reached.any(axis=1), np.argmax(reached, axis=1), len(at))
    place = int(np.quantile(first, level, method="higher"))
    return at[place] if place < len(at) else None


def together(forecasts: Iterable[Forecast], fleet: Fleet, now: datetime) -> Together:
    """Adds up forecasts on one grid from `now`; what holds at an instant is what was told for the last one before."""
    grid = grid_from(now)
    stamps = np.array([micros(each) for each in grid])
    sums: dict[Key, Sums] = {}
    places: dict[tuple[datetime, ...], npt.NDArray[np.intp]] = {}  # most share a grid
    for forecast in forecasts:
        if forecast.grid not in places:
            own = np.array([micros(each) for each in forecast.grid])
            places[forecast.grid] = np.clip(np.searchsorted(own, stamps, side="right") - 1, 0, max(own.size - 1, 0))
        place = places[forecast.grid]
        for part in forecast.parts if forecast.grid else ():
            key = (part.cluster_id, part.team_id or "")
            if key not in sums:
                sums[key] = Sums(*(np.zeros((PATHS, len(grid)), np.int32) for _ in range(3)))
            of = sums[key]
            of.out += part.out[:, place]
            of.lost += part.lost[:, place]
            of.left += part.left[:, place]
    return Together(grid, (stamps - stamps[0]) / 3.6e9, sums, fleet)


def curve(together_at: Sequence[datetime], paths: Floats, levels: Sequence[float] = BANDS) -> ReturnCurve:
    """Quantiles of paths (paths, instants) at each instant."""
    quantiles = np.quantile(paths, levels, axis=0) if len(together_at) else np.zeros((len(levels), 0))
    return ReturnCurve(
        tuple(together_at), {level: tuple(np.rint(quantiles[i]).astype(int).tolist()) for i, level in enumerate(levels)}
    )
