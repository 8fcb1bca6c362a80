"""What every view starts from: whose GPUs, what is out, and what is to come."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dashboard.log.forecasts import last_said
from dashboard.log.state import Known, Standing, maintenances, of_maintenances
from dashboard.model.outlook import Forecast
from dashboard.model.scope import Scope
from dashboard.model.stages import CLOSED, Stage
from dashboard.model.usual import UsualTimes
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.outlooks import Together, forecasts_and_usual, forecasts_for, together
from dashboard.views.standing import OUT_STAGES, Picture, as_told, picture_of, read_picture


@dataclass(frozen=True, slots=True)
class Ahead:
    """The fleet, what is out of it at `now`, and the forecasts of all that is open then. `at` None: live."""

    now: datetime
    at: int | None
    fleet: Fleet
    picture: Picture
    forecasts: dict[str, Forecast]
    together: Together


def look_ahead(connection: Connection, scope: Scope, now: datetime, *, reasons: bool = False) -> Ahead:
    """Reads what is out at the scope's instant, or `now`, and adds up the forecasts of all that is open then."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    picture = read_picture(connection, fleet, at)
    forecasts = forecasts_for(connection, open_ids(picture), scope.as_of, reasons=reasons)
    return Ahead(now, at, fleet, picture, forecasts, together(forecasts.values(), fleet, now))


def look_at(
    connection: Connection, scope: Scope, now: datetime, ids: Iterable[str]
) -> tuple[Ahead, list[Standing], UsualTimes]:
    """The same of these maintenances alone; their nodes, and what is usual."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    known = maintenances(connection, at, ids)
    rows = of_maintenances(connection, known, at)
    whole = {name: each.maintenance for name, each in known.items() if not each.by_node}
    rows = [as_told(row, whole[row.maintenance_id]) if row.maintenance_id in whole else row for row in rows]
    held = [row for row in rows if row.stage in OUT_STAGES or row.stage == Stage.REMOVED]
    forecasts, usual = forecasts_and_usual(connection, known, scope.as_of, reasons=True)
    picture = picture_of(fleet, known, held)
    return Ahead(now, at, fleet, picture, forecasts, together(forecasts.values(), fleet, now)), rows, usual


def look_lightly(connection: Connection, scope: Scope, now: datetime) -> Ahead:
    """The same live, without the futures of forecasts: for whoever needs to know when, not how much."""
    fleet = read_fleet(connection, scope, None)
    picture = read_picture(connection, fleet, None)
    said = {name: forecast for name, (forecast, _) in last_said(connection, open_ids(picture)).items()}
    return Ahead(now, None, fleet, picture, said, together((), fleet, now))


def open_ids(picture: Picture) -> set[str]:
    """The maintenances that are not over, and those that are told to be and still hold nodes."""
    told = {name for name, each in picture.known.items() if is_open(each)}
    return told | set(picture.nodes.loc[picture.nodes["is_out"], "maintenance_id"])


def is_open(known: Known) -> bool:
    """Whether it was told to be over."""
    return known.maintenance.status not in CLOSED
