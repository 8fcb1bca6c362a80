"""The log that the sources fill."""

import pytest


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One database will do."""
    return sqlite_database
