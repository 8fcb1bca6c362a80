"""Staffing: what lasts waits for people, who keep hours; and where they do not, nothing is made of the hour."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.forecast.because import because
from dashboard.forecast.calibration import NO_CALIBRATION
from dashboard.forecast.engine import Experience, foresee, learn
from dashboard.forecast.quantiles import back
from dashboard.forecast.spells import REPAIRING
from dashboard.forecast.staffing import Staffing
from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import CODE, Stage, Status
from tests.forecast.worlds import empty

DAY, WEEK = 24.0, 168.0
FRIDAY_EVENING, MONDAY = 4 * DAY + 20.0, 7 * DAY


def at_work(hour_of_week: float) -> bool:
    """Monday to Friday, from 8 to 18."""
    return hour_of_week % WEEK < 5 * DAY and 8 <= hour_of_week % DAY < 18


def always(_hour_of_week: float) -> bool:
    """Day and night."""
    return True


def repaired(name: str, begin: float, worked: Callable[[float], bool], rng: np.random.Generator) -> Rollout:
    """One node that failed validation so many hours ago, on a Monday at midnight's now: some are back by themselves
    within hours, and the others take half a day of work, more or less, done quarter by quarter of an hour."""
    at = begin
    if rng.random() < 0.4:
        at += float(np.exp(0.8 * rng.standard_normal()))
    else:
        left, at = 12.0 * float(np.exp(0.6 * rng.standard_normal())), begin + 4.0
        while left > 0:
            left -= 0.25 if worked(at) else 0.0
            at += 0.25
    return replace(
        empty(name, nodes=1), status=Status.COMPLETED, started=begin - 1.0, closed=at, node=np.zeros(3, dtype=np.int64),
        stage=np.array([CODE[Stage.VALIDATING], REPAIRING, CODE[Stage.IN_SERVICE]]),
        at=np.array([begin - 1.0, begin, at]),
    )  # fmt: skip


def experience(worked: Callable[[float], bool], begins: Callable[[float], bool] = lambda _: True) -> Experience:
    """What 400 repairs teach that began at any hour, or at any of those."""
    rng, found = np.random.default_rng(5), list[Rollout]()
    while len(found) < 400:
        begin = -WEEK * 60 + WEEK * 58 * float(rng.random())
        if begins(begin):
            found.append(repaired(f"past-{len(found)}", begin, worked, rng))
    return learn(Knowledge(0.0, tuple(found)))


def since(stage: int, hours: float) -> Rollout:
    """A node that came to this stage so many hours ago, and is in it."""
    return replace(
        empty("now", nodes=1), status=Status.IN_PROGRESS, started=-hours,
        node=np.zeros(1, dtype=np.int64), stage=np.array([stage]), at=np.array([-hours]),
    )  # fmt: skip


def likely_back(learnt: Experience, rollout: Rollout, hour_of_week: float) -> float:
    """The median hour of its return, from now."""
    futures = foresee(rollout, hour_of_week, learnt, np.random.default_rng(1), 400)
    return float(back(futures, np.array([8]), [1.0], [0.5])[0, 0])


@pytest.fixture(scope="module")
def by_day() -> Experience:
    return experience(at_work)


def test_a_long_repair_on_a_friday_evening_is_over_after_the_weekend(by_day: Experience) -> None:
    friday = likely_back(by_day, since(REPAIRING, 9.0), FRIDAY_EVENING)
    tuesday = likely_back(by_day, since(REPAIRING, 9.0), DAY + 9.0)

    assert friday > MONDAY - FRIDAY_EVENING
    assert tuesday < friday / 2


def test_a_repair_that_is_still_to_come_waits_for_the_week_as_well(by_day: Experience) -> None:
    by_nodes = replace(by_day, calibration=NO_CALIBRATION)  # how long others took in all keeps no hours

    friday = likely_back(by_nodes, since(CODE[Stage.VALIDATING], 0.5), FRIDAY_EVENING)
    tuesday = likely_back(by_nodes, since(CODE[Stage.VALIDATING], 0.5), DAY + 9.0)

    assert friday > MONDAY - FRIDAY_EVENING
    assert tuesday < friday / 2


def test_where_work_goes_on_day_and_night_the_hour_tells_nothing() -> None:
    assert experience(always).durations[REPAIRING].staffing == {}


def test_what_begins_by_day_is_not_taken_to_be_worked_on_by_day() -> None:
    assert experience(always, begins=at_work).durations[REPAIRING].staffing == {}


def test_a_provider_never_seen_is_taken_to_keep_the_hours_of_all(by_day: Experience) -> None:
    law = by_day.durations[REPAIRING].law(("another", "firmware"))

    assert law.staffing is not None
    assert law.staffing.fastest > 3


def test_a_forecast_says_that_it_waits_for_working_hours(by_day: Experience) -> None:
    said = " ".join(because(since(REPAIRING, 9.0), FRIDAY_EVENING, by_day, seed=1))

    assert "times as fast in working hours here as outside them; the next begin in" in said


hours = st.floats(0.01, 600.0)


@given(entered=st.floats(-600.0, 600.0), lasted=hours, hour=st.floats(0.0, 167.99), seed=st.integers(0, 9))
def test_hours_of_work_and_back_are_the_same_hours(entered: float, lasted: float, hour: float, seed: int) -> None:
    rate = np.random.default_rng(seed).uniform(0.1, 3.0, 168)
    staffing = Staffing(4.0, np.concatenate([[0.0], np.cumsum(rate * WEEK / rate.sum())]))
    begin, end = np.array([entered]), np.array([entered + lasted])

    work = staffing.work(begin, end, hour)

    assert work[0] > 0
    assert staffing.ends(begin, work, hour)[0] == pytest.approx(end[0], abs=1e-6)


@given(lasted=hours, longer=hours, hour=st.floats(0.0, 167.99))
def test_more_work_never_ends_sooner(lasted: float, longer: float, hour: float) -> None:
    rate = np.where([at_work(each) for each in range(168)], 2.0, 0.2)
    staffing = Staffing(8.0, np.concatenate([[0.0], np.cumsum(rate * WEEK / rate.sum())]))
    begin = np.zeros(2)

    first, second = staffing.ends(begin, np.array([lasted, lasted + longer]), hour)

    assert first <= second
