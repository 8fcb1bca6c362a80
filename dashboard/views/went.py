"""How each maintenance of a period went: read from the log, as known at an instant, and as a scope counts it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import isfinite, nan

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
from dashboard.model.rollout import Rollout
from dashboard.model.slas import Slas
from dashboard.model.stages import Status
from dashboard.views.clocks import Kept, of_cases, of_confirmation, of_stages
from dashboard.views.fleet import Fleet
from dashboard.views.settled import Settled
from dashboard.views.summaries import ALMOST, told_in_scope
from dashboard.views.toll import Toll, by_steps, ended, out_or_waiting, toll

REPEATS = REPEATS_WITHIN // timedelta(microseconds=1)
_HOUR = timedelta(hours=1)
_NEVER = datetime(2999, 1, 1, tzinfo=UTC)


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

    def since_now(self, at: datetime) -> float:
        """Hours since as_of."""
        return (at - self.now) / _HOUR


def read_went(
    connection: Connection,
    fleet: Fleet,
    at: int | None,
    now: datetime,
    period: Period,
    slas: Slas,
    settled: Settled | None = None,
) -> list[Went]:
    """Every maintenance in scope that ended in the period or had GPUs out in it; the last to begin first."""
    begins, ends = micros(period.begins), micros(period.ends)
    memory = settled if at is None else None  # a past instant is asked for once
    scope = fleet.scope
    about = (scope.team, scope.provider, scope.cluster, scope.sku, begins)
    position = memory.catch_up(connection) if memory else None
    known = maintenances(connection, at, reviewing.touched_by(connection, begins, ends, at))
    held: dict[str, _Gone] = memory.recall(position, known, about) if memory else {}
    held = {name: gone for name, gone in held.items() if gone.over < period.ends}
    ids = sorted(known.keys() - held.keys())
    reading = _Reading(fleet, now, period, slas, read_chronicle(connection, ids, at))
    rollouts = {each.maintenance_id: each for each in reading.chronicle.at(now, ids).rollouts}
    read = {name: gone for name in rollouts if (gone := _gone(reading, known[name], rollouts[name]))}
    if memory:
        memory.keep(position, {name: gone for name, gone in read.items() if gone.is_settled}, about)
    found = list((held | read).values())
    done = _done(connection, at, now, [each.went.maintenance_id for each in found])
    failures = reviewing.failures(connection, begins, ends + REPEATS, at)
    whole = [_with_words(reading, each, done, failures) for each in found]
    return sorted(whole, key=lambda each: (-(each.began_at or now).timestamp(), each.maintenance_id))


@dataclass(frozen=True, slots=True)
class _Gone:
    """What the nodes of one tell, and what is needed to tell the rest."""

    went: Went
    over: datetime  # when it ended, in the period or not; far ahead where it has not
    is_settled: bool  # in the period, and nothing but new facts will change what is told here
    planned_start: datetime | None  # as it was when it began
    confirmed: datetime | None
    clocks: Kept
    back: tuple[tuple[str, int], ...]  # node, and when it first came back (µs)


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
    by = nan if promised is None else reading.since_now(promised)
    took = toll(rollout, weight, reading.since_now(period.begins), reading.since_now(period.ends), by)
    if not in_period and took.planned + took.unplanned <= 0:
        return None
    confirmed = next((instant(at) for at, status in steps if status is Status.CONFIRMED), None)
    at = now + over * _HOUR if isfinite(over) else _NEVER
    went = replace(
        _went(known.maintenance, rollout, took, now, (began, at if in_period else None, promised)),
        gpus=float(weight.sum()),
        notice=max((began - confirmed) / _HOUR, 0.0) if confirmed is not None else 0.0,
    )
    names = chronicle.named(name, now)
    return _Gone(
        went=went,
        over=at,
        is_settled=in_period and not out_or_waiting(rollout),
        planned_start=maybe_instant(told.planned_start),
        confirmed=confirmed,
        clocks=of_stages(rollout, weight, reading.slas, now),
        back=tuple((names[node], micros(now) + round(hours * HOUR)) for node, hours in took.back),
    )


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
        slip=(was - promised) / _HOUR if was is not None and promised is not None else nan,
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


def _repeats(failures: Mapping[str, Sequence[int]], back: Iterable[tuple[str, int]]) -> int:
    """Nodes that failed, in whatever maintenance, within 14 days of their coming back."""
    return sum(any(0 < failed - at <= REPEATS for failed in failures.get(node, ())) for node, at in back)


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


def _with_words(reading: _Reading, gone: _Gone, done: _Done, failures: Mapping[str, Sequence[int]]) -> Went:
    went, now, slas = gone.went, reading.now, reading.slas
    name = went.maintenance_id
    counts = (
        gone.clocks,
        of_cases(done.cases.get(name, ()), went.kind, slas, now),
        of_confirmation(went.provider_id, went.kind, gone.planned_start, gone.confirmed, slas, now),
    )
    return replace(
        went,
        repeats=_repeats(failures, gone.back),
        clocks=sum(clocks for clocks, _ in counts),
        kept=sum(kept for _, kept in counts),
        toil=done.toil[name],
        notices=done.notices.get(name, 0),
        filed=done.filed.get(name, 0),
    )
