"""The command line as other programs rely on it."""

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "sample_data"


def dashboard(*words: str | Path, database: Path) -> "subprocess.CompletedProcess[str]":
    """Runs the command on a database."""
    environment = os.environ | {"DASHBOARD_DATABASE_URL": f"sqlite:///{database}"}
    command = [sys.executable, "-m", "dashboard.cli", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=120, check=False)


def test_from_import_to_eta_and_out_again(tmp_path: Path) -> None:
    """0 when done; results on standard output, and nothing on standard error when nothing is wrong."""
    log = tmp_path / "log.db"

    brought = dashboard("import", SAMPLE, database=log)
    told = dashboard("eta", "M-1127", "--as-of", "2026-11-18T15:20:00Z", "--format", "json", database=log)
    table = dashboard("eta", "--as-of", "2026-11-18T15:20:00Z", database=log)
    again = dashboard("rebuild", database=log)
    written = dashboard("export", tmp_path / "out", "--as-of", "2026-06-01T00:00:00Z", database=log)

    assert [each.returncode for each in (brought, told, table, again, written)] == [0] * 5
    assert (brought.stderr, told.stderr) == ("", "")
    answer = json.loads(told.stdout)
    assert answer["as_of"] == "2026-11-18T15:20:00Z"
    (forecast,) = answer["forecasts"]
    assert set(forecast) == {
        "maintenance_id", "status", "gpus", "planned_end", "claimed_end", "back", "curve", "because"
    }  # fmt: skip
    assert set(forecast["gpus"]) == {"total", "out", "returned", "lost"}
    assert [each["fraction"] for each in forecast["back"]] == [0.5, 0.9, 0.95, 1.0]
    assert set(forecast["back"][0]["quantiles"]) == {"0.05", "0.1", "0.25", "0.5", "0.75", "0.9", "0.95"}
    assert set(forecast["curve"]["gpus_out"]) == {"0.1", "0.5", "0.9"}
    assert len(forecast["curve"]["at"]) == len(forecast["curve"]["gpus_out"]["0.5"])
    assert "M-1129" in table.stdout
    assert (tmp_path / "out" / "node_transitions.csv").is_file()


def test_rows_that_are_set_aside_end_in_status_1(tmp_path: Path) -> None:
    """Each is told on standard error; --strict imports nothing."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "nodes.csv").write_text("node_id,cluster_id,gpus\nn-1,c,8\nn-2,c,many\n")

    strict = dashboard("import", folder, "--strict", database=tmp_path / "log.db")
    loose = dashboard("import", folder, database=tmp_path / "log.db")

    assert (strict.returncode, loose.returncode) == (1, 1)
    assert "Nothing was imported" in strict.stderr
    assert "nodes.csv, line 3: gpus 'many'" in loose.stderr
    assert "nodes.csv: 1 new of 2 rows" in loose.stdout


def test_wrong_usage_is_status_2_and_one_line(tmp_path: Path) -> None:
    """What was wrong, and what to do; never a stack trace."""
    wrong = [
        ("import", tmp_path / "nowhere"),
        ("eta", "--as-of", "yesterday"),
        ("eta", "M-nobody", "--as-of", "2026-01-01T00:00:00Z"),
        ("fly",),
        ("eta", "--database", "mysql://a:secret@b/c"),
        ("eta", "--database", "postgresql://a:secret@127.0.0.1:1/c"),
    ]

    for words in wrong:
        done = dashboard(*words, database=tmp_path / "log.db")

        assert done.returncode == 2, words
        assert done.stdout == ""
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "secret" not in done.stderr


def test_a_backtest_answers_what_it_is_asked_with_nothing_recorded_later(tmp_path: Path) -> None:
    """An outage history without plans: nodes go to repairing and from there to service; later rows change nothing."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    (folder / "nodes.csv").write_text("node_id,cluster_id,gpus\n" + "".join(f"n-{i},c,1\n" for i in range(4)))
    head = "maintenance_id,node_id,stage,occurred_at\n"
    past = "".join(
        f"B-{day},n-{i},repairing,1999-05-{day:02}T10:0{i}:00Z\n"
        f"B-{day},n-{i},in_service,1999-05-{day:02}T1{1 + i}:00:00Z\n"
        for day in range(1, 10)
        for i in range(4)
    )
    now = "".join(f"B-20,n-{i},repairing,1999-05-20T10:0{i}:00Z\n" for i in range(4))
    later = "B-20,n-0,in_service,1999-05-20T18:00:00Z\n"
    (tmp_path / "instants.csv").write_text("maintenance_id,as_of\nB-20,1999-05-20T12:00:00+02:00\n")
    answers = []

    for rows in (past + now, past + now + later):
        (folder / "node_transitions.csv").write_text(head + rows)
        done = dashboard(
            "backtest", folder, "--instants", tmp_path / "instants.csv", "--out", tmp_path / "answers.csv",
            database=tmp_path / "unused.db",
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        answers.append((tmp_path / "answers.csv").read_text())

    first = list(csv.DictReader(answers[0].splitlines()))
    assert answers[0] == answers[1]
    assert list(first[0]) == ["maintenance_id", "as_of", "fraction", "level", "at"]
    assert {row["as_of"] for row in first} == {"1999-05-20T12:00:00+02:00"}
    assert len(first) == 4 * 7
    assert all(row["at"] >= "1999-05-20T10:00:00Z" for row in first)
