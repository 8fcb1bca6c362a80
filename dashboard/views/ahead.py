"""What every view starts from: whose GPUs, what is out, and what is to come."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from dashboard.log.state import Known
from dashboard.model.outlook import Forecast
from dashboard.model.scope import Scope
from dashboard.model.stages import CLOSED
from dashboard.views.fleet import Fleet, instant_of, read_fleet
from dashboard.views.outlooks import Together, forecasts_for, together
from dashboard.views.standing import Picture, read_picture


@dataclass(frozen=True, slots=True)
class Ahead:
    """The fleet, what is out of it at `now`, and the forecasts of all that is open then. `at` None: live."""

    now: datetime
    at: int | None
    fleet: Fleet
    picture: Picture
    forecasts: dict[str, Forecast]
    together: Together


def look_ahead(connection: Connection, scope: Scope, now: datetime) -> Ahead:
    """Reads what is out at the scope's instant, or `now`, and adds up the forecasts of all that is open then."""
    at, now = instant_of(scope), scope.as_of or now
    fleet = read_fleet(connection, scope, at)
    picture = read_picture(connection, fleet, at)
    forecasts = forecasts_for(connection, open_ids(picture), scope.as_of)
    return Ahead(now, at, fleet, picture, forecasts, together(forecasts.values(), fleet, now))


def open_ids(picture: Picture) -> set[str]:
    """The maintenances that are not over, and those that are told to be and still hold nodes."""
    told = {name for name, each in picture.known.items() if is_open(each)}
    return told | set(picture.nodes.loc[picture.nodes["is_out"], "maintenance_id"])


def is_open(known: Known) -> bool:
    """Whether it was told to be over."""
    return known.maintenance.status not in CLOSED
