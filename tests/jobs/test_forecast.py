"""Forecasts keep in step with the facts, once each, whoever makes them and with however many hands."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, Engine

from dashboard.forecast.engine import learn
from dashboard.jobs import forecast as job
from dashboard.jobs.forecast import Forecaster, forecast_at, open_ids
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.append import append, newest_recorded
from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import appending, opened, reading
from dashboard.log.forecasts import latest_positions
from dashboard.model.instants import micros
from dashboard.model.outlook import Forecast
from dashboard.settings import sample_data

NOW = datetime(2026, 3, 2, tzinfo=UTC)
START = micros(NOW)


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


class _Quick(Forecaster):
    """Notes what it works on, says little of it, and meets another worker while it does."""

    worked: list[list[str]]
    meets: Callable[[], object] = staticmethod(lambda: None)

    def _forecast(self, connection: Connection, ids: list[str], now: datetime) -> list[Forecast]:
        self.worked = [*getattr(self, "worked", []), ids]
        self.meets()
        return [Forecast(each, now, "quick", {}, None, (), (), ()) for each in ids]


@pytest.fixture
def planned(database_url: str) -> Iterator[Engine]:
    """Four open maintenances, on each database."""
    with opened(database_url) as made:
        rows = [(f"M-{i}", START, "s", "scheduled", "", "", "", "", None, None, None, "", "") for i in range(4)]
        with appending(made) as connection:
            append(connection, {"maintenance_updates": rows}, NOW, "test")
        yield made


def test_a_forecast_is_made_by_one_worker(planned: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of four are in one worker's hand when another comes: it makes the other two, and none is made twice."""
    monkeypatch.setattr(job, "AT_ONCE", 2)
    first, second = _Quick(planned, "w-1"), _Quick(planned, "w-2")
    made: list[int] = []
    first.meets = lambda: made.append(second.step(NOW)) if not made else None

    made.append(first.step(NOW))
    again = [each.step(NOW + timedelta(seconds=9)) for each in (first, second)]

    assert made == [2, 2]
    assert (first.worked, second.worked) == ([["M-0", "M-1"]], [["M-2", "M-3"]])
    assert again == [0, 0]
    with reading(planned) as connection:
        assert sorted(latest_positions(connection, [f"M-{i}" for i in range(4)])) == ["M-0", "M-1", "M-2", "M-3"]


def test_of_many_workers_that_come_at_once_none_makes_what_another_makes(
    planned: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 1)
    workers = [_Quick(planned, f"w-{number}") for number in range(4)]
    together = threading.Barrier(4)

    def work(worker: _Quick) -> int:
        together.wait()
        return worker.step(NOW)

    with ThreadPoolExecutor(4) as pool:
        made = sum(pool.map(work, workers))

    worked = [name for each in workers for ids in getattr(each, "worked", []) for name in ids]
    assert (made, sorted(worked)) == (4, ["M-0", "M-1", "M-2", "M-3"])


def test_what_a_dead_worker_had_in_hand_is_taken_over(planned: Engine) -> None:
    """When its time has run out, and not before; what one that failed had in hand, at once."""
    dead, failed, other = (_Quick(planned, name) for name in ("dead", "failed", "other"))
    dead.meets = _die
    failed.meets = _fail

    with pytest.raises(ZeroDivisionError):
        failed.step(NOW)
    with pytest.raises(KeyboardInterrupt):  # nothing is let go
        dead.step(NOW)
    before = other.step(NOW + job.LEASE / 2)
    after = other.step(NOW + job.LEASE)

    assert (before, after) == (0, 4)
    assert dead.step(NOW + job.LEASE + timedelta(seconds=1)) == 0


def test_what_was_made_before_it_was_taken_is_not_made_again(planned: Engine) -> None:
    """Two looked at the same time; one has made it and let go when the other takes it in hand."""
    second = _Quick(planned, "w-2")

    class Late(_Quick):
        def _taken(self, due: list[str], now: datetime) -> list[str]:
            second.step(now)
            return super()._taken(due, now)

    late = Late(planned, "w-1")

    assert late.step(NOW) == 0
    assert second.worked == [["M-0", "M-1", "M-2", "M-3"]]
    assert not hasattr(late, "worked")


def test_a_new_forecast_wakes_the_pages(planned: Engine) -> None:
    """They watch the log's position, which moves with it; one that says nothing new leaves it."""
    positions = []
    for _ in range(3):
        with reading(planned) as connection:
            positions.append(newest_recorded(connection)[0])
        _Quick(planned, "w").step(NOW)

    assert positions == [1, 2, 2]


def _die() -> None:
    raise KeyboardInterrupt


def _fail() -> None:
    raise ZeroDivisionError


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
