"""What a forecast says: made by `forecast`, kept by the log, added up by views, drawn by figures."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
FRACTIONS = (0.5, 0.9, 0.95, 1.0)
LIKELY = 0.5
PLAN_ON = 0.9
HORIZON_DAYS = 14

Quantiles = Mapping[float, datetime]
"""Level -> the time by which, with that probability, it has happened."""

Paths = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Part:
    """The GPUs of one maintenance that share a cluster and a team, out over time in each simulated future."""

    cluster_id: str
    team_id: str | None  # None: the nodes name no team
    gpus: int
    out: Paths  # (paths, instants of the forecast's grid)
    left: Paths  # (paths, instants): of those out at as_of, what is not back yet
    lost: Paths  # (paths, instants): removed, or will be


@dataclass(frozen=True, slots=True)
class Forecast:
    """When a maintenance's GPUs return, as known at `as_of`."""

    maintenance_id: str
    as_of: datetime
    engine: str
    back: Mapping[float, Quantiles]  # fraction of the GPUs -> quantiles
    starts: Quantiles | None  # when the first node goes out; None once it has
    grid: tuple[datetime, ...]
    parts: tuple[Part, ...]
    because: tuple[str, ...]

    def quantile(self, fraction: float, level: float) -> datetime:
        """The time by which `fraction` of the GPUs is back with probability `level`, interpolated between levels.

        Raises KeyError for a fraction that the forecast does not hold.
        """
        known = self.back[fraction]
        levels = sorted(known)
        at = np.interp(level, levels, [known[each].timestamp() for each in levels])
        return datetime.fromtimestamp(float(at), tz=next(iter(known.values())).tzinfo)

    def chance_after(self, fraction: float, at: datetime) -> float:
        """How likely `fraction` of the GPUs is not back by `at`: no surer than the outermost levels are.

        Raises KeyError for a fraction that the forecast does not hold.
        """
        known = self.back[fraction]
        levels = sorted(known)
        return 1.0 - float(np.interp(at.timestamp(), [known[each].timestamp() for each in levels], levels))


@dataclass(frozen=True, slots=True)
class ReturnCurve:
    """GPUs out over coming time, as quantiles at each instant. Empty `at`: nothing is forecast."""

    at: tuple[datetime, ...]
    gpus_out: Mapping[float, tuple[int, ...]]  # level -> GPUs, one an instant


@dataclass(frozen=True, slots=True)
class Mark:
    """An instant worth a mark in a figure, with the words beside it."""

    at: datetime
    words: str
    whose: str  # "provider" (a promise: hollow) or "ours" (filled)
    passed: bool = False  # a promise whose time is over: it stays, greyed


@dataclass(frozen=True, slots=True)
class Fan:
    """What the fan chart shows: GPUs out as they were, now, and as they may be."""

    now: datetime
    past_at: tuple[datetime, ...]
    past_out: tuple[int, ...]
    curve: ReturnCurve
    total: int  # GPUs in scope: the most that can be out
    allocated: int | None = None  # GPUs that teams in scope were given; None where nobody told
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """One maintenance on the timeline: planned, actual and forecast on one bar."""

    maintenance_id: str
    title: str
    group: str  # the provider's name
    status: str
    planned_start: datetime | None
    planned_end: datetime | None
    first_planned_end: datetime | None  # where the plan was moved: the first promise
    actual_start: datetime | None
    actual_end: datetime | None
    likely_start: datetime | None
    likely_end: datetime | None
    plan_on_end: datetime | None
    progress: float  # share of its GPUs that went and came back, 0 to 1
    risk: str  # "", "at risk" (plan on is past the promise) or "late" (the promise has passed)


@dataclass(frozen=True, slots=True)
class Slip:
    """How the ETA moved: our quantiles and the provider's promises, each at the instant it was made."""

    now: datetime
    made_at: tuple[datetime, ...]
    likely: tuple[datetime, ...]
    plan_on: tuple[datetime, ...]
    claimed_at: tuple[datetime, ...]
    claimed_end: tuple[datetime, ...]
    actual_end: datetime | None


@dataclass(frozen=True, slots=True)
class Racks:
    """Nodes by stage, rack by rack: `stage[i]` (a stages.CODE) stands in rack `rack[i]` at place `place[i]`."""

    racks: tuple[str, ...]
    rack: tuple[int, ...]
    place: tuple[int, ...]
    stage: tuple[int, ...]
    node_id: tuple[str, ...]
    hours: tuple[float | None, ...]  # in that stage; None where nobody told since when
