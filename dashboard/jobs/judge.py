"""Walk-forward backtests over all history: what would have been said of each finished maintenance, and what it was."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import Engine

from dashboard.forecast.engine import ENGINE, Experience, learn
from dashboard.forecast.foretell import returns
from dashboard.forecast.rivals import UsualTimes, promise, straight_line, usual_times
from dashboard.forecast.scoring import crps, pit, reached
from dashboard.log.chronicle import Chronicle, read_chronicle
from dashboard.log.database import appending, reading
from dashboard.log.judgements import append_judgements, judged
from dashboard.log.state import maintenances
from dashboard.model.instants import HOUR, instant, micros
from dashboard.model.judgement import LINE, PHASES, PROMISE, USUAL, Judgement
from dashboard.model.outlook import FRACTIONS, LEVELS
from dashboard.model.rollout import Rollout
from dashboard.model.stages import Status

REACH = timedelta(days=365)
SHARES = (0.1, 0.5, 0.85)
"""The parts of its GPUs that are back at the later phases; or of the promised time that has passed."""
WEEK = timedelta(days=7)
MINUTE = timedelta(minutes=1)
EPOCH = datetime.fromisoformat("1970-01-05T00:00:00+00:00")  # a Monday


@dataclass(frozen=True, slots=True)
class _Question:
    maintenance_id: str
    as_of: datetime
    phase: str

    @property
    def week(self) -> datetime:
        """What was known on Monday morning serves all forecasts of the week: one fit, and nothing from later."""
        return EPOCH + (self.as_of - EPOCH) // WEEK * WEEK


def judge(engine: Engine, now: datetime, reach: timedelta = REACH) -> Iterator[tuple[int, int]]:
    """Judges what is finished and was not judged by this engine yet, the newest week first; appends week by week.

    Yields after each week: forecasts judged so far, of how many. Whoever stops in between goes on there next time.
    """
    since = micros(now - reach)
    with reading(engine) as connection:
        over = {
            name: each.maintenance
            for name, each in maintenances(connection).items()
            if each.maintenance.status is Status.COMPLETED
        }
        ids = [name for name, each in over.items() if each.closed_at is not None and each.closed_at > since]
        known = judged(connection, ENGINE, ids)
        asked = Counter(name for name, _ in known)
        ids = sorted(name for name in ids if asked[name] < len(PHASES))
        if not ids:
            return
        actual = {each.maintenance_id: each for each in read_chronicle(connection, ids).at(now, ids).rollouts}
        todo: dict[datetime, list[_Question]] = {}
        for rollout in actual.values():
            for question in _questions(rollout, now, over[rollout.maintenance_id].first_planned_start):
                if (question.maintenance_id, micros(question.as_of)) not in known:
                    todo.setdefault(question.week, []).append(question)
        if not todo:  # not every one gives something to ask at each phase
            return
        chronicle = read_chronicle(connection)
    done, total = 0, sum(map(len, todo.values()))
    for week in sorted(todo, reverse=True):
        then = chronicle.at(week)
        experience, usual = learn(then), usual_times(then)
        made: list[Judgement] = []
        for question in todo[week]:
            made += _judged(chronicle, experience, usual, question, actual[question.maintenance_id], now)
        with appending(engine) as connection:
            append_judgements(connection, made, now, last=done + len(todo[week]) == total)
        done += len(todo[week])
        yield done, total


def _questions(rollout: Rollout, now: datetime, first_planned: int | None) -> Iterator[_Question]:
    """The instants at which to ask: a day before it was first planned to begin, or half-way there since it was
    announced, and as parts returned.

    Where no node is told of, at parts of the time that was promised. All of these are instants that could be known
    when they came: whoever is asked a day before it really begins, or when 85 % of its own time have passed, is always
    closer to it than can be said.

    rollout : as known at `now`, when it is over
    """
    begun, last = rollout.started, reached(rollout, 1.0)
    if not np.isfinite(begun) or not np.isfinite(last):
        return
    planned = np.nan if first_planned is None else (first_planned - micros(now)) / HOUR
    before = max(planned - 24.0, (rollout.announced + planned) / 2)
    hours = [before if rollout.announced < before < begun - 0.1 else np.nan]
    if rollout.node.size:
        hours += [reached(rollout, share) for share in SHARES]
    else:
        promised = rollout.first_planned_end - begun
        hours += [begun + share * promised if promised > 0 else np.nan for share in SHARES]
    for phase, at in zip(PHASES, hours, strict=True):
        if np.isfinite(at) and at < last - 0.1:
            yield _Question(rollout.maintenance_id, _full_minute(now + timedelta(hours=at)), phase)


def _full_minute(at: datetime) -> datetime:
    """The same whenever it is asked, though hours from now are rounded."""
    return EPOCH - (EPOCH - at + timedelta(milliseconds=1)) // MINUTE * MINUTE


def _judged(
    chronicle: Chronicle,
    experience: Experience,
    usual: UsualTimes,
    question: _Question,
    actual: Rollout,
    now: datetime,
) -> Iterator[Judgement]:
    known = chronicle.at(question.as_of, [question.maintenance_id])
    if not known.rollouts:
        return
    then = known.rollouts[0]
    back = returns(then, known.hour_of_week, experience, question.as_of)
    rng = np.random.default_rng(micros(question.as_of))
    by_usual = usual.quantiles(then, FRACTIONS, LEVELS, rng)
    for i, fraction in enumerate(FRACTIONS):
        was = instant(micros(now + timedelta(hours=reached(actual, fraction))))
        if was <= question.as_of:
            continue
        hours = (was - question.as_of) / timedelta(hours=1)
        said = np.array([(back[fraction][level] - question.as_of) / timedelta(hours=1) for level in LEVELS])
        rivals = {PROMISE: promise(then), LINE: straight_line(then, fraction)}
        scores = {name: abs(hours - at) for name, at in rivals.items() if np.isfinite(at)}
        yield Judgement(
            maintenance_id=question.maintenance_id,
            as_of=question.as_of,
            engine=ENGINE,
            fraction=fraction,
            phase=question.phase,
            provider_id=then.provider,
            kind=then.kind,
            cluster_id=then.cluster,
            said=back[fraction],
            actual=was,
            crps=crps(said, LEVELS, hours),
            pit=pit(said, LEVELS, hours),
            rivals=scores | {USUAL: crps(by_usual[i], LEVELS, hours)},
        )
