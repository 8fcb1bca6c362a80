"""The pace of a maintenance: what still lasts is heard for what it says, and no more."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.forecast.durations import Law
from dashboard.forecast.fitting import AS_USUAL, SCALES
from dashboard.forecast.pace import draw_pace
from dashboard.forecast.spells import spells_of
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage
from tests.forecast.worlds import empty

REPAIRING, IN_SERVICE = CODE[Stage.REPAIRING], CODE[Stage.IN_SERVICE]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


def law(sigma: float, phi: float, scales: np.ndarray = AS_USUAL) -> Law:
    """Median 2 h, its parameters known for certain."""
    return Law(np.log(2.0), 1e-9, sigma**2, 1e-9, phi**2, (1e9, 1e9, 1e9), scales, tail=1e6, odd=0.002)


def out_since(hours: float, nodes: int, back_after: tuple[float, ...] = ()) -> Rollout:
    """So many nodes, all out since then; the first of them came back so many hours later."""
    rows = [(i, REPAIRING, -hours) for i in range(nodes)]
    rows += [(i, IN_SERVICE, after - hours) for i, after in enumerate(back_after)]
    node, stage, at = (np.array(each) for each in zip(*rows, strict=True))
    return replace(empty(nodes=nodes), node=node, stage=stage, at=at)


def drawn(rollout: Rollout, believed: Law, paths: int = 12_000) -> np.ndarray:
    """When the last running node ends, in quantiles, hours since it went out."""
    rack = np.zeros(rollout.nodes, dtype=np.int64)
    rng = np.random.default_rng(1)
    pace = draw_pace(REPAIRING, spells_of(rollout), rack, believed, hour_of_week=0.0, paths=paths, rng=rng)
    return np.asarray(np.quantile(np.exp(pace.lasts.max(axis=1)), LEVELS))


def rejected(
    hours: float,
    nodes: int,
    sigma: float,
    phi: float,
    back_after: tuple[float, ...] = (),
    scales: np.ndarray = AS_USUAL,
) -> np.ndarray:
    """The same by the dumbest way there is: simulate whole maintenances, keep those that look like this one."""
    rng, count = np.random.default_rng(2), 300_000
    level = np.log(2.0) + phi * rng.standard_normal(count)
    spread = sigma * np.sqrt(rng.choice(SCALES, count, p=scales))
    weight = np.ones(count)
    for each in back_after:
        weight = weight * np.exp(-0.5 * ((np.log(each) - level) / spread) ** 2) / spread
    keep = np.flatnonzero(rng.random(count) < weight / weight.max())
    lasts = level[keep, None] + spread[keep, None] * rng.standard_normal((keep.size, nodes - len(back_after)))
    return np.asarray(np.quantile(np.exp(lasts[(lasts > np.log(hours)).all(axis=1)].max(axis=1)), LEVELS))


@pytest.mark.parametrize("hours", [0.02, 1.0, 6.0])
def test_nodes_that_share_a_fate_and_all_last_leave_the_shock_as_wide_as_it_is(hours: float) -> None:
    """Just out, they tell nothing; after six hours, that it is no short one: as simulating and rejecting has it."""
    found = drawn(out_since(hours, 16), law(0.05, 1.2))

    assert found == pytest.approx(rejected(hours, 16, 0.05, 1.2), rel=0.12)


def test_what_came_back_and_what_still_lasts_are_weighed_as_they_should_be() -> None:
    back = (0.9, 1.1)

    found = drawn(out_since(1.5, 8, back), law(0.5, 0.8))

    assert found == pytest.approx(rejected(1.5, 8, 0.5, 0.8, back), rel=0.12)


def test_a_spread_of_its_own_is_found_though_most_still_last() -> None:
    """Half of the maintenances move as one: with all still out, neither is ruled out."""
    scales = np.where((SCALES == 0.01) | (SCALES == 1.0), 0.5, 0.0)

    found = drawn(out_since(3.0, 12), law(0.6, 0.8, scales))

    assert found == pytest.approx(rejected(3.0, 12, 0.6, 0.8, scales=scales), rel=0.15)
