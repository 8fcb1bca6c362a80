"""How plans came about, by hand."""

from dashboard.model.instants import HOUR
from dashboard.model.maintenance import Update
from dashboard.model.plan import in_force, revisions
from dashboard.model.stages import Status


def word(hour: int, status: str = "", start: int | None = None, end: int | None = None) -> Update:
    begins, ends = (None if each is None else each * HOUR for each in (start, end))
    return Update("M-1", hour * HOUR, "console", status, planned_start=begins, planned_end=ends)


def test_only_what_differs_is_a_revision() -> None:
    """Announced, told again, moved, confirmed: three plans."""
    told = [word(1, "scheduled", 10, 20), word(2, "scheduled", 10, 20), word(3, end=22), word(4, "confirmed")]

    found = revisions("M-1", told)

    assert [(each.at // HOUR, each.status, each.ends and each.ends // HOUR) for each in found] == [
        (1, Status.SCHEDULED, 20),
        (3, Status.SCHEDULED, 22),
        (4, Status.CONFIRMED, 22),
    ]


def test_there_and_back_again_is_two_moves() -> None:
    """A number that tells newer from older never falls."""
    told = [word(1, "scheduled", 10, 20), word(2, end=30), word(3, end=20)]

    counts = [len(revisions("M-1", [each for each in told if each.recorded_at <= hour * HOUR])) for hour in (1, 2, 3)]

    assert counts == [1, 2, 3]


def test_whatever_order_facts_come_in_the_plans_are_the_same() -> None:
    told = [word(1, "scheduled", 10, 20), word(2, end=30), word(3, "confirmed")]

    assert revisions("M-1", told) == revisions("M-1", reversed(told))


def test_a_message_moves_the_end_until_the_plan_is_newer() -> None:
    """Plan 20, a message says 25, the plan then says 24."""
    told = [word(1, "scheduled", 10, 20), word(5, end=24)]

    found = revisions("M-1", told, [(3 * HOUR, 3 * HOUR, None, 25 * HOUR)])

    assert [each.ends and each.ends // HOUR for each in found] == [20, 25, 24]


def test_what_the_reader_knew_is_the_plan_of_then() -> None:
    found = revisions("M-1", [word(1, "scheduled", 10, 20), word(3, end=22)])

    assert in_force(found, 0) is None
    assert in_force(found, 2 * HOUR) == found[0]
    assert in_force(found, 3 * HOUR) == found[1]


def test_a_message_that_is_taken_off_moves_the_end_back() -> None:
    """Tied by hand at 4, untied at 6: said at 3, it counted for two hours, and the number of plans only grew."""
    told = [word(1, "scheduled", 10, 20)]

    found = revisions("M-1", told, [(3 * HOUR, 4 * HOUR, 6 * HOUR, 25 * HOUR)])

    assert [(each.at // HOUR, each.ends and each.ends // HOUR) for each in found] == [(1, 20), (4, 25), (6, 20)]
