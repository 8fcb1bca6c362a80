"""Sizes: what many nodes do to their maintenance, where they do anything."""

import numpy as np
import pytest

from dashboard.forecast.sizes import FLAT, fit_slope, odd_by_size, size_class, size_classes


def made(rise: float, seed: int = 1, count: int = 300) -> tuple[np.ndarray, ...]:
    """Maintenances of 2 to 60 nodes of three cells, whose log hours rise so much with log nodes."""
    rng = np.random.default_rng(seed)
    nodes, cell = np.exp(rng.uniform(np.log(2), np.log(60), count)), rng.integers(0, 3, count)
    return nodes, cell, cell + rise * np.log(nodes) + 0.8 * rng.standard_normal(count), np.full(count, 1 / 0.64)


def test_a_slope_is_found_within_the_cells() -> None:
    slope = fit_slope(*made(0.5))

    assert slope.at(40)[0] - slope.at(4)[0] == pytest.approx(0.5 * np.log(10), abs=0.35)


def test_cells_of_large_maintenances_that_are_slow_make_no_slope() -> None:
    """All of one cell's are larger and slower, yet within each cell size changes nothing."""
    rng = np.random.default_rng(2)
    cell = np.repeat([0, 1], 100)
    nodes = np.where(cell, 40.0, 4.0) * np.exp(0.4 * rng.standard_normal(200))

    slope = fit_slope(nodes, cell, cell * 2.0 + 0.8 * rng.standard_normal(200), np.full(200, 1 / 0.64))

    assert abs(slope.at(40)[0] - slope.at(4)[0]) < 0.1


@pytest.mark.parametrize("seed", [3, 4, 5])
def test_where_size_changes_nothing_next_to_nothing_is_said(seed: int) -> None:
    slope = fit_slope(*made(0.0, seed))

    assert abs(slope.at(40)[0] - slope.at(4)[0]) < 0.1


def test_few_maintenances_do_not_make_a_slope() -> None:
    """Two points always lie on a line."""
    slope = fit_slope(np.array([2.0, 50.0]), np.zeros(2, dtype=np.int64), np.array([0.0, 2.0]), np.ones(2))

    assert abs(slope.at(50)[0] - slope.at(2)[0]) < 0.4


def test_a_size_beyond_those_seen_counts_as_the_largest() -> None:
    nodes, *rest = made(0.5)
    slope = fit_slope(nodes, *rest)

    assert slope.at(100_000)[0] == pytest.approx(slope.at(int(nodes.max()))[0], abs=0.35)
    assert FLAT.at(7) == (0.0, 0.0)


def test_each_class_is_twice_as_large_as_the_one_before() -> None:
    assert size_classes(np.array([0.0, 1.0, 2.0, 3.0, 48.0, 10_000.0])).tolist() == [0, 0, 1, 2, 6, 13]
    assert size_class(10**9) == 13


def test_nodes_that_go_their_own_way_are_counted_by_size() -> None:
    """In maintenances of 4 one node in ten is far off, in those of 48 none."""
    rng = np.random.default_rng(6)
    small = np.where(rng.random((200, 4)) < 0.1, 2.0, 0.0).ravel()
    y = np.concatenate([small, np.zeros(20 * 48)])
    at = np.concatenate([np.repeat(np.arange(200), 4), 200 + np.repeat(np.arange(20), 48)])
    classes = size_classes(np.array([4.0] * 200 + [48.0] * 20))

    share = odd_by_size(y, at, np.ones(y.size), classes)

    assert share[size_class(4)] == pytest.approx(0.1, rel=0.5)
    assert share[size_class(48)] <= 0.01
    assert share[size_class(1000)] == pytest.approx(0.05)


def test_no_maintenance_at_all_leaves_what_is_usual() -> None:
    nothing = np.empty(0)
    none = nothing.astype(np.int64)

    assert (odd_by_size(nothing, none, nothing, none) == 0.05).all()
