"""Racks that go out as one are told from nodes that go one by one, and are forecast as one."""

from dataclasses import replace

import numpy as np

from dashboard.forecast.engine import foresee, learn
from dashboard.forecast.slots import Turnover
from dashboard.forecast.units import Went, learn_racks, racks_of, units_of
from dashboard.model.rollout import Rollout
from dashboard.model.stages import CODE, Stage, Status
from tests.forecast.worlds import empty, knowledge

RACKS, EACH = 6, 4


def by_rack(name: str, rng: np.random.Generator, start: float) -> Rollout:
    """One rack at a time, its nodes together; the next when the last of its nodes is back."""
    rows, at = [], start
    for rack in range(RACKS):
        back = at + rng.uniform(2, 6, EACH)
        for i in range(EACH):
            node = rack * EACH + i
            rows += [(node, CODE[Stage.IN_MAINTENANCE], at), (node, CODE[Stage.IN_SERVICE], back[i])]
        at = float(back.max())
    known = sorted((row for row in rows if row[2] <= 0), key=lambda row: row[2])
    return replace(
        empty(name, RACKS * EACH),
        status=Status.COMPLETED if at <= 0 else Status.IN_PROGRESS,
        started=start,
        planned_start=start,
        planned_end=start + 25,
        max_unavailable=float(EACH),
        rack=np.arange(RACKS * EACH) // EACH,
        node=np.array([row[0] for row in known], dtype=np.int64),
        stage=np.array([row[1] for row in known], dtype=np.int64),
        at=np.array([row[2] for row in known]),
        closed=at if at <= 0 else float("nan"),
    )


def test_racks_that_go_as_one_are_counted() -> None:
    rack = np.array([0, 0, 1, 1, 2, 2])

    assert racks_of(np.array([-9.0, -9.0, -6.0, -6.1, -3.0, -1.0]), rack) == (1, 1, 0)


def test_racks_that_go_in_waves_are_one_only_if_none_was_ever_parted() -> None:
    cell, waves, whole = ("csp", "firmware"), Went(alone=0, parted=2, among=40), Went(alone=0, parted=0, among=40)

    assert not learn_racks([(cell, waves)]).together(cell)
    assert learn_racks([(cell, whole)]).together(cell)
    assert not learn_racks([(cell, whole)]).together(cell, own=Went(0, 3, 0))
    assert racks_of(np.array([-9.0, -9.0, -6.0, -6.1, -6.0, -6.0]), np.array([0, 0, 1, 1, 2, 2])) == (0, 0, 2)


def test_a_rack_gives_its_place_back_with_its_last_node() -> None:
    units = units_of(np.array([5, 5, 7]), np.ones(3, dtype=bool), together=True)

    held = units.turnover(Turnover(np.array([0.0, 0.1, 2.0]), np.array([3.0, 9.0, 4.0])))

    assert (held.took.tolist(), held.gave.tolist()) == ([0.0, 2.0], [9.0, 4.0])
    assert units.longest(np.array([[1.0, 2.0, 3.0]], np.float32)).tolist() == [[2.0, 3.0]]
    assert units.each(np.array([[2.0, 3.0]], np.float32)).tolist() == [[2.0, 2.0, 3.0]]


def test_where_racks_went_as_one_they_are_expected_to() -> None:
    rng = np.random.default_rng(3)
    experience = learn(knowledge(*(by_rack(f"m{i}", rng, -500.0 + 40 * i) for i in range(10))))
    running = by_rack("new", rng, -5.0)

    futures = foresee(running, 12.0, experience, np.random.default_rng(4), 100)

    racks = futures.out_at.reshape(100, RACKS, EACH)
    assert (racks == racks[:, :, :1]).all()
    out = (futures.out_at[:, :, None] <= np.arange(1, 30)) & (futures.end_at[:, :, None] > np.arange(1, 30))
    assert out.sum(axis=1).max() <= EACH
