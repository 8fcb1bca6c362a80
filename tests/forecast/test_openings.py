"""Where chains start: a wave of which few are back is told no faster than it goes."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.forecast.durations import Law
from dashboard.forecast.fitting import AS_USUAL
from dashboard.forecast.openings import Evidence, Prior, opening
from dashboard.forecast.pace import draw_pace
from dashboard.forecast.spells import spells_of
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage
from tests.forecast.worlds import empty

REPAIRING, IN_SERVICE = CODE[Stage.REPAIRING], CODE[Stage.IN_SERVICE]
MEDIAN, SIGMA, RHO, PHI = 3.0, 0.5, 0.3, 0.4
LAW = Law(np.log(MEDIAN), 1e-9, SIGMA**2, RHO**2, PHI**2, (1e6, 1e6, 1e6), AS_USUAL, tail=1e6, odd=0.002)


def under_way(nodes: int, racks: int, back: float, rng: np.random.Generator) -> tuple[Rollout, np.ndarray, float]:
    """Nodes that all went out together, when such a share of them is back; their racks, and the pace they go at."""
    rack = np.arange(nodes) * racks // nodes
    pace = np.log(MEDIAN) + PHI * rng.standard_normal()
    lasts = np.exp(pace + RHO * rng.standard_normal(racks)[rack] + SIGMA * rng.standard_normal(nodes))
    hours = float(np.quantile(lasts, back))
    rows = [(i, REPAIRING, -hours) for i in range(nodes)]
    rows += [(i, IN_SERVICE, each - hours) for i, each in enumerate(lasts.tolist()) if each <= hours]
    node, stage, at = (np.array(each) for each in zip(*rows, strict=True))
    return replace(empty(nodes=nodes), node=node, stage=stage, at=at), rack, pace


@pytest.mark.parametrize(("nodes", "racks", "paths"), [(40, 5, 200), (240, 30, 200), (900, 120, 200), (900, 120, 600)])
@pytest.mark.parametrize("back", [0.05, 0.2])
def test_a_wave_of_which_few_are_back_is_told_as_fast_as_it_goes(
    nodes: int, racks: int, paths: int, back: float
) -> None:
    """In standard deviations of what is believed: no lean over many waves, and no more spread than is said.

    Where many paths are wanted of many nodes, a few chains serve them.
    """
    rng = np.random.default_rng(7)
    off = []
    for _ in range(24):
        rollout, rack, pace = under_way(nodes, racks, back, rng)
        drawn = draw_pace(REPAIRING, spells_of(rollout), rack, LAW, hour_of_week=0.0, paths=paths, rng=rng)
        level = drawn.centre.mean(axis=1)
        off.append((level.mean() - pace) / np.hypot(level.std(), RHO / np.sqrt(racks)))

    assert abs(np.mean(off)) < 0.6
    assert np.std(off) < 1.4


def test_where_nothing_ended_or_lasts_what_was_believed_is_drawn() -> None:
    chains = 4000
    nothing = Evidence.of(np.zeros(1), np.zeros(1), np.zeros(1), np.empty(0, np.float32), np.empty(0, np.int64))
    column = np.ones((chains, 1), np.float32)
    prior = Prior(1.0, 0.25 * np.ones((chains, 1)), 0.5 * column, 0.1 * column, AS_USUAL, 0.05, 0.9)

    level, _, sigma = opening(nothing, prior, 2, np.random.default_rng(1))

    assert level.mean() == pytest.approx(1.0, abs=0.03)
    assert level.std() == pytest.approx(0.5, rel=0.08)
    assert np.all(sigma == np.float32(0.5))


def test_many_that_stand_alike_count_as_many_though_they_are_put_in_bins() -> None:
    """Five hundred nodes that all have passed about four hours say the same, told one by one or by bins."""
    bound = np.log(np.linspace(3.9, 4.1, 500)).astype(np.float32)
    seen = Evidence.of(np.zeros(1), np.zeros(1), np.zeros(1), bound, np.zeros(500, np.int64))

    assert seen.lasting.sum() == 500
    assert seen.at @ seen.lasting == pytest.approx(bound.sum(), rel=1e-4)
    assert seen.cluster == 500
