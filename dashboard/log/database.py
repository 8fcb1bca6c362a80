"""The database: an engine for a URL, its schema, and the two ways to use it, reading and appending."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from dashboard.errors import LogUnavailable, UsageError

SUPPORTED = ("sqlite", "postgresql")
APPEND_LOCK = 0x64617368  # any constant will do, as long as all appenders take the same
BUSY_SECONDS = 30


def open_log(url: str) -> Engine:
    """An engine for the log at `url`. Raises UsageError for a URL that cannot be one; connects to nothing yet."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername == "postgresql":
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in SUPPORTED:
            raise UsageError(f"database {parsed.get_backend_name()}: use a sqlite:/// or postgresql:// URL")
        if parsed.get_backend_name() == "sqlite":
            if parsed.database and parsed.database != ":memory:":
                Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
            _prepare_sqlite(engine)
            return engine
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError) as why:
        raise UsageError(f"database URL not understood ({why}): use sqlite:///FILE or postgresql://…") from why
    except OSError as why:
        raise LogUnavailable(f"database {parsed.database}: its folder cannot be made ({why.strerror})") from why


@contextmanager
def opened(url: str) -> Iterator[Engine]:
    """The log at `url`, its schema up to date; let go of at the end. Raises UsageError and LogUnavailable."""
    engine = open_log(url)
    try:
        migrate(engine)
        yield engine
    finally:
        engine.dispose()


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say: an appender must lock before it reads
        # Of a new file only. Facts come by the thousand: fewer, larger pages are split less often than SQLite's usual.
        connection.execute("PRAGMA page_size=16384")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA cache_size=-262144")
        connection.execute("PRAGMA temp_store=MEMORY")

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        appends = connection.get_execution_options().get("appends", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if appends else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection whose reads all see the log at one instant. Raises LogUnavailable."""
    with _our_errors(engine), engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


@contextmanager
def appending(engine: Engine) -> Iterator[Connection]:
    """A transaction that appends, one at a time. Raises LogUnavailable.

    PostgreSQL hands out a sequence's numbers before commit, so that a reader who has seen position 8 could miss a 7
    that commits later. The lock makes positions visible in their order; it costs concurrency among appenders only.
    SQLite has one writer at a time anyway, but must be told at BEGIN to wait for its turn.
    """
    with _our_errors(engine), engine.connect() as connection:
        connection.execution_options(appends=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})")
            yield connection


@contextmanager
def durably(engine: Engine) -> Iterator[Connection]:
    """A transaction that appends and, once it is through, outlasts a power cut: for what nobody would tell again.

    SQLite's usual setting keeps what was committed when a process dies, but not when the machine does.
    """
    with _our_errors(engine), engine.connect() as connection:
        connection.execution_options(appends=True)
        lite = connection.connection.driver_connection if engine.dialect.name == "sqlite" else None
        if lite is not None:
            lite.execute("PRAGMA synchronous=FULL")
        try:
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({APPEND_LOCK})")
                yield connection
        finally:
            if lite is not None:
                lite.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A transaction that appends no fact, so that it need not wait for those who do. Raises LogUnavailable."""
    with _our_errors(engine), engine.connect() as connection:
        connection.execution_options(appends=True)
        with connection.begin():
            yield connection


@contextmanager
def _our_errors(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as why:
        raise LogUnavailable(f"database {where(engine)}: {_first_line(why.orig)}") from why


def where(engine: Engine) -> str:
    """The database's URL as it may be shown: without its password."""
    return engine.url.render_as_string(hide_password=True)


def _first_line(error: BaseException | None) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def migrate(engine: Engine) -> None:
    """Brings the schema up to date; does nothing where it is. Raises LogUnavailable."""
    config = _alembic()
    with _our_errors(engine), engine.connect() as connection:
        head = ScriptDirectory.from_config(config).get_current_head()
        if MigrationContext.configure(connection).get_current_revision() == head:
            return
    with appending(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _alembic() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
