"""The doors for programs, on a real server, on the sample whose clock stands still."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dashboard.answers import Answers
from dashboard.jobs.forecast import Forecaster
from dashboard.jobs.transfer import import_dataset
from dashboard.log.database import opened
from dashboard.web.routes import ROUTES
from dashboard.web.whom import connect
from tests.served import Served, served

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing(Answers):
    """Answers whose clock stands."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@dataclass
class World:
    """A served log: how to ask it, and who answers."""

    served: Served
    answers: Standing


@contextmanager
def world(url: str, answering: type[Standing] = Standing) -> Iterator[World]:
    """Serves the log at `url`, as if it were the one that the settings name."""
    with opened(url) as engine:
        standing = answering(engine)
        before = connect(lambda: standing)
        try:
            with served(*ROUTES) as running:
                yield World(running, standing)
        finally:
            connect(before)


@pytest.fixture(scope="session")
def sample_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The sample, forecast yesterday and now."""
    url = f"sqlite:///{tmp_path_factory.mktemp('web') / 'log.db'}"
    with opened(url) as engine:
        import_dataset(engine, SAMPLE, NOW)
        for at in (NOW - timedelta(days=1), NOW):
            Forecaster(engine).step(at)
    return url


@pytest.fixture
def sample(sample_url: str) -> Iterator[World]:
    """The sample, served."""
    with world(sample_url) as found:
        yield found


@pytest.fixture
def small(sqlite_database: str) -> Iterator[World]:
    """An empty log, served."""
    with world(sqlite_database) as found:
        yield found
