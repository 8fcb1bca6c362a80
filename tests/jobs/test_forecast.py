"""Forecasts keep in step with the facts, once each, whoever makes them and with however many hands."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from dashboard.forecast.engine import learn
from dashboard.jobs import forecast as job
from dashboard.jobs.forecast import Forecaster, forecast_at, open_ids
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import opened, reading
from dashboard.model.outlook import Forecast
from dashboard.settings import sample_data


@pytest.fixture(scope="module")
def newest() -> datetime:
    found = newest_instant(sample_data())
    assert found
    return found


@pytest.fixture
def engine(sqlite_database: str, newest: datetime) -> Iterator[Engine]:
    with opened(sqlite_database) as made:
        import_dataset(made, sample_data(), newest)
        yield made


class _Slow(Forecaster):
    """Is overtaken, while it forecasts, by another that sees the same facts."""

    def _forecast(self, connection: Connection, ids: list[str], now: datetime) -> list[Forecast]:
        made = super()._forecast(connection, ids, now)
        assert Forecaster(self.engine).step(now + timedelta(seconds=1)) == len(ids)
        return made


def test_what_another_forecast_meanwhile_is_not_told_twice(engine: Engine, newest: datetime) -> None:
    assert _Slow(engine).step(newest) == 0
    assert Forecaster(engine).step(newest + timedelta(seconds=2)) == 0


def test_many_hands_say_what_one_would(engine: Engine, newest: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(engine) as connection:
        chronicle, ids = read_chronicle(connection), open_ids(connection)[:4]
    experience = learn(chronicle.at(newest))
    alone = forecast_at(chronicle, experience, ids, newest)
    monkeypatch.setattr(job, "MANY", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 2)

    together = forecast_at(chronicle, experience, ids, newest)

    assert [(each.back, each.because) for each in together] == [(each.back, each.because) for each in alone]
    assert [part.out.tolist() for each in together for part in each.parts] == [
        part.out.tolist() for each in alone for part in each.parts
    ]
