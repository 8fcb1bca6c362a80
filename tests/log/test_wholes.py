"""One maintenance that two sources tell of: one from when that was found out, and two again when it is undone."""

import numpy as np
from sqlalchemy import Engine

from dashboard.log.chronicle import read_chronicle
from dashboard.log.database import reading
from dashboard.log.read import history_of
from dashboard.log.state import maintenances, of_maintenances, out_or_lost
from dashboard.model.instants import instant
from dashboard.model.joining import wholes
from dashboard.model.stages import Stage, Status
from tests.log.stories import hours, join, membership, tell, transition, update

TWO_TELLINGS = [
    update(Status.CONFIRMED, 1, kind="firmware", end=hours(20)),
    membership("n-1", 1),
    update(Status.IN_PROGRESS, 2, maintenance="M-2"),
    transition("n-1", Stage.IN_MAINTENANCE, 3, maintenance="M-2"),
    transition("n-2", Stage.CORDONED, 3),
]


def test_what_two_sources_told_is_one_maintenance_once_it_is_joined(engine: Engine) -> None:
    """It has the plan of the one and the stages of the other, under the name of the whole."""
    tell(engine, [*TWO_TELLINGS, join("M-2", "M-1", 5)])

    with reading(engine) as connection:
        known = maintenances(connection)
        nodes = {(each.maintenance_id, each.node_id): each.stage for each in of_maintenances(connection, ["M-1"])}
        sources = {row["maintenance_id"] for row in history_of(connection, "maintenance_updates", ["M-1"])}
        (rollout,) = read_chronicle(connection).at(instant(hours(6))).rollouts
    assert list(known) == ["M-1"]
    assert (known["M-1"].maintenance.status, known["M-1"].maintenance.planned_end) == (Status.IN_PROGRESS, hours(20))
    assert nodes == {("M-1", "n-1"): Stage.IN_MAINTENANCE, ("M-1", "n-2"): Stage.CORDONED}
    assert sources == {"M-1"}
    assert (rollout.maintenance_id, rollout.nodes, sorted(rollout.at)) == ("M-1", 2, [-3.0, -3.0])
    assert np.isfinite(rollout.planned_end)


def test_before_it_was_found_out_there_were_two(engine: Engine) -> None:
    """A past instant knows nothing of what was concluded later: not where things stood, nor what was forecast from."""
    tell(engine, TWO_TELLINGS)
    tell(engine, [join("M-2", "M-1", 5)])

    with reading(engine) as connection:
        then = maintenances(connection, hours(4))
        out = {(each.maintenance_id, each.node_id) for each in out_or_lost(connection, hours(4))}
        rollouts = read_chronicle(connection).at(instant(hours(4))).rollouts
    assert sorted(then) == ["M-1", "M-2"]
    assert out == {("M-1", "n-2"), ("M-2", "n-1")}
    assert [(each.maintenance_id, each.nodes) for each in rollouts] == [("M-1", 2), ("M-2", 1)]


def test_a_join_that_is_undone_leaves_what_was_told(engine: Engine) -> None:
    """As if it had never been, from then on."""
    tell(engine, TWO_TELLINGS)
    with reading(engine) as connection:
        before = maintenances(connection)

    tell(engine, [join("M-2", "M-1", 5)])
    tell(engine, [join("M-2", "", 6)])

    with reading(engine) as connection:
        assert maintenances(connection) == before
        assert len(maintenances(connection, hours(5))) == 1


def test_what_is_told_of_a_part_afterwards_is_told_of_the_whole(engine: Engine) -> None:
    tell(engine, [*TWO_TELLINGS, join("M-2", "M-1", 5)])

    tell(engine, [transition("n-1", Stage.IN_SERVICE, 7, maintenance="M-2"), update(Status.COMPLETED, 8, "M-2")])

    with reading(engine) as connection:
        assert maintenances(connection)["M-1"].maintenance.status is Status.COMPLETED
        assert [each.node_id for each in out_or_lost(connection)] == ["n-2"]


def test_of_a_chain_the_end_is_the_whole_and_of_a_circle_the_least_name() -> None:
    found = wholes({"a": "b", "b": "c", "d": "", "x": "y", "y": "x", "z": "y"})

    assert found.of == {"a": "c", "b": "c", "y": "x", "z": "x"}
    assert found.parts(["c", "x", "d", "a"]) == ["a", "b", "c", "d", "x", "y", "z"]
