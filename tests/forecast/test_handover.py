"""Between one node and the next: promptly, after a pause, or when the whole wave before is back."""

import numpy as np

from dashboard.forecast.handover import habit, pauses_of, waves, waves_of
from dashboard.forecast.slots import Turnover


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


def test_waves_are_told_from_a_queue() -> None:
    rng = np.random.default_rng(1)
    held = in_waves(8, 5, rng)
    queued = Turnover(np.arange(40.0), np.arange(40.0) + rng.uniform(3, 5, 40))

    rows = [(each.took.size, *waves_of(each, now)[:2], np.zeros(1), waves_of(each, now)[2]) for each in (held, queued)]

    assert habit(rows[:1]).waves
    assert not habit(rows[1:]).waves


def test_a_wave_waits_for_the_last_of_the_one_before() -> None:
    """Places held until 3 h; two nodes a wave, of 1 and 4 h, then of 1 and 1 h."""
    hold, none = np.array([[1.0, 4.0, 1.0, 1.0]], np.float32), np.zeros((1, 4), np.float32)

    went = waves(np.array([[2.0, 3.0]], np.float32), hold, none, np.array([2]), now)

    assert went.tolist() == [[3.0, 3.0, 7.0, 7.0]]
