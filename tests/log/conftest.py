"""An empty log on each database."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from dashboard.log.database import migrate, open_log


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A log with its schema and nothing in it."""
    found = open_log(database_url)
    migrate(found)
    yield found
    found.dispose()
