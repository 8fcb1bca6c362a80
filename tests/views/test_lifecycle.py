"""Where nodes stand and how long stays are, counted by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.log.stays import stays
from dashboard.model.scope import Scope
from dashboard.model.stages import STAGES, Stage
from dashboard.views.lifecycle import FEWEST, Lifecycle, lifecycle
from tests.log.stories import NOW, START, Fact, hours, join, tell, transition

NODES = [f"n-{i}" for i in range(1, 7)]


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    """Six nodes of 8 GPUs."""
    with opened(sqlite_database) as found:
        with appending(found) as connection:
            fleet: dict[str, list[tuple[Any, ...]]] = {
                "providers": [("p", "Provider")],
                "clusters": [("c", "p", "region", "sku", 8)],
                "nodes": [(node, "c", "r", 8, "") for node in NODES],
            }
            append(connection, fleet, NOW, "test")
        yield found


def word(status: str, known: float, maintenance: str = "M-1") -> Fact:
    told = (maintenance, hours(known), "test", status, "firmware", "", "p", "c", None, None, None, "", "")
    return "maintenance_updates", told


def seen(engine: Engine, *told: Fact, at: float | None = None, **scope: Any) -> Lifecycle:
    tell(engine, told, fleet=False)
    as_of = None if at is None else START + timedelta(hours=at)
    with reading(engine) as connection:
        return lifecycle(connection, Scope(as_of=as_of, **scope), NOW)


def finished() -> list[Fact]:
    """Node i is with the provider for i hours, and validates for one; all is over after ten."""
    told = [word("in_progress", 0)]
    for i, node in enumerate(NODES, 1):
        told += [transition(node, Stage.IN_MAINTENANCE, 0), transition(node, Stage.RETURNED, i),
                 transition(node, Stage.VALIDATING, i), transition(node, Stage.IN_SERVICE, i + 1)]  # fmt: skip
    return [*told, word("completed", 10)]


def way(found: Lifecycle, before: Stage, after: Stage) -> tuple[int, float | None, float | None]:
    (one,) = [each for each in found.states.ways if (each.before, each.after) == (before, after)]
    return one.moves, one.likely, one.plan_on


def test_a_way_is_as_long_as_the_stays_that_took_it(engine: Engine) -> None:
    """1 to 6 hours: 3.5 at the median, 5.5 at the 90th percentile."""
    found = seen(engine, *finished())

    moves, likely, plan_on = way(found, Stage.IN_MAINTENANCE, Stage.RETURNED)
    assert (moves, likely) == (6, 3.5)
    assert plan_on == pytest.approx(5.5)
    assert way(found, Stage.VALIDATING, Stage.IN_SERVICE) == (6, 1, 1)


def test_what_is_not_over_says_nothing_of_how_long_it_takes(engine: Engine) -> None:
    """Only stays of finished maintenances count: those that are over early are the short ones."""
    found = seen(engine, *finished()[:-1])

    assert way(found, Stage.IN_MAINTENANCE, Stage.RETURNED)[0] == 0
    assert way(found, Stage.IN_MAINTENANCE, Stage.RETURNED)[1] is None
    assert found.basis == "No maintenance here is finished yet, so nothing tells how long a stage takes."


def test_a_past_instant_knows_only_what_was_finished_then(engine: Engine) -> None:
    found = seen(engine, *finished(), at=9)

    assert way(found, Stage.IN_MAINTENANCE, Stage.RETURNED)[0] == 0
    assert found.states.steps[STAGES.index(Stage.IN_SERVICE)].nodes == 6


def test_too_few_stays_make_no_median(engine: Engine) -> None:
    told = [word("in_progress", 0), word("completed", 10)]
    for node in NODES[: FEWEST - 1]:
        told += [transition(node, Stage.REPAIRING, 1), transition(node, Stage.REMOVED, 5)]

    assert way(seen(engine, *told), Stage.REPAIRING, Stage.REMOVED)[0] == 4
    assert way(seen(engine), Stage.REPAIRING, Stage.REMOVED)[1] is None


def test_a_stage_that_is_told_again_is_not_entered_again(engine: Engine) -> None:
    """In maintenance at 0 and, said again, at 2; returned at 3: one stay of three hours."""
    tell(engine, [transition("n-1", Stage.IN_MAINTENANCE, 0), transition("n-1", Stage.IN_MAINTENANCE, 2),
                  transition("n-1", Stage.RETURNED, 3)], fleet=False)  # fmt: skip

    with reading(engine) as connection:
        assert stays(connection, ["M-1"]) == {("in_maintenance", "returned"): [3.0]}


def test_stays_of_what_two_sources_tell_are_told_once(engine: Engine) -> None:
    stay = (Stage.IN_MAINTENANCE, 0.0), (Stage.RETURNED, 3.0)
    told = [transition("n-1", stage, at, maintenance=name) for name in ("M-1", "M-2") for stage, at in stay]
    tell(engine, [*told, join("M-2", "M-1", 1)], fleet=False)

    with reading(engine) as connection:
        assert stays(connection, ["M-1"]) == {("in_maintenance", "returned"): [3.0]}


def test_nodes_stand_where_they_were_last_told_to(engine: Engine) -> None:
    """One cordoned, two with the provider, one lost, and two that nobody has told of."""
    found = seen(
        engine,
        word("in_progress", 0),
        transition("n-1", Stage.CORDONED, 1),
        transition("n-2", Stage.IN_MAINTENANCE, 1),
        transition("n-3", Stage.IN_MAINTENANCE, 1),
        transition("n-4", Stage.REMOVED, 1),
    )

    counts = {each.stage: (each.nodes, each.gpus) for each in found.states.steps if each.nodes}
    assert counts == {Stage.CORDONED: (1, 8), Stage.IN_MAINTENANCE: (2, 16), Stage.REMOVED: (1, 8)}
    assert found.sentence == "3 nodes are out. Most, 2, are in maintenance, and the ball is with the provider."


def test_ways_that_the_diagram_does_not_draw_are_told_beside_it(engine: Engine) -> None:
    told = [word("in_progress", 0), word("completed", 10)]
    for node in NODES:
        told += [transition(node, Stage.IN_MAINTENANCE, 1), transition(node, Stage.IN_SERVICE, 5)]

    found = seen(engine, *told)

    assert found.others.to_dict("records") == [
        {"way": "in maintenance to in service", "moves": 6, "likely": "4 h", "plan_on": "4 h"}
    ]


def test_nothing_out_is_said(engine: Engine) -> None:
    assert seen(engine).sentence == "No node is out for maintenance."


def test_another_providers_stays_are_not_mine(engine: Engine) -> None:
    assert way(seen(engine, *finished(), provider="q"), Stage.IN_MAINTENANCE, Stage.RETURNED)[0] == 0
