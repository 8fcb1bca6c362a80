"""A forecast as it is stored: the same whatever the clock on the wall says."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import Place, foretell
from dashboard.model.outlook import FRACTIONS, LEVELS
from tests.forecast.worlds import World, knowledge

WORLD = World()
AUTUMN = datetime(2026, 10, 31, 22, 40, tzinfo=UTC)
"""The night in which New York's clocks go back."""


@pytest.fixture(scope="module")
def experience() -> Experience:
    return learn(knowledge(*WORLD.past(20, np.random.default_rng(1))))


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata", "Pacific/Chatham"])
def test_time_zones_and_clock_changes_do_nothing(experience: Experience, zone: str) -> None:
    rollout, _ = WORLD.rollout("new", np.random.default_rng(2), -6.0)
    places = [Place("cluster", "team")] * rollout.nodes

    here = foretell(rollout, places, 12.0, experience, AUTUMN)
    there = foretell(rollout, places, 12.0, experience, AUTUMN.astimezone(ZoneInfo(zone)))

    assert (here.back, here.starts, here.grid, here.because) == (there.back, there.starts, there.grid, there.because)
    assert [part.out.tolist() for part in here.parts] == [part.out.tolist() for part in there.parts]
    assert {at.tzinfo for at in there.grid} == {UTC}


def test_quantiles_rise_with_probability_and_share_and_none_is_past(experience: Experience) -> None:
    rollout, _ = WORLD.rollout("new", np.random.default_rng(2), -6.0)

    made = foretell(rollout, [Place("cluster", "")] * rollout.nodes, 12.0, experience, AUTUMN)

    hours = np.array([[(made.back[f][each] - AUTUMN).total_seconds() for each in LEVELS] for f in FRACTIONS])
    assert (np.diff(hours, axis=0) >= 0).all()
    assert (np.diff(hours, axis=1) >= 0).all()
    assert (hours >= 0).all()
