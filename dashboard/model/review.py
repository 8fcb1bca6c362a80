"""How maintenances went: what one came to, and what several come to together. Hours are hours; GPUs as a scope counts.

A maintenance *ended* when it was told to be over, or else when its last node came back. What is told of one that ended
is told whole; GPU-hours are those within the period, of whatever was out in it.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan, nan
from statistics import median

from dashboard.model.stages import Role

IN_TIME = 0.5
"""Hours after the promise that still count as on time: clocks and reports are not finer."""

REPEATS_WITHIN = timedelta(days=14)
"""A node that fails so soon after it came back has failed again."""

BALL = (Role.PROVIDER, Role.SCHEDULER_ONCALL, Role.FLEET_OPERATIONS, Role.HARDWARE_HEALTH)
"""Whoever is waited for while a node is out, in the order of a rollout."""

TOIL = ("acknowledged", "decided", "chased", "cases", "tied", "joined")
"""What somebody did by hand: acknowledged a notice, wrote down a decision, chased a commitment past its due time,
opened or moved a support case, gave a message to its maintenance, said which tellings are one."""


@dataclass(frozen=True, slots=True)
class Went:
    """How one maintenance went.

    `slip`: hours from the end that was promised when the first node went out to when 95 % of its GPUs were back.
    `notice`: hours from when it was first told to be confirmed to when it began; 0 where it was not before.
    `recoveries`: of each node, hours from when the provider first gave it back to when it was in service.
    `clocks`, `kept`: of contracts and support cases, those that stopped or ran out, and those that stopped in time.
    `toil`: by TOIL, how often.
    """

    maintenance_id: str
    title: str
    provider_id: str
    kind: str
    cluster_id: str = ""
    gpus: float = 0.0
    ended_at: datetime | None = None  # in the period; None where it has not ended, or not in it
    began_at: datetime | None = None
    promised: datetime | None = None
    was: datetime | None = None
    slip: float = nan
    planned: float = 0.0  # GPU-hours out by the promised end
    unplanned: float = 0.0  # GPU-hours out after it, or of what was not planned when it began
    by_role: Mapping[str, float] = field(default_factory=dict)  # GPU-hours out, by who had the ball
    whole: float = 0.0  # GPU-hours out in all, the period's and those before and after it
    early: float = 0.0  # GPU-hours in service before the promised end
    validated: int = 0  # times that a node's validation ended
    failed: int = 0  # times that it ended in repair
    recoveries: tuple[float, ...] = ()
    clocks: int = 0
    kept: int = 0
    notice: float = nan
    toil: Mapping[str, int] = field(default_factory=dict)
    returned: int = 0  # nodes that came back
    repeats: int = 0  # of these, the nodes that failed within 14 days
    lost: float = 0.0  # GPUs that will not come back
    notices: int = 0  # written to audiences by themselves
    filed: int = 0  # provider's messages that found their maintenance by themselves

    @property
    def out(self) -> float:
        """GPU-hours out in the period."""
        return self.planned + self.unplanned


@dataclass(frozen=True, slots=True)
class Figures:
    """What several maintenances come to; nan where nothing tells. Names are those of the API."""

    maintenances: int  # that ended in the period
    with_promise: int
    on_time: int
    slip_median: float
    slip_worst: float
    gpu_hours: float
    planned: float
    unplanned: float
    by_role: Mapping[str, float]
    validated: int
    failed: int
    recovery_median: float
    recovery_p90: float
    clocks: int
    kept: int
    notice_median: float
    unconfirmed: int  # began without having been confirmed before
    toil: Mapping[str, int]
    returned: int
    repeats: int
    lost: float
    early: float
    notices: int
    filed: int

    @property
    def on_time_share(self) -> float:
        """Of those that had a promise, 0 to 1."""
        return _ratio(self.on_time, self.with_promise)

    @property
    def unplanned_share(self) -> float:
        """Of the GPU-hours out, 0 to 1."""
        return _ratio(self.unplanned, self.gpu_hours)

    @property
    def failed_share(self) -> float:
        """Of the validations, 0 to 1."""
        return _ratio(self.failed, self.validated)

    @property
    def kept_share(self) -> float:
        """Of the clocks, 0 to 1."""
        return _ratio(self.kept, self.clocks)

    @property
    def repeat_share(self) -> float:
        """Of the nodes that came back, 0 to 1."""
        return _ratio(self.repeats, self.returned)

    @property
    def toil_each(self) -> float:
        """What was done by hand, a maintenance that ended."""
        return _ratio(sum(self.toil.values()), self.maintenances)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else nan


def together(went: Iterable[Went]) -> Figures:
    """What these come to."""
    rows = list(went)
    ended = [each for each in rows if each.ended_at is not None]
    slips = [each.slip for each in ended if not isnan(each.slip)]
    recoveries = sorted(hours for each in ended for hours in each.recoveries)
    notices = [each.notice for each in ended if not isnan(each.notice)]
    by_role: Counter[str] = Counter()
    toil: Counter[str] = Counter()
    for each in rows:
        by_role.update(each.by_role)
    for each in ended:
        toil.update(each.toil)

    def total(of: Callable[[Went], float]) -> float:
        return sum(of(each) for each in ended)

    return Figures(
        maintenances=len(ended),
        with_promise=len(slips),
        on_time=sum(each <= IN_TIME for each in slips),
        slip_median=median(slips) if slips else nan,
        slip_worst=max(slips, default=nan),
        gpu_hours=sum(each.out for each in rows),
        planned=sum(each.planned for each in rows),
        unplanned=sum(each.unplanned for each in rows),
        by_role={role.value: by_role.get(role.value, 0.0) for role in BALL},
        validated=int(total(lambda each: each.validated)),
        failed=int(total(lambda each: each.failed)),
        recovery_median=median(recoveries) if recoveries else nan,
        recovery_p90=_reached(recoveries, 0.9),
        clocks=int(total(lambda each: each.clocks)),
        kept=int(total(lambda each: each.kept)),
        notice_median=median(notices) if notices else nan,
        unconfirmed=sum(each == 0 for each in notices),
        toil={name: toil.get(name, 0) for name in TOIL},
        returned=int(total(lambda each: each.returned)),
        repeats=int(total(lambda each: each.repeats)),
        lost=total(lambda each: each.lost),
        early=total(lambda each: each.early),
        notices=int(total(lambda each: each.notices)),
        filed=int(total(lambda each: each.filed)),
    )


def _reached(ordered: Sequence[float], share: float) -> float:
    """The least value that so large a share of them does not exceed."""
    return ordered[max(0, -(-len(ordered) * round(share * 100) // 100) - 1)] if ordered else nan
