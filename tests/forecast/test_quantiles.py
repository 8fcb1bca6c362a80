"""Quantiles of the return: never crossing, never in the past, real where it has happened."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.forecast.quantiles import Futures, back, capacity

LEVELS = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
FRACTIONS = (0.5, 0.9, 0.95, 1.0)


def futures(out: list[list[float]], home: list[list[float]], gone: list[list[float]] | None = None) -> Futures:
    gone_at = np.array(gone) if gone is not None else np.full((len(out), len(out[0])), np.inf)
    lost = np.isfinite(gone_at)
    return Futures(np.array(out), np.where(lost, gone_at, np.array(home)), lost)


def test_a_fraction_is_back_when_that_many_gpus_are() -> None:
    """Nodes of 1, 1 and 8 GPUs back at 1, 2 and 3 h: a fifth at 2 h, half at 3 h."""
    made = futures([[0, 0, 0]], [[1, 2, 3]])

    found = back(made, np.array([1, 1, 8]), (0.2, 0.5), (0.5,))

    assert found.tolist() == [[2.0], [3.0]]


def test_what_was_reached_keeps_its_real_time() -> None:
    made = futures([[-9, -9], [-9, -9]], [[-4, 5], [-4, 7]])

    assert back(made, np.array([8, 8]), (0.5, 1.0), (0.5,)).tolist() == [[-4.0], [6.0]]


def test_a_lost_node_leaves_the_total() -> None:
    made = futures([[0, 0]], [[3, 0]], [[np.inf, 50]])

    assert back(made, np.array([8, 8]), (1.0,), (0.5,)).tolist() == [[3.0]]


def test_no_nodes_is_an_answer_too() -> None:
    nothing = np.empty((5, 0))
    made = Futures(nothing, nothing, nothing.astype(bool))

    assert back(made, np.empty(0, dtype=np.int64), FRACTIONS, LEVELS).tolist() == [[0.0] * 7] * 4


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30))
def test_quantiles_rise_with_level_and_fraction_and_are_finite(seed: int, paths: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    home = rng.normal(3, 5, nodes) + np.where(rng.random(nodes) < 0.5, 0, rng.exponential(5, (paths, nodes)))
    gone = np.where(rng.random((paths, nodes)) < 0.1, 9.0, np.inf)
    lost = np.isfinite(gone)
    made = Futures(home - 9, np.where(lost, gone, home), lost)

    found = back(made, rng.integers(0, 9, nodes), FRACTIONS, LEVELS)

    assert np.isfinite(found).all()
    assert (np.diff(found, axis=0) >= 0).all()
    assert (np.diff(found, axis=1) >= 0).all()


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 12))
def test_gpus_out_are_those_between_going_and_coming(seed: int, paths: int, nodes: int) -> None:
    rng = np.random.default_rng(seed)
    out, gpus, part = rng.normal(0, 5, (paths, nodes)), rng.integers(1, 9, nodes), rng.integers(0, 3, nodes)
    home = out + rng.exponential(4, (paths, nodes))
    gone = np.where(rng.random((paths, nodes)) < 0.3, home, np.inf)
    lost = np.isfinite(gone)
    made = Futures(out, home, lost)
    grid = np.array([0.0, 0.5, 1.0, 5.0])

    counted = capacity(made, gpus, part, 3, grid)
    shown, missing = counted.out, counted.lost

    for k in range(3):
        for i, t in enumerate(grid):
            is_out = (out <= t) & (t < home) & (part == k)
            is_lost = (gone <= t) & (part == k)
            assert shown[k, :, i].tolist() == (is_out @ gpus).tolist()
            assert missing[k, :, i].tolist() == (is_lost @ gpus).tolist()


times = st.lists(st.floats(-50.0, 500.0), min_size=3, max_size=6)


@given(
    rows=st.lists(times, min_size=2, max_size=5).filter(lambda rows: len({len(row) for row in rows}) == 1),
    then=st.lists(st.floats(0.01, 900.0), min_size=5, max_size=5),
)
def test_a_path_that_is_moved_keeps_its_order_and_its_past(rows: list[list[float]], then: list[float]) -> None:
    ends = np.array(rows, dtype=np.float32)
    made = Futures(np.full(ends.shape, np.inf, np.float32), ends, np.zeros(ends.shape, dtype=bool))
    middle = np.sort(ends, axis=1)[:, ends.shape[1] // 2].astype(float)

    moved = made.moved(middle, np.array(then)[: middle.size])

    in_order = np.take_along_axis(np.asarray(moved.end_at), np.argsort(ends, axis=1, kind="stable"), axis=1)
    assert (np.diff(in_order, axis=1) >= -1e-3).all()
    assert (moved.end_at[ends <= 0] == ends[ends <= 0]).all()
    assert (moved.end_at[middle <= 0] == ends[middle <= 0]).all()
    assert (moved.end_at[ends > 0] >= 0).all()
    assert np.isinf(moved.out_at).all()


def test_what_is_moved_comes_when_it_is_told_to() -> None:
    """Two of four by 4 h become two by 6 h: the first stretches, the last moves along."""
    made = futures([[0, 0, 0, 0]], [[-1, 2, 4, 9]])

    moved = made.moved(np.array([4.0]), np.array([6.0]))

    assert moved.end_at.tolist() == [[-1.0, 3.0, 6.0, 11.0]]
