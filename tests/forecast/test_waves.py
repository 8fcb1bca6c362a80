"""Rollouts that stop on their way: seen in the past, expected again, waited for."""

import numpy as np
import pytest

from dashboard.forecast.places import Stay
from dashboard.forecast.slots import Turnover
from dashboard.forecast.waves import NONE, Ahead, Stops, Waves, in_waves, learn_waves, restart, stops_of

CELL = ("csp", "firmware")


def now(at: np.ndarray) -> np.ndarray:
    return at


def rollout(*waves: list[float], slots: int = 2, pause: float = 3.0) -> Turnover:
    """Each wave a queue of stays in so many places; the next begins a pause after the last stay of the one before."""
    took, gave, start = [], [], 0.0
    for stays in waves:
        free = [start] * slots
        for stay in stays:
            at = min(free)
            free[free.index(at)] = at + stay
            took.append(at)
            gave.append(at + stay)
        start = max(gave) + pause
    return Turnover(np.array(took), np.array(gave))


def halves(count: int) -> Waves:
    """So many past rollouts of 12 nodes, each of which stopped half-way, for 3 hours."""
    return learn_waves([(CELL, 12, Stops(np.array([6]), np.array([3.0])))] * count)


def ahead(waves: Waves, seen: Stops, gone: int, *, idle: bool = False) -> list[Ahead]:
    return list(waves.ahead(CELL, seen, gone, 12, idle=idle, paths=200, rng=np.random.default_rng(1)))


def share_of(plans: list[Ahead], *after: int) -> float:
    return sum(each.rows.size for each in plans if each.after.tolist() == list(after)) / 200


def test_a_stop_is_seen_where_places_stayed_free_until_all_were_back() -> None:
    held = rollout([2.0, 5.0, 4.0, 2.0], [3.0, 4.0, 2.0])

    stops = stops_of(held, 2, now)

    assert stops.after.tolist() == [4]
    assert stops.pauses.tolist() == [3.0]


def test_a_queue_that_flows_never_stops() -> None:
    held = rollout(np.random.default_rng(1).uniform(1, 5, 40).tolist())

    assert stops_of(held, 2, now).after.size == 0


def test_a_night_is_no_stop() -> None:
    """Places are given back at 17:00 and 18:00, and taken at 08:00 when the next day opens."""
    held = Turnover(np.array([8.0, 8.0, 32.0, 32.0]), np.array([17.0, 18.0, 41.0, 42.0]))

    assert stops_of(held, 2, lambda at: np.where(at % 24 > 16, at - at % 24 + 32, at)).after.size == 0


def test_what_stopped_half_way_before_is_expected_to_again() -> None:
    assert share_of(ahead(halves(6), NONE, 2), 4) > 0.9


def test_a_stop_that_is_behind_is_not_expected_again() -> None:
    plans = ahead(halves(6), Stops(np.array([6]), np.array([2.0])), 8)

    assert share_of(plans) == 1.0


def test_idle_places_say_that_the_stop_has_come() -> None:
    mixed = learn_waves(
        [(CELL, 12, Stops(np.array([6]), np.array([3.0])))] * 2 + [(CELL, 12, NONE)] * 4,
    )

    assert share_of(ahead(mixed, NONE, 6), 0) < 0.5
    assert share_of(ahead(mixed, NONE, 6, idle=True), 0) > 0.9


def test_the_next_wave_waits_for_the_last_of_the_one_before() -> None:
    """Two places, free at 0 and 1; four nodes of 2, 6, 1 and 1 hours; a stop of 3 hours after the second."""
    plan = Ahead(np.array([0]), np.array([2]), np.array([[3.0]], np.float32))
    stay = Stay(np.array([[2.0, 6.0, 1.0, 1.0]], np.float32))

    went = in_waves(
        plan, np.array([[0.0, 1.0]], np.float32), np.zeros(1, np.float32), stay, np.array([2]), lambda at: at
    )

    assert went.tolist() == [[0.0, 1.0, 10.0, 10.0]]


def test_what_nothing_explains_lasts_as_long_again_by_the_median() -> None:
    rng = np.random.default_rng(2)

    assert np.median(restart(10.0, np.empty(0), 4000, rng)) == pytest.approx(10.0, rel=0.1)
    assert np.median(restart(10.0, np.full(50, 12.0), 4000, rng)) == pytest.approx(2.0, rel=0.01)
