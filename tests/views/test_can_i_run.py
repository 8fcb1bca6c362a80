"""When N GPUs are free for D hours, at a certainty that is kept."""

import numpy as np

from dashboard.views.can_i_run import earliest_start


def simple(free: np.ndarray, at: np.ndarray, gpus: int, hours: float, certainty: float) -> int | None:
    """The same, by looking at every start, every future and every instant."""
    for i, start in enumerate(at):
        if start + hours > at[-1]:
            return None
        kept = sum(all(f >= gpus for f, t in zip(path, at, strict=True) if start <= t < start + hours) for path in free)
        if kept >= certainty * len(free) - 1e-9:
            return i
    return None


def test_the_earliest_start_is_that_of_a_plain_search() -> None:
    """Random futures, on a grid that grows coarser."""
    rng = np.random.default_rng(3)
    at = np.concatenate([np.arange(0, 12, 1.0), np.arange(12, 48, 3.0)])

    for _ in range(60):
        free = rng.integers(0, 12, size=(10, at.size)).cumsum(axis=1) // 6 * 1.0
        asked = (int(rng.integers(1, 16)), float(rng.integers(1, 20)), float(rng.choice([0.5, 0.8, 0.9])))

        assert earliest_start(free, at, *asked) == simple(free, at, *asked)


def test_a_start_promised_at_90_percent_is_kept_90_percent_of_the_time() -> None:
    """Futures drawn from a law; the truth drawn from the same law, many times over."""
    rng = np.random.default_rng(11)
    at = np.arange(0.0, 120.0)

    def futures(count: int) -> np.ndarray:
        back = rng.lognormal(3, 0.5, size=(count, 1))
        return np.where(at < back, 0.0, 64.0)

    kept = []
    for _ in range(200):
        start = earliest_start(futures(400), at, gpus=64, hours=24, certainty=0.9)
        assert start is not None
        truth = futures(50)
        kept.append(np.mean([(path[start : start + 24] >= 64).all() for path in truth]))

    assert abs(np.mean(kept) - 0.9) < 0.015


def test_a_run_that_ends_beyond_the_horizon_is_not_promised() -> None:
    """What is not forecast is not free."""
    at = np.arange(0.0, 10.0)

    assert earliest_start(np.full((5, 10), 99.0), at, gpus=8, hours=9, certainty=0.9) == 0
    assert earliest_start(np.full((5, 10), 99.0), at, gpus=8, hours=10, certainty=0.9) is None
