"""How did it go, and what did it cost: a period of maintenances, by provider and kind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dashboard.log.state import maintenances, tallies
from dashboard.model.debt import WORTH_TELLING, Debt, Severity, cost_each, put_off, severity
from dashboard.model.instants import HOUR, instant, maybe_instant
from dashboard.model.maintenance import Maintenance
from dashboard.model.period import Period, read_period
from dashboard.model.review import Figures, Went, together
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Slas
from dashboard.model.stages import ANNOUNCED, Status
from dashboard.views import words
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.measures import beside, share
from dashboard.views.settled import Settled
from dashboard.views.summaries import told_in_scope
from dashboard.views.went import read_went


@dataclass(frozen=True, slots=True)
class Line:
    """What a provider's maintenances of one kind came to; kind '' for all of them."""

    provider_id: str
    provider: str
    kind: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Review:
    """A period in figures: of everything, of each provider, of each provider and kind; and what they are made of.

    `went`: every maintenance that ended in the period, or had GPUs out in it; the last to begin first.
    `debts`: what was put off and has not begun at the instant shown, the most severe first.
    """

    now: datetime
    period: Period
    whose: str  # what is in scope, in words
    sentence: str
    all: Figures
    providers: tuple[Line, ...]
    lines: tuple[Line, ...]
    went: tuple[Went, ...]
    debts: tuple[Debt, ...]
    names: Mapping[str, str]  # of providers, by id


def review(
    connection: Connection,
    scope: Scope,
    now: datetime,
    period: str,
    slas: Slas = NO_SLAS,
    settled: Settled | None = None,
) -> Review:
    """The period, as spelt, by all that is known at the scope's instant, or `now`. Raises ValueError for no period.

    `settled` remembers what is over from one live review to the next, which all have to be by the same `slas`.
    """
    at, now = instant_of(scope), scope.as_of or now
    chosen = read_period(period, now)
    fleet = read_fleet(connection, scope, at)
    went = read_went(connection, fleet, at, now, chosen, slas, settled)
    providers = sorted({each.provider_id for each in went}, key=lambda each: (fleet.provider_name(each), each))
    return Review(
        now=now,
        period=chosen,
        whose=_whose(fleet),
        sentence=_sentence(together(went), chosen),
        all=together(went),
        providers=tuple(_line(fleet, each, "", [one for one in went if one.provider_id == each]) for each in providers),
        lines=tuple(
            _line(fleet, each, kind, [one for one in went if (one.provider_id, one.kind) == (each, kind)])
            for each in providers
            for kind in sorted({one.kind for one in went if one.provider_id == each})
        ),
        went=tuple(went),
        debts=tuple(_debts(connection, fleet, at, now, went)),
        names={each: fleet.provider_name(each) for each in {*providers, *fleet.providers}},
    )


def _sentence(all_: Figures, period: Period) -> str:
    """What could be sent as it is."""
    if not all_.maintenances and not all_.gpu_hours:
        return f"No maintenance ended, and no GPU was out, in {period.words}."
    if not all_.maintenances:
        return f"No maintenance ended in {period.words}; {words.count(all_.gpu_hours)} GPU-hours were out so far."
    number = f"{words.count(all_.maintenances)} maintenance{'s' if all_.maintenances > 1 else ''} ended"
    kept = f"{words.count(all_.on_time)} of them on time" if all_.with_promise else "none of them with a promise"
    slip = "" if not all_.with_promise else f", {beside(all_.slip_median)} at the median"
    unplanned = f", {share(all_.unplanned_share)} of them unplanned" if all_.gpu_hours else ""
    return f"In {period.words}, {number}, {kept}{slip}. {words.count(all_.gpu_hours)} GPU-hours were out{unplanned}."


def _whose(fleet: Fleet) -> str:
    scope = fleet.scope
    named = [fleet.team_name(scope.team or ""), fleet.provider_name(scope.provider or ""), scope.cluster, scope.sku]
    return " · ".join(each for each in named if each) or "Everything"


def _line(fleet: Fleet, provider: str, kind: str, went: Iterable[Went]) -> Line:
    return Line(provider, fleet.provider_name(provider) or "unnamed", kind, together(went))


def _debts(connection: Connection, fleet: Fleet, at: int | None, now: datetime, went: Sequence[Went]) -> list[Debt]:
    """What is announced to begin later than first planned, or without a date."""
    late = {
        name: each.maintenance
        for name, each in maintenances(connection, at).items()
        if each.maintenance.status in ANNOUNCED and _was_put_off(each.maintenance)
    }
    gpus: dict[str, float] = defaultdict(float)
    begun: set[str] = set()
    for row in tallies(connection, late, at):
        gpus[row.maintenance_id] += row.gpus * fleet.weight(row.cluster_id, row.team_id)
        begun |= {row.maintenance_id} if row.first_out_at is not None else set()
    rows = [
        _debt(fleet, told, gpus[name], now, went)
        for name, told in late.items()
        if name not in begun and (gpus[name] > 0 or (name not in gpus and told_in_scope(fleet, told)))
    ]
    order = list(Severity)
    return sorted(rows, key=lambda each: (order.index(each.severity), -each.gpu_days, each.maintenance_id))


def _was_put_off(told: Maintenance) -> bool:
    first, begins = told.first_planned_start, told.planned_start
    moved = first is not None and begins is not None and instant(begins) - instant(first) >= WORTH_TELLING
    return moved or (told.status is Status.DEFERRED and first is not None)


def _debt(fleet: Fleet, told: Maintenance, gpus: float, now: datetime, went: Sequence[Went]) -> Debt:
    first = instant(told.first_planned_start or 0)
    begins = maybe_instant(told.planned_start)
    begins = None if begins is not None and told.status is Status.DEFERRED and begins <= first else begins
    waits = put_off(first, begins, now)
    provider = told.provider_id or fleet.provider_of(told.cluster_id)
    each, basis = cost_each(went, provider, told.kind) or (_window(told), "by its planned window")
    return Debt(
        told.maintenance_id, told.title or told.maintenance_id, provider, told.kind, gpus, first, begins, waits,
        severity(told.kind, waits), gpus * each, basis,
    )  # fmt: skip


def _window(told: Maintenance) -> float:
    """Hours from the planned start to the planned end."""
    if told.planned_start is None or told.planned_end is None:
        return 0.0
    return max((told.planned_end - told.planned_start) / HOUR, 0.0)
