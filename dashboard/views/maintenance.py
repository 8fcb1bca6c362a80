"""Where does this maintenance stand."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.forecasts import forecast_history
from dashboard.log.state import Standing
from dashboard.model.expectations import Rules
from dashboard.model.instants import micros
from dashboard.model.outlook import FRACTIONS, LIKELY, Fan, Forecast, Mark, Racks, ReturnCurve, Slip
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Slas
from dashboard.views import words
from dashboard.views.account import account, moved
from dashboard.views.ahead import Ahead, look_at
from dashboard.views.expectations import owed_table
from dashboard.views.nodes import racks_of, stages_table, stragglers_table
from dashboard.views.notices import ladders_of
from dashboard.views.outlooks import curve
from dashboard.views.owed import owed_in
from dashboard.views.standing import out_over_time
from dashboard.views.summaries import ALMOST, Summary, summaries
from dashboard.views.told import Told


@dataclass(frozen=True, slots=True)
class WhereItStands:
    """One maintenance in full.

    `facts`: pairs of label and value, ready to print (provider, cluster, kind, planned, promised, at once, reference).
    `stages`, a row a stage that holds nodes, in the order of a rollout: stage (as Stage has it), nodes, gpus,
    waiting_for, longest_words.
    `back`, a row a fraction (half, 90 %, 95 %, all): fraction, likely, plan_on (aware datetimes), words.
    `waiting_for`, a row an open expectation, the longest overdue first: as `owed` of WhoIsUp has them.
    `stragglers`, the nodes longest in an open stage: node_id, rack, stage, since, hours, usual_hours (median of its
    like), waiting_for.
    `messages`, newest first: received_at, sender, subject, claimed_end, body (untrusted text).
    `cases`: case_id, node_id, status, severity, opened_at, response_due_at, resolution_due_at, note.
    `updates`, newest first: recorded_at, source, status, planned_start, planned_end, note.
    `told`, who was told of it, always as of now: as the ladders of views.notices.
    """

    now: datetime
    maintenance_id: str
    title: str
    subtitle: str  # "Firmware at Nimbus Cloud, nimbus-iad-1"
    status: str
    risk: str
    sentence: str
    because: tuple[str, ...]
    moved: str  # how the ETA moved since the forecast before, and why; "" where it hardly did
    account: tuple[str, ...]  # how it went, once it is over
    gpus: int
    out: int
    returned: int
    lost: int
    likely_words: str  # 95 % back, the median
    plan_on_words: str
    promised_words: str
    by_node: bool  # whether anything is reported per node
    facts: tuple[tuple[str, str], ...]
    stages: pd.DataFrame
    back: pd.DataFrame
    fan: Fan
    slip: Slip
    racks: Racks
    waiting_for: pd.DataFrame
    stragglers: pd.DataFrame
    messages: pd.DataFrame
    cases: pd.DataFrame
    updates: pd.DataFrame
    told: pd.DataFrame


POINTS = 241
FEWEST_AHEAD = 25  # instants of the forecast shown: a day
FACT_BEFORE = timedelta(hours=6)
MOST_FACT = timedelta(days=14)


def where_it_stands(
    connection: Connection, scope: Scope, now: datetime, maintenance_id: str, slas: Slas = NO_SLAS
) -> WhereItStands | None:
    """One maintenance in full, whoever's GPUs it holds; None where it was not known at the instant shown.

    `slas` are the contracts that dues are made of.
    """
    whole = Scope(as_of=scope.as_of, certainty=scope.certainty, zone=scope.zone)
    ahead, rows, usual = look_at(connection, whole, now, [maintenance_id])
    if maintenance_id not in ahead.picture.known:
        return None
    (summary,) = summaries(connection, ahead, [maintenance_id], whole) or (None,)
    if summary is None:
        return None
    told = Told.read(connection, maintenance_id, ahead.at)
    forecast = ahead.forecasts.get(maintenance_id)
    made = forecast_history(connection, maintenance_id, ahead.at)
    return WhereItStands(
        now=ahead.now,
        maintenance_id=maintenance_id,
        title=summary.title,
        subtitle=_subtitle(summary),
        status=words.stage(summary.status),
        risk=summary.risk,
        sentence=sentence(summary, ahead.now, scope),
        because=forecast.because if forecast else (),
        moved=moved(made, ahead.now, scope),
        account=account(connection, summary, told, made, ahead.now, scope),
        gpus=summary.gpus,
        out=summary.out,
        returned=summary.returned,
        lost=summary.lost,
        likely_words=_when(summary.likely_end, ahead.now, scope.zone, summary),
        plan_on_words=_when(summary.plan_on_end, ahead.now, scope.zone, summary),
        promised_words=words.when(summary.promised, ahead.now, scope.zone) if summary.promised else "nothing promised",
        by_node=ahead.picture.known[maintenance_id].by_node,
        facts=_facts(summary, ahead, scope),
        stages=stages_table(rows, ahead, summary),
        back=_back(forecast, ahead.now, scope),
        fan=_fan(connection, ahead, summary),
        slip=_slip(made, ahead, summary, told),
        racks=racks_of(rows, ahead.now),
        waiting_for=_owed(connection, ahead, rows, summary, told, Rules(slas, usual)),
        stragglers=stragglers_table(connection, rows, ahead, summary),
        messages=told.messages,
        cases=told.cases,
        updates=told.updates,
        told=ladders_of(connection, maintenance_id, now, scope),
    )


def _owed(
    connection: Connection, ahead: Ahead, rows: list[Standing], summary: Summary, told: Told, rules: Rules
) -> pd.DataFrame:
    held = [(row.node_id, row.stage, row.since, row.cluster_id) for row in rows]
    found = owed_in(connection, ahead, summary, held, told.commitments, rules)
    return owed_table(found, ahead.fleet, ahead.now)


def _subtitle(summary: Summary) -> str:
    what = words.stage(summary.kind).capitalize() or "Maintenance"
    where = ", ".join(each for each in (summary.provider, summary.cluster) if each)
    return f"{what} at {where}" if where else what


def sentence(summary: Summary, now: datetime, scope: Scope) -> str:
    """Where it stands, in words that could be sent as they are."""
    total = words.gpus(summary.gpus)
    if summary.actual_end:
        ended = words.when(summary.actual_end, now, scope.zone)
        return f"{words.stage(summary.status).capitalize()} {ended}; {total} were in it."
    if summary.out:
        first = f"{words.count(summary.out)} of {total} are out, {words.count(summary.returned)} are back."
    elif summary.likely_start or summary.planned_start:
        start = summary.likely_start or summary.planned_start or now
        begin = "go out" if start > now else "were to go out"
        first = f"{words.stage(summary.status).capitalize()}: {total} {begin} {words.when(start, now, scope.zone)}."
    else:
        first = f"{words.stage(summary.status).capitalize()}, with {total}."
    if summary.likely_end is None or summary.plan_on_end is None:
        return f"{first} No forecast yet."
    likely, plan_on = (words.clock(at, now, scope.zone) for at in (summary.likely_end, summary.plan_on_end))
    return f"{first} 95 % are likely back by {likely}; plan on {plan_on}."


def _when(at: datetime | None, now: datetime, zone: str, summary: Summary) -> str:
    if at is None:
        return "it is over" if summary.actual_end else "no forecast yet"
    return words.when(at, now, zone)


def _facts(summary: Summary, ahead: Ahead, scope: Scope) -> tuple[tuple[str, str], ...]:
    told = ahead.picture.known[summary.maintenance_id].maintenance

    def clock(at: datetime | None) -> str:
        return words.clock(at, ahead.now, scope.zone) if at else ""

    planned = " to ".join(each for each in (clock(summary.planned_start), clock(summary.planned_end)) if each)
    moved = summary.first_planned_end and summary.first_planned_end != summary.planned_end
    pairs = (
        ("Provider", summary.provider),
        ("Cluster", summary.cluster),
        ("Kind", words.stage(summary.kind)),
        ("Planned", planned),
        ("First promised", clock(summary.first_planned_end) if moved else ""),
        ("Promised now", clock(summary.promised) if summary.promised != summary.planned_end else ""),
        ("Began", clock(summary.actual_start)),
        ("At once", words.nodes(told.max_unavailable) if told.max_unavailable is not None else ""),
        ("Reference", told.provider_ref),
        ("Told by", told.source),
    )
    return tuple((label, value) for label, value in pairs if value)


def _back(forecast: Forecast | None, now: datetime, scope: Scope) -> pd.DataFrame:
    names = {0.5: "half", 0.9: "90 %", 0.95: "95 %", 1.0: "all"}
    rows = []
    for fraction in FRACTIONS if forecast else ():
        assert forecast is not None
        likely, plan_on = forecast.quantile(fraction, LIKELY), forecast.quantile(fraction, scope.certainty)
        said = "is back" if plan_on <= now else f"likely {words.relative(likely, now)}"
        rows.append((names[fraction], likely, plan_on, said))
    frame = pd.DataFrame(rows, columns=["fraction", "likely", "plan_on", "words"])
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in ("likely", "plan_on")})


def _fan(connection: Connection, ahead: Ahead, summary: Summary) -> Fan:
    begun = summary.actual_start or ahead.now - timedelta(days=1)
    over = min(summary.actual_end + FACT_BEFORE, ahead.now) if summary.actual_end else ahead.now
    since = max(begun - FACT_BEFORE, over - MOST_FACT)
    past = out_over_time(
        connection, ahead.picture, micros(since), micros(over), ahead.at, POINTS, summary.maintenance_id
    )
    step = (over - since) / (POINTS - 1)
    coming = _until_back(curve(ahead.together.at, ahead.together.total)) if ahead.forecasts else ReturnCurve((), {})
    marks = []
    if summary.promised:
        marks.append(Mark(summary.promised, "promised", "provider", passed=summary.promised < ahead.now))
    if summary.likely_end:
        marks.append(Mark(summary.likely_end, "95 % likely back", "ours"))
    return Fan(
        ahead.now, tuple(since + step * i for i in range(POINTS)), tuple(past), coming, summary.gpus, None, tuple(marks)
    )


def _until_back(coming: ReturnCurve) -> ReturnCurve:
    """The curve up to a while after nearly all is back at its slowest: a long flat end would flatten what matters."""
    slowest = coming.gpus_out[max(coming.gpus_out)]
    few = max(slowest, default=0) * (1 - ALMOST)
    last = max((i for i, gpus in enumerate(slowest) if gpus > few), default=0)
    keep = min(len(coming.at), max(last + last // 4 + 2, FEWEST_AHEAD))
    return ReturnCurve(coming.at[:keep], {level: gpus[:keep] for level, gpus in coming.gpus_out.items()})


def _slip(made: list[Forecast], ahead: Ahead, summary: Summary, told: Told) -> Slip:
    return Slip(
        now=ahead.now,
        made_at=tuple(each.as_of for each in made),
        likely=tuple(each.quantile(ALMOST, LIKELY) for each in made),
        plan_on=tuple(each.quantile(ALMOST, ahead.fleet.scope.certainty) for each in made),
        claimed_at=tuple(when for when, _ in told.promises),
        claimed_end=tuple(end for _, end in told.promises),
        actual_end=summary.actual_end,
    )
