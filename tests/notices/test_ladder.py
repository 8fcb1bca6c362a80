"""The ladder says what is due, and of each rung that is not sent the reason."""

from dataclasses import replace
from typing import Any

import pytest

from dashboard.model.instants import HOUR
from dashboard.notices.ladder import DAY, Climbed, Ladder, climb
from dashboard.notices.story import Course, Mood, Phase, Said, Story

START = 1_000 * DAY
END = START + 2 * DAY


def story(**told: Any) -> Story:
    course = Course(Phase.ANNOUNCED, 0, Mood.SURE, START - 20 * DAY, START, END, START - 20 * DAY, START - 20 * DAY)
    of_course = {name: value for name, value in told.items() if name in Course.__dataclass_fields__}
    return Story(replace(course, **of_course), 64, **{k: v for k, v in told.items() if k not in of_course})


def said(at: int, **told: Any) -> Said:
    return replace(Said(at, Phase.ANNOUNCED, Mood.SURE, START, END, END, 0.0, 64), **told)


def looked(now: int, told: Said | None = None, **about: Any) -> Climbed:
    return climb(story(**about), told, Ladder(), now, began=0)


def due(now: int, told: Said | None = None, **about: Any) -> list[str]:
    return [step.label for step in looked(now, told, **about).due]


def reason(label: str, now: int, told: Said | None = None, **about: Any) -> str:
    return next(step.why for step in looked(now, told, **about).steps if step.label == label)


def test_it_is_told_as_soon_as_it_is_confirmed() -> None:
    assert due(START - 20 * DAY) == ["confirmed"]


@pytest.mark.parametrize(("days", "label"), [(7, "7 d before"), (5, "5 d before")])
def test_each_rung_is_due_at_its_time_and_once(days: int, label: str) -> None:
    at = START - days * DAY

    assert due(at - 1, said(at - DAY)) == []
    assert due(at, said(at - DAY)) == [label]
    assert due(at + HOUR, said(at)) == []


def test_confirmed_late_the_missed_rungs_are_one_notice() -> None:
    """Three days before: the announcement and both rungs that are past, together."""
    assert due(START - 3 * DAY, mood_at=START - 3 * DAY) == ["confirmed", "7 d before", "5 d before"]


def test_within_a_day_it_is_repeated_until_acknowledged() -> None:
    told = said(START - DAY, urgent_since=START - DAY, escalated=True)

    assert due(START - 21 * HOUR, told) == []
    assert due(START - 20 * HOUR, told) == ["again"]
    assert due(START - 20 * HOUR, replace(told, acknowledged=True)) == []
    assert reason("again", START - 20 * HOUR, replace(told, acknowledged=True)) == "acknowledged"


def test_nobody_acknowledges_so_it_escalates_once() -> None:
    told = said(START - DAY, urgent_since=START - DAY)

    assert due(START - 22 * HOUR, told) == ["escalated"]
    assert due(START - 22 * HOUR + 1, replace(told, at=START - 22 * HOUR, escalated=True)) == []


def test_moved_it_is_told_and_every_rung_counts_anew() -> None:
    told = said(START - 10 * DAY)
    later = START + 3 * DAY

    assert due(START - 9 * DAY, told, start=later, end=later + 2 * DAY) == ["moved"]
    assert due(later - 7 * DAY, said(START - 9 * DAY, start=later, end=later + 2 * DAY), start=later,
               end=later + 2 * DAY) == ["7 d before"]  # fmt: skip


def test_moved_and_back_before_anyone_was_told_is_no_news() -> None:
    assert due(START - 9 * DAY, said(START - 10 * DAY), planned_at=START - 9 * DAY) == []


def test_cancelled_goes_to_whoever_was_told_and_to_nobody_else() -> None:
    about = {"phase": Phase.CANCELLED, "phase_at": START - 3 * DAY}

    assert due(START - 2 * DAY, said(START - 5 * DAY), **about) == ["cancelled"]
    assert due(START - 2 * DAY, None, **about) == []
    assert reason("cancelled", START, None, **about) == "it was cancelled before this audience was told of it"


def test_unconfirmed_and_near_it_may_happen() -> None:
    """The rungs are told all the same; only the first word waits."""
    assert due(START - 8 * DAY, mood=Mood.MAY) == []
    assert reason("confirmed", START - 8 * DAY, mood=Mood.MAY).startswith("it is not confirmed")
    assert due(START - 7 * DAY, mood=Mood.MAY) == ["7 d before"]


def test_its_source_gone_silent_it_may_happen() -> None:
    told = said(START - 7 * DAY)

    assert due(START - 6 * DAY, told, silent_since=START - 7 * DAY) == ["may happen"]
    assert due(START - 6 * DAY + 1, replace(told, at=START - 6 * DAY, mood=Mood.MAY)) == ["confirmed"]


def test_deferred_or_no_longer_confirmed_is_told() -> None:
    assert due(START - 9 * DAY, said(START - 10 * DAY), mood=Mood.DEFERRED) == ["deferred"]
    assert due(START - 9 * DAY, said(START - 10 * DAY), mood=Mood.MAY) == ["may happen"]


def test_it_begins_it_moves_it_comes_back_it_is_over() -> None:
    running = {"phase": Phase.RUNNING, "phase_at": START}
    told = said(START, phase=Phase.RUNNING)

    assert due(START + HOUR, said(START - DAY), **running, eta=END) == ["start"]
    assert due(START + HOUR, told, **running, eta=END + 3 * HOUR) == []
    assert due(START + HOUR, told, **running, eta=END + 4 * HOUR) == ["ETA moved"]
    assert due(START + HOUR, told, **running, eta=END, back=0.6) == ["50 % back"]
    assert due(END, told, phase=Phase.COMPLETED, phase_at=END) == ["complete"]


def test_what_no_longer_concerns_an_audience_is_said_to_it() -> None:
    assert due(START - 2 * DAY, said(START - 5 * DAY), phase=Phase.RELEASED) == ["released"]


def test_what_was_over_before_notices_began_is_told_to_nobody() -> None:
    over = climb(story(phase=Phase.COMPLETED, phase_at=END), None, Ladder(), END + DAY, began=END + HOUR)

    assert over.due == ()
    assert over.steps[0].why == "it was over before notices were sent at all"


def test_every_rung_that_is_not_sent_has_a_reason() -> None:
    """Suppression is never silent, whatever the state."""
    for phase in Phase:
        for mood in Mood:
            for told in (None, said(START - 6 * DAY), said(START - 6 * DAY, phase=Phase.RUNNING, acknowledged=True)):
                for days in (-30, -7, -1, 0, 3):
                    now = START + days * DAY
                    steps = looked(now, told, phase=phase, mood=mood, phase_at=now, silent_since=0).steps
                    assert steps
                    assert all(step.why for step in steps if step.state == "not sent")


def test_where_nothing_is_due_it_says_when_to_look_again() -> None:
    assert looked(START - 9 * DAY, said(START - 10 * DAY)).next_at == START - 7 * DAY
