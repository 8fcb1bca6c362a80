"""How many nodes may be out at once, and what frees the place of one: given, or read off what was seen."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import IN_SERVICE, SKEW, Spells, first_of_each
from dashboard.model.rollout import Codes
from dashboard.model.stages import CODE, STAGES, Stage

_FAR = 1.25  # times the places told
_ORDER = np.arange(len(STAGES))
HOLDS = np.array(
    [
        np.isin(_ORDER, range(1, CODE[Stage.RETURNED])),  # until the provider gives it back
        np.isin(_ORDER, range(1, CODE[Stage.REPAIRING])),  # until it was validated
        np.isin(_ORDER, range(1, IN_SERVICE)),  # until it is in service
    ]
)
"""(ways, stages): the stages that hold a place, in three ways of counting."""

_FREES = ~HOLDS & (_ORDER > 0)
"""(ways, stages): those that give it back."""

WAYS_TO_HOLD = len(HOLDS)


@dataclass(frozen=True, slots=True)
class Turnover:
    """When nodes took places and gave them back. (nodes that went out,) each, hours since as_of; inf: still held."""

    took: Floats
    gave: Floats


def turnover(spells: Spells, way: int) -> Turnover:
    """When each node that went out took its place, and gave it back in this way of counting."""
    frees = first_of_each(spells.node, np.flatnonzero(_FREES[way][spells.stage]))
    gave = np.full(spells.now.size, np.inf)
    gave[spells.node[frees]] = spells.entered[frees]
    out = np.isfinite(spells.out_at)
    return Turnover(spells.out_at[out], np.maximum(gave[out], spells.out_at[out]))


def peak(held: Turnover) -> int:
    """The largest number of places held at once, for longer than clocks may be apart."""
    if not held.took.size:
        return 0
    gave = held.gave[np.isfinite(held.gave)]
    at = np.concatenate([gave, held.took + SKEW])
    step = np.concatenate([np.full(gave.size, -1), np.ones(held.took.size, dtype=np.int64)])
    order = np.lexsort((step, np.round(at, 3)))
    return int(max(np.cumsum(step[order]).max(), 1))


def places_at_most(told: float, seen: int) -> int:
    """How many places there are: as told, unless far more were seen in use; a few more are records that were lost."""
    return max(round(told), 1) if np.isfinite(told) and seen <= _FAR * told + 1 else max(seen, 1)


def follows(held: Turnover) -> tuple[int, int]:
    """How many nodes went out just as a place came free, of how many that could have: a sign of the right count."""
    if not held.took.size:
        return 0, 0
    later = held.took[held.took > held.took.min() + 0.05]
    gave = np.sort(held.gave[np.isfinite(held.gave)])
    if not later.size or not gave.size:
        return 0, later.size
    at = np.clip(np.searchsorted(gave, later + 0.02), 1, gave.size) - 1
    return int(np.sum(np.abs(later - gave[at]) < 0.02)), later.size


@dataclass(frozen=True)
class Slots:
    """What was learnt of how many at once.

    way   : provider -> which of HOLDS; "" for a provider never seen
    share : provider -> largest share of the nodes held at once, one a maintenance without a told limit
    """

    way: dict[str, int]
    share: dict[str, Floats]

    def way_of(self, provider: str) -> int:
        """Which of HOLDS this provider counts by."""
        return self.way.get(provider, self.way.get("", 0))

    def draw(
        self, provider: str, nodes: int, *, told: float, seen: int, settled: bool, paths: int, rng: np.random.Generator
    ) -> Codes:
        """Draws how many at once, (paths,) from 1 to nodes.

        told : max_unavailable, nan where unknown. seen : the most held so far. settled : nodes wait though places
        came free, so that what was seen is all there is
        """
        if np.isfinite(told) and told >= 1:
            return np.full(paths, int(np.clip(places_at_most(told, seen), 1, max(nodes, 1))))
        if settled and seen > 0:
            return np.full(paths, seen)
        shares = self.share.get(provider, self.share.get("", np.empty(0)))
        if shares.size < 3:
            shares = np.concatenate([shares, np.array([0.05, 0.1, 0.25, 0.5, 1.0])])
        drawn = rng.choice(shares, paths) * nodes
        return np.asarray(np.clip(np.rint(drawn), max(seen, 1), max(nodes, 1)), dtype=np.int64)
