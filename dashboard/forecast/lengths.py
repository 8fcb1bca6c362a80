"""How long did others take in all, whatever their nodes did: a second opinion, heard for as much as it has been worth.

What is said node by node is only as long-tailed as its laws; how long finished maintenances went on after they had
lasted as long as this one is what it is. One or the other is right, the second in a share of the cases (linear opinion
pool, Stone 1961): that is wider than either where they differ, as it should be. The share is what would have served
finished maintenances best.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.scoring import apart, crps_of_draws
from dashboard.model.rollout import Codes

_FEW = 12  # that went on longer, from which on they tell something; and maintenances asked
_SHARES = np.arange(8) / 10
_USUAL = 0.3  # the share where it makes no difference: of two opinions, both are mostly worth hearing (Clemen 1989)
_PULL = 0.5  # share of the score, for a share that is off by one
_FLOOR = 0.1  # of what is usual, added before logarithms are taken: less is soon


@dataclass(frozen=True)
class Lengths:
    """Hours that finished maintenances took, (maintenances,) rising, and by phase the share of what is said."""

    hours: Floats = field(default_factory=lambda: np.empty(0))
    shares: dict[int, float] = field(default_factory=dict)

    def rest(self, passed: float, paths: int, without: float = np.nan) -> Floats | None:
        """Quantiles of how much longer those took that had lasted so long, (paths,) rising; None where few had.

        without : the hours of the one that it is asked for, where it is among them
        """
        longer = self.hours[np.searchsorted(self.hours, passed, side="right") :]
        if np.isfinite(without):
            longer = np.delete(longer, np.abs(longer - without).argmin())
        if longer.size < _FEW:
            return None
        return np.asarray(np.quantile(longer, (np.arange(paths) + 0.5) / paths) - passed)


def blended(most: Floats, rest: Floats, share: float) -> Floats:
    """Quantiles of what is `rest` in this share of the cases and `most` in the others; all (..., paths) rising."""
    paths = most.shape[-1]
    both = np.concatenate([most, rest], axis=-1)
    order = np.argsort(both, axis=-1, kind="stable")
    upto = np.cumsum(np.where(order < paths, 1.0 - share, share) / paths, axis=-1)
    rank = (upto[..., None] <= (np.arange(paths) + 0.5) / paths).sum(axis=-2)
    return np.take_along_axis(both, np.take_along_axis(order, np.minimum(rank, 2 * paths - 1), axis=-1), axis=-1)


def fit_share(who: Codes, most: Floats, rest: Floats, actual: Floats) -> float:
    """Which share would have served best, by hours and by their logarithms alike: long ones weigh in the first alone.

    who : (asked,) the maintenance; most, rest : (asked, paths) rising; actual : (asked,); all in what is usual
    """
    if np.unique(who).size < _FEW:
        return 0.0
    weight = 1.0 / np.bincount(who)[who]
    heard = [blended(most, rest, share) for share in _SHARES]
    off = np.zeros(_SHARES.size)
    for seen in (_as_it_is, _in_logs):
        scores = _off(most, heard, actual, seen) @ weight
        off += 0.5 * scores / max(float(scores[0]), 1e-12)
    return float(_SHARES[(off + _PULL * (_SHARES - _USUAL) ** 2).argmin()])


def _off(most: Floats, heard: list[Floats], actual: Floats, seen: Callable[[Floats], Floats]) -> Floats:
    """(shares, asked) scores with each share. heard : what is said with it

    Few draws are off by their own spread over their number, by chance alone (Ferro 2014), which the quantiles of many
    others are not: no merit of theirs.
    """
    even, came_true = np.full(most.shape[1], 1.0 / most.shape[1]), seen(actual)
    said = np.array([crps_of_draws(seen(each), came_true, even) for each in heard])
    by_chance = (1.0 - _SHARES[:, None]) ** 2 * apart(seen(most), even) / most.shape[1]
    return np.asarray(said - by_chance)


def _as_it_is(hours: Floats) -> Floats:
    return hours


def _in_logs(hours: Floats) -> Floats:
    return np.asarray(np.log(hours + _FLOOR))
