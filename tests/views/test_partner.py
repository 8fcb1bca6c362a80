"""What a provider may be shown: not a word of anyone else, whatever the facts say."""

import dataclasses
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Engine

from dashboard.configuration import read_slas
from dashboard.jobs.forecast import Forecaster
from dashboard.jobs.transfer import import_dataset, newest_instant
from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.log.read import in_force
from dashboard.model.scope import Scope
from dashboard.model.stages import Role, Stage, Status
from dashboard.views.partner import Partner, between_us
from tests.log.stories import START, hours
from tests.views.test_expectations import NOW, RUNNING, case, commitment, tell, told

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
PROVIDERS = ("nimbus", "halden", "kestrel", "orrery", "southmere")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The sample, with what the worker learns from it."""
    newest = newest_instant(SAMPLE)
    assert newest is not None
    with opened(f"sqlite:///{tmp_path_factory.mktemp('partner') / 'log.db'}") as engine:
        import_dataset(engine, SAMPLE, newest)
        Forecaster(engine).step(newest)
        yield engine


def strings(value: Any) -> Iterator[str]:
    """Every piece of text in a value, however deep; the names of columns too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, pd.DataFrame):
        yield from (str(name) for name in value.columns)
        for row in value.itertuples(index=False, name=None):
            for cell in row:
                yield from strings(cell)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from strings(getattr(value, field.name))
    elif isinstance(value, (list, tuple, set)):
        for each in value:
            yield from strings(each)


def internal(connection: Connection, provider: str) -> set[str]:
    """Every name that this provider is not to see: teams, other providers, their clusters, and all parties but theirs.

    Read from the facts, not by the code that withholds them.
    """
    names: set[str] = set()
    for row in in_force(connection, "teams"):
        names |= {row["team_id"], row["name"]}
    for row in in_force(connection, "providers"):
        if row["provider_id"] != provider:
            names |= {row["provider_id"], row["name"]}
    names |= {row["cluster_id"] for row in in_force(connection, "clusters") if row["provider_id"] != provider}
    for row in in_force(connection, "parties"):
        if row["role"] != Role.PROVIDER or row["provider_id"] != provider:
            names |= {row["party_id"], row["name"], row["channel"]}
    return names - {""}


def leaks(shown: Partner, names: set[str]) -> list[tuple[str, str]]:
    """Which text names what, as a word of its own, in whatever case."""
    return [
        (name, text)
        for text in strings(shown)
        for name in names
        if re.search(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", text, re.IGNORECASE)
    ]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_provider_sees_a_word_of_anyone_else(sample: Engine, provider: str) -> None:
    """Every string of it, against every internal name of the sample; and it is not empty that it is clean."""
    newest = newest_instant(SAMPLE)
    assert newest is not None

    with reading(sample) as connection:
        shown = between_us(connection, Scope(), newest, provider, read_slas(SAMPLE / "contracts.toml"))
        names = internal(connection, provider)

    assert shown is not None
    assert len(names) > 50
    assert leaks(shown, names) == []
    assert len(list(strings(shown))) > 40
    assert len(shown.theirs) >= 2


def test_the_walk_finds_what_it_looks_for(sample: Engine) -> None:
    """Against a provider's own names it finds plenty: the test above can fail."""
    newest = newest_instant(SAMPLE)
    assert newest is not None

    with reading(sample) as connection:
        shown = between_us(connection, Scope(), newest, "nimbus")
        names = internal(connection, "halden")

    assert shown is not None
    assert {name for name, _ in leaks(shown, names)} >= {"Priya Raman", "Nimbus Cloud"}


def test_it_says_what_they_owe_us_and_we_owe_them(engine: Engine) -> None:
    tell(engine, *RUNNING, commitment("C-1", 1, "desk", 90, what="Hand back rack A"))

    with reading(engine) as connection:
        shown = between_us(connection, Scope(), NOW, "p")

    assert shown is not None
    assert shown.sentence == (
        "Provider owes us 4 things, 2 of them overdue; we owe Provider 2 things, 1 of them overdue."
    )
    assert shown.theirs["what"].tolist() == [
        "Hand back rack A", "Give back the last 3 nodes", "Hand back 2 nodes", "Repair 1 node"
    ]  # fmt: skip
    assert shown.theirs["who"].tolist() == ["Dora"] * 4
    assert shown.ours[["what", "who"]].to_numpy().tolist() == [
        ["Open a support case for 1 node in repair", "hardware health"], ["Validate 1 node", "hardware health"]
    ]  # fmt: skip


ODD: tuple[tuple[str, tuple[Any, ...]], ...] = (
    # Titles, words and names that mention what they should not, in any spelling.
    ("maintenance_updates", ("M-1", hours(2), "fleet", "", "", "Firmware before RED moves in", "", "", None, None,
                             None, "", "for Rita")),
    commitment("C-1", 3, "desk", 90, what="Agree the order with  Blue\tand Other"),
    commitment("C-2", 3, "desk", 90, what="Mail slack:#red"),
    commitment("C-3", 3, "red-lead", 90, what="Leave p's nodes for last"),
    commitment("C-4", 3, "stranger", 90, what="Whatever"),
    commitment("C-5", 3, "mole", 90, what="Dig"),
    # A case of theirs about a node elsewhere; one of theirs in another's maintenance; one that another holds here.
    case("CS-1", 91, "open", node="m-1", severity="red"),
    case("CS-2", 91, "waiting on Rita", node="n-3"),
    case("CS-red", 91, "open", node="n-3"),
    case("CS-4", 91, "open", "M-2", provider="p"),
    case("CS-5", 91, "open", "M-1", provider="q"),
    told(Status.IN_PROGRESS, 1, "M-2", provider="q", cluster="d"),
    ("node_transitions", ("M-2", "m-1", Stage.IN_MAINTENANCE, hours(50), hours(50), "test", "")),
    # Their maintenance that also holds another's node, and one whose very name tells.
    ("node_transitions", ("M-1", "m-1", Stage.IN_MAINTENANCE, hours(50), hours(50), "test", "")),
    told(Status.IN_PROGRESS, 1, "M-for-blue", end=hours(99), cluster=""),
)  # fmt: skip


def test_odd_and_hostile_facts_tell_no_more(engine: Engine) -> None:
    """A ladder that leads from their desk to our lead, a party of theirs named after our team, and all of ODD."""
    tell(engine, *RUNNING, *ODD)
    parties = [
        ("desk", "Dora", "provider", "p", "", "", "mailto:dora@p.example", "red-lead", ""),
        ("mole", "Red", "provider", "p", "", "", "slack:#blue", "nobody-known", ""),
    ]
    with appending(engine) as connection:
        append(connection, {"parties": parties}, NOW + timedelta(minutes=1), "test")

    with reading(engine) as connection:
        shown = between_us(connection, Scope(team="red"), NOW, "p")
        names = internal(connection, "p")

    assert shown is not None
    assert leaks(shown, names) == []
    assert not {"CS-4", "CS-5", "m-1", "M-2", "stranger", "nobody-known"} & set(strings(shown))
    assert set(shown.cases["case_id"]) == {"CS-1", "CS-2", "(internal)"}
    assert {"What it took on", "Dig"} <= set(shown.theirs["what"])


def test_a_provider_that_nobody_named_has_no_page(engine: Engine) -> None:
    tell(engine)

    with reading(engine) as connection:
        assert between_us(connection, Scope(), START, "nobody") is None
        found = between_us(connection, Scope(), START, "q")

    assert found is not None
    assert found.sentence == "Nothing is open between Other and us."
