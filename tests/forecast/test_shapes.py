"""Shapes: two humps and long tails are found where they are, and the normal is left alone where they are not."""

import numpy as np
import pytest
from scipy.special import ndtri

from dashboard.forecast.durations import fit_durations
from dashboard.forecast.fitting import Stays
from dashboard.forecast.shapes import Shape, Warp, fit_shape

LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95])
ENDED = np.zeros(2000, dtype=bool)


def two_humps(size: int, rng: np.random.Generator) -> np.ndarray:
    """Seven in ten around -0.65, the rest around 1.5: mean 0, as the residuals of a fit have it."""
    return np.where(rng.random(size) < 0.7, -0.65, 1.5) + 0.3 * rng.standard_normal(size)


def test_two_humps_are_recovered() -> None:
    """Quantiles of the map are those of the law that made the data; between the humps there is next to nothing."""
    rng = np.random.default_rng(1)
    shape = fit_shape(two_humps(2000, rng), ENDED, np.ones(2000))

    assert shape is not None
    true = two_humps(400_000, rng)
    assert shape.residual(ndtri(LEVELS)) == pytest.approx(np.quantile(true, LEVELS), abs=0.2)
    assert np.diff(shape.normal(np.array([0.3, 0.8])))[0] < 0.25


def test_a_long_tail_is_covered() -> None:
    """Student's t with two and a half degrees of freedom: one in a hundred lies beyond what a normal has at 2.33."""
    rng = np.random.default_rng(2)
    made = rng.standard_t(2.5, 6000)

    shape = fit_shape(made, np.zeros(6000, dtype=bool), np.ones(6000))

    assert shape is not None
    assert np.mean(made > float(shape.residual(np.array(2.326)))) == pytest.approx(0.01, abs=0.004)


@pytest.mark.parametrize("size", [20, 2000])
def test_the_normal_keeps_its_shape(size: int) -> None:
    residuals = np.random.default_rng(3).standard_normal(size)

    assert fit_shape(residuals, ENDED[:size], np.ones(size)) is None


def test_a_few_odd_values_are_no_shape() -> None:
    """Six stays, three of them at one place: too few to leave the normal for."""
    assert fit_shape(np.array([-1.0, -1.0, -1.0, 0.2, 1.0, 1.5]), ENDED[:6], np.ones(6)) is None


def test_stays_that_share_a_fate_count_once() -> None:
    """What two thousand stays show, the same two thousand of two maintenances do not."""
    made = two_humps(2000, np.random.default_rng(4))

    assert fit_shape(made, ENDED, np.full(2000, 2 / 2000)) is None


def test_what_still_lasts_is_not_taken_for_a_hump() -> None:
    """Cut off at the upper hump's foot, its stays are known to last, and their share is kept."""
    made = two_humps(2000, np.random.default_rng(5))
    cut = made > 0.6

    shape = fit_shape(np.minimum(made, 0.6), cut, np.ones(2000))

    assert shape is not None
    assert float(shape.normal(np.array(0.55))) == pytest.approx(ndtri(0.7), abs=0.12)


def test_the_way_back_is_the_way_there() -> None:
    shape = fit_shape(two_humps(2000, np.random.default_rng(6)), ENDED, np.ones(2000))
    assert shape is not None
    warp, logs = Warp(shape, 1.3, 0.8), np.linspace(-6.0, 9.0, 301)

    assert warp.log_hours(warp.warped(logs)) == pytest.approx(logs, abs=1e-6)
    assert (np.diff(warp.warped(logs)) > 0).all()


def test_the_table_has_the_hours_of_the_map() -> None:
    warp = Warp(Shape(np.array([-2.0, 0.0, 1.0]), np.array([-2.5, 0.3, 0.9])), 1.3, 0.8)
    drawn = np.linspace(-3.0, 5.0, 1000, dtype=np.float32)

    assert warp.table().hours(drawn) == pytest.approx(np.exp(warp.log_hours(drawn.astype(float))), rel=2e-3)


def test_a_stage_of_two_humps_is_drawn_with_two_humps() -> None:
    """Sixty maintenances whose nodes take 2 h, or every third time 12 h: few are drawn in between."""
    rng = np.random.default_rng(7)
    y = np.where(rng.random(1800) < 0.67, np.log(2.0), np.log(12.0)) + 0.2 * rng.standard_normal(1800)
    each = np.arange(60)
    stays = Stays(
        y, np.zeros(1800, dtype=bool), np.repeat(each, 30), each, np.zeros(60, dtype=np.int64),
        tuple(f"m{i}" for i in each), (("csp", "firmware"),),
    )  # fmt: skip

    law = fit_durations(stays, 4.0, shaped=True).law(("csp", "firmware"))
    sigma = np.sqrt(law.sigma2 + law.rho2 + law.phi2)
    drawn = np.array([law.hours(float(each)) for each in law.mean + sigma * ndtri((np.arange(2000) + 0.5) / 2000)])

    assert np.mean(drawn < 4.9) == pytest.approx(0.67, abs=0.04)
    assert np.mean((drawn > 3.9) & (drawn < 6.2)) < 0.06
