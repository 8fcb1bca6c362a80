"""A rollout as it would be instead."""

import numpy as np
import pytest

from dashboard.model.planning import Alternative, alternatives
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage, Status

NAN = float("nan")


def rollout(*moves: tuple[int, Stage, float], started: float = NAN) -> Rollout:
    """Six nodes in three racks, planned from hour 10 to hour 40."""
    node, stage, at = ([each[i] for each in moves] for i in range(3))
    return Rollout(
        "M-1", "p", "firmware", "", "c", Status.CONFIRMED, -100.0, started, 10.0, 40.0, 40.0, 50.0, NAN,
        np.array([0, 0, 1, 1, 2, 2]), np.full(6, 8), np.array(node, dtype=np.int64),
        np.array([CODE[Stage(str(each))] for each in stage], dtype=np.int64), np.array(at, dtype=float),
    )  # fmt: skip


def test_what_is_moved_takes_its_promise_along() -> None:
    ((moved, nodes),) = alternatives(rollout(), Alternative(later=24), 2)

    assert (moved.planned_start, moved.planned_end, moved.claimed_end) == (34.0, 64.0, 74.0)
    assert nodes.tolist() == [0, 1, 2, 3, 4, 5]


def test_another_pace_makes_the_promise_void() -> None:
    ((faster, _),) = alternatives(rollout(), Alternative(times=2), 2)
    ((whole, _),) = alternatives(rollout(), Alternative(times=0), 2)

    assert (faster.max_unavailable, whole.max_unavailable) == (4.0, 6.0)
    assert np.isnan(faster.planned_end)
    assert np.isnan(faster.claimed_end)


def test_two_halves_keep_racks_whole_and_every_node_once() -> None:
    (first, one), (second, other) = alternatives(rollout((5, Stage.SCHEDULED, -50.0)), Alternative(apart=72), 2)

    assert one.tolist() == [0, 1, 2, 3]
    assert other.tolist() == [4, 5]
    assert (first.planned_start, second.planned_start) == (10.0, 82.0)
    assert (first.nodes, second.nodes) == (4, 2)
    assert (first.node.tolist(), second.node.tolist()) == ([], [1])


@pytest.mark.parametrize("begun", [rollout((0, Stage.CORDONED, -1.0)), rollout(started=-1.0)])
def test_what_has_begun_is_neither_moved_nor_taken_apart(begun: Rollout) -> None:
    ((same, _),) = alternatives(begun, Alternative(later=24, apart=24, times=2), 2)

    assert same.planned_start == 10.0
    assert same.max_unavailable == 4.0


def test_as_planned_is_as_it_is() -> None:
    whole = rollout()

    ((same, _),) = alternatives(whole, Alternative(), 2)

    assert same is whole
