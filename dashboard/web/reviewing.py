"""A review as the API answers it: the figures of the page Review under their own names."""

from datetime import datetime

from pydantic import Field

from dashboard.errors import UsageError
from dashboard.model.debt import Debt
from dashboard.model.period import DEFAULT, HOW, read_period
from dashboard.model.review import Figures, Went
from dashboard.views.review import Review
from dashboard.web.asking import Asked, Dated
from dashboard.web.shapes import Shape
from dashboard.web.shaping import mirrored
from dashboard.web.whom import answers


class Within(Dated):
    """Whose GPUs, as of when, and over which days."""

    period: str = Field(DEFAULT, description=f"the days to look at, in UTC: {HOW.removeprefix('write ')}")


class Measured(Shape):
    """What several maintenances came to; null where nothing tells. The page says what each measure means."""

    maintenances: int
    with_promise: int
    on_time: int
    on_time_share: float | None
    slip_median: float | None = Field(description="hours, + is late")
    slip_worst: float | None
    gpu_hours: float
    planned: float
    unplanned: float
    unplanned_share: float | None
    waiting: dict[str, float] = Field(description="GPU-hours by the role of whoever had the ball")
    validated: int
    failed: int
    failed_share: float | None
    recovery_median: float | None = Field(description="hours of a node")
    recovery_p90: float | None
    clocks: int
    kept: int
    kept_share: float | None
    notice_median: float | None = Field(description="hours")
    unconfirmed: int
    toil: dict[str, int] = Field(description="what was done by hand, by what it was")
    toil_each: float | None
    returned: int = Field(description="nodes")
    repeats: int
    repeat_share: float | None
    lost: float
    early: float
    notices: int
    filed: int


class ProviderReview(Shape):
    """The measures of one provider, of one kind where that is named."""

    provider: str
    kind: str | None
    measures: Measured


class MaintenanceReview(Shape):
    """How one maintenance went."""

    maintenance_id: str
    title: str
    provider: str
    kind: str
    gpus: float
    began_at: datetime | None
    ended_at: datetime | None = Field(description="null where it did not end in the period")
    promised: datetime | None
    was: datetime | None = Field(description="when 95 % of its GPUs were back")
    slip: float | None
    gpu_hours: float
    unplanned: float
    waiting: dict[str, float]


class DebtReview(Shape):
    """A maintenance that was put off."""

    maintenance_id: str
    title: str
    provider: str
    kind: str
    severity: str
    gpus: float
    first_planned_start: datetime
    planned_start: datetime | None
    put_off_hours: float
    gpu_days: float
    cost_gpu_hours: float


class PeriodReview(Shape):
    """How a period of maintenances went."""

    as_of: datetime
    begins: datetime
    ends: datetime
    sentence: str
    all: Measured
    providers: list[ProviderReview]
    kinds: list[ProviderReview]
    maintenances: list[MaintenanceReview]
    debt: list[DebtReview]


def find(told: Asked, _id: str) -> Shape:
    """The answer. Raises UsageError for what spells no period."""
    scope = told.scope()
    period = told.period if isinstance(told, Within) else DEFAULT
    try:
        read_period(period, scope.as_of or answers().now())
    except ValueError as why:
        raise UsageError(f"period: {why}") from why
    return _shaped(answers().review(scope, period))


def _shaped(found: Review) -> PeriodReview:
    return PeriodReview(
        as_of=found.now,
        begins=found.period.begins,
        ends=found.period.ends,
        sentence=found.sentence,
        all=measured(found.all),
        providers=[
            ProviderReview(provider=each.provider_id, kind=None, measures=measured(each.figures))
            for each in found.providers
        ],
        kinds=[
            ProviderReview(provider=each.provider_id, kind=each.kind, measures=measured(each.figures))
            for each in found.lines
        ],
        maintenances=[_maintenance(each) for each in found.went],
        debt=[_debt(each) for each in found.debts],
    )


def measured(figures: Figures) -> Measured:
    """The same numbers as the page has."""
    return mirrored(Measured, figures, waiting=dict(figures.by_role))


def _maintenance(each: Went) -> MaintenanceReview:
    return mirrored(MaintenanceReview, each, provider=each.provider_id, gpu_hours=each.out, waiting=dict(each.by_role))


def _debt(each: Debt) -> DebtReview:
    return mirrored(
        DebtReview,
        each,
        provider=each.provider_id,
        severity=each.severity.value,
        first_planned_start=each.first,
        planned_start=each.begins,
        put_off_hours=each.put_off.total_seconds() / 3600,
        cost_gpu_hours=each.cost,
    )
