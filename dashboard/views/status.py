"""The update that nobody had to write: what changed, what is out, when it is back, what moved and why, who owes what.

Every line stands on facts of the log; where there is none, there is no line.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from dashboard.errors import UsageError
from dashboard.log.forecasts import last_said
from dashboard.log.plans import plans_of
from dashboard.log.read import node_attributes
from dashboard.log.state import changes
from dashboard.model.instants import instant, iso, micros
from dashboard.model.outlook import LIKELY
from dashboard.model.plan import in_force
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, CLOSED, OUT, Stage
from dashboard.views import maintenance, owing, words
from dashboard.views.account import shift
from dashboard.views.ahead import Ahead, look_ahead, look_at, open_ids
from dashboard.views.capacity import next_dip, sentence
from dashboard.views.freshness import freshness
from dashboard.views.owing import Ball, Owed
from dashboard.views.plans import revised
from dashboard.views.summaries import ALMOST, Summary, summaries

DAY = timedelta(hours=24)
COMING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Flow:
    """GPUs that moved since then; a node that went out and came back counts in both."""

    went_out: int = 0
    came_back: int = 0
    to_repair: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Changed:
    """What is new of one maintenance."""

    maintenance_id: str
    title: str
    plan: str  # "confirmed; start moved to Tue 18:00 UTC, 2 d later", '' where the plan did not change
    flow: Flow


@dataclass(frozen=True, slots=True)
class Away:
    """One that has GPUs out, and when they are back: 95 % of its GPUs, or all of them where so many are back already.
    None: no forecast."""

    summary: Summary
    likely: datetime | None
    plan_on: datetime | None
    of_all: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """How far the ETA of one moved since the last forecast before then, and why in words ("" where nothing tells)."""

    maintenance_id: str
    title: str
    likely: datetime
    was_likely: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """An update, ready to be written; instants are aware, titles and names are others' words.

    `scope`: what it is of, as (label, value); empty for all. `only`: the one maintenance that it is of, its title and
    id. `warning`: which sources are silent, "" for none.
    """

    as_of: datetime
    since: datetime
    zone: str
    certainty: float
    scope: tuple[tuple[str, str], ...]
    only: tuple[str, str] | None
    sentence: str
    warning: str
    gpus: int
    gpus_out: int
    gpus_lost: int
    flow: Flow
    changed: tuple[Changed, ...]
    out: tuple[Away, ...]
    moved: tuple[Moved, ...]
    balls: tuple[Ball, ...]
    owed: tuple[Owed, ...]
    coming: tuple[Summary, ...]


def status(
    connection: Connection, scope: Scope, now: datetime, since: datetime | None = None, ids: Iterable[str] = ()
) -> Status:
    """The update of what is in scope, or of these maintenances, at the scope's instant or `now`; `since` is when its
    reader last looked, else a day before. Raises UsageError for a maintenance that is not known, or a `since` that is
    yet to come."""
    wanted = sorted(set(ids))
    ahead = look_at(connection, scope, now, wanted)[0] if wanted else look_ahead(connection, scope, now, reasons=True)
    since = since or ahead.now - DAY
    if since >= ahead.now:
        raise UsageError(f"status: {iso(since)} is not before {iso(ahead.now)}, the instant of the update")
    unknown = sorted(set(wanted) - set(ahead.picture.known))
    if unknown:
        raise UsageError(f"status: {words.listed(unknown)} was not known at {iso(ahead.now)}")
    names = set(wanted) or open_ids(ahead.picture) | _closed_since(ahead, since)
    found = summaries(connection, ahead, names, scope)
    whole, flows = _flows(connection, ahead, since, {each.maintenance_id for each in found})
    return Status(
        as_of=ahead.now,
        since=since,
        zone=scope.zone,
        certainty=scope.certainty,
        scope=_scope_words(ahead, scope),
        only=(found[0].title, found[0].maintenance_id) if len(wanted) == 1 and found else None,
        sentence=_sentence(ahead, found, scope, single=len(wanted) == 1),
        warning=freshness(connection, scope, ahead.now).warning,
        gpus=ahead.fleet.gpus,
        gpus_out=ahead.picture.gpus_out,
        gpus_lost=ahead.picture.gpus_lost,
        flow=whole,
        changed=_changed(connection, ahead, found, since, flows, scope),
        out=_away(ahead, found, scope),
        moved=_moved(connection, ahead, found, since),
        balls=owing.balls(found),
        owed=owing.owed(connection, ahead, found),
        coming=_coming(ahead, found),
    )


def _closed_since(ahead: Ahead, since: datetime) -> set[str]:
    closed = {name: each.maintenance.closed_at for name, each in ahead.picture.known.items()}
    return {name for name, at in closed.items() if at is not None and at > micros(since)}


def _scope_words(ahead: Ahead, scope: Scope) -> tuple[tuple[str, str], ...]:
    fleet = ahead.fleet
    pairs = (
        ("team", fleet.team_name(scope.team) if scope.team else None),
        ("provider", fleet.provider_name(scope.provider) if scope.provider else None),
        ("cluster", scope.cluster),
        ("sku", scope.sku),
    )
    return tuple((label, value) for label, value in pairs if value)


def _sentence(ahead: Ahead, found: list[Summary], scope: Scope, *, single: bool) -> str:
    if single and found:
        return maintenance.sentence(found[0], ahead.now, scope)
    plan_on = ahead.together.back_by(ALMOST, scope.certainty) if ahead.picture.gpus_out else None
    return sentence(ahead, scope, plan_on, next_dip(ahead, found, scope))


def _flows(connection: Connection, ahead: Ahead, since: datetime, ids: set[str]) -> tuple[Flow, dict[str, Flow]]:
    """What moved since then, in all and by maintenance; of several moves of a node in one direction, one counts."""
    one = next(iter(ids)) if len(ids) == 1 else None
    seen = [each for each in changes(connection, micros(since), ahead.at, one) if each.maintenance_id in ids]
    seen = [each for each in seen if each.occurred_at <= micros(ahead.now)]
    nodes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for each in seen:
        stage, was_out = Stage(each.stage), each.before in OUT
        ways = (
            ("went_out", stage in OUT and not was_out),
            ("came_back", stage is Stage.IN_SERVICE and was_out),
            ("to_repair", stage is Stage.REPAIRING),
            ("lost", stage is Stage.REMOVED),
        )
        for way, is_so in ways:
            if is_so:
                nodes[each.maintenance_id][way].add(each.node_id)
    known = node_attributes(connection, {each.node_id for each in seen}, ahead.at)
    gpus = {node: each.gpus * ahead.fleet.weight(each.cluster_id, each.team_id) for node, each in known.items()}
    every: dict[str, set[str]] = defaultdict(set)
    for ways_of_one in nodes.values():
        for way, some in ways_of_one.items():
            every[way] |= some
    return _flow(every, gpus), {name: _flow(some, gpus) for name, some in nodes.items()}


def _flow(nodes: dict[str, set[str]], gpus: dict[str, float]) -> Flow:
    return Flow(**{way: round(sum(gpus.get(node, 0.0) for node in sorted(some))) for way, some in nodes.items()})


def _changed(
    connection: Connection,
    ahead: Ahead,
    found: Sequence[Summary],
    since: datetime,
    flows: dict[str, Flow],
    scope: Scope,
) -> tuple[Changed, ...]:
    """Whatever is new, of running ones first; several revisions of a plan are one, from what the reader knew."""

    def clock(at: int) -> str:
        return words.clock(instant(at), ahead.now, scope.zone, named=False)

    plans = plans_of(connection, [each.maintenance_id for each in found], ahead.at)
    rows = []
    for each in found:
        told = plans[each.maintenance_id]
        was = in_force(told, micros(since))
        said = revised(told[-1], was, clock) if told and told[-1] != was else ""
        flow = flows.get(each.maintenance_id, Flow())
        if said or flow != Flow():
            order = (each.status in ANNOUNCED, -each.out, -flow.came_back, each.maintenance_id)
            rows.append((order, Changed(each.maintenance_id, each.title, said, flow)))
    return tuple(row for _, row in sorted(rows, key=lambda pair: pair[0]))


def _away(ahead: Ahead, found: Sequence[Summary], scope: Scope) -> tuple[Away, ...]:
    """Those that have GPUs out, most first."""
    rows = []
    for each in sorted(found, key=lambda each: (-each.out, each.maintenance_id)):
        forecast = ahead.forecasts.get(each.maintenance_id)
        if each.out and forecast:
            of_all = forecast.quantile(ALMOST, scope.certainty) <= ahead.now
            fraction = 1.0 if of_all else ALMOST
            likely, plan_on = (forecast.quantile(fraction, level) for level in (LIKELY, scope.certainty))
            rows.append(Away(each, likely, plan_on, of_all))
        elif each.out:
            rows.append(Away(each, None, None, of_all=False))
    return tuple(rows)


def _moved(connection: Connection, ahead: Ahead, found: Sequence[Summary], since: datetime) -> tuple[Moved, ...]:
    """The ETAs that moved against the last word before then; a maintenance of which nothing was said then has none."""
    live = {each.maintenance_id: each for each in found if each.status not in CLOSED}
    before = last_said(connection, live, micros(since))
    rows = []
    for name, (was, _) in before.items():
        last = ahead.forecasts.get(name)
        gap, why = shift(was, last, ahead.now) if last else (timedelta(0), "")
        if last and gap:
            likely, earlier = (each.quantile(ALMOST, LIKELY) for each in (last, was))
            order = (not live[name].out, not why, -abs(gap), name)
            rows.append((order, Moved(name, live[name].title, likely, earlier, why)))
    return tuple(row for _, row in sorted(rows, key=lambda pair: pair[0]))


def _coming(ahead: Ahead, found: Sequence[Summary]) -> tuple[Summary, ...]:
    """What is to begin within a week, by when."""
    starts = {each.maintenance_id: each.likely_start or each.planned_start for each in found}
    soon = [
        (at, each)
        for each in found
        if each.status in ANNOUNCED and not each.out and (at := starts[each.maintenance_id])
        if at <= ahead.now + COMING
    ]
    return tuple(replace(each, likely_start=at) for at, each in sorted(soon, key=lambda p: (p[0], p[1].maintenance_id)))
