"""What nodes went through, by hand-made stories, now and as of an instant, under whichever name it was told."""

from sqlalchemy import Engine

from dashboard.log.database import reading
from dashboard.log.passages import Entry, Passage, entries_of, maintenances_of, passages
from dashboard.model.stages import Stage
from tests.log.stories import hours, join, membership, tell, transition


def told(engine: Engine, at: int | None = None) -> list[Passage]:
    with reading(engine) as connection:
        return passages(connection, "c", 0, at)


def test_a_passage_goes_from_first_out_to_last_in_service(engine: Engine) -> None:
    """One that is not back has no return; one that was never out is none."""
    tell(
        engine,
        [
            transition("n-1", Stage.CORDONED, 1),
            transition("n-1", Stage.VALIDATING, 3),
            transition("n-1", Stage.REPAIRING, 4),
            transition("n-1", Stage.VALIDATING, 6),
            transition("n-1", Stage.IN_SERVICE, 9),
            transition("n-2", Stage.IN_MAINTENANCE, 2),
            transition("n-3", Stage.SCHEDULED, 2),
        ],
    )

    assert told(engine) == [
        Passage("M-1", "n-1", hours(1), hours(9), True),
        Passage("M-1", "n-2", hours(2), None, False),
    ]


def test_a_node_that_is_out_again_in_the_same_maintenance_is_not_back(engine: Engine) -> None:
    tell(
        engine,
        [
            transition("n-1", Stage.CORDONED, 1),
            transition("n-1", Stage.IN_SERVICE, 3),
            transition("n-1", Stage.REPAIRING, 5),
        ],
    )

    assert told(engine) == [Passage("M-1", "n-1", hours(1), None, True)]


def test_what_was_recorded_later_was_not_known_then(engine: Engine) -> None:
    tell(engine, [transition("n-1", Stage.CORDONED, 1), transition("n-1", Stage.IN_SERVICE, 3, known=8)])

    assert told(engine, hours(5)) == [Passage("M-1", "n-1", hours(1), None, False)]
    assert told(engine, hours(0.5)) == []


def test_what_two_names_tell_is_one_passage_from_when_they_are_joined(engine: Engine) -> None:
    tell(
        engine,
        [
            transition("n-1", Stage.CORDONED, 1),
            transition("n-1", Stage.IN_SERVICE, 6, maintenance="M-2"),
            transition("n-1", Stage.CORDONED, 2, maintenance="M-2"),
            join("M-2", "M-1", 7),
        ],
    )

    assert told(engine) == [Passage("M-1", "n-1", hours(1), hours(6), False)]
    assert [each.maintenance_id for each in told(engine, hours(6.5))] == ["M-1", "M-2"]
    with reading(engine) as connection:
        assert entries_of(connection, "n-1") == [
            Entry("M-1", hours(1), Stage.CORDONED, "M-1"),
            Entry("M-1", hours(2), Stage.CORDONED, "M-2"),
            Entry("M-1", hours(6), Stage.IN_SERVICE, "M-2"),
        ]


def test_a_maintenance_that_names_a_node_and_takes_it_off_is_none_of_its(engine: Engine) -> None:
    tell(
        engine,
        [
            membership("n-1", 1),
            membership("n-1", 2, maintenance="M-2"),
            membership("n-1", 4, removed=True, maintenance="M-2"),
            membership("n-2", 1, maintenance="M-3"),
        ],
    )

    with reading(engine) as connection:
        assert maintenances_of(connection, "n-1") == ["M-1"]
        assert maintenances_of(connection, "n-1", hours(3)) == ["M-1", "M-2"]
