"""What others took in all: heard where it helps, and never where it harms."""

import numpy as np

from dashboard.forecast.lengths import Lengths, blended, fit_share

PATHS, ASKED = 32, 60
RANKS = (np.arange(PATHS) + 0.5) / PATHS


def said(truth: np.ndarray, spread: float, rng: np.random.Generator) -> np.ndarray:
    """Forecasts of so many hours, each off as far as it says that it may be, (asked, paths) rising."""
    centre = truth * np.exp(spread * rng.standard_normal(truth.shape))
    return np.sort(centre[:, None] * np.exp(spread * rng.standard_normal((truth.size, PATHS))), axis=1)


def usually(rng: np.random.Generator) -> np.ndarray:
    """Lengths whose logarithms are standard normal, (asked,)."""
    return np.asarray(np.exp(rng.standard_normal(ASKED)))


def share(most: np.ndarray, truth: np.ndarray) -> float:
    """The share of others' lengths that would have served best."""
    rest = np.tile(np.quantile(truth, RANKS), (truth.size, 1))
    return fit_share(np.arange(truth.size), most, rest, truth)


def test_who_knows_better_from_the_nodes_hears_nothing_of_others() -> None:
    rng = np.random.default_rng(1)
    truth = usually(rng)

    assert share(said(truth, 0.1, rng), truth) == 0.0


def test_who_knows_nothing_from_the_nodes_hears_much() -> None:
    rng = np.random.default_rng(2)
    truth = usually(rng)
    far_too_sure = np.sort(3.0 * np.exp(0.1 * rng.standard_normal((ASKED, PATHS))), axis=1)

    assert share(far_too_sure, truth) == 0.6


def test_one_or_the_other_is_right() -> None:
    soon, late = np.linspace(1.0, 2.0, PATHS), np.linspace(100.0, 200.0, PATHS)

    both = blended(soon, late, 0.25)

    assert np.all(np.diff(both) >= 0)
    assert np.mean(both > 50.0) == 0.25
    assert np.array_equal(blended(soon, late, 0.0), soon)


def test_few_maintenances_are_not_asked() -> None:
    rng = np.random.default_rng(3)
    truth = usually(rng)[:11]

    assert share(said(truth, 3.0, rng), truth) == 0.0


def test_only_those_count_that_lasted_as_long() -> None:
    lengths = Lengths(np.arange(1.0, 41.0))

    rest = lengths.rest(20.5, PATHS)

    assert rest is not None
    assert 0.5 <= rest[0] <= 1.5
    assert rest[-1] <= 19.5
    assert lengths.rest(30.5, PATHS) is None  # ten are too few


def test_the_one_that_is_asked_for_is_not_among_the_others() -> None:
    lengths = Lengths(np.sort(np.append(np.arange(1.0, 31.0), 500.0)))

    with_it, without = lengths.rest(5.0, PATHS), lengths.rest(5.0, PATHS, without=500.0)

    assert with_it is not None
    assert without is not None
    assert with_it[-1] > 100 > without[-1]
