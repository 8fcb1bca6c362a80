"""Forecasts are facts once made."""

from datetime import timedelta

import numpy as np
from sqlalchemy import Engine, select

from dashboard.log.database import appending, reading
from dashboard.log.forecasts import append_forecasts, forecast_history, latest_forecasts
from dashboard.log.tables import forecasts
from dashboard.model.outlook import FRACTIONS, LEVELS, Forecast, Part
from tests.log.stories import NOW


def _forecast(made: int) -> Forecast:
    at = NOW + timedelta(hours=made)
    paths = np.array([[16, 8, 0], [16, 16, 8]], dtype=np.int32)
    back = {fraction: {level: at + timedelta(hours=10 * level) for level in LEVELS} for fraction in FRACTIONS}
    grid = tuple(at + timedelta(hours=hour) for hour in range(3))
    parts = (
        Part("c", None, 16, paths, paths // 2, paths * 0),
        Part("c", "team", 8, paths // 2, paths // 2, paths // 4),
    )
    return Forecast("M-1", at, "1", back, None, grid, parts, ("because of this",))


def test_a_forecast_comes_back_as_it_was_made(engine: Engine) -> None:
    """To the microsecond and the GPU; of several the newest is in force, and all are history."""
    made = [_forecast(0), _forecast(1)]

    with appending(engine) as connection:
        append_forecasts(connection, made, NOW, position=1)
        append_forecasts(connection, made, NOW, position=1)

    with reading(engine) as connection:
        latest = latest_forecasts(connection, ["M-1", "M-2"])["M-1"]
        history = forecast_history(connection, "M-1")
    assert (latest.as_of, latest.back, latest.because) == (made[1].as_of, made[1].back, made[1].because)
    assert latest.grid == made[1].grid
    for kept, part in zip(latest.parts, made[1].parts, strict=True):
        assert (kept.cluster_id, kept.team_id, kept.gpus) == (part.cluster_id, part.team_id, part.gpus)
        for name in ("out", "left", "lost"):
            assert np.array_equal(getattr(kept, name), getattr(part, name))
    assert [each.as_of for each in history] == [each.as_of for each in made]


def test_only_the_newest_keeps_its_paths_and_all_keep_what_they_said(engine: Engine) -> None:
    """Made together or one after the other; one of an earlier instant that comes late does not take them."""
    for made in ([_forecast(0), _forecast(1)], [_forecast(3)], [_forecast(2)]):
        with appending(engine) as connection:
            append_forecasts(connection, made, NOW, position=1)

    with reading(engine) as connection:
        packed = connection.execute(select(forecasts.c.as_of, forecasts.c.futures).order_by("as_of")).all()
        latest = latest_forecasts(connection, ["M-1"])["M-1"]
        history = forecast_history(connection, "M-1")
    assert [bool(row.futures) for row in packed] == [False, False, False, True]
    assert latest.parts
    assert [each.back for each in history] == [_forecast(made).back for made in range(4)]
