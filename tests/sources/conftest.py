"""A server that the sources ask."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from dashboard.log.database import migrate, open_log
from tests.sources.loopback import Loopback, loopback


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A real HTTP server on loopback."""
    with loopback() as found:
        yield found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """An empty log."""
    found = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    migrate(found)
    yield found
    found.dispose()
