"""Which promises with a clock were kept: those that contracts grant, and the due times that support cases give."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import numpy as np

from dashboard.forecast.spells import spells_of, tidied
from dashboard.model.cases import Case
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.rollout import Hours, Rollout
from dashboard.model.slas import CONFIRMATION, OF_CASES, OF_STAGE, RESPONSE, Sla, Slas
from dashboard.model.stages import CODE

Kept = tuple[int, int]
"""Clocks that stopped or ran out, and those of them that stopped in time."""


def of_stages(rollout: Rollout, weight: Hours, slas: Slas, as_of: datetime) -> Kept:
    """Of the stays of nodes in stages for which a contract grants a time; those in time that last are not counted."""
    clocks = kept = 0
    spells = spells_of(tidied(rollout))
    for stage, what in OF_STAGE.items():
        sla = slas.find(what, rollout.provider, rollout.kind)
        if sla is None:
            continue
        rows = np.flatnonzero((spells.stage == CODE[stage]) & (weight[spells.node] > 0))
        entered, left = spells.entered[rows], spells.left[rows]
        over = np.isfinite(left)
        in_time = np.where(over, left, 0.0) <= _due(sla, entered, as_of)
        clocks += int((over | ~in_time).sum())
        kept += int((over & in_time).sum())
    return clocks, kept


def _due(sla: Sla, entered: Hours, as_of: datetime) -> Hours:
    """When each clock is up, in hours since as_of."""
    if sla.within is None:
        return entered + sla.hours
    hour = timedelta(hours=1)
    return np.array(
        [np.inf if due is None else (due - as_of) / hour for due in (sla.due(as_of + at * hour) for at in entered)],
        dtype=np.float64,
    )


def of_cases(cases: Iterable[Case], kind: str, slas: Slas, now: datetime) -> Kept:
    """Of support cases, that they are answered and solved: the contract goes before the case's own word."""
    told = [
        in_time
        for each in cases
        for what in OF_CASES
        if (in_time := _stopped(_case_due(each, what, kind, slas, now), _case_done(each, what), now)) is not None
    ]
    return len(told), sum(told)


def _case_done(case: Case, what: str) -> datetime | None:
    return maybe_instant(case.answered_at if what == RESPONSE else case.closed_at)


def _case_due(case: Case, what: str, kind: str, slas: Slas, now: datetime) -> datetime | None:
    sla = slas.find(what, case.provider_id, kind, case.severity)
    if sla is None:
        return maybe_instant(case.response_due_at if what == RESPONSE else case.resolution_due_at)
    pauses = case.pauses(sla.waits, _case_done(case, what) or now) if sla.waits else ()
    return sla.due(instant(case.opened_at), pauses)


def of_confirmation(
    provider: str, kind: str, starts: datetime | None, confirmed: datetime | None, slas: Slas, now: datetime
) -> Kept:
    """Whether it was confirmed as early as a contract says."""
    sla = slas.find(CONFIRMATION, provider, kind)
    if sla is None or starts is None:
        return 0, 0
    in_time = _stopped(starts - timedelta(hours=sla.hours), confirmed, now)
    return (0, 0) if in_time is None else (1, int(in_time))


def _stopped(due: datetime | None, done: datetime | None, now: datetime) -> bool | None:
    """Whether a clock stopped in time; None for one that has none, or that still runs in time."""
    if due is None or (done is None and due > now):
        return None
    return done is not None and done <= due
