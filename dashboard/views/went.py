"""How each maintenance of a period went: read from the log, as known at an instant, and as a scope counts it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import isfinite

import numpy as np
from sqlalchemy import Connection

from dashboard.forecast.scoring import reached
from dashboard.log import reviewing
from dashboard.log.chronicle import Chronicle, read_chronicle
from dashboard.log.messages import of_maintenances
from dashboard.log.owed import all_cases
from dashboard.log.state import Known, maintenances
from dashboard.model.cases import Case
from dashboard.model.instants import HOUR, instant, maybe_instant, micros
from dashboard.model.maintenance import Maintenance
from dashboard.model.period import Period
from dashboard.model.review import REPEATS_WITHIN, Went
from dashboard.model.rollout import Hours, Rollout
from dashboard.model.slas import Slas
from dashboard.model.stages import Status
from dashboard.views.clocks import of_cases, of_confirmation, of_stages
from dashboard.views.fleet import Fleet
from dashboard.views.summaries import ALMOST, told_in_scope
from dashboard.views.toll import Toll, by_steps, ended, toll

REPEATS = REPEATS_WITHIN // timedelta(microseconds=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Done:
    """What was done, written and asked for in each maintenance."""

    toil: Mapping[str, Mapping[str, int]]
    notices: Mapping[str, int]
    filed: Mapping[str, int]
    cases: Mapping[str, Sequence[Case]]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What all of them are read with."""

    fleet: Fleet
    now: datetime
    period: Period
    slas: Slas
    chronicle: Chronicle
    failures: Mapping[str, Sequence[int]]  # of each node, when it failed (µs)

    def since_now(self, at: datetime) -> float:
        """Hours since as_of."""
        return (at - self.now) / _HOUR


def read_went(
    connection: Connection, fleet: Fleet, at: int | None, now: datetime, period: Period, slas: Slas
) -> list[Went]:
    """Every maintenance in scope that ended in the period or had GPUs out in it; the last to begin first."""
    begins, ends = micros(period.begins), micros(period.ends)
    known = maintenances(connection, at, reviewing.touched_by(connection, begins, ends, at))
    ids = sorted(known)
    failures = reviewing.failures(connection, begins, ends + REPEATS, at)
    reading = _Reading(fleet, now, period, slas, read_chronicle(connection, ids, at), failures)
    rollouts = {each.maintenance_id: each for each in reading.chronicle.at(now, ids).rollouts}
    found = [each for name in ids if name in rollouts and (each := _gone(reading, known[name], rollouts[name]))]
    done = _done(connection, at, now, [each.went.maintenance_id for each in found])
    whole = [_with_words(reading, each, done) for each in found]
    return sorted(whole, key=lambda each: (-(each.began_at or now).timestamp(), each.maintenance_id))


@dataclass(frozen=True, slots=True)
class _Gone:
    """What the nodes of one tell, and what is needed to tell the rest."""

    went: Went
    told: Maintenance  # as it was when it began
    confirmed: datetime | None
    rollout: Rollout
    weight: Hours


def _gone(reading: _Reading, known: Known, rollout: Rollout) -> _Gone | None:
    """None for one that is not in scope, or neither ended in the period nor took anything in it."""
    chronicle, now, period = reading.chronicle, reading.now, reading.period
    name, members = rollout.maintenance_id, chronicle.members(rollout.maintenance_id, now)
    weight = np.array([each.gpus * reading.fleet.weight(each.cluster_id, each.team_id) for each in members])
    if not ((weight > 0).any() or (not members and told_in_scope(reading.fleet, known.maintenance))):
        return None
    steps = chronicle.steps(name, now)
    rollout = by_steps(rollout, steps, now)
    over = ended(rollout)
    in_period = isfinite(over) and period.begins <= now + over * _HOUR < period.ends
    began = now + min(rollout.started, 0.0) * _HOUR if isfinite(rollout.started) else None
    if began is None or began >= period.ends:
        return None
    told, claimed = chronicle.told(name, now, began)
    promised = maybe_instant(told.planned_end if claimed is None else claimed)
    by = float("nan") if promised is None else reading.since_now(promised)
    took = toll(rollout, weight, reading.since_now(period.begins), reading.since_now(period.ends), by)
    if not in_period and took.planned + took.unplanned <= 0:
        return None
    confirmed = next((instant(at) for at, status in steps if status is Status.CONFIRMED), None)
    spans = (began, now + over * _HOUR if in_period else None, promised)
    went = replace(
        _went(known.maintenance, rollout, took, now, spans),
        gpus=float(weight.sum()),
        repeats=_repeats(reading, chronicle.named(name, now), took),
        notice=max((began - confirmed) / _HOUR, 0.0) if confirmed is not None else 0.0,
    )
    return _Gone(went, told, confirmed, rollout, weight)


def _went(
    told: Maintenance, rollout: Rollout, took: Toll, now: datetime,
    spans: tuple[datetime, datetime | None, datetime | None],
) -> Went:  # fmt: skip
    began, over, promised = spans
    back = reached(rollout, ALMOST)
    was = now + back * _HOUR if over is not None and isfinite(back) else over
    return Went(
        maintenance_id=rollout.maintenance_id,
        title=told.title or rollout.maintenance_id,
        provider_id=rollout.provider,
        kind=rollout.kind,
        cluster_id=rollout.cluster,
        ended_at=over,
        began_at=began,
        promised=promised,
        was=was,
        slip=(was - promised) / _HOUR if was is not None and promised is not None else float("nan"),
        planned=took.planned,
        unplanned=took.unplanned,
        by_role=took.by_role,
        whole=took.whole,
        early=took.early,
        validated=took.validated,
        failed=took.failed,
        recoveries=took.recoveries,
        returned=len(took.back),
        lost=took.lost,
    )


def _repeats(reading: _Reading, names: Sequence[str], took: Toll) -> int:
    """Nodes that failed, in whatever maintenance, within 14 days of their coming back."""
    now = micros(reading.now)
    return sum(
        any(0 < failed - now - round(hours * HOUR) <= REPEATS for failed in reading.failures.get(names[node], ()))
        for node, hours in took.back
    )


def _done(connection: Connection, at: int | None, now: datetime, ids: Sequence[str]) -> _Done:
    """What was done in these, by hand and by itself."""
    cases: dict[str, list[Case]] = defaultdict(list)
    for each in all_cases(connection, at, ids):
        cases[each.maintenance_id].append(each)
    messages = of_maintenances(connection, ids, at)
    counted = {
        "acknowledged": reviewing.acknowledged(connection, ids, at),
        "decided": reviewing.decided(connection, ids, at),
        "chased": reviewing.chased(connection, ids, micros(now), at),
        "cases": Counter({name: len(some) for name, some in cases.items()}),
        "tied": Counter(each.maintenance_id for each in messages if each.by_hand),
        "joined": reviewing.joined_by_hand(connection, ids, at),
    }
    return _Done(
        {name: {what: number[name] for what, number in counted.items()} for name in ids},
        reviewing.told_by_themselves(connection, ids, at),
        Counter(each.maintenance_id for each in messages if not each.by_hand),
        cases,
    )


def _with_words(reading: _Reading, gone: _Gone, done: _Done) -> Went:
    went, now, slas = gone.went, reading.now, reading.slas
    name = went.maintenance_id
    counts = (
        of_stages(gone.rollout, gone.weight, slas, now),
        of_cases(done.cases.get(name, ()), went.kind, slas, now),
        of_confirmation(went.provider_id, went.kind, maybe_instant(gone.told.planned_start), gone.confirmed, slas, now),
    )
    return replace(
        went,
        clocks=sum(clocks for clocks, _ in counts),
        kept=sum(kept for _, kept in counts),
        toil=done.toil[name],
        notices=done.notices.get(name, 0),
        filed=done.filed.get(name, 0),
    )
