"""Durations: a node that has waited is not a fresh one, and what still runs is not what is short."""

import numpy as np
import pytest
from scipy.stats import norm

from dashboard.forecast.durations import fit_durations
from dashboard.forecast.fitting import SCALES, Stays
from dashboard.forecast.tails import draw_beyond, draw_remaining


def stays(y: np.ndarray, censored: np.ndarray, maintenances: int) -> Stays:
    each = y.size // maintenances
    return Stays(
        y,
        censored,
        np.repeat(np.arange(maintenances), each),
        np.arange(maintenances),
        np.zeros(maintenances, dtype=np.int64),
        tuple(f"m{i}" for i in range(maintenances)),
        (("csp", "firmware"),),
    )


def test_a_node_that_has_waited_is_not_a_fresh_one() -> None:
    """P(more than h hours to go) is S(t + h) / S(t), not S(h)."""
    mu, sigma, waited = np.array([1.0]), np.array([0.8]), np.array([10.0])
    more = np.array([1.0, 5.0, 20.0])

    drawn = draw_remaining(mu, sigma, waited, draws=200_000, rng=np.random.default_rng(7))

    survival = norm.sf((np.log(waited + np.array([0.0, *more])) - mu) / sigma)
    assert (drawn > more).mean(axis=0) == pytest.approx(survival[1:] / survival[0], abs=0.005)


def test_a_node_stuck_far_beyond_the_tail_still_differs_from_draw_to_draw() -> None:
    drawn = draw_remaining(np.zeros(1), np.full(1, 0.1), np.full(1, 1e4), 1000, np.random.default_rng(1))

    assert np.isfinite(drawn).all()
    assert np.unique(drawn).size > 900


def test_a_stage_entered_after_now_is_refused() -> None:
    with pytest.raises(ValueError, match="after as_of"):
        draw_remaining(np.zeros(1), np.ones(1), np.array([-1.0]), 3, np.random.default_rng(1))


@pytest.mark.parametrize("bound", [-40.0, -1.0, 0.0, 5.0, 29.0, 31.0, 300.0])
def test_what_is_drawn_beyond_a_bound_lies_beyond_it(bound: float) -> None:
    drawn = draw_beyond(np.full(100, bound), np.linspace(1e-9, 1, 100))

    assert np.isfinite(drawn).all()
    assert (drawn >= bound).all()


def test_the_fit_finds_the_law_that_made_the_data() -> None:
    """60 maintenances of 30 nodes: median 5 h, sigma 0.5 within, 0.3 between."""
    rng = np.random.default_rng(3)
    y = np.log(5) + np.repeat(0.3 * rng.standard_normal(60), 30) + 0.5 * rng.standard_normal(1800)

    law = fit_durations(stays(y, np.zeros(1800, dtype=bool), 60), 1.0).law(("csp", "firmware"))

    assert np.exp(law.mean) == pytest.approx(5, rel=0.12)
    assert np.sqrt(law.sigma2) == pytest.approx(0.5, rel=0.1)
    assert np.sqrt(law.phi2 + law.rho2) == pytest.approx(0.3, rel=0.3)


def test_what_still_runs_is_not_taken_for_short() -> None:
    """Cut off at the median, the stays that run on must pull the median back up to where it was."""
    rng = np.random.default_rng(4)
    y = np.log(5) + 0.5 * rng.standard_normal(3000)
    cut = y > np.log(5)

    law = fit_durations(stays(np.minimum(y, np.log(5)), cut, 30), 1.0).law(("csp", "firmware"))

    assert np.exp(law.mean) == pytest.approx(5, rel=0.1)


def test_maintenances_whose_nodes_move_as_one_are_told_from_those_whose_do_not() -> None:
    """Half of them without any spread: both small and usual scales get their share."""
    rng = np.random.default_rng(5)
    spread = np.repeat(np.arange(100) % 2, 10)
    y = np.repeat(rng.standard_normal(100), 10) + spread * 0.7 * rng.standard_normal(1000)

    law = fit_durations(stays(y, np.zeros(1000, dtype=bool), 100), 1.0).law(("csp", "firmware"))

    assert law.scales[SCALES <= 0.01].sum() == pytest.approx(0.5, abs=0.15)


def test_a_maintenance_does_not_teach_itself() -> None:
    y = np.array([0.0, 0.0, 3.0, 3.0])
    fitted = fit_durations(stays(y, np.zeros(4, dtype=bool), 2), 1.0)

    assert fitted.law(("csp", "firmware"), without="m1").mean < fitted.law(("csp", "firmware")).mean


def test_a_provider_never_seen_gets_a_wide_law() -> None:
    nothing = np.empty(0, dtype=np.int64)
    law = fit_durations(Stays(np.empty(0), np.empty(0, dtype=bool), nothing, nothing, nothing, (), ()), 4.0).law(
        ("new", "new")
    )

    assert np.exp(law.mean) == pytest.approx(4.0)
    assert law.variance > 1.0
