"""What could be known at a past instant: learnt and forecast once, for all questions of the pages that show it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy import Connection

from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import Place, foretell
from dashboard.forecast.usual import usual_times
from dashboard.log.chronicle import read_chronicle
from dashboard.log.owed import all_cases
from dashboard.model.instants import full_hour, micros
from dashboard.model.outlook import Forecast
from dashboard.model.usual import UsualTimes
from dashboard.views.kept import Kept

MOST = 3
"""Instants kept: whoever steps through time looks back and on. Forecasts hold their futures, and those are large."""


@dataclass(slots=True)
class Then:
    """One instant of one log, with what was learnt from all that was known then."""

    as_of: datetime
    experience: Experience
    usual: UsualTimes | None = None
    forecasts: dict[tuple[str, bool], Forecast] = field(default_factory=dict)  # by id, and whether with reasons


_kept: Kept[datetime, Then] = Kept(MOST)
_lock = Lock()


def forecast_then(connection: Connection, ids: Sequence[str], as_of: datetime, *, reasons: bool) -> dict[str, Forecast]:
    """The forecasts as they would be made from what was known at `as_of`. Why they say what they say costs two thirds
    of the work, and is left out where nobody reads it."""
    with _lock:
        then = _then(connection, as_of)
        missing = [name for name in ids if not (then.forecasts.keys() & {(name, True), (name, reasons)})]
        for made in _made(connection, then, missing, reasons=reasons) if missing else ():
            then.forecasts[made.maintenance_id, reasons] = made
        found = ((name, then.forecasts.get((name, True)) or then.forecasts.get((name, False))) for name in ids)
        return {name: forecast for name, forecast in found if forecast}


def usual_then(connection: Connection, as_of: datetime) -> UsualTimes:
    """How long things usually took, as it could be learnt then."""
    with _lock:
        then = _then(connection, as_of)
        if then.usual is None:
            hour = full_hour(as_of)
            then.usual = usual_times(then.experience, all_cases(connection, micros(hour)), hour)
        return then.usual


def _then(connection: Connection, as_of: datetime) -> Then:
    def learnt() -> Then:
        return Then(as_of, learn(read_chronicle(connection, at=micros(as_of)).at(full_hour(as_of))))

    return _kept.get(connection, as_of, as_of, learnt)


def _made(connection: Connection, then: Then, ids: Sequence[str], *, reasons: bool) -> Iterable[Forecast]:
    chronicle = read_chronicle(connection, ids, micros(then.as_of))
    known = chronicle.at(then.as_of, ids)
    for rollout in known.rollouts:
        places = [
            Place(each.cluster_id, each.team_id) for each in chronicle.members(rollout.maintenance_id, then.as_of)
        ]
        yield foretell(rollout, places, known.hour_of_week, then.experience, then.as_of, reasons=reasons)
