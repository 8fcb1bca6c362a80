"""One maintenance in a row: how far it is, when it is back, what was promised, and who has the ball."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dashboard.log.messages import of_maintenances
from dashboard.log.state import Tally, tallies
from dashboard.model.instants import maybe_instant
from dashboard.model.maintenance import Maintenance, stage_by_status, standing
from dashboard.model.outlook import LIKELY, Forecast
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, CLOSED, HAS_THE_BALL, OUT, Role, Stage, Status
from dashboard.views.ahead import Ahead
from dashboard.views.fleet import Fleet
from dashboard.views.parties import Party, party_for

ALMOST = 0.95
"""The share of GPUs that counts as back in one line: the last few that failed are another question."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One maintenance as the scope counts it; GPUs, and aware instants."""

    maintenance_id: str
    title: str
    provider: str
    cluster: str
    kind: str
    status: Status
    gpus: int
    out: int
    returned: int
    lost: int
    planned_start: datetime | None
    planned_end: datetime | None
    first_planned_end: datetime | None
    promised: datetime | None  # the provider's word in force: the plan's end, or a later claim
    actual_start: datetime | None
    actual_end: datetime | None
    likely_start: datetime | None
    likely_end: datetime | None
    plan_on_end: datetime | None
    waiting_for: Party
    risk: str

    @property
    def progress(self) -> float:
        """Share of its GPUs that went and came back, 0 to 1; a finished one is whole."""
        if self.status is Status.COMPLETED:
            return 1.0
        return self.returned / self.gpus if self.gpus else 0.0

    @property
    def slip_hours(self) -> float:
        """How much later than first promised it is, or likely will be; nan without a promise."""
        end = self.actual_end or self.likely_end
        if end is None or self.first_planned_end is None:
            return float("nan")
        return (end - self.first_planned_end).total_seconds() / 3600


def summaries(connection: Connection, ahead: Ahead, ids: Iterable[str], scope: Scope) -> list[Summary]:
    """Of each of these maintenances that the scope counts any GPU of, its summary; by id."""
    fleet, known = ahead.fleet, ahead.picture.known
    wanted = sorted(each for each in ids if each in known)
    counted: dict[str, list[Tally]] = defaultdict(list)
    for tally in tallies(connection, wanted, ahead.at):
        counted[tally.maintenance_id].append(tally)
    claims = claimed_ends(connection, wanted, ahead.at)
    found = []
    for name in wanted:
        maintenance = known[name].maintenance
        rows = counted.get(name, [])
        if not known[name].by_node:
            rows = [row._replace(stage=str(stage_by_status(maintenance.status))) for row in rows]
        if any(fleet.weight(row.cluster_id, row.team_id) for row in rows) or (
            not rows and told_in_scope(fleet, maintenance)
        ):
            forecast = ahead.forecasts.get(name)
            found.append(_summary(fleet, maintenance, rows, forecast, claims.get(name), scope.certainty, ahead.now))
    return found


def told_in_scope(fleet: Fleet, maintenance: Maintenance) -> bool:
    """Whether a maintenance that names no node is in scope by what it says of itself."""
    scope = fleet.scope
    if maintenance.cluster_id:
        return scope.team is None and fleet.in_scope(maintenance.cluster_id)
    return scope.provider in (None, maintenance.provider_id) and not (scope.team or scope.cluster or scope.sku)


def _summary(
    fleet: Fleet,
    told: Maintenance,
    rows: list[Tally],
    forecast: Forecast | None,
    claim: tuple[int, int] | None,
    certainty: float,
    now: datetime,
) -> Summary:
    by_stage: dict[str, float] = defaultdict(float)
    for row in rows:
        by_stage[row.stage] += row.gpus * fleet.weight(row.cluster_id, row.team_id)
    out = {stage: gpus for stage, gpus in by_stage.items() if stage in OUT and gpus > 0}
    status = standing(told.status, round(sum(out.values())))
    cluster = told.cluster_id or (rows[0].cluster_id if rows else "")
    provider = told.provider_id or fleet.provider_of(cluster)
    promised = maybe_instant(told.planned_end)
    if claim and (told.planned_at is None or claim[0] > told.planned_at):
        promised = maybe_instant(claim[1])
    first_out = min((row.first_out_at for row in rows if row.first_out_at is not None), default=None)
    begun = [each for each in (first_out, told.started_at) if each is not None]
    over = status in CLOSED
    plan_on = forecast.quantile(ALMOST, certainty) if forecast and not over else None
    starts = forecast.starts if forecast and status in ANNOUNCED else None
    return Summary(
        maintenance_id=told.maintenance_id,
        title=told.title or told.maintenance_id,
        provider=fleet.provider_name(provider),
        cluster=cluster,
        kind=told.kind,
        status=status,
        gpus=round(sum(by_stage.values())),
        out=round(sum(out.values())),
        returned=round(by_stage.get(Stage.IN_SERVICE, 0.0)),
        lost=round(by_stage.get(Stage.REMOVED, 0.0)),
        planned_start=maybe_instant(told.planned_start),
        planned_end=maybe_instant(told.planned_end),
        first_planned_end=maybe_instant(told.first_planned_end),
        promised=promised,
        actual_start=maybe_instant(min(begun, default=None)),
        actual_end=maybe_instant(told.closed_at) if over else None,
        likely_start=starts[LIKELY] if starts else None,
        likely_end=forecast.quantile(ALMOST, LIKELY) if forecast and not over else None,
        plan_on_end=plan_on,
        waiting_for=_waited_for(fleet, status, out, provider, cluster),
        risk=risk_of(status, maybe_instant(told.planned_end), promised, plan_on, now),
    )


def _waited_for(fleet: Fleet, status: Status, out: dict[str, float], provider: str, cluster: str) -> Party:
    """Who holds most of what is out; before the start, the provider until it has confirmed."""
    role: Role | None = None
    if out:
        role = HAS_THE_BALL[Stage(max(sorted(out), key=out.__getitem__))]
    elif status in (Status.PROPOSED, Status.SCHEDULED, Status.DEFERRED, Status.IN_PROGRESS):
        role = Role.PROVIDER
    return party_for(fleet.parties, role, provider, cluster)


def risk_of(
    status: Status, planned: datetime | None, promised: datetime | None, plan_on: datetime | None, now: datetime
) -> str:
    """Late where the planned end has passed, whatever was promised since; at risk where plan on is past the promise."""
    if status in CLOSED or status is Status.DEFERRED:
        return ""
    if any(end is not None and end < now for end in (planned, promised)):
        return "late"
    return "at risk" if plan_on is not None and promised is not None and plan_on > promised else ""


def claimed_ends(connection: Connection, ids: Iterable[str], at: int | None) -> dict[str, tuple[int, int]]:
    """Of each maintenance, the provider's latest claim in a message: when it came, and the end it claims (µs)."""
    found = of_maintenances(connection, ids, at)
    return {each.maintenance_id: (each.received_at, each.claimed_end) for each in found if each.claimed_end}
