"""The update that writes itself: it reads well, it is the same for the same facts, and each sentence has its fact."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.errors import UsageError
from dashboard.jobs.forecast import Forecaster
from dashboard.jobs.transfer import import_dataset
from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.views.status import status
from dashboard.views.update import escaped, written

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("status.golden.md")
NOW = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)
DAY = timedelta(days=1)
HOSTILE = "<b>x</b> [a](https://evil.example) @everyone `rm`\n# gone"

Facts = dict[str, list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The sample, as it was forecast the day before."""
    with opened(f"sqlite:///{tmp_path_factory.mktemp('sample') / 'log.db'}") as engine:
        import_dataset(engine, ROOT / "sample_data", NOW)
        Forecaster(engine).step(NOW - DAY)
        yield engine


def told(engine: Engine, shape: str = "markdown", ids: Sequence[str] = (), **scope: Any) -> Any:
    with reading(engine) as connection:
        return written(status(connection, Scope(**{"as_of": NOW} | scope), NOW, None, ids), shape)


def test_the_update_of_the_sample_is_the_one_that_was_read_aloud(sample: Engine) -> None:
    """Facts in, text out: the same for the same facts, whenever and however often it is asked for."""
    first, again = told(sample), told(sample)

    assert first == again
    assert first == GOLDEN.read_text(encoding="utf-8")


def test_it_is_short_enough_for_a_chat(sample: Engine) -> None:
    """Slack cuts a message at 4,000 characters."""
    assert len(told(sample)) < 4000
    assert len(told(sample, ids=["M-1129"])) < 1500


def test_all_three_shapes_say_the_same(sample: Engine) -> None:
    """Markdown without its marks is the text; JSON has every line, with the numbers behind it."""
    markdown, text, data = (told(sample, shape) for shape in ("markdown", "text", "json"))

    assert re.sub(r"\*\*|\\|^- ", "", markdown, flags=re.M) == re.sub(r"^  ", "", text, flags=re.M)
    assert data["sentence"] in text
    assert sum(each["out"] for each in data["out"]) >= data["gpus"]["out"] == 2840
    assert [each["maintenance_id"] for each in data["out"]] == ["M-1129", "M-1130", "M-1127", "M-1128", "M-1133"]


def test_a_team_is_told_of_its_own_part(sample: Engine) -> None:
    """In GPUs of its own, on its own clock, and of nothing that does not touch it."""
    found = told(sample, team="vision", zone="Europe/Berlin")

    assert found.startswith("**Maintenance update for Vision, Wed 18 Nov 16:20 CET**")
    assert "of 3,026 GPUs of Vision are out." in found
    assert "UPS battery exchange" not in found


def test_one_maintenance_is_told_without_repeating_its_name(sample: Engine) -> None:
    found = told(sample, ids=["M-1129"])

    assert found.count("wave 2 of 3") == 1
    assert "(M-1129)" in found


def test_what_is_not_known_is_refused_in_a_sentence(sample: Engine) -> None:
    with pytest.raises(UsageError, match=r"M-nobody was not known at 2026-11-18T15:20:00Z"):
        told(sample, ids=["M-nobody"])
    with reading(sample) as connection, pytest.raises(UsageError, match="is not before"):
        status(connection, Scope(as_of=NOW), NOW, NOW + DAY)


# -- A log of a few facts, so that each can be taken away ------------------------------------------------------------


def at(hours: float) -> int:
    return micros(NOW + timedelta(hours=hours))


def updated(known: float, **what: Any) -> tuple[Any, ...]:
    row = {
        "source": "console",
        "status": "",
        "kind": "firmware",
        "title": "",
        "provider": "",
        "start": None,
        "end": None,
    }
    row |= what
    return ("M-1", at(known), row["source"], row["status"], row["kind"], row["title"], row["provider"], "c",
            row["start"], row["end"], None, "", "")  # fmt: skip


def entered(node: str, stage: str, hours: float) -> tuple[Any, ...]:
    return "M-1", node, stage, at(hours), at(hours), "fleet", ""


FLEET: Facts = {
    "providers": [("p", "Acme Cloud")],
    "clusters": [("c", "p", "north", "H100", 8)],
    "nodes": [(f"n-{i}", "c", "r", 8, "") for i in range(4)],
    "maintenance_nodes": [("M-1", f"n-{i}", at(-60), False) for i in range(4)],
    "maintenance_updates": [
        updated(-60, status="confirmed", title="Firmware 2.14", provider="p", start=at(-30), end=at(20))
    ],
}
SUPPORTED: dict[str, tuple[str, tuple[Any, ...], str]] = {
    "a status": ("maintenance_updates", updated(-2.5, status="in_progress"), "Firmware 2.14**: began"),
    "a claim": (
        "provider_messages",
        ("m-1", "M-1", "p", at(-2), "ops", "later", "", at(50)),
        "promised for Fri 17:20",
    ),
    "nodes that went": ("node_transitions", entered("n-0", "in_maintenance", -5), "8 GPUs went out"),
    "nodes that came back": ("node_transitions", entered("n-1", "in_service", -1), "8 came back"),
    "nodes in repair": ("node_transitions", entered("n-2", "repairing", -1), "went to repair"),
    "nodes that are lost": ("node_transitions", entered("n-3", "removed", -1), "were lost"),
    "a promise of somebody's": (
        "commitments",
        ("k-1", at(-30), "M-1", "ana", "send the revised plan", at(-4), None, False),
        "send the revised plan, due Wed 11:20, 4 h late",
    ),
    "somebody's name": ("parties", ("ana", "Ana Ruiz", "provider", "p", "", "", "#acme", "", ""), "**Ana Ruiz**"),
}
PLAN = ("maintenance_updates", updated(-3, end=at(26)), "promised end moved to Thu 17:20, 6 h later")
BEFORE = [entered(f"n-{i}", "in_maintenance", -28) for i in (1, 2, 3)]


def story(database: str, *without: str, more: Facts | None = None) -> str:
    """What is told of all these facts but some."""
    facts: Facts = {name: list(rows) for name, rows in FLEET.items()}
    facts["node_transitions"] = list(BEFORE)
    for what, (name, row, _) in SUPPORTED.items():
        if what not in without:
            facts.setdefault(name, []).append(row)
    for name, rows in (more or {}).items():
        facts.setdefault(name, []).extend(rows)
    with opened(database) as engine:
        with appending(engine) as connection:
            append(connection, facts, NOW, "test")
        if "forecasts" not in without:
            Forecaster(engine).step(NOW - DAY)
        return str(told(engine))


def test_every_sentence_has_its_fact(sqlite_database: str) -> None:
    whole = story(sqlite_database)

    for what, (_, _, sentence) in SUPPORTED.items():
        assert sentence in whole, f"{what}: {whole}"
    assert "**ETA moved since Tue 15:20**" in whole


def test_a_plan_that_moved_is_told_where_it_moved(tmp_path: Path) -> None:
    """Where the provider has said nothing later in a message, the plan is its word."""
    name, row, sentence = PLAN

    moved = story(f"sqlite:///{tmp_path / 'moved.db'}", "a claim", more={name: [row]})
    stayed = story(f"sqlite:///{tmp_path / 'stayed.db'}", "a claim")

    assert sentence in moved
    assert "promised end" not in stayed


@pytest.mark.parametrize("what", SUPPORTED)
def test_without_the_fact_there_is_no_sentence(sqlite_database: str, what: str) -> None:
    assert SUPPORTED[what][2] not in story(sqlite_database, what)


def test_without_a_forecast_of_then_no_eta_has_moved(sqlite_database: str) -> None:
    """What was said then is a fact of the log; it is not made up afterwards."""
    assert "ETA moved" not in story(sqlite_database, "forecasts")


def test_of_an_empty_log_nothing_is_told_but_that(sqlite_database: str) -> None:
    with opened(sqlite_database) as engine:
        assert told(engine) == "**Maintenance update, Wed 18 Nov 15:20 UTC**\n\nNo GPUs are known here.\n"


def test_what_providers_write_stays_letters(sqlite_database: str) -> None:
    """No link, no markup, no line of their own, and nobody is called."""
    with opened(sqlite_database) as engine:
        facts = FLEET | {"maintenance_updates": [updated(-60, status="in_progress", title=HOSTILE, start=at(-30))]}
        with appending(engine) as connection:
            append(connection, facts | {"node_transitions": BEFORE}, NOW, "test")
        found = told(engine)

    assert "\\<b\\>x\\</b\\> \\[a\\](https:" in found
    assert "](http" not in found.replace("\\](", "")
    assert "@everyone" not in found
    assert "https://" not in found
    assert not re.search(r"^#", found, re.M)


def test_escaping_leaves_plain_words_alone() -> None:
    assert (
        escaped("Firmware 2.14 on H100 trays, wave 2 of 3 (M-1129)")
        == "Firmware 2.14 on H100 trays, wave 2 of 3 (M-1129)"
    )
