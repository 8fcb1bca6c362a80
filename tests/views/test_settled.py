"""What is remembered is what would be read again: whatever is appended, memory changes nothing in a review."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from dashboard.log import reviewing
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage, Status
from dashboard.views.review import Review, review
from dashboard.views.settled import Settled
from tests.log.stories import START, Fact, hours, join, transition
from tests.views.test_expectations import case, tell, told
from tests.views.test_review import ENDED, NOW, way

PERIOD = "2026-Q1"


def seen(engine: Engine, memory: Settled | None, team: str | None = None) -> Review:
    with reading(engine) as connection:
        return review(connection, Scope(team=team), NOW, PERIOD, settled=memory)


def add(engine: Engine, *facts: Fact) -> None:
    with appending(engine) as connection:
        for name, row in facts:
            append(connection, {name: [row]}, NOW, "test")


def held(engine: Engine, memory: Settled) -> set[str]:
    with reading(engine) as connection:
        position = memory.catch_up(connection)
        return set(memory.recall(position, ["M-1", "M-2"], (None, None, None, None, micros(START - timedelta(days=4)))))


@pytest.mark.parametrize(
    "news",
    [
        transition("n-1", Stage.IN_SERVICE, 68),
        transition("n-0", Stage.REPAIRING, 90),
        told(Status.SCHEDULED, 10, end=hours(80)),
        case("C-1", 52, "open"),
        join("X-1", "M-1", 71),
        ("nodes", ("n-0", "c", "r", 16, "blue")),
        ("allocations", ("red", "c", 8, hours(0), None)),
        transition("n-2", Stage.REPAIRING, 100, maintenance="M-3"),
    ],
)
def test_news_of_any_kind_is_seen(engine: Engine, news: Fact) -> None:
    tell(engine, *ENDED, *way("n-2", 50, 51, 55, 56, 58, maintenance="M-2"), told(Status.COMPLETED, 60, "M-2"))
    memory = Settled()
    assert seen(engine, memory) == seen(engine, None)
    assert held(engine, memory) == {"M-1", "M-2"}

    add(engine, news)

    assert seen(engine, memory) == seen(engine, None)
    assert seen(engine, memory, team="blue") == seen(engine, None, team="blue")


def test_what_is_over_is_not_read_again_and_what_moved_is(engine: Engine) -> None:
    tell(engine, *ENDED, *way("n-2", 50, 51, 55, 56, 58, maintenance="M-2"), told(Status.COMPLETED, 60, "M-2"))
    memory = Settled()
    seen(engine, memory)

    add(engine, case("C-1", 52, "open"))

    assert held(engine, memory) == {"M-2"}


def test_what_still_runs_is_not_remembered(engine: Engine) -> None:
    tell(engine, *ENDED[:4], *way("n-0", 50, 51, 55, 56, 58), transition("n-1", Stage.IN_MAINTENANCE, 50))
    memory = Settled()

    seen(engine, memory)

    assert held(engine, memory) == set()


def test_a_reader_that_is_behind_neither_recalls_nor_keeps(engine: Engine) -> None:
    """Its connection sees the log as it was before the others caught up."""
    memory = Settled()
    tell(engine, *ENDED)
    with reading(engine) as connection:
        now = memory.catch_up(connection)
    assert now is not None

    memory.keep(now - 1, {"M-1": "old"}, "about")

    assert memory.recall(now - 1, ["M-1"], "about") == {}
    assert memory.recall(now, ["M-1"], "about") == {}


def test_what_was_touched_is_told_by_position(engine: Engine) -> None:
    tell(engine, *ENDED)
    with reading(engine) as connection:
        position = Settled().catch_up(connection)
        assert position is not None
        assert reviewing.touched_since(connection, 0) == {"M-1"}
        assert reviewing.touched_since(connection, position) == set()
