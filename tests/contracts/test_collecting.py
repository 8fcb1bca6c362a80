"""Collecting as it is run: by cron, for as long as it is let, and examined."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, RowMapping

from dashboard.log.database import migrate, open_log, reading
from dashboard.log.forecasts import latest_positions
from dashboard.log.read import history
from dashboard.log.source_states import State, read_states
from tests.contracts.test_command_line import ROOT, dashboard
from tests.sources.faults import TOKEN, fail
from tests.sources.loopback import Loopback, loopback

CORDONED = {"change": "M-1", "host": "n-1", "state": "in_maintenance", "at": "2026-03-01T10:00:00Z"}


@pytest.fixture
def server() -> Iterator[Loopback]:
    with loopback() as found:
        yield found


def written(tmp_path: Path, *urls: str) -> Path:
    """A configuration of JSON interfaces named a, b, …, each asked every half second."""
    file = tmp_path / "sources.toml"
    file.write_text("".join(
        f'[[sources]]\nname = "{name}"\ntype = "json"\nurl = "{url}"\nrecords = "items"\ntimeout = 15\n'
        'interval = "0.5s"\ntoken_env = "THEIR_TOKEN"\n'
        '[sources.facts.nodes]\nnode_id = "host"\ngpus = { value = "8" }\ncluster_id = { value = "c" }\n'
        '[sources.facts.node_transitions]\nmaintenance_id = "change"\nnode_id = "host"\nstage = "state"\n'
        'occurred_at = "at"\n'
        for name, url in zip("abc", urls, strict=False)
    ))  # fmt: skip
    return file


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THEIR_TOKEN", TOKEN)


def test_one_source_that_fails_holds_up_no_other(server: Loopback, tmp_path: Path) -> None:
    """Status 1, the fault on standard error, the facts of the other one in the log; once it is mended, status 0."""
    server.says({"items": [CORDONED]})
    with loopback() as other:
        fail(other, "401")
        config, log = written(tmp_path, other.url, server.url), tmp_path / "log.db"
        first = dashboard("collect", "--once", "--config", config, database=log)
        other.says({"items": []})
        second = dashboard("collect", "--once", "--config", config, database=log)
        only = dashboard("collect", "--once", "--source", "b", "--again", "--config", config, database=log)

    assert (first.returncode, second.returncode, only.returncode) == (1, 0, 0), second.stderr
    assert first.stdout == "a: 0 new facts, 0 rows set aside\nb: 2 new facts, 0 rows set aside\n"
    assert "failed: a: " in first.stderr
    assert "refused the credential (401)" in first.stderr
    assert second.stderr == ""
    assert only.stdout == "b: 0 new facts, 0 rows set aside\n"
    assert TOKEN not in first.stdout + first.stderr + log.read_bytes().decode("latin-1")


def test_the_doctor_asks_every_source_and_keeps_nothing(server: Loopback, tmp_path: Path) -> None:
    server.says({"items": [CORDONED]})
    with loopback() as other:
        fail(other, "HTML")
        sick = dashboard("doctor", "--config", written(tmp_path, server.url, other.url), database=tmp_path / "log.db")
    server.says({"items": [CORDONED | {"at": "soon"}]})
    odd = dashboard("doctor", "--config", written(tmp_path, server.url), database=tmp_path / "log.db")
    server.says({"items": [CORDONED]})
    sound = dashboard("doctor", "--config", written(tmp_path, server.url), database=tmp_path / "log.db")
    engine = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    with reading(engine) as connection:
        kept = history(connection, "node_transitions")
    engine.dispose()

    assert (sick.returncode, odd.returncode, sound.returncode) == (1, 1, 0)
    assert "well   a: answers; first come 1 nodes, 1 node_transitions" in sick.stdout
    assert "wrong  b: " in sick.stdout
    assert "a web page instead of JSON" in sick.stdout
    assert "occurred_at 'soon' is no time" in odd.stdout
    assert kept == []


@pytest.mark.parametrize("words", [("collect", "--once"), ("worker",), ("doctor",)])
def test_a_configuration_that_cannot_work_is_status_2_and_one_line(tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "sources.toml"
    file.write_text('[[sources]]\nname = "a"\ntype = "json"\n')

    configs: list[list[str | Path]] = [[], ["--config", file], ["--config", tmp_path / "nowhere.toml"]]
    for config in configs:
        done = dashboard(*words, *config, database=tmp_path / "log.db")

        assert done.returncode == 2
        assert "Traceback" not in done.stderr
        told = [
            line for line in (done.stderr + done.stdout).splitlines() if "DASHBOARD_CONFIG" in line or "needs" in line
        ]
        assert len(told) == 1


def test_the_worker_collects_forecasts_recovers_and_stops_when_told(server: Loopback, tmp_path: Path) -> None:
    """Through a fault and back, until SIGTERM: then it ends at once, lets go of its source, and says nothing wrong."""
    config, log = written(tmp_path, server.url), tmp_path / "log.db"
    server.says({"items": [CORDONED]})
    environment = os.environ | {"DASHBOARD_DATABASE_URL": f"sqlite:///{log}", "DASHBOARD_CONFIG": str(config)}
    command = [sys.executable, "-m", "dashboard.cli", "worker"]
    engine = open_log(f"sqlite:///{log}")
    migrate(engine)
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(lambda: forecast(engine))
            fail(server, "503")
            until(lambda: state(engine).error != "")
            server.says({"items": [CORDONED, CORDONED | {"state": "in_service", "at": "2026-03-01T12:00:00Z"}]})
            until(lambda: len(transitions(engine)) == 2)
            process.send_signal(signal.SIGTERM)
            began = time.monotonic()
            status = process.wait(timeout=30)
        finally:
            process.kill()
        written_down = process.stderr.read() if process.stderr else ""
    after = state(engine)
    engine.dispose()

    assert status == 0
    assert time.monotonic() - began < 10
    assert (after.held_by, after.error, after.rows) == ("", "", 3)
    assert "Traceback" not in written_down
    assert "is well again" in written_down
    assert TOKEN not in written_down


def until(true: Callable[[], object], seconds: float = 90) -> None:
    """Waits for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)


def state(engine: Engine) -> State:
    with reading(engine) as connection:
        return read_states(connection)[0]


def transitions(engine: Engine) -> list[RowMapping]:
    with reading(engine) as connection:
        return history(connection, "node_transitions")


def forecast(engine: Engine) -> bool:
    with reading(engine) as connection:
        return bool(latest_positions(connection, ["M-1"]))
