"""Office hours, learnt from when nodes are taken."""

import numpy as np

from dashboard.forecast.hours import WEEK, fit_hours, round_the_clock


def office(rng: np.random.Generator, takes: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Monday to Friday, 8 to 18, many at the stroke of eight; and waiting whenever it is closed."""
    hour = np.where(rng.random(takes) < 0.3, 8.0, rng.uniform(8, 18, takes))
    closed = np.ones((7, 24))
    closed[:5, 8:18] = 0
    return rng.integers(0, 5, takes) * 24 + hour, closed.ravel() * 20


def test_office_hours_are_found() -> None:
    hours = fit_hours(*office(np.random.default_rng(1)))

    assert hours.is_open.reshape(7, 24)[:5, 8:18].all()
    assert hours.is_open.sum() == 50


def test_a_friday_evening_waits_for_monday_morning() -> None:
    hours = fit_hours(*office(np.random.default_rng(1)))

    friday_19 = hours.opens(np.array([0.0]), hour_of_week=4 * 24 + 19.0)

    assert friday_19.tolist() == [5 + 48 + 8]  # to midnight, the weekend, until eight


def test_an_instant_in_office_hours_is_kept() -> None:
    hours = fit_hours(*office(np.random.default_rng(1)))

    assert hours.opens(np.array([0.25]), hour_of_week=10.0).tolist() == [0.25]


def test_a_provider_that_takes_nodes_at_all_hours_has_none() -> None:
    taken = np.random.default_rng(2).uniform(0, WEEK, 500)

    assert fit_hours(taken, np.full(WEEK, 5.0)).always


def test_few_takes_make_no_habit() -> None:
    assert fit_hours(np.full(5, 9.0), np.full(WEEK, 50.0)).always


def test_round_the_clock_waits_for_nothing() -> None:
    at = np.array([0.0, 3.5, 1000.0])

    assert round_the_clock().opens(at, 100.0).tolist() == at.tolist()


def test_a_few_records_at_odd_hours_do_not_open_the_night() -> None:
    """Where the first of a node's records is lost, it seems to have gone out later."""
    rng = np.random.default_rng(3)
    taken, idle = office(rng)

    hours = fit_hours(np.concatenate([taken, np.array([18.5, 43.2, 68.9, 21.1])]), idle)

    assert hours.is_open.sum() == 50
