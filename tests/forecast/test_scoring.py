"""A forecast is judged as the books say, and no rival is made of straw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sksurv.functions import StepFunction
from sksurv.nonparametric import kaplan_meier_estimator

from dashboard.forecast.rivals import kaplan_meier, promise, straight_line, usual_times
from dashboard.forecast.scoring import crps, pit, reached
from dashboard.model.outlook import LEVELS
from dashboard.model.rollout import Knowledge, Rollout
from dashboard.model.stages import CODE, Stage, Status

IN_MAINTENANCE, IN_SERVICE, REMOVED = CODE[Stage.IN_MAINTENANCE], CODE[Stage.IN_SERVICE], CODE[Stage.REMOVED]


def rollout(
    *moves: tuple[int, int, float], nodes: int = 4, name: str = "M-1", closed: float = float("nan"), **known: float
) -> Rollout:
    """Nodes of 8 GPUs each in one rack; moves are (node, stage, hours since now), the oldest first."""
    node, stage, at = (np.array(column) for column in zip(*moves, strict=True)) if moves else (np.zeros(0),) * 3
    nothing = float("nan")
    return Rollout(
        maintenance_id=name, provider="p", kind="k", sku="", cluster="c",
        status=Status.COMPLETED if np.isfinite(closed) else Status.IN_PROGRESS, announced=-100.0, started=-10.0,
        planned_start=known.get("planned_start", -10.0), planned_end=known.get("planned_end", nothing),
        first_planned_end=known.get("planned_end", nothing), claimed_end=known.get("claimed_end", nothing),
        max_unavailable=known.get("max_unavailable", nothing), rack=np.zeros(nodes, dtype=np.int64),
        gpus=np.full(nodes, 8), node=node.astype(np.int64), stage=stage.astype(np.int64), at=at.astype(float),
        closed=closed,
    )  # fmt: skip


def test_a_point_forecast_scores_its_distance() -> None:
    assert crps(np.full(len(LEVELS), 10.0), LEVELS, 14.0) == pytest.approx(4.0)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.2, 3), st.floats(-2, 2))
def test_no_other_spread_or_place_scores_better_than_the_truth(spread: float, place: float) -> None:
    law = stats.norm()
    outcomes = law.ppf((np.arange(200) + 0.5) / 200)

    true = np.mean([crps(law.ppf(LEVELS), LEVELS, each) for each in outcomes])
    other = np.mean([crps(place + spread * law.ppf(LEVELS), LEVELS, each) for each in outcomes])

    assert true <= other + 0.02


def test_outcomes_of_a_right_forecast_fall_evenly_over_it() -> None:
    rng, quantiles = np.random.default_rng(2), stats.norm().ppf(LEVELS)
    found = np.array([pit(quantiles, LEVELS, each) for each in rng.standard_normal(4000)])

    assert np.mean(found < 0.25) == pytest.approx(0.25, abs=0.02)
    assert np.mean(found < 0.5) == pytest.approx(0.5, abs=0.02)
    assert np.mean(found > 0.95) == pytest.approx(0.05, abs=0.01)


def test_what_equals_coinciding_quantiles_falls_in_their_middle() -> None:
    assert pit(np.array([0.0, 0.0, 0.0, 5.0, 6.0, 7.0, 8.0]), LEVELS, 0.0) == pytest.approx(0.15)


def test_a_share_is_reached_when_enough_of_what_was_not_lost_is_back() -> None:
    done = rollout(
        (0, IN_SERVICE, -8.0), (1, IN_SERVICE, -6.0), (2, IN_SERVICE, -4.0),
        (3, IN_MAINTENANCE, -9.0), (3, REMOVED, -2.0),
    )  # fmt: skip

    assert reached(done, 0.5) == -6.0
    assert reached(done, 1.0) == -4.0
    assert np.isnan(reached(rollout((0, IN_SERVICE, -8.0)), 0.5))


def test_a_maintenance_that_reports_no_node_was_back_when_it_was_closed() -> None:
    assert reached(rollout(closed=-3.0), 0.95) == -3.0


def test_the_straight_line_carries_on_what_has_returned() -> None:
    half = rollout((0, IN_MAINTENANCE, -10.0), (0, IN_SERVICE, -4.0), (1, IN_MAINTENANCE, -9.0), (1, IN_SERVICE, -1.0))

    assert straight_line(half, 1.0) == pytest.approx(10.0)
    assert np.isnan(straight_line(rollout((0, IN_MAINTENANCE, -10.0)), 1.0))


def test_a_promise_is_the_latest_claim_and_never_lies_in_the_past() -> None:
    assert promise(rollout(planned_end=5.0, claimed_end=9.0)) == 9.0
    assert promise(rollout(planned_end=-5.0)) == 0.0
    assert np.isnan(promise(rollout()))


@given(st.lists(st.tuples(st.integers(1, 30), st.booleans()), min_size=1, max_size=60))
def test_the_survival_curve_is_scikit_survivals(stays: list[tuple[int, bool]]) -> None:
    lasted, ended = np.array([each[0] for each in stays], dtype=float), np.array([each[1] for each in stays])
    if not ended.any():
        return
    ours = kaplan_meier(lasted, ended)
    theirs = StepFunction(*kaplan_meier_estimator(ended, lasted))

    assert np.allclose(ours.left, theirs(ours.at))


def test_usual_times_know_that_what_has_lasted_lasts_longer() -> None:
    finished = [
        rollout((0, IN_MAINTENANCE, -50.0), (0, IN_SERVICE, -50.0 + hours), nodes=1, name=f"M-{hours}", closed=-20.0)
        for hours in (2.0, 4.0, 6.0, 8.0, 20.0)
    ]
    usual = usual_times(Knowledge(0.0, tuple(finished)))
    rng = np.random.default_rng(3)

    fresh = usual.quantiles(rollout((0, IN_MAINTENANCE, 0.0), nodes=1), (1.0,), LEVELS, rng)[0]
    old = usual.quantiles(rollout((0, IN_MAINTENANCE, -10.0), nodes=1), (1.0,), LEVELS, rng)[0]

    assert fresh[3] == pytest.approx(6.0)
    assert old[3] == pytest.approx(10.0)
    assert (np.diff(fresh) >= 0).all()


def test_usual_times_queue_for_the_places_there_are() -> None:
    finished = [
        rollout((0, IN_MAINTENANCE, -50.0), (0, IN_SERVICE, -45.0), nodes=1, name=f"M-{i}", closed=-20.0)
        for i in range(5)
    ]
    usual = usual_times(Knowledge(0.0, tuple(finished)))

    one_by_one = usual.quantiles(rollout(max_unavailable=1.0), (1.0,), LEVELS, np.random.default_rng(4))[0]

    assert one_by_one[3] == pytest.approx(20.0)
