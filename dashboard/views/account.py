"""How a maintenance went, and how its forecast moves: short, generated, and from facts alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Connection

from dashboard.forecast.because import PUTS
from dashboard.forecast.scoring import reached
from dashboard.forecast.spells import IS_OUT, REPAIRING, spells_of, tidied
from dashboard.log.chronicle import read_chronicle
from dashboard.model.instants import instant, micros
from dashboard.model.outlook import LIKELY, PLAN_ON, Forecast
from dashboard.model.rollout import Rollout
from dashboard.model.scope import Scope
from dashboard.model.stages import STAGES, Status
from dashboard.views import words
from dashboard.views.summaries import ALMOST, Summary
from dashboard.views.told import Told

MOST_STAGES = 3
WORTH_TELLING = timedelta(minutes=30)


def account(
    connection: Connection, summary: Summary, told: Told, made: Sequence[Forecast], now: datetime, scope: Scope
) -> tuple[str, ...]:
    """Of a finished maintenance: promised, first said, last said, actual, and where the time went; else nothing."""
    if not summary.actual_end:
        return ()
    known = read_chronicle(connection, [summary.maintenance_id]).at(now, [summary.maintenance_id]).rollouts
    if not known:
        return ()
    if known[0].status is Status.CANCELLED and not known[0].node.size:
        return ("Cancelled before any node went out.",)
    hours = reached(known[0], ALMOST)
    was = instant(micros(now + timedelta(hours=hours))) if np.isfinite(hours) else summary.actual_end
    return tuple(
        each
        for each in (
            _promised(told, was, now, scope),
            _said([each for each in made if each.as_of < was], was, now, scope),
            *_where_time_went(known[0]),
        )
        if each
    )


def _promised(told: Told, was: datetime, now: datetime, scope: Scope) -> str:
    back = f"95 % were back {words.clock(was, now, scope.zone)}"
    ends = [end for _, end in told.promises]
    if not ends:
        return f"Nothing was promised; {back}."
    first, last = (words.clock(each, now, scope.zone) for each in (ends[0], ends[-1]))
    moved = f" and in the end {last}" if ends[-1] != ends[0] else ""
    return f"Promised was {first}{moved}; {back}, {_beside(was - ends[0])} the first promise."


def _beside(gap: timedelta) -> str:
    if abs(gap) < WORTH_TELLING:
        return "in time with"
    return f"{words.span(gap)} {'after' if gap > timedelta(0) else 'before'}"


def _said(made: Sequence[Forecast], was: datetime, now: datetime, scope: Scope) -> str:
    if not made:
        return ""

    def said(each: Forecast) -> str:
        likely, plan_on = (each.quantile(ALMOST, level) for level in (LIKELY, PLAN_ON))
        return f"likely {words.clock(likely, now, scope.zone)}, plan on {words.clock(plan_on, now, scope.zone)}"

    first = f"First said, {words.clock(made[0].as_of, now, scope.zone)}: {said(made[0])}"
    if len(made) == 1:
        return f"{first}."
    off = words.span(was - made[-1].quantile(ALMOST, LIKELY))
    return f"{first}; last said: {said(made[-1])}, off by {off}."


def _where_time_went(rollout: Rollout) -> tuple[str, ...]:
    rollout = tidied(rollout)
    spells = spells_of(rollout)
    over = IS_OUT[spells.stage] & (spells.following >= 0)
    if not over.any():
        return ()
    lasted = spells.left[over] - spells.entered[over]
    by_stage = np.bincount(spells.stage[over], lasted, len(STAGES))
    order = [each for each in np.argsort(-by_stage)[:MOST_STAGES] if by_stage[each] > 0]
    shares = [f"{words.percent(by_stage[each] / by_stage.sum())} {words.stage(STAGES[each].value)}" for each in order]
    spent = f"Of {words.count(by_stage.sum())} node-hours out, {words.listed(shares)}."
    repaired = np.unique(spells.node[over & (spells.stage == REPAIRING)]).size
    if not repaired:
        return (spent,)
    typical = float(np.median(lasted[spells.stage[over] == REPAIRING]))
    return spent, f"{words.nodes(repaired)} went to repair, for {words.span(timedelta(hours=typical))} at the median."


def moved(made: Sequence[Forecast], now: datetime, scope: Scope) -> str:
    """How the likely end moved since the forecast before, and what is new about why; "" where it hardly did.

    made : the forecasts of one maintenance, oldest first
    """
    if len(made) < 2:
        return ""
    gap, why = shift(made[-2], made[-1], now)
    if not gap:
        return ""
    than = f"{later(gap)} than said {words.clock(made[-2].as_of, now, scope.zone)}."
    return f"{than} {why}" if why else than


def shift(before: Forecast, last: Forecast, now: datetime) -> tuple[timedelta, str]:
    """How far the likely end moved, and what is new about why; nothing and "" where it hardly did."""
    gap = last.quantile(ALMOST, LIKELY) - before.quantile(ALMOST, LIKELY)
    if abs(gap) < WORTH_TELLING or last.quantile(ALMOST, LIKELY) <= now:
        return timedelta(0), ""
    slid = last.starts[LIKELY] - before.starts[LIKELY] if before.starts and last.starts else timedelta(0)
    if abs(slid) > abs(gap) / 2 and (slid > timedelta(0)) == (gap > timedelta(0)):
        return gap, f"It is to start {later(slid)}."
    does = " later." if gap > timedelta(0) else " sooner."
    known = {each.partition(PUTS)[0] for each in before.because}
    fresh = [
        fact
        for fact, _, effect in (each.partition(PUTS) for each in last.because)
        if fact not in known and (not effect or effect.endswith(does))
    ]
    return gap, fresh[0] if fresh else ""


def later(gap: timedelta) -> str:
    """14 h later, 2 d earlier."""
    return f"{words.span(gap)} {'later' if gap > timedelta(0) else 'earlier'}"
