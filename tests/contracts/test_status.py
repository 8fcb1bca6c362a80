"""`dashboard status` as people and programs run it."""

import json
from copy import copy
from datetime import UTC, datetime
from pathlib import Path

from click.testing import CliRunner, Result

from dashboard.cli import _database
from dashboard.errors import UsageError
from dashboard.jobs.transfer import import_dataset
from dashboard.log.database import opened
from dashboard.telling import status
from tests.contracts.test_command_line import SAMPLE, dashboard

NOW = datetime(2026, 11, 18, 15, 30, tzinfo=UTC)
THEN = "2026-11-18T15:20:00Z"


def inside(*words: str, database: Path) -> Result:
    """What the command says, in this process."""
    command = copy(status)
    command.params = [*status.params]
    return CliRunner().invoke(_database(command), [*words, "--database", f"sqlite:///{database}"])


def test_the_update_in_every_shape(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    with opened(f"sqlite:///{log}") as engine:
        import_dataset(engine, SAMPLE, NOW)

    markdown = dashboard("status", "--as-of", THEN, database=log)
    again = inside("--as-of", THEN, database=log)
    one = inside("M-1129", "--as-of", THEN, "--format", "text", "--zone", "Europe/Berlin", database=log)
    data = inside("--as-of", THEN, "--since", "2026-11-18T12:00:00Z", "--provider", "nimbus", "--format", "json",
                database=log)  # fmt: skip

    assert (markdown.returncode, markdown.stderr) == (0, "")
    assert [(each.exit_code, each.stderr) for each in (again, one, data)] == [(0, "")] * 3
    assert markdown.stdout == again.stdout  # of another process
    assert markdown.stdout.startswith("**Maintenance update, Wed 18 Nov 15:20 UTC**\n\n2,840 of 22,048 GPUs are out.")
    assert one.stdout.startswith("Maintenance update on Firmware 2.14 on H100 trays, wave 2 of 3 (M-1129), Wed 18 Nov")
    told = json.loads(data.stdout)
    assert (told["as_of"], told["since"], told["scope"]) == (THEN, "2026-11-18T12:00:00Z", {"provider": "Nimbus Cloud"})
    assert {each["provider"] for each in told["out"]} == {"Nimbus Cloud"}


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    log = tmp_path / "log.db"
    with opened(f"sqlite:///{log}"):
        pass
    wrong = {
        ("M-none", "--as-of", THEN): "status: M-none was not known at 2026-11-18T15:20:00Z",
        ("--team", "nobody"): "status: no team is called 'nobody'; there is none",
        ("--zone", "Berlin"): "status: no time zone is called 'Berlin'; write it like Europe/Berlin",
        ("--since", "2036-01-01T00:00:00Z"): "status: 2036-01-01T00:00:00Z is not before",
        ("--since", "yesterday"): "'yesterday' is no time; write it like 2026-01-14T12:00:00Z",
    }

    for words, why in wrong.items():
        done = inside(*words, database=log)

        assert (done.exit_code != 0, done.stdout) == (True, ""), words
        assert isinstance(done.exception, UsageError | SystemExit)
        assert why in (done.stderr or str(done.exception))
        assert "\n" not in str(done.exception)

    asked, why = next(iter(wrong.items()))
    outside = dashboard("status", *asked, database=log)
    assert (outside.returncode, outside.stdout, outside.stderr) == (2, "", f"dashboard: {why}\n")
