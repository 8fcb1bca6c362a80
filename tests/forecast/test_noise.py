"""Chance by table is the chance it stands for."""

import numpy as np
import pytest
from scipy.stats import kstest, norm

from dashboard.forecast.noise import below, mixed, normals, normals_beyond, one_each

DRAWS = 200_000


def test_normals_follow_their_law() -> None:
    drawn = normals((DRAWS,), np.random.default_rng(1))

    assert kstest(drawn, norm.cdf).statistic < 0.005


@pytest.mark.parametrize("wider", [1.0, 1.8, 10.0, 100.0])
def test_a_mixture_is_most_of_one_width_and_a_share_of_another(wider: float) -> None:
    """Each path by its own width; through its law, what is drawn is level."""
    drawn = mixed((2, DRAWS), np.array([1.0, wider], np.float32), 0.1, np.random.default_rng(2))

    level = 0.9 * norm.cdf(drawn[1]) + 0.1 * norm.cdf(drawn[1] / wider)

    assert kstest(drawn[0], norm.cdf).statistic < 0.005
    assert kstest(level, "uniform").statistic < 0.006


@pytest.mark.parametrize("bound", [-3.0, 0.0, 1.5, 4.0, 9.0])
def test_what_is_beyond_a_bound_follows_the_tail(bound: float) -> None:
    drawn = normals_beyond(np.full((DRAWS // 10,), bound, np.float32), np.random.default_rng(3))

    assert drawn.min() >= bound
    assert kstest(norm.sf(drawn.astype(float)) / norm.sf(bound), "uniform").statistic < 0.015


def test_the_share_below_is_the_normal_law() -> None:
    z = np.linspace(-9, 9, 1001).astype(np.float32)

    assert np.abs(below(z) - norm.cdf(z)).max() < 1.5e-4


def test_each_row_draws_its_own_column_by_weight_whatever_these_add_up_to() -> None:
    weight = np.repeat([[1.0, 0.0, 3.0], [0.02, 0.01, 0.01]], 20_000, axis=0)

    drawn = one_each(weight, np.random.default_rng(4)).reshape(2, -1)

    shares = np.array([np.bincount(each, minlength=3) for each in drawn]) / drawn.shape[1]
    assert shares == pytest.approx(np.array([[0.25, 0.0, 0.75], [0.5, 0.25, 0.25]]), abs=0.015)
