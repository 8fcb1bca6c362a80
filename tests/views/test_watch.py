"""What is stuck, late or silent, and what has happened in the last hour."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.usual_times import replace_usual
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage
from dashboard.model.usual import Usual, UsualTimes
from dashboard.views.watch import Watch, watch

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
USUAL = UsualTimes({("p", "firmware", "in_maintenance"): Usual(2.0, 4.0, 5.0)})


def move(node: str, stage: Stage, ago: float) -> tuple[object, ...]:
    at = micros(NOW - ago * HOUR)
    return ("M-1", node, stage, at, at, "fleet", "")


@pytest.fixture
def told(engine: Engine) -> Engine:
    """Three nodes with the provider for 5.5, 26 and 1 hours, where 19 in 20 take at most 5; one came back just now."""
    fleet: dict[str, list[tuple[object, ...]]] = {
        "clusters": [("c", "p", "", "", 8)],
        "nodes": [(f"n-{i}", "c", "", 8, "") for i in range(5)],
        "parties": [("noc", "Priya Raman", "provider", "p", "", "", "mailto:noc@p.example", "", "")],
    }
    begun, ends = micros(NOW - 30 * HOUR), micros(NOW + 9 * HOUR)
    update = ("M-1", begun, "fleet", "in_progress", "firmware", "Firmware 2.14", "p", "c", begun, ends, None, "", "")
    moves = [
        move("n-0", Stage.IN_MAINTENANCE, 5.5),
        move("n-1", Stage.IN_MAINTENANCE, 26),
        move("n-2", Stage.IN_MAINTENANCE, 1.5),
        move("n-3", Stage.VALIDATING, 2),
        move("n-3", Stage.IN_SERVICE, 0.5),
    ]
    with appending(engine) as connection:
        append(connection, fleet | {"maintenance_updates": [update], "node_transitions": moves}, NOW, "test")
        replace_usual(connection, USUAL, NOW - HOUR, NOW)
    return engine


def seen(engine: Engine, now: datetime = NOW) -> Watch:
    with reading(engine) as connection:
        return watch(connection, Scope(), now)


def test_a_node_is_stuck_once_it_is_longer_in_a_stage_than_19_of_20(told: Engine) -> None:
    story = seen(told)

    assert story.stuck[["node_id", "hours", "who", "contact"]].to_numpy().tolist() == [
        ["n-1", 26.0, "Priya Raman, p", "mailto:noc@p.example"],
        ["n-0", 5.5, "Priya Raman, p", "mailto:noc@p.example"],
    ]
    assert story.stuck_nodes == 2
    assert story.stuck["usual"].tolist() == ["19 in 20 take at most 5 h"] * 2
    assert story.sentence == "2 nodes are stuck and 1 thing is overdue."


def test_the_last_hour_is_told_by_maintenance(told: Engine) -> None:
    assert seen(told).changed.to_numpy().tolist() == [["Firmware 2.14", "1 node in service", "M-1"]]


def test_a_source_that_fell_silent_is_named(told: Engine) -> None:
    story = seen(told, NOW + 8 * HOUR)

    assert story.silent == ("fleet has told nothing for 8 h.",)


def test_nothing_wrong_is_said_in_one_sentence(engine: Engine) -> None:
    story = seen(engine)

    assert story.sentence == "Nothing is stuck, late or silent."
    assert (len(story.stuck), len(story.overdue), len(story.changed)) == (0, 0, 0)
