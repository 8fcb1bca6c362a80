"""Workers that are killed, databases that go away under them: nothing is lost, nothing comes twice, all recovers."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from dashboard.errors import LogUnavailable
from dashboard.log.database import migrate, open_log
from tests.contracts.test_collecting import CORDONED, state, transitions, until, written
from tests.contracts.test_command_line import ROOT
from tests.sources.faults import TOKEN
from tests.sources.loopback import Loopback

BACK = CORDONED | {"state": "in_service", "at": "2026-03-01T12:00:00Z"}
SLOW = 60.0  # seconds after which a machine is not slow but something wrong


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)


class Worker:
    """`dashboard worker`, and what it says."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process, self.said = process, ""
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        for line in self.process.stderr or ():
            self.said += line

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=SLOW)


@contextmanager
def worker(database: str, config: Path, *command: str) -> Iterator[Worker]:
    environment = os.environ | {"DASHBOARD_DATABASE_URL": database, "DASHBOARD_CONFIG": str(config)}
    words = [sys.executable, "-m", "dashboard.cli", *(command or ("worker",))]
    with subprocess.Popen(words, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield Worker(process)
        finally:
            process.kill()


@contextmanager
def log(database: str) -> Iterator[Engine]:
    engine = open_log(database)
    migrate(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def stages(engine: Engine) -> list[str]:
    return [row["stage"] for row in transitions(engine)]


def reaches(engine: Engine, count: int) -> bool:
    """Whether the log answers and holds so many transitions."""
    try:
        return len(transitions(engine)) >= count
    except LogUnavailable:
        return False


def test_a_database_that_is_gone_for_a_while(
    postgres_server: Any, postgres_database: str, server: Loopback, tmp_path: Path
) -> None:
    """PostgreSQL is stopped under a worker, and started again: it waits, says so, and catches up by itself."""
    server.says({"items": [CORDONED]})
    config = written(tmp_path, server.url)
    with log(postgres_database) as engine, worker(postgres_database, config) as running:
        until(lambda: reaches(engine, 1), SLOW)
        postgres_server.stop()
        try:
            server.says({"items": [CORDONED, BACK]})
            until(lambda: "a waits: database" in running.said and "forecasting waits: database" in running.said, SLOW)
        finally:
            postgres_server.ensure_postgres_running()
        until(lambda: reaches(engine, 2), SLOW)
        status = running.stop()
        found, after = stages(engine), state(engine)

    assert status == 0
    assert found == ["in_maintenance", "in_service"]
    assert (after.error, after.rows, after.held_by) == ("", 3, "")
    assert "Traceback" not in running.said
    assert TOKEN not in running.said


def test_a_disk_that_is_full_for_a_while(sqlite_database: str, server: Loopback, tmp_path: Path) -> None:
    """No file may grow any more under a running worker: it says so, and when there is room again, all of it comes."""
    server.says({"items": [CORDONED]})
    config = written(tmp_path, server.url)
    with log(sqlite_database) as engine, worker(sqlite_database, config) as running:
        until(lambda: reaches(engine, 1), SLOW)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        server.says({"items": [CORDONED, BACK]})
        until(lambda: "a waits: database" in running.said, SLOW)
        full = stages(engine)
        resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        until(lambda: reaches(engine, 2), SLOW)
        status = running.stop()
        found = stages(engine)

    assert (status, full, found) == (0, ["in_maintenance"], ["in_maintenance", "in_service"])
    assert "Traceback" not in running.said


def test_a_worker_that_is_killed_loses_nothing(database_url: str, server: Loopback, tmp_path: Path) -> None:
    """Killed at any moment while facts pour in; the next one brings each fact exactly once."""
    config = written(tmp_path, server.url)
    moves = [CORDONED | {"host": f"n-{i:03}"} for i in range(300)]
    with log(database_url) as engine:
        for round_ in range(3):
            server.says({"items": moves[: 100 * (round_ + 1)]})
            server.asked.clear()
            with worker(database_url, config) as running:
                until(lambda: server.asked, SLOW)
                time.sleep(0.02 * round_)
                running.process.kill()
            run_out(engine)
        with worker(database_url, config, "collect", "--once") as last:
            status = last.process.wait(timeout=SLOW)
        found = transitions(engine)

    assert status == 0, last.said
    assert len(found) == len({row["node_id"] for row in found}) == 300


def test_what_a_killed_worker_had_in_hand_another_takes_over(
    postgres_database: str, server: Loopback, tmp_path: Path
) -> None:
    """Of two workers, one collects; when it is killed and its time has run out, the other goes on where it was."""
    server.says({"items": [CORDONED]})
    config = written(tmp_path, server.url)
    with (
        log(postgres_database) as engine,
        worker(postgres_database, config) as one,
        worker(postgres_database, config) as two,
    ):
        until(lambda: reaches(engine, 1), SLOW)
        until(lambda: "collecting from 1 sources" in one.said and "collecting from 1 sources" in two.said, SLOW)
        holder = state(engine).held_by
        dead, heir = (one, two) if f"-{one.process.pid}-" in holder else (two, one)
        dead.process.kill()
        dead.process.wait()
        server.says({"items": [CORDONED, BACK]})
        run_out(engine)
        until(lambda: reaches(engine, 2), SLOW)
        after = state(engine)
        status = heir.stop()
        found = stages(engine)

    assert f"-{heir.process.pid}-" in after.held_by
    assert holder != after.held_by
    assert (status, found) == (0, ["in_maintenance", "in_service"])


def run_out(engine: Engine) -> None:
    """The time of whoever had something in hand has run out."""
    with engine.begin() as connection:
        for table in ("source_states", "forecast_claims"):
            connection.execute(text(f"UPDATE {table} SET held_until = 0"))
