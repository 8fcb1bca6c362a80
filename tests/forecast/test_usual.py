"""What is usual, against known laws."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard.forecast.durations import Law
from dashboard.forecast.engine import learn
from dashboard.forecast.fitting import SCALES
from dashboard.forecast.usual import quantiles, usual_times
from dashboard.model.cases import Case
from dashboard.model.instants import micros
from dashboard.model.rollout import Knowledge
from dashboard.model.usual import Usual, UsualTimes

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def law(sigma2: float, phi2: float, scales: np.ndarray) -> Law:
    return Law(np.log(5.0), 0.0, sigma2, 0.0, phi2, (1.0, 1.0, 1.0), scales)


def test_one_law_has_the_quantiles_of_its_lognormal() -> None:
    """Median 5 h, sigma 0.5: nine in ten within 5 exp(1.2816 / 2) h, nineteen in twenty within 5 exp(1.6449 / 2) h."""
    found = quantiles(law(0.16, 0.09, (SCALES == 1.0).astype(float)))

    assert found == pytest.approx((5.0, 5 * np.exp(1.281552 * 0.5), 5 * np.exp(1.644854 * 0.5)), rel=1e-5)


def test_a_mixture_has_the_quantiles_of_what_is_drawn_from_it() -> None:
    """Half of the maintenances spread their nodes little, half a lot."""
    rng = np.random.default_rng(11)
    scales = np.where((SCALES == 0.04) | (SCALES == 3.5), 0.5, 0.0)
    sigma = np.sqrt(0.1 + 0.3 * rng.choice([0.04, 3.5], 400_000))
    drawn = 5.0 * np.exp(sigma * rng.standard_normal(400_000))

    found = quantiles(law(0.3, 0.1, scales))

    assert found == pytest.approx(np.quantile(drawn, [0.5, 0.9, 0.95]), rel=0.02)


def test_cases_teach_how_long_an_answer_and_an_end_take() -> None:
    """Three hundred lognormal cases with median 8 h and sigma 0.7, a third of them still open and censored."""
    rng = np.random.default_rng(5)
    took = 8.0 * np.exp(0.7 * rng.standard_normal(300))
    cases = []
    for i, hours in enumerate(took):
        opened = NOW - timedelta(hours=float(rng.uniform(10, 900)) if i % 3 else 6.0)
        closed = opened + timedelta(hours=float(hours))
        steps = [(micros(opened), "open")] + ([(micros(closed), "resolved")] if closed <= NOW else [])
        cases.append(Case(f"CS-{i}", "", "", "p", "sev2", micros(opened), None, None, "", tuple(steps)))

    found = usual_times(learn(Knowledge(0.0, ())), cases, NOW).of("p", "sev2", "resolution")

    assert found is not None
    assert found.p50 == pytest.approx(8.0, rel=0.15)
    assert found.p90 == pytest.approx(8 * np.exp(1.281552 * 0.7), rel=0.2)


def test_where_nothing_was_seen_there_is_something_to_go_by() -> None:
    """Of nobody in particular, for every stage and step; a provider never seen is taken for one of all."""
    found = usual_times(learn(Knowledge(0.0, ())), [], NOW)

    assert {what for _, _, what in found.known} == {
        "cordoned", "drained", "in_maintenance", "returned", "validating", "repairing", "response", "resolution"
    }  # fmt: skip
    usual = found.of("new", "new", "in_maintenance")
    assert usual is not None
    assert 0 < usual.p50 < usual.p90 < usual.p95


def test_what_is_closest_is_taken() -> None:
    found = UsualTimes({("p", "k", "x"): Usual(1, 2, 3), ("p", "", "x"): Usual(4, 5, 6), ("", "", "x"): Usual(7, 8, 9)})

    assert [found.of(*like) for like in (("p", "k", "x"), ("p", "j", "x"), ("q", "k", "x"), ("p", "k", "y"))] == [
        Usual(1, 2, 3), Usual(4, 5, 6), Usual(7, 8, 9), None
    ]  # fmt: skip


def test_the_chance_to_last_longer_is_conditional_on_having_lasted() -> None:
    """One in ten lasts longer than the 90th percentile; of those that got to the median, one in five."""
    usual = Usual(4.0, 10.0, 14.0)

    assert usual.chance_beyond(0.0, 10.0) == pytest.approx(0.1)
    assert usual.chance_beyond(4.0, 10.0) == pytest.approx(0.2)
    assert usual.chance_beyond(11.0, 10.0) == 1.0
    assert 0 < usual.chance_beyond(5000.0, 5001.0) <= 1.0
