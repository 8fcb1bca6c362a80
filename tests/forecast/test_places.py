"""The queue for places, against the dumbest program that could be right."""

import heapq

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.forecast.noise import Singles
from dashboard.forecast.places import Stay, places, queue


def eighths(of_hours: npt.ArrayLike) -> Singles:
    """Times whose sums single precision keeps exactly."""
    return np.asarray(of_hours, dtype=np.float32) / np.float32(8)


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
def test_the_queue_is_the_dumb_queue(seed: int, width: int, waiting: int, paths: int) -> None:
    rng = np.random.default_rng(seed)
    free = eighths(rng.integers(0, 40, (paths, width)))
    hold = eighths(rng.integers(1, 30, (paths, waiting)))
    free[:, 1:][rng.random((paths, width - 1)) < 0.2] = np.inf

    went = queue(free, Stay(hold), lambda at: at)

    assert [dumb_queue(f.tolist(), h.tolist()) for f, h in zip(free, hold, strict=True)] == went.tolist()


def test_of_more_that_are_out_than_places_the_first_to_come_back_are_not_followed() -> None:
    held = eighths([[24, 8, 16], [8, 16, 24]])

    free = places(held, np.array([2, 4]), np.array([0.5, 0.5]))

    assert free.tolist() == [[3.0, np.inf, 2.0, np.inf], [1.0, 2.0, 3.0, 0.5]]


def test_one_place_means_one_after_another() -> None:
    went = queue(eighths([[16]]), Stay(eighths([[8, 24, 40]])), lambda at: at)

    assert went.tolist() == [[2.0, 3.0, 6.0]]


def test_a_place_that_comes_free_at_night_is_used_in_the_morning() -> None:
    went = queue(eighths([[16]]), Stay(eighths([[8, 24]])), lambda at: np.ceil(at / 10) * 10)

    assert went.tolist() == [[10.0, 20.0]]


def test_a_provider_that_pauses_does_so_in_its_own_hours() -> None:
    """Given back at half past eleven, after hours: half an hour into the next ones the place is taken again."""
    stay = Stay(eighths([[12, 24]]), eighths([[4, 4]]))

    went = queue(eighths([[16]]), stay, lambda at: np.where(at % 10 > 1, np.ceil(at / 10) * 10, at))

    assert went.tolist() == [[10.0, 20.5]]
