"""Where nodes stand, by hand-made stories."""

from sqlalchemy import Engine

from dashboard.log.database import reading
from dashboard.log.state import changes, maintenances, out_or_lost
from dashboard.model.stages import Stage, Status
from tests.log.stories import hours, tell, transition, update


def test_the_latest_stage_by_occurrence_is_where_a_node_stands(engine: Engine) -> None:
    """A fact that arrives late about an earlier time does not take a node out again."""
    tell(engine, [transition("n-1", Stage.IN_SERVICE, at=5), transition("n-1", Stage.VALIDATING, at=4, known=9)])

    with reading(engine) as connection:
        assert out_or_lost(connection) == []


def test_a_removed_node_is_lost_not_out(engine: Engine) -> None:
    """It is told, and its stage says so."""
    tell(engine, [transition("n-1", Stage.REPAIRING, 1), transition("n-1", Stage.REMOVED, 2)])

    with reading(engine) as connection:
        (lost,) = out_or_lost(connection)
    assert lost.stage == Stage.REMOVED


def test_updates_fold_an_empty_field_means_unchanged(engine: Engine) -> None:
    """The end that was planned stays in force while only the status moves; a new end replaces it, the first is kept."""
    tell(
        engine,
        [
            update(Status.CONFIRMED, 1, kind="firmware", end=hours(10)),
            update(Status.IN_PROGRESS, 2),
            update("", 3, end=hours(20)),
        ],
    )

    with reading(engine) as connection:
        now = maintenances(connection)["M-1"].maintenance
        then = maintenances(connection, hours(2))["M-1"].maintenance
    assert (now.status, now.kind, now.planned_end, now.first_planned_end) == (
        Status.IN_PROGRESS,
        "firmware",
        hours(20),
        hours(10),
    )
    assert then.planned_end == hours(10)


def test_a_maintenance_is_unknown_before_its_first_word(engine: Engine) -> None:
    """As of an earlier instant it does not exist."""
    tell(engine, [update(Status.CONFIRMED, 5)])

    with reading(engine) as connection:
        assert maintenances(connection, hours(4)) == {}


def test_changes_say_which_stage_was_left(engine: Engine) -> None:
    """Also where the stage was entered before the window; a repetition is no change."""
    tell(
        engine,
        [
            transition("n-1", Stage.CORDONED, 1),
            transition("n-1", Stage.IN_MAINTENANCE, 3),
            transition("n-1", Stage.IN_MAINTENANCE, 4),
            transition("n-1", Stage.IN_SERVICE, 6),
        ],
    )

    with reading(engine) as connection:
        found = [(each.before, each.stage) for each in changes(connection, hours(2))]
    assert found == [("cordoned", "in_maintenance"), ("in_maintenance", "in_service")]
