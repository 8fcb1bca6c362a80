"""The numbers on each page are those of the API and those of SQL on the log, at five instants of the sample."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.jobs.judge import judge
from dashboard.jobs.notify import Notifier
from dashboard.log.database import reading
from dashboard.model.instants import micros
from dashboard.sources.directory import Directory
from tests.contracts.numbers import CASES, CLUSTERS, ENTERED, LATE, LOST, OPEN, OUT, SHOWN, Numbers
from tests.notices.places import plan_of
from tests.notices.test_acknowledging import hook
from tests.pages.test_states import opened, plainly
from tests.sources.asked import Asked
from tests.web.conftest import NOW, Standing, World, sample_url, world

INSTANTS = [
    datetime(2026, 2, 3, 8, tzinfo=UTC),
    datetime(2026, 4, 14, 9, 30, tzinfo=UTC),
    datetime(2026, 7, 1, 18, 45, tzinfo=UTC),
    datetime(2026, 10, 20, 23, 59, tzinfo=UTC),
    datetime(2026, 11, 17, 20, tzinfo=UTC),
]

ANNOUNCED = {"proposed", "scheduled", "confirmed", "deferred"}
RUNNING = {"in_progress", "recovering"}
CLOSED = {"completed", "cancelled"}

__all__ = ["sample_url"]  # the fixture


@dataclass(frozen=True, slots=True)
class Remembering(Standing):
    """Answers a question once, for page and API alike: they are held against SQL, not against each other's work."""

    said: dict[str, Any] = field(default_factory=dict)

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name.startswith("_") or name == "now" or not callable(found):
            return found

        def once(*args: Any) -> Any:
            if (key := f"{name} {args!r}") not in said:
                said[key] = found(*args)
            return said[key]

        said = object.__getattribute__(self, "said")
        return once


@pytest.fixture(scope="module")
def sample(sample_url: str) -> Iterator[World]:
    """The sample, served."""
    with world(sample_url, Remembering) as found:
        yield found


@pytest.fixture(params=INSTANTS, ids=[f"{each:%d %b}" for each in INSTANTS])
def at(request: pytest.FixtureRequest) -> datetime:
    """An instant to look at."""
    found: datetime = request.param
    return found


@contextmanager
def log(world: World, at: datetime) -> Iterator[Numbers]:
    """What SQL says."""
    with reading(world.answers.engine) as connection:
        yield Numbers(connection, micros(at))


def api(world: World, path: str, at: datetime) -> Any:
    answer = world.served.ask("GET", f"/api/v1{path}", params={"as_of": at.isoformat()})
    assert answer.status_code == 200, answer.text
    return answer.json()


def page(world: World, room: str, at: datetime, **address: str) -> AppTest:
    """The page, drawn from the same log."""
    return opened(world.answers, room, as_of=at.isoformat(), **address)


def metrics(app: AppTest) -> dict[str, list[int]]:
    """The whole numbers at the top of a page, by their labels."""
    shown = {each.label: plainly(f"{each.value} {each.delta or ''}") for each in app.metric}
    return {
        label: [
            int(each.replace(",", ""))
            for each in re.findall(r"\d[\d,]*", re.sub(r"in 24 h|last 7 days|80 % is right", "", said))
        ]
        for label, said in shown.items()
    }


def table(app: AppTest, name: str, number: str) -> dict[str, int]:
    """Two columns of the table that has them."""
    (frame,) = (each.value for each in app.table if {name, number} <= set(each.value.columns))
    return {plainly(str(row[0])): int(row[1]) for row in frame[[name, number]].itertuples(index=False)}


def test_capacity(sample: World, at: datetime) -> None:
    """GPUs out, in all, lost, and cluster by cluster."""
    shown, told = page(sample, "capacity", at), api(sample, "/capacity", at)
    with log(sample, at) as sql:
        out, lost, whole = sql.one(OUT), sql.one(LOST), sql.one("SELECT SUM(gpus) FROM nodes")
        clusters = sql.by(CLUSTERS)

    assert metrics(shown)["Out now"] == [each for each in (out, whole, lost) if each or each is whole or each is out]
    assert (told["out"], told["lost"], told["gpus"]) == (out, lost, whole)
    assert {each["cluster"]: each["out"] for each in told["clusters"] if each["out"]} == clusters
    assert table(shown, "Cluster", "Out") == {each["cluster"]: each["out"] for each in told["clusters"]}


def test_maintenances(sample: World, at: datetime) -> None:
    """How many run, are late, announced and over; and the GPUs of each."""
    shown, told = page(sample, "maintenances", at), api(sample, "/maintenances", at)
    with log(sample, at) as sql:
        status = sql.by(f"SELECT maintenance_id, status FROM whole WHERE {SHOWN}")
        gpus = sql.all(f"SELECT maintenance_id, gpus_out, gpus FROM whole WHERE {SHOWN}")
        late = sql.one(LATE)

    assert {each["maintenance_id"]: each["status"] for each in told["items"]} == status
    assert sorted((e["maintenance_id"], e["gpus_out"], e["gpus"]) for e in told["items"]) == sorted(gpus)
    assert sum(each["risk"] == "late" and each["status"] in RUNNING for each in told["items"]) == late
    frame = shown.dataframe[0].value
    assert sorted(zip(frame["maintenance_id"], frame["gpus_out"], frame["gpus"], strict=True)) == sorted(gpus)
    assert metrics(shown) == {
        "Running": [sum(each in RUNNING for each in status.values())],
        "Late": [late],
        "Announced": [sum(each in ANNOUNCED for each in status.values())],
        "Finished": [sum(each in CLOSED for each in status.values())],
    }


def test_each_maintenance(sample: World, at: datetime) -> None:
    """What is out, back and lost of the three largest that are shown, and the nodes in each stage."""
    with log(sample, at) as sql:
        of = "maintenance_id, gpus, gpus_out, returned, lost"
        largest = sql.all(f"SELECT {of} FROM whole WHERE {SHOWN} ORDER BY gpus_out DESC, gpus DESC, 1 LIMIT 2")
        stages = {
            name: sql.by(f"SELECT stage, COUNT(*) FROM away WHERE maintenance_id = '{name}' GROUP BY stage")
            for name, *_ in largest
        }

    assert largest
    for name, gpus, out, returned, lost in largest:
        shown, told = page(sample, "maintenance", at, maintenance=name), api(sample, f"/maintenances/{name}", at)
        assert (told["gpus"], told["out"], told["returned"], told["lost"]) == (gpus, out, returned, lost)
        assert metrics(shown)["Out"] == [out, gpus, *([lost] if lost else [])]
        assert metrics(shown)["Back"] == [returned]
        assert {each["stage"].replace(" ", "_"): each["nodes"] for each in told["stages"] if each["nodes"]} == stages[
            name
        ]


def test_where_nodes_stand(sample: World, at: datetime) -> None:
    """The nodes of open maintenances, stage by stage."""
    shown, told = page(sample, "lifecycle", at), api(sample, "/lifecycle", at)
    with log(sample, at) as sql:
        nodes = sql.by(
            f"SELECT stage, COUNT(*) FROM away JOIN whole USING (maintenance_id) WHERE whole.{OPEN} "
            "AND stage <> 'removed' GROUP BY stage"
        )
        lost = sql.one("SELECT COUNT(DISTINCT node_id) FROM away WHERE stage = 'removed' "
                       "AND node_id NOT IN (SELECT node_id FROM away WHERE is_out)")  # fmt: skip

    counted = {each["stage"].replace(" ", "_"): each["nodes"] for each in told["stages"] if each["nodes"]}
    assert counted == nodes | ({"removed": lost} if lost else {})
    assert table(shown, "Stage", "Nodes") == {each["stage"]: each["nodes"] for each in told["stages"]}


def test_who_is_up(sample: World, at: datetime) -> None:
    """Parties, things, what is overdue and at risk; and the support cases that are open."""
    shown, told = page(sample, "whos_up", at), api(sample, "/owed", at)
    with log(sample, at) as sql:
        cases = sql.one(CASES)

    assert len(told["cases"]) == cases
    assert len(told["owed"]) == told["things"]
    assert sum(each["state"].startswith("overdue") for each in told["owed"]) == told["overdue"]
    if told["things"]:
        assert metrics(shown) == {
            "Waiting for": [told["waiting_for"], told["things"]],
            "Overdue": [told["overdue"]],
            "At risk": [told["at_risk"]],
            "Due in 24 h": [told["due_in_24_hours"]],
        }


def test_watch(sample: World, at: datetime) -> None:
    """What is stuck, overdue, contradictory and silent; and what nodes did in the last hour."""
    shown, told = page(sample, "watch", at), api(sample, "/watch", at)
    owed = api(sample, "/owed", at)
    with log(sample, at) as sql:
        entered = sql.one(ENTERED)

    assert metrics(shown) == {
        "Stuck": [told["stuck_nodes"]],
        "Overdue": [told["overdue"]],
        "Contradictions": [len(told["contradictions"])],
        "Silent": [len(told["silent"])],
    }
    assert told["overdue"] == owed["overdue"]
    assert sum(int(each) for row in told["changed"] for each in re.findall(r"\d+", row["what"])) == entered


def test_what_comes_in(sample: World, tmp_path: Path) -> None:
    """Rows set aside, facts and sources: as of now, whatever is asked."""
    (tmp_path / "teams.csv").write_text("team_id,name\nred,Red\n")
    (tmp_path / "nodes.csv").write_text("node_id,cluster_id,gpus\nn-1,nimbus-iad-1,many\n")
    asked = Asked(sample.answers.engine, Directory(name="folder", type="dataset", folder=tmp_path))
    asked.now = NOW
    asked.again(minutes=0)
    shown, told = page(sample, "sources", INSTANTS[-1]), sample.served.ask("GET", "/api/v1/sources").json()
    with log(sample, INSTANTS[-1]) as sql:
        aside = sql.one("SELECT COUNT(*) FROM set_aside")
        rows, sources = sql.one("SELECT SUM(rows) FROM source_states"), sql.one("SELECT COUNT(*) FROM source_states")

    assert (told["set_aside"], told["facts"], len(told["sources"])) == (aside, rows, sources)
    assert metrics(shown) == {"Sources": [sources], "Facts brought in": [rows], "Set aside": [aside]}
    assert (sources, rows, aside) == (1, 1, 1)


def test_trust(sample: World) -> None:
    """How many forecasts were judged, and how many ranges held."""
    next(judge(sample.answers.engine, NOW))
    shown, told = page(sample, "trust", NOW), api(sample, "/trust", NOW)
    with log(sample, NOW) as sql:
        of = "FROM judgements"
        forecasts, held = sql.one(f"SELECT COUNT(*) {of}"), sql.one(f"SELECT SUM(pit BETWEEN 0.1 AND 0.9) {of}")

    assert told["forecasts"] == forecasts
    assert told["held"] == pytest.approx(held / forecasts)
    assert metrics(shown)["80 % ranges held"][0] == round(100 * held / forecasts)


def test_who_was_told(sample: World) -> None:
    """Notices written, and messages that wait for somebody."""
    Notifier(sample.answers.engine, plan_of(hook("http://127.0.0.1:9/"))).step(NOW)
    told = sample.served.ask("GET", "/api/v1/notices").json()
    with log(sample, NOW) as sql:
        written = sql.one("SELECT COUNT(*) FROM notices")
        waiting = sql.one("SELECT COUNT(DISTINCT audience) FROM messages WHERE urgent AND key NOT IN "
                          "(SELECT message FROM acknowledgements)")  # fmt: skip
    shown = page(sample, "notices", NOW)

    assert written > 0
    assert (told["written"], told["unconfirmed"]) == (written, waiting)
    assert len([each for each in shown.button if each.label == "Acknowledge"]) == waiting
    assert f"{written:,} notice" in plainly(shown.title[0].value)
