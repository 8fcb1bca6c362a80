"""Clocks that stand still, counted by hand."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dashboard.model.clocks import OpenHours, due_at, stands_at

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = OpenHours.read("Mon-Fri 09:00-18:00 Europe/Berlin")


def berlin(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def h(hours: float) -> timedelta:
    return timedelta(hours=hours)


def test_a_clock_that_never_stands_is_a_sum() -> None:
    assert due_at(berlin(11, 20, 16), h(5), None) == berlin(11, 20, 21)


def test_a_weekend_does_not_count() -> None:
    """Friday 16:00 has two hours left; the other three are on Monday from nine."""
    assert due_at(berlin(11, 20, 16), h(5), OFFICE) == berlin(11, 23, 12)


def test_what_begins_outside_the_hours_begins_with_them() -> None:
    assert due_at(berlin(11, 21, 3), h(2), OFFICE) == berlin(11, 23, 11)


def test_an_hour_that_is_up_at_closing_time_is_up_that_day() -> None:
    assert due_at(berlin(11, 20, 16), h(2), OFFICE) == berlin(11, 20, 18)


def test_the_day_that_the_clocks_change_is_as_long_as_it_is() -> None:
    """Berlin puts its clocks forward on Sunday 29 March at 02:00: from 00:00 to 06:00 are five hours, not six."""
    nights = OpenHours.read("Sun 00:00-06:00 Europe/Berlin")

    assert due_at(berlin(3, 29, 0), h(5), nights) == berlin(3, 29, 6)
    assert due_at(berlin(3, 29, 0), h(6), nights) == berlin(4, 5, 1)


def test_office_hours_keep_to_the_wall_clock_over_the_change() -> None:
    """Nine hours on Friday 23 October end at 16:00 UTC, nine on Monday the 26th at 17:00 UTC."""
    assert due_at(berlin(10, 23, 9), h(18), OFFICE) == datetime(2026, 10, 26, 17, 0, tzinfo=UTC)


def test_hours_over_midnight_belong_to_the_day_they_begin_on() -> None:
    late = OpenHours.read("Fri 22:00-04:00 UTC")

    assert due_at(datetime(2026, 11, 20, 23, tzinfo=UTC), h(5), late) == datetime(2026, 11, 21, 4, tzinfo=UTC)
    assert due_at(datetime(2026, 11, 21, 1, tzinfo=UTC), h(4), late) == datetime(2026, 11, 27, 23, tzinfo=UTC)


def test_a_day_may_be_whole_and_a_week_may_begin_on_friday() -> None:
    weekend = OpenHours.read("Fri-Sun 00:00-24:00 UTC")

    assert weekend.days == {4, 5, 6}
    assert due_at(datetime(2026, 11, 20, tzinfo=UTC), h(72), weekend) == datetime(2026, 11, 23, tzinfo=UTC)


def test_pauses_push_the_end_back_by_what_they_take_from_the_hours() -> None:
    """Thursday 16:00, five hours: 1 h until the pause at 17:00, none until Friday 10:00, four more until 14:00."""
    pause = (berlin(11, 19, 17), berlin(11, 20, 10))

    assert due_at(berlin(11, 19, 16), h(5), OFFICE, [pause]) == berlin(11, 20, 14)


def test_a_pause_outside_the_hours_takes_nothing() -> None:
    assert due_at(berlin(11, 19, 16), h(5), OFFICE, [(berlin(11, 19, 20), berlin(11, 20, 7))]) == berlin(11, 20, 12)


def test_what_would_take_years_is_never_due() -> None:
    assert due_at(berlin(11, 20, 16), h(9 * 400), OpenHours.read("Mon 09:00-10:00 UTC")) is None


@pytest.mark.parametrize(("at", "stands"), [((11, 20, 8), True), ((11, 20, 9), False), ((11, 21, 12), True)])
def test_it_is_known_whether_it_stands_now(at: tuple[int, int, int], stands: bool) -> None:
    assert stands_at(berlin(*at), OFFICE) is stands
    assert stands_at(berlin(*at), None) is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("always", "are no hours; write them like Mon-Fri 09:00-18:00 Europe/Berlin"),
        ("Mon-Fry 09:00-18:00 UTC", "'Mon-Fry' are no days"),
        ("Mon 25:00-26:00 UTC", "'25:00' is no time of day"),
        ("Mon 09:00-18:00 Mars/Olympus", "there is no zone 'Mars/Olympus'"),
    ],
)
def test_what_are_no_hours_is_said(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        OpenHours.read(text)
