"""The queue for places, against the dumbest program that could be right."""

import heapq

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.forecast.rollout import queue


def dumb_queue(free: list[float], hold: list[float]) -> list[float]:
    heap = [at for at in free if np.isfinite(at)]
    heapq.heapify(heap)
    went = []
    for hours in hold:
        at = heapq.heappop(heap)
        went.append(at)
        heapq.heappush(heap, at + hours)
    return went


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 60), st.integers(1, 5))
def test_the_queue_is_the_dumb_queue(seed: int, places: int, waiting: int, paths: int) -> None:
    rng = np.random.default_rng(seed)
    free, hold = rng.exponential(5, (paths, places)), rng.exponential(3, (paths, waiting))
    free[:, 1:][rng.random((paths, places - 1)) < 0.2] = np.inf

    went = queue(free, hold, lambda at: at)

    assert [dumb_queue(f.tolist(), h.tolist()) for f, h in zip(free, hold, strict=True)] == went.tolist()


def test_one_place_means_one_after_another() -> None:
    went = queue(np.array([[2.0]]), np.array([[1.0, 3.0, 5.0]]), lambda at: at)

    assert went.tolist() == [[2.0, 3.0, 6.0]]


def test_a_place_that_comes_free_at_night_is_used_in_the_morning() -> None:
    went = queue(np.array([[2.0]]), np.array([[1.0, 3.0]]), lambda at: np.ceil(at / 10) * 10)

    assert went.tolist() == [[10.0, 20.0]]
