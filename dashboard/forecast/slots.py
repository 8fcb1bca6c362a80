"""How many nodes may be out at once, and what frees the place of one: given, or read off what was seen."""

from dataclasses import dataclass, field

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.spells import IN_SERVICE, SKEW, Spells, first_of_each
from dashboard.model.rollout import Codes, Rollout
from dashboard.model.stages import CODE, STAGES, Stage

_FAR = 1.25  # times the places told
_FEW = 3  # maintenances
_LATER = np.array([0.0, 0.25, 0.5, 0.75])  # shares of the nodes that wait when the first place comes free
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
    return int(max(_most(held)[1][-1], 1)) if held.took.size else 0


def growth(held: Turnover) -> Floats:
    """The largest number of places held at once, as a multiple of what that was earlier, (moments,).

    Moments are when the first place was given back, and when so many of those that went later had gone: _LATER.
    Empty where none went later.
    """
    first = held.gave.min(initial=np.inf)
    later = np.sort(held.took[held.took > first])
    if not later.size:
        return np.empty(0)
    at, most = _most(held)
    when = np.append(first, later[np.ceil(_LATER[1:] * later.size).astype(np.int64) - 1])
    return np.asarray(most[-1] / np.maximum(most[np.searchsorted(at, when + SKEW, side="right") - 1], 1))


def _most(held: Turnover) -> tuple[Floats, Codes]:
    """When places changed hands, and the most that were held until then."""
    gave = held.gave[np.isfinite(held.gave)]
    at = np.concatenate([gave, held.took + SKEW])
    step = np.concatenate([np.full(gave.size, -1), np.ones(held.took.size, dtype=np.int64)])
    order = np.lexsort((step, np.round(at, 3)))
    return at[order], np.maximum.accumulate(np.cumsum(step[order]))


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
    used  : provider -> largest share of a told limit in use, one a maintenance; none where all of it always is
    grows : provider -> growth, one row a maintenance without a told limit or with one that is kept under
    decided : whether a limit is what will be done, whatever was seen: it is asked "what if"
    """

    way: dict[str, int] = field(default_factory=dict)
    share: dict[str, Floats] = field(default_factory=dict)
    used: dict[str, Floats] = field(default_factory=dict)
    grows: dict[str, Floats] = field(default_factory=dict)
    decided: bool = False

    def way_of(self, provider: str) -> int:
        """Which of HOLDS this provider counts by."""
        return self.way.get(provider, self.way.get("", 0))

    def used_by(self, provider: str) -> Floats:
        """The shares of its limits that this provider used; none where a limit says how many places there are."""
        return self.used.get(provider, self.used.get("", np.empty(0)))

    def room(self, provider: str, told: float, seen: int) -> int:
        """How many places there are, as far as was told and seen."""
        if np.isfinite(told) and self.decided:
            return max(round(told), 1)
        return places_at_most(np.nan if self.used_by(provider).size else told, seen)

    def likely(self, rollout: Rollout, past: Turnover) -> Codes:
        """Numbers of places, from 1 to the nodes, each as likely as the others: (choices,).

        past : the places taken so far; once nodes wait though places came free, there are hardly more
        """
        told, nodes, seen = rollout.max_unavailable, max(rollout.nodes, 1), peak(past)
        limited, used = bool(np.isfinite(told)), self.used_by(rollout.provider)
        if limited and (self.decided or not used.size):
            return np.array([min(self.room(rollout.provider, told, seen), nodes)])
        if np.isfinite(past.gave).any():
            return np.clip(np.rint(seen * self._grows(rollout, past)), seen, nodes).astype(np.int64)
        shares, most = (used, told) if limited else (self._shares(rollout.provider), float(rollout.nodes))
        return np.asarray(np.clip(np.rint(shares * most), max(seen, 1), nodes), dtype=np.int64)

    def usual(self, rollout: Rollout, spells: Spells) -> float:
        """The middle one of those numbers."""
        return float(np.median(self.likely(rollout, turnover(spells, self.way_of(rollout.provider)))))

    def draw(self, rollout: Rollout, past: Turnover, paths: int, rng: np.random.Generator) -> Codes:
        """Draws how many at once, (paths,)."""
        likely = self.likely(rollout, past)
        return np.full(paths, likely[0]) if likely.size == 1 else rng.choice(likely, paths)

    def _grows(self, rollout: Rollout, past: Turnover) -> Floats:
        """(choices,) by how much the places in use may still grow, as those of others did from such a moment on."""
        grows = self.grows.get(rollout.provider, self.grows.get("", np.empty((0, 0))))
        later = int(np.sum(past.took > past.gave.min()))
        waiting = max(rollout.nodes - past.took.size, 1)
        moment = np.searchsorted(_LATER, later / (later + waiting), side="right") - 1
        return grows[:, moment] if len(grows) >= _FEW and (grows[:, moment] > 1).any() else np.ones(1)

    def _shares(self, provider: str) -> Floats:
        shares = self.share.get(provider, self.share.get("", np.empty(0)))
        return shares if shares.size >= _FEW else np.concatenate([shares, np.array([0.05, 0.1, 0.25, 0.5, 1.0])])
