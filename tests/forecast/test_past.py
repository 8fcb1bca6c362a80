"""Cutting all maintenances at once says of each what cutting it alone would."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.forecast.past import past_of
from dashboard.forecast.slots import WAYS_TO_HOLD, peak, turnover
from dashboard.forecast.spells import shared_racks, spells_of, tidied
from dashboard.forecast.turns import moves_of
from tests.forecast.worlds import World, broken, empty

WORLD = World(nodes=9, slots=3)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_a_maintenance_reads_the_same_among_others(seed: int) -> None:
    rng = np.random.default_rng(seed)
    many = [empty("none", 3), *(broken(WORLD.rollout(f"m{i}", rng, -9.0 - 40 * i)[0], rng) for i in range(4))]
    past = past_of(many)
    moves = moves_of(past.spells, past.whose, len(many))

    first_node = first_rack = 0
    for i, rollout in enumerate(many):
        alone, seen, racks = spells_of(tidied(rollout)), past.seen[i], shared_racks(rollout.rack)
        theirs = past.whose[past.spells.node] == i
        assert (past.spells.node[theirs] - first_node == alone.node).all()
        for name in ("stage", "entered", "left", "following", "repairs"):
            assert np.array_equal(getattr(past.spells, name)[theirs], getattr(alone, name), equal_nan=True)
        for name in ("now", "since", "out_at"):
            assert np.array_equal(getattr(seen, name), getattr(alone, name), equal_nan=True)
        for way in range(WAYS_TO_HOLD):
            held = turnover(alone, way)
            assert (seen.held[way].took == held.took).all()
            assert (seen.held[way].gave == held.gave).all()
            assert seen.peaks[way] == peak(held)
        assert (past.rack[past.whose == i] - first_rack == racks).all()
        assert (moves[i] == moves_of(alone, np.zeros(rollout.nodes, dtype=np.int64), 1)[0]).all()
        first_node, first_rack = first_node + rollout.nodes, first_rack + int(racks.max()) + 1


def test_of_nothing_there_is_no_past() -> None:
    past = past_of(())

    assert not past.seen
    assert not past.spells.node.size
