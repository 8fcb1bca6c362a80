"""What is planned, running, late."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from dashboard.model.instants import micros
from dashboard.model.outlook import Bar
from dashboard.model.scope import Scope
from dashboard.model.stages import ANNOUNCED, CLOSED, RUNNING
from dashboard.views import words
from dashboard.views.ahead import Ahead, look_ahead, open_ids
from dashboard.views.summaries import Summary, summaries


@dataclass(frozen=True, slots=True)
class WhatIsPlanned:
    """Every maintenance that is running, announced, or over for less than 14 days.

    `table`, in the order of `bars`: maintenance_id, title, provider, cluster, kind, status, gpus, gpus_out, progress
    (0 to 1), planned_start, planned_end, likely_end, plan_on_end (95 % of the GPUs), slip_hours (likely against the
    first promise, + is later, NaN without a promise), waiting_for, risk.
    """

    now: datetime
    sentence: str
    running: int
    late: int
    announced: int
    finished: int
    bars: tuple[Bar, ...]
    table: pd.DataFrame


RECENT = timedelta(days=14)


def what_is_planned(connection: Connection, scope: Scope, now: datetime) -> WhatIsPlanned:
    """What is running, announced, or was over for less than 14 days at the scope's instant, or `now`."""
    ahead = look_ahead(connection, scope, now)
    found = summaries(connection, ahead, open_ids(ahead.picture) | _recent(ahead), scope)
    found.sort(key=_order)
    running = [each for each in found if each.status in RUNNING]
    announced = [each for each in found if each.status in ANNOUNCED]
    late = [each for each in running if each.risk == "late"]
    return WhatIsPlanned(
        now=ahead.now,
        sentence=_sentence(running, late, announced, ahead.now, scope.zone),
        running=len(running),
        late=len(late),
        announced=len(announced),
        finished=sum(each.status in CLOSED for each in found),
        bars=tuple(_bar(each) for each in found),
        table=_table(found),
    )


def _recent(ahead: Ahead) -> set[str]:
    since = micros(ahead.now - RECENT)
    closed = {name: each.maintenance.closed_at for name, each in ahead.picture.known.items()}
    return {name for name, at in closed.items() if at is not None and at >= since}


def _order(summary: Summary) -> tuple[int, float, str]:
    """Running first, the latest promise first among them; then what comes, then what is over, the newest first."""
    at = summary.actual_start or summary.likely_start or summary.planned_start
    stamp = at.timestamp() if at else 0.0
    if summary.status in RUNNING:
        return (0, -summary.out, summary.maintenance_id)
    if summary.status in ANNOUNCED:
        return (1, stamp, summary.maintenance_id)
    return (2, -(summary.actual_end.timestamp() if summary.actual_end else stamp), summary.maintenance_id)


def _sentence(running: list[Summary], late: list[Summary], announced: list[Summary], now: datetime, zone: str) -> str:
    if not running and not announced:
        return "No maintenance is running or announced."
    if not running:
        first = "No maintenance is running."
    else:
        is_late = f", {len(late)} of them past {'their' if len(late) > 1 else 'its'} planned end" if late else ""
        first = f"{len(running)} maintenance{'s are' if len(running) > 1 else ' is'} running{is_late}."
    starts = [(each.likely_start or each.planned_start, each) for each in announced]
    coming = sorted(((at, each.title) for at, each in starts if at and at > now), key=lambda pair: pair[0])
    if not coming:
        return f"{first} Nothing more is announced." if not announced else f"{first} {len(announced)} announced."
    at, title = coming[0]
    return f"{first} {len(announced)} announced; next is \u201c{title}\u201d, {words.when(at, now, zone)}."


def _bar(each: Summary) -> Bar:
    return Bar(
        maintenance_id=each.maintenance_id,
        title=each.title,
        group=each.provider,
        status=str(each.status),
        planned_start=each.planned_start,
        planned_end=each.promised,
        first_planned_end=each.first_planned_end if each.first_planned_end != each.promised else None,
        actual_start=each.actual_start,
        actual_end=each.actual_end,
        likely_start=each.likely_start,
        likely_end=each.likely_end,
        plan_on_end=each.plan_on_end,
        progress=each.progress,
        risk=each.risk,
    )


def _table(found: list[Summary]) -> pd.DataFrame:
    columns = ["maintenance_id", "title", "provider", "cluster", "kind", "status", "gpus", "gpus_out", "progress",
               "planned_start", "planned_end", "likely_end", "plan_on_end", "slip_hours", "waiting_for",
               "risk"]  # fmt: skip
    rows = [
        (s.maintenance_id, s.title, s.provider, s.cluster, words.stage(s.kind), words.stage(s.status), s.gpus, s.out,
         round(s.progress, 2), s.planned_start, s.promised, s.likely_end, s.plan_on_end, s.slip_hours,
         s.waiting_for.name,
         s.risk)
        for s in found
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns)
    instants = ("planned_start", "planned_end", "likely_end", "plan_on_end")
    return frame.assign(**{name: pd.to_datetime(frame[name], utc=True) for name in instants})
