"""Reasons: what a fact does is found by leaving it out, and what does nothing is not told."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from dashboard.forecast.because import PUTS, because
from dashboard.forecast.engine import Experience, learn
from dashboard.forecast.foretell import Place, foretell
from dashboard.forecast.noise import seed_of
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage, Status
from tests.forecast.worlds import World, knowledge

WORLD = World()


@pytest.fixture(scope="module")
def experience() -> Experience:
    return learn(knowledge(*WORLD.past(30, np.random.default_rng(1))))


def with_fact(rollout: Rollout, node: int, stage: Stage, at: float) -> Rollout:
    return replace(
        rollout,
        node=np.append(rollout.node, node),
        stage=np.append(rollout.stage, CODE[stage]),
        at=np.append(rollout.at, at),
    )


def test_failed_nodes_are_given_with_the_hours_they_cost(experience: Experience) -> None:
    rollout, _ = World(fail=0.0).rollout("new", np.random.default_rng(3), -60.0)
    rollout = replace(rollout, status=Status.IN_PROGRESS, closed=float("nan"))
    for node in range(6):
        rollout = with_fact(rollout, node, Stage.REPAIRING, -0.5)

    said = because(rollout, 12.0, experience, 5)

    assert "6 nodes failed validation" in said[0]
    assert f"{PUTS}95 %" in said[0]
    assert said[0].endswith("later.")


def test_a_limit_is_given_where_it_costs_time_and_not_where_it_does_not(experience: Experience) -> None:
    tight, _ = World(slots=4).rollout("new", np.random.default_rng(3), 5.0)
    loose = replace(tight, max_unavailable=float(tight.nodes - 1))

    assert any("at most 4 at once" in each and "later" in each for each in because(tight, 12.0, experience, 5))
    assert not any("at once" in each for each in because(loose, 12.0, experience, 5))


def test_a_pace_of_its_own_is_given_as_a_reason(experience: Experience) -> None:
    slow, _ = World(work=14.0).rollout("new", np.random.default_rng(3), -40.0)

    said = because(slow, 12.0, experience, 5)

    assert any("In maintenance takes" in each and "longer here" in each and each.endswith("later.") for each in said)


def test_a_stall_is_said_first(experience: Experience) -> None:
    """All that were out came back a day ago, and nothing has gone out since."""
    rollout, _ = WORLD.rollout("new", np.random.default_rng(3), -9.0)
    stalled = replace(rollout, at=rollout.at - 24.0, started=rollout.started - 24.0)
    for node in np.unique(rollout.node).tolist():
        stalled = with_fact(stalled, node, Stage.IN_SERVICE, -24.0)

    said = because(stalled, 12.0, experience, 5)

    assert said[0].startswith("No node has gone out for 2")


def test_the_same_question_gets_the_same_words(experience: Experience) -> None:
    rollout, _ = WORLD.rollout("new", np.random.default_rng(3), -9.0)

    assert because(rollout, 12.0, experience, 5) == because(rollout, 12.0, experience, 5)


def test_which_reasons_are_told_is_hardly_a_matter_of_chance(experience: Experience) -> None:
    """Eighteen maintenances, each asked six times: nearly all reasons are told every time, or never."""
    rng, always, at_times = np.random.default_rng(8), 0, 0
    for slots in (6, 10, 14):
        for fail in (0.05, 0.2):
            for start in (3.0, -9.0, -20.0):
                asked, _ = World(slots=slots, fail=fail).rollout("new", rng, start)
                said = [{each.split(PUTS)[0] for each in because(asked, 12.0, experience, seed)} for seed in range(6)]
                always += len(set.intersection(*said))
                at_times += len(set.union(*said)) - len(set.intersection(*said))

    assert always > 15
    assert at_times <= 4


def test_what_was_drawn_for_the_forecast_serves_to_explain_it(experience: Experience) -> None:
    """A forecast gives the reasons that are found for it from nothing."""
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
    asked, _ = World(slots=6).rollout("new", np.random.default_rng(3), -9.0)
    seed = seed_of(f"new {now.timestamp():.6f}")

    made = foretell(asked, [Place("c", "")] * asked.nodes, 12.0, experience, now)

    assert made.because
    assert made.because == because(asked, 12.0, experience, seed)
