"""Records that are lost, doubled, mixed up or contradict each other do not derail what is learnt, or said."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from dashboard.forecast.because import because
from dashboard.forecast.engine import Experience, foresee, learn
from dashboard.forecast.past import past_of
from dashboard.forecast.quantiles import back
from dashboard.forecast.slots import Turnover, peak, places_at_most
from dashboard.forecast.spells import spells_of
from dashboard.forecast.untold import Untold, learn_untold
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, STAGES, Stage, Status
from tests.forecast.worlds import World, empty, knowledge

WORLD = World()
LEVELS, FRACTIONS = (0.1, 0.5, 0.9), (0.5, 0.9)
CORDONED, OUT, VALIDATING, REPAIRING, HOME = (
    CODE[each] for each in (Stage.CORDONED, Stage.IN_MAINTENANCE, Stage.VALIDATING, Stage.REPAIRING, Stage.IN_SERVICE)
)

Break = Callable[[Rollout, np.random.Generator], Rollout]


def told(rollout: Rollout, node: np.ndarray, stage: np.ndarray, at: np.ndarray) -> Rollout:
    order = np.argsort(at, kind="stable")
    return replace(rollout, node=node[order], stage=stage[order], at=at[order])


def lost(rollout: Rollout, rng: np.random.Generator) -> Rollout:
    """Six records in a hundred never arrive."""
    kept = rng.random(rollout.at.size) > 0.06
    return replace(
        rollout, status=Status.RECOVERING, node=rollout.node[kept], stage=rollout.stage[kept], at=rollout.at[kept]
    )


def mixed_up(rollout: Rollout, rng: np.random.Generator) -> Rollout:
    """Of three in ten the clock is off by minutes."""
    off = np.where(rng.random(rollout.at.size) < 0.3, rng.normal(0.0, 0.08, rollout.at.size), 0.0)
    return told(rollout, rollout.node, rollout.stage, rollout.at + off)


def doubled(rollout: Rollout, rng: np.random.Generator) -> Rollout:
    """One in ten is told by somebody else, too, whose clock is another."""
    more = np.flatnonzero(rng.random(rollout.at.size) < 0.1)
    at = np.append(rollout.at, rollout.at[more] + rng.normal(0.0, 0.05, more.size))
    return told(rollout, np.append(rollout.node, rollout.node[more]), np.append(rollout.stage, rollout.stage[more]), at)


def contradicted(rollout: Rollout, rng: np.random.Generator) -> Rollout:
    """After one in a hundred somebody else calls the node cordoned."""
    more = np.flatnonzero(rng.random(rollout.at.size) < 0.01)
    stage = np.append(rollout.stage, np.full(more.size, CORDONED))
    return replace(
        told(
            rollout, np.append(rollout.node, rollout.node[more]), stage, np.append(rollout.at, rollout.at[more] + 0.02)
        ),
        status=Status.RECOVERING,
    )


@pytest.fixture(scope="module")
def history() -> tuple[Rollout, ...]:
    return WORLD.past(25, np.random.default_rng(11))


@pytest.fixture(scope="module")
def whole(history: tuple[Rollout, ...]) -> Experience:
    return learn(knowledge(*history))


@pytest.mark.parametrize("spoilt", [lost, mixed_up, doubled, contradicted])
def test_what_is_said_hardly_changes(history: tuple[Rollout, ...], whole: Experience, spoilt: Break) -> None:
    """Both what was learnt and the maintenance that is asked for have such records."""
    rng = np.random.default_rng(5)
    learnt = learn(knowledge(*(spoilt(each, rng) for each in history)))

    for start in (6.0, -8.0, -20.0):
        asked, _ = WORLD.rollout("new", np.random.default_rng(3), start)
        running = spoilt(asked, rng) if start < 0 else asked
        right, found = (
            back(foresee(each, 12.0, by, np.random.default_rng(1), 300), each.gpus, FRACTIONS, LEVELS)
            for each, by in ((asked, whole), (replace(running, status=asked.status), learnt))
        )
        assert np.abs(found - right).max() < 0.15 * right.max() + 1.0


def ordered(*rows: tuple[int, float]) -> list[int]:
    """The stages that one node is taken to have entered."""
    stage, at = (np.array(each) for each in zip(*rows, strict=True))
    rollout = replace(empty(nodes=1), node=np.zeros(len(rows), dtype=np.int64), stage=stage, at=at.astype(float))
    return [int(each) for each in spells_of(rollout).stage]


def test_stages_minutes_apart_are_entered_in_their_order() -> None:
    assert ordered((OUT, -9.0), (CORDONED, -8.9), (VALIDATING, -4.0)) == [CORDONED, OUT, VALIDATING]
    assert ordered((OUT, -9.0), (CORDONED, -7.0), (VALIDATING, -4.0)) == [OUT, CORDONED, VALIDATING]


def test_what_is_told_again_minutes_later_is_no_way_back() -> None:
    assert ordered((VALIDATING, -4.0), (HOME, -3.9), (VALIDATING, -3.85)) == [VALIDATING, HOME]
    assert ordered((REPAIRING, -4.0), (CORDONED, -3.98), (VALIDATING, -1.0)) == [REPAIRING, VALIDATING]
    assert ordered((VALIDATING, -4.0), (REPAIRING, -3.9), (VALIDATING, -3.8)) == [VALIDATING, REPAIRING, VALIDATING]


def test_a_node_that_goes_out_again_hours_later_is_out() -> None:
    assert ordered((OUT, -9.0), (HOME, -5.0), (CORDONED, -2.0)) == [OUT, HOME, CORDONED]


def test_how_often_an_end_is_never_told_is_read_off_what_is_over(history: tuple[Rollout, ...]) -> None:
    rng = np.random.default_rng(7)

    never = learn_untold(past_of(history)).of("csp")
    often = learn_untold(past_of([lost(each, rng) for each in history])).of("csp")

    assert not never.any()
    assert 0.04 < often[VALIDATING] < 0.09
    assert often[REPAIRING] == 0.0  # it lasts


def test_a_node_long_silent_where_records_get_lost_is_taken_to_be_back(whole: Experience) -> None:
    asked = replace(
        empty(nodes=2), node=np.array([0, 1]), stage=np.full(2, VALIDATING), at=np.array([-200.0, -0.5]), started=-201.0
    )
    spells = spells_of(asked)
    shares = np.where(np.arange(len(STAGES)) == VALIDATING, 0.06, 0.0)

    careless, careful = (
        each.of_rollout(asked, spells, whole.durations) for each in (Untold({"csp": shares}), Untold())
    )

    assert careless.now.tolist() == [HOME, VALIDATING]
    assert careless.since[0] == 0.0
    assert careful.now.tolist() == [VALIDATING, VALIDATING]


def test_clocks_that_are_minutes_apart_need_no_place_more() -> None:
    took, gave = np.array([0.0, 0.0, 3.9, 4.0]), np.array([4.0, 4.1, 9.0, 9.0])

    assert peak(Turnover(took, gave)) == 2
    assert peak(Turnover(took - np.array([0.0, 0.0, 1.0, 1.0]), gave)) == 4


def test_a_told_limit_holds_unless_far_more_were_seen() -> None:
    assert [places_at_most(10.0, seen) for seen in (0, 10, 12, 20)] == [10, 10, 10, 20]
    assert places_at_most(float("nan"), 7) == 7


def test_a_return_that_is_told_late_closes_no_hours() -> None:
    """Two places, taken every six hours. Whoever believes in a third, for a day, sees it free at all other hours."""
    nodes = 400
    took = -1300.0 + 6.0 * (np.arange(nodes) // 2)
    gave = took + np.where(np.arange(nodes) == 0, 30.0, 6.0)
    past = replace(
        told(
            empty("past", nodes),
            np.tile(np.arange(nodes), 2),
            np.repeat([OUT, HOME], nodes),
            np.concatenate([took, gave]),
        ),
        status=Status.COMPLETED,
        started=-1300.0,
        max_unavailable=2.0,
        closed=-90.0,
    )

    assert learn(knowledge(past)).hours_of("csp").always


def test_that_records_get_lost_is_given_as_a_reason(history: tuple[Rollout, ...]) -> None:
    """All are back but for six, which have been silent for days."""
    rng, silent = np.random.default_rng(7), [1, 4, 9, 12, 15, 18]
    learnt = learn(knowledge(*(lost(each, rng) for each in history)))
    over, _ = WORLD.rollout("new", np.random.default_rng(3), -150.0)
    kept = ~(np.isin(over.node, silent) & (over.stage == HOME))
    running = replace(
        over,
        status=Status.IN_PROGRESS,
        closed=float("nan"),
        node=np.append(over.node[kept], 20),
        stage=np.append(over.stage[kept], CORDONED),
        at=np.append(over.at[kept], -1.0),
    )

    found = foresee(running, 12.0, learnt, np.random.default_rng(1), 50)

    assert (found.end_at[:, silent] <= 0).all()
    assert any("Of 6 nodes nothing was told" in each for each in because(running, 12.0, learnt, 5))
