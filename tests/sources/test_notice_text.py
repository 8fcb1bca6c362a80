"""A plain notice is read where it is clear, and not read where it is not."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.model.stages import Status
from dashboard.sources.notice_text import Notice, read_notice

NOTICE = """Dear customer,

Reference: CHG-1042
Status: Scheduled
Start: 2026-03-01 10:00 UTC
End: 1 March 2026 14:00 Europe/Berlin
Affected nodes: gpu-001, gpu-002

The work will be completed by
Sun, 01 Mar 2026 15:30:00 +0000. Thank you.

> Reference: CHG-7 was last month's
"""


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 3, 1, hour, minute, tzinfo=UTC)


def test_a_clear_notice_is_read_whole() -> None:
    """What it quotes of another mail is not its own word."""
    found = read_notice("Firmware", NOTICE)

    assert found == Notice(
        "CHG-1042", at(10), at(13), at(15, 30), Status.SCHEDULED, ("gpu-001", "gpu-002")
    )  # 14:00 in Berlin in winter is 13:00


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ("2026-03-01 10:00 UTC", at(10)),
        ("2026-03-01T10:00:00Z", at(10)),
        ("2026-03-01 10:00 +02:00", at(8)),
        ("2026-03-01 10:00 (GMT)", at(10)),
        ("2026-03-01 10:00 UTC+2", at(8)),
        ("1 March 2026 10:00 UTC", at(10)),
        ("March 1, 2026 at 10:00 PM UTC", at(22)),
        ("Sun, 01 Mar 2026 12:00 AM UTC", at(0)),
        ("2026-03-01 02:00 America/New_York", at(7)),
    ],
)
def test_a_spelt_date_with_a_zone_is_one_instant(said: str, when: datetime) -> None:
    assert read_notice("", f"Start: {said}").start == when


@pytest.mark.parametrize(
    "said",
    [
        "03/04/2026 10:00 UTC",  # March or April
        "01.03.26 10:00 UTC",
        "2026-03-01 10:00",  # no zone
        "2026-03-01 10:00 CST",  # Chicago, Shanghai or Havana
        "10:00 UTC",  # no date
        "2026-02-30 10:00 UTC",
        "2026-03-01 25:00 UTC",
        "2026-03-01 13:00 PM UTC",
        "2026-10-25 02:30 Europe/Berlin",  # comes twice
        "2026-03-29 02:30 Europe/Berlin",  # never comes
        "2026-03-01 10:00 Mars/Olympus",
    ],
)
def test_a_time_that_may_mean_several_is_in_doubt(said: str) -> None:
    found = read_notice("", f"Reference: CHG-1\nStart: {said}")

    assert found.doubts
    assert (found.reference, found.start) == ("", None)


@pytest.mark.parametrize(
    ("body", "doubt"),
    [
        ("Reference: CHG-1\nReference: CHG-2", "it names 2 references"),
        ("Reference: CHG-1, CHG-2", "it names 2 references"),
        ("Start: 2026-03-01 10:00 UTC\nStart: 2026-03-02 10:00 UTC", "it names 2 times for its start"),
        ("Start: 2026-03-01 10:00 UTC\nEnd: 2026-03-01 09:00 UTC", "it ends before it starts"),
        ("ETA: 2026-03-01 10:00 UTC\nIt will be done by 2026-03-01 11:00 UTC", "it names 2 times for its claimed end"),
        ("Window: 2026-03-01 to 2026-03-02", "its window is not two times"),
    ],
)
def test_a_notice_that_contradicts_itself_is_in_doubt(body: str, doubt: str) -> None:
    assert doubt in read_notice("", body).doubts


def test_the_same_thing_said_twice_is_no_doubt() -> None:
    found = read_notice("Reference: CHG-1", "Reference: CHG-1\nStart: 2026-03-01 10:00 UTC\nBegins: 1 Mar 2026 10:00 Z")

    assert (found.reference, found.start, found.doubts) == ("CHG-1", at(10), ())


def test_a_window_may_leave_out_what_goes_without_saying() -> None:
    found = read_notice(
        "", "Maintenance window: 2026-03-01 22:00 - 23:30 UTC\nMaintenance ID: M-9\nNodes:\n- gpu-7\n- gpu-8\n\nBye."
    )

    assert (found.start, found.end, found.claimed_end) == (at(22), at(23, 30), at(23, 30))
    assert (found.reference, found.resources) == ("M-9", ("gpu-7", "gpu-8"))


def test_prose_is_not_a_fact() -> None:
    found = read_notice(
        "Re: maintenance", "Hi, our reference is unknown. See you at 10:00. Nodes: all of them.\nThanks"
    )

    assert found == Notice()


LABELS = st.sampled_from(
    ["Reference:", "Start:", "End:", "Window:", "ETA:", "Nodes:", "will be done by", "Status:", ">", "\n", "-"]
)
WORDS = st.one_of(
    LABELS, st.text(max_size=30), st.sampled_from(["2026-03-01 10:00 UTC", "2026-03-01", "10:00", "CHG-1", "+99:99"])
)


@given(st.lists(WORDS, max_size=25).map(" ".join), st.text(max_size=50))
def test_whatever_is_written_is_read_or_left(body: str, subject: str) -> None:
    """Junk is never an error, and who doubts says nothing else."""
    found = read_notice(subject, body)

    assert not found.doubts or found == Notice(doubts=found.doubts)
    assert all(each is None or each.tzinfo is UTC for each in (found.start, found.end, found.claimed_end))
