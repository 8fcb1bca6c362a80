"""What could be known at a past instant is learnt once, and again only where more of it has become known."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.forecasts import append_forecasts
from dashboard.model.instants import micros
from dashboard.model.outlook import Forecast
from dashboard.model.stages import Stage
from dashboard.views.then import forecast_then

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
THEN = NOW - timedelta(days=2)
HOUR = timedelta(hours=1)


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    return sqlite_database


def tell(engine: Engine, node: str, ago: float) -> None:
    at = micros(THEN - ago * HOUR)
    row = ("M-1", node, Stage.IN_MAINTENANCE, at, at, "fleet", "")
    with appending(engine) as connection:
        append(connection, {"clusters": [("c", "p", "", "", 8)], "nodes": [(node, "c", "", 8, "")]}, NOW, "test")
        append(connection, {"node_transitions": [row]}, NOW, "test")


def told(engine: Engine, *, reasons: bool = False) -> Forecast:
    with reading(engine) as connection:
        return forecast_then(connection, ["M-1"], THEN, reasons=reasons)["M-1"]


def test_a_past_instant_is_forecast_once(engine: Engine) -> None:
    tell(engine, "n-1", 3)

    assert told(engine) is told(engine)


def test_what_was_made_of_facts_since_is_no_news(engine: Engine) -> None:
    """A worker appends forecasts all day: the past stays as it was."""
    tell(engine, "n-1", 3)
    first = told(engine)
    with appending(engine) as connection:
        append_forecasts(connection, [first], NOW, 1)

    assert told(engine) is first


def test_what_happens_later_is_no_news(engine: Engine) -> None:
    """Facts come in all day: whoever looks at yesterday has it learnt once."""
    tell(engine, "n-1", 3)
    first = told(engine)
    later = ("M-1", "n-1", Stage.IN_SERVICE, micros(NOW - HOUR), micros(NOW), "fleet", "")
    with appending(engine) as connection:
        append(connection, {"node_transitions": [later]}, NOW, "test")

    assert told(engine) is first


def test_a_fact_that_comes_in_late_is_news(engine: Engine) -> None:
    """Recorded before that instant, imported after it was looked at."""
    tell(engine, "n-1", 3)
    first = told(engine)
    tell(engine, "n-2", 2)

    assert [sum(part.gpus for part in each.parts) for each in (first, told(engine))] == [8, 16]


def test_a_forecast_with_its_reasons_serves_who_reads_none(engine: Engine) -> None:
    tell(engine, "n-1", 3)

    with_reasons = told(engine, reasons=True)

    assert with_reasons.because
    assert told(engine) is with_reasons
