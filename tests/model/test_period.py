"""A period means the same days to whoever opens it."""

from datetime import UTC, datetime, timedelta

import pytest

from dashboard.model.period import DEFAULT, offered, read_period, understood

NOW = datetime(2026, 11, 18, 15, 20, tzinfo=UTC)


def day(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}T00:00:00+00:00")


@pytest.mark.parametrize(
    ("spelt", "begins", "ends", "words"),
    [
        ("90d", day("2026-08-20"), NOW, "the last 90 days"),
        ("2026-Q3", day("2026-07-01"), day("2026-10-01"), "Q3 2026"),
        ("2025-Q4", day("2025-10-01"), day("2026-01-01"), "Q4 2025"),
        ("2026-Q4", day("2026-10-01"), NOW, "Q4 2026"),
        ("2026-09-01..2026-09-30", day("2026-09-01"), day("2026-10-01"), "the days from 1 Sep 2026 to 30 Sep 2026"),
        ("2026-11-18..2026-11-18", day("2026-11-18"), NOW, "the days from 18 Nov 2026 to 18 Nov 2026"),
    ],
)
def test_a_period_is_read(spelt: str, begins: datetime, ends: datetime, words: str) -> None:
    """It ends now where it would end later."""
    found = read_period(spelt, NOW)

    assert (found.begins, found.ends, found.words) == (begins, ends, words)


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-Q5", "2026-12-01..2026-12-31", "2026-09-30..2026-09-01", "1999-Q1", "2020-01-01..2026-01-01"],
)
def test_what_is_no_period_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=r"write 90d, 2026-Q3|ask for less"):
        read_period(text, NOW)
    assert understood(text, NOW) == DEFAULT


def test_a_period_that_rolls_is_fixed_by_its_days() -> None:
    """What a link says tomorrow, as of today, is what was seen today."""
    today = read_period("30d", NOW)
    again = read_period(today.fixed, NOW)

    assert today.fixed == "2026-10-19..2026-11-18"
    assert (again.begins, again.ends) == (today.begins, today.ends)
    assert read_period("2026-Q3", NOW).fixed == "2026-Q3"


def test_quarters_are_offered_back_to_the_first_fact() -> None:
    names = offered(NOW, NOW - timedelta(days=200))  # the first of May

    assert list(names) == ["30d", "90d", "365d", "2026-Q4", "2026-Q3", "2026-Q2"]
    assert names["90d"] == "Last 90 days"
