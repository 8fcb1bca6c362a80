"""Forecasts what changed, and appends the forecasts."""

import os
import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing import get_context

from sqlalchemy import Connection, Engine, func, select, text

from dashboard.errors import LogUnavailable
from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import Place, foretell
from dashboard.forecast.usual import usual_times
from dashboard.log import forecast_claims
from dashboard.log.append import newest_recorded
from dashboard.log.chronicle import Chronicle, read_chronicle
from dashboard.log.database import appending, reading, writing
from dashboard.log.forecasts import append_forecasts, latest_positions
from dashboard.log.owed import all_cases
from dashboard.log.state import maintenances
from dashboard.log.tables import current_stages, touched
from dashboard.log.usual_times import replace_usual
from dashboard.model.instants import full_hour, micros
from dashboard.model.outlook import Forecast
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CLOSED
from dashboard.model.usual import UsualTimes

OLDEST = timedelta(hours=1)
"""A forecast without news still ages: what has not happened in an hour is news too."""


LEASE = timedelta(minutes=3)
"""So long one worker may take for what it has in hand; then another takes over."""

AT_ONCE = 128
"""Forecasts that one worker takes in hand, so that others find some too."""

MANY = 64
"""Forecasts from which on several processes share them."""

MOST_CORES = 4

_FORKED = get_context("forkserver")  # off a process that imports all this once, and runs nothing
_FORKED.set_forkserver_preload([__name__])


def known_since(at: datetime) -> datetime:
    """The instant whose experience serves a forecast at `at`: the full hour, so that one fit serves many forecasts."""
    return full_hour(at)


@dataclass(frozen=True, slots=True)
class _Question:
    rollout: Rollout
    places: list[Place]
    hour_of_week: float
    as_of: datetime

    def answer(self, experience: Experience) -> Forecast:
        return foretell(self.rollout, self.places, self.hour_of_week, experience, self.as_of)


class Helpers:
    """Processes that share many forecasts: started when they are first needed, and kept until the end of the block,
    since each has to be told first all that was learnt."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._told: Experience | None = None

    def __enter__(self) -> "Helpers":
        return self

    def __exit__(self, *_why: object) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    def answer(self, questions: list[_Question], experience: Experience) -> list[Forecast]:
        """The forecasts asked for, in their order."""
        cores = min(os.cpu_count() or 1, MOST_CORES)
        if len(questions) < MANY or cores < 2:
            return [each.answer(experience) for each in questions]
        # Threads would not do: most of the work holds the interpreter, and pages that are being served wait for it.
        if self._pool is None or self._told is not experience:
            self.__exit__()
            self._pool = ProcessPoolExecutor(cores, _FORKED, _learn_of, (experience,))
            self._told = experience
        return list(self._pool.map(_answer, questions, chunksize=8))


def forecast_at(
    chronicle: Chronicle, experience: Experience, ids: Iterable[str], as_of: datetime, helpers: Helpers | None = None
) -> list[Forecast]:
    """Forecasts these maintenances with nothing that was recorded after `as_of`; many of them by several processes."""
    known = chronicle.at(as_of, ids)
    questions = []
    for rollout in known.rollouts:
        places = [Place(each.cluster_id, each.team_id) for each in chronicle.members(rollout.maintenance_id, as_of)]
        questions.append(_Question(rollout, places, known.hour_of_week, as_of))
    if helpers is not None:
        return helpers.answer(questions, experience)
    with Helpers() as own:
        return own.answer(questions, experience)


_learnt: list[Experience] = []
"""What a process that helps with forecasts was told once, at its start."""


def _learn_of(experience: Experience) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    _learnt.append(experience)


def _answer(question: _Question) -> Forecast:
    return question.answer(_learnt[0])


@dataclass
class Forecaster:
    """Keeps forecasts in step with the log; holds what it has learnt for the hour it is good for.

    `worker`: the name under which it takes forecasts in hand, so that no other makes the same; where it is empty, it
    makes what is due whoever else is at it.
    """

    engine: Engine
    worker: str = ""
    _learnt: dict[datetime, Experience] = field(default_factory=dict)
    _usual: dict[datetime, UsualTimes] = field(default_factory=dict)  # learnt with it, and not yet told
    _seen: int = -1  # the log position up to which all is forecast
    _helpers: Helpers | None = None  # during a step
    _until: datetime | None = None  # when the first of those forecasts grows old

    def experience(self, connection: Connection, at: datetime) -> Experience:
        """What history teaches as of the hour of `at`."""
        hour = known_since(at)
        if hour not in self._learnt:
            self._learnt = {hour: learn(read_chronicle(connection).at(hour))}
            self._usual = {hour: usual_times(self._learnt[hour], all_cases(connection, micros(hour)), hour)}
        return self._learnt[hour]

    def step(self, now: datetime) -> int:
        """Forecasts every open maintenance that changed since it was last forecast, and that no other worker has in
        hand; returns how many that were."""
        with Helpers() as self._helpers:
            return self._step(now)

    def _step(self, now: datetime) -> int:
        made, tried = 0, set[str]()
        while True:
            with reading(self.engine) as connection:
                position, _ = newest_recorded(connection)
                if position == self._seen and self._until is not None and now < self._until:
                    return made
                due = [each for each in _due(connection, now) if each not in tried]
            mine = self._taken(due, now)
            if mine:
                made += self._made(mine, now)
                tried.update(mine)
            if len(mine) == len(due):
                self._seen, self._until = position, now + OLDEST / 12
                return made
            if not mine:  # others have the rest in hand; should one die, its time runs out
                return made

    def _taken(self, due: list[str], now: datetime) -> list[str]:
        if not (due and self.worker):
            return due
        with writing(self.engine) as connection:
            return forecast_claims.take(connection, due, self.worker, now, now + LEASE, AT_ONCE)

    def _made(self, mine: list[str], now: datetime) -> int:
        """Forecasts what is in hand, hands it back with the forecasts, and returns how many were new."""
        try:
            with reading(self.engine) as connection:
                position, _ = newest_recorded(connection)
                # Another worker may have made it between our look and our taking it.
                ids = sorted(set(mine) & set(_due(connection, now))) if self.worker else mine
                made = self._forecast(connection, ids, now) if ids else []
        except Exception:
            self._let_go(mine)
            raise
        if not (made or self.worker):
            return 0
        with appending(self.engine) as connection:
            for hour, usual in self._usual.items() if made else ():
                replace_usual(connection, usual, hour, now)
            # Whoever claims nothing may have been quicker: what it said of the same facts stands.
            told, oldest = latest_positions(connection, ids), micros(now - OLDEST)
            done = {name for name, (upto, as_of) in told.items() if upto >= position and as_of >= oldest}
            made = [each for each in made if each.maintenance_id not in done]
            new = append_forecasts(connection, made, now, position) if made else 0
            forecast_claims.let_go(connection, mine, self.worker)
        self._usual = {}
        return new

    def _let_go(self, mine: list[str]) -> None:
        if self.worker:
            with suppress(LogUnavailable), writing(self.engine) as connection:
                forecast_claims.let_go(connection, mine, self.worker)

    def _forecast(self, connection: Connection, ids: list[str], now: datetime) -> list[Forecast]:
        chronicle, experience = read_chronicle(connection, ids), self.experience(connection, now)
        return forecast_at(chronicle, experience, ids, now, self._helpers)


def open_ids(connection: Connection) -> list[str]:
    """The maintenances that are not over, and those that are told to be and still hold nodes."""
    told = {name for name, each in maintenances(connection).items() if each.maintenance.status not in CLOSED}
    out = set(connection.scalars(select(current_stages.c.maintenance_id).where(text("is_out")).distinct()))
    return sorted(told | out)


def _due(connection: Connection, now: datetime) -> list[str]:
    ids = open_ids(connection)
    made = latest_positions(connection, ids)
    since = min((position for position, _ in made.values()), default=0)
    query = select(touched.c.maintenance_id, func.max(touched.c.position)).where(touched.c.position > since)
    query = query.group_by(touched.c.maintenance_id)
    changed = {row[0]: row[1] for row in connection.execute(query)}
    oldest = micros(now - OLDEST)
    return [each for each in ids if each not in made or changed.get(each, 0) > made[each][0] or made[each][1] < oldest]


def look_back(engine: Engine, now: datetime, step: timedelta, reach: timedelta) -> int:
    """Makes the forecasts that would have been made every `step` over the last `reach` of the open maintenances.

    A log that was filled from records has none of its own; this shows how the ETA would have moved.
    """
    with reading(engine) as connection:
        chronicle = read_chronicle(connection)
        ids = open_ids(connection)
        position, _ = newest_recorded(connection)
    made = []
    at = now - reach
    while at < now:
        made += forecast_at(chronicle, learn(chronicle.at(known_since(at))), ids, at)
        at += step
    with appending(engine) as connection:
        return append_forecasts(connection, made, now, position)
