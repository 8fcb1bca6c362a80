"""What was worked out of a past instant stays, until more of it becomes known."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append, take_position
from dashboard.log.database import appending, reading
from dashboard.model.instants import micros
from dashboard.model.stages import Stage
from dashboard.views.kept import Kept

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
THEN = NOW - 2 * HOUR


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    return sqlite_database


@pytest.fixture
def made() -> list[str]:
    return []


def asked(engine: Engine, kept: Kept[str, int], made: list[str], key: str = "a") -> int:
    def make() -> int:
        made.append(key)
        return len(made)

    with reading(engine) as connection:
        return kept.get(connection, key, THEN, make)


def tell(engine: Engine, recorded: datetime) -> None:
    row = ("M-1", "n-1", Stage.IN_MAINTENANCE, micros(recorded - HOUR), micros(recorded), "fleet", "")
    with appending(engine) as connection:
        append(connection, {"node_transitions": [row]}, NOW, "test")


def test_it_is_made_once_while_facts_come_in(engine: Engine, made: list[str]) -> None:
    kept: Kept[str, int] = Kept(2)
    found = [asked(engine, kept, made)]
    for minutes in (0, 1, 2):
        tell(engine, NOW + timedelta(minutes=minutes))
        found.append(asked(engine, kept, made))

    assert found == [1] * 4
    assert made == ["a"]


@pytest.mark.parametrize("ago", [timedelta(0), HOUR])
def test_what_comes_in_late_makes_it_anew(engine: Engine, made: list[str], ago: timedelta) -> None:
    kept: Kept[str, int] = Kept(2)
    tell(engine, NOW)
    before = asked(engine, kept, made)
    tell(engine, THEN - ago)

    assert [before, asked(engine, kept, made), asked(engine, kept, made)] == [1, 2, 2]


def test_no_more_are_kept_than_wanted(engine: Engine, made: list[str]) -> None:
    kept: Kept[str, int] = Kept(2)
    for key in "abcba":
        asked(engine, kept, made, key)

    assert "".join(made) == "abca"


def test_an_append_that_does_not_tell_is_taken_for_news(engine: Engine, made: list[str]) -> None:
    """Of a version that did not write down when its facts were recorded."""
    kept: Kept[str, int] = Kept(2)
    asked(engine, kept, made)
    with appending(engine) as connection:
        take_position(connection, NOW, "collect fleet", 3, newest=micros(NOW))

    assert asked(engine, kept, made) == 2
