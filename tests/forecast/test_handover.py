"""Between one node and the next: promptly, after a pause, or when the whole wave before is back."""

import numpy as np
import pytest

from dashboard.forecast.handover import Handover, Round, habit, pauses_of, waves, waves_of
from dashboard.forecast.slots import Turnover
from dashboard.forecast.waves import Stops


def now(at: np.ndarray) -> np.ndarray:
    return at


def in_waves(count: int, width: int, rng: np.random.Generator) -> Turnover:
    """Each wave begins when the longest stay of the one before is over."""
    took, gave, at = [], [], 0.0
    for _ in range(count):
        ends = at + rng.uniform(1, 5, width)
        took += [at] * width
        gave += ends.tolist()
        at = float(ends.max())
    return Turnover(np.array(took), np.array(gave))


def test_a_place_taken_at_once_knows_no_pause() -> None:
    held = Turnover(np.array([0.0, 2.0, 5.0]), np.array([2.0, 5.0, np.inf]))

    assert pauses_of(held, 1, now).tolist() == [0.0, 0.0]


def test_a_provider_that_rests_two_hours_after_each_node_is_known_by_it() -> None:
    held = Turnover(np.array([0.0, 4.0, 9.0]), np.array([2.0, 7.0, np.inf]))

    assert pauses_of(held, 1, now).tolist() == [2.0, 2.0]


def test_over_a_stop_a_node_waits_for_its_end_first() -> None:
    """Two places; both were free at 2 h, the rollout went on at 10 h, and the second node of the wave an hour later."""
    held = Turnover(np.array([0.0, 0.0, 10.0, 11.0]), np.array([2.0, 2.0, 14.0, np.inf]))

    assert pauses_of(held, 2, now, Stops(np.array([2]), np.array([8.0]))).tolist() == [0.0, 1.0]


def test_what_the_pauses_of_one_maintenance_have_in_common_is_kept() -> None:
    """Some paused for an hour at each node, some for nine: each path is one or the other, and the more its own are
    known, the more it is its own."""
    rests = {f"m-{i}": np.full(20, 1.0 if i % 2 else 9.0) for i in range(10)}
    other, little, much = (
        Handover(rests | own).draw("new", (2000, 5), np.random.default_rng(1))
        for own in ({}, {"new": np.full(2, 4.0)}, {"new": np.full(95, 4.0)})
    )

    assert set(other.std(axis=1).tolist()) == {0.0}
    assert np.mean(other[:, 0] == 9.0) == pytest.approx(0.5, abs=0.05)
    assert np.mean(little == 4.0) == pytest.approx(2 / 7, abs=0.05)
    assert np.mean(much == 4.0) == pytest.approx(0.95, abs=0.02)


def test_waves_are_told_from_a_queue() -> None:
    rng = np.random.default_rng(1)
    held = in_waves(8, 5, rng)
    queued = Turnover(np.arange(40.0), np.arange(40.0) + rng.uniform(3, 5, 40))

    one, other = (
        Round("m", each.took.size, *waves_of(each, now)[:2], np.zeros(1), waves_of(each, now)[2])
        for each in (held, queued)
    )

    assert habit([one]).waves
    assert not habit([other]).waves


def test_a_wave_waits_for_the_last_of_the_one_before() -> None:
    """Places held until 3 h; two nodes a wave, of 1 and 4 h, then of 1 and 1 h."""
    hold, none = np.array([[1.0, 4.0, 1.0, 1.0]], np.float32), np.zeros((1, 4), np.float32)

    went = waves(np.array([[2.0, 3.0]], np.float32), hold, none, np.array([2]), now)

    assert went.tolist() == [[3.0, 3.0, 7.0, 7.0]]
