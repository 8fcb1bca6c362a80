"""Where do chains start: near what all stays say together, those that still last included.

Chains that start from what has ended start too early, for the quick end first, and where many stays are imputed they
need hundreds of sweeps to get away. Here pace and spread are drawn from a table of their likelihood, a step of the
griddy Gibbs sampler (Ritter and Tanner 1992) taken once. Racks are left out, but for what they take from the evidence:
the design effect of clusters (Kish 1965).
"""

from dataclasses import dataclass, replace

import numpy as np

from dashboard.forecast.fitting import SCALES
from dashboard.forecast.noise import Singles, below, normals, one_each
from dashboard.forecast.pooling import Floats
from dashboard.model.rollout import Codes

_WIDE = 5.0  # standard deviations of the prior within which a level is looked for
_NEAR = 4.0  # and of what was found there, within which it is looked for again
_ZOOMS, _FEW = 2, 16  # times, by some of the chains
_LEVELS, _SPREADS, _BINS = 24, 16, 64
_LEAST = 1e-9  # share of stays that last for ever, so to speak


@dataclass(frozen=True, slots=True)
class Evidence:
    """A stage's stays of one maintenance: how many ended, their sum and squares of log-hours, and what others passed.

    at, lasting : (bins,) log-hours that some have passed and still last, and how many
    cluster : how many stays share a rack with the average one
    """

    ended: float
    total: float
    squares: float
    at: Floats
    lasting: Floats
    cluster: float

    @classmethod
    def of(cls, ended: Floats, total: Floats, squares: Floats, bound: Singles, rack: Codes) -> "Evidence":
        """From sums a rack, (racks,) each, and the bounds and racks of stays that last, (running,)."""
        stays = ended + np.bincount(rack, minlength=ended.size)
        cluster = float((stays**2).sum() / max(stays.sum(), 1.0))
        return cls(float(ended.sum()), float(total.sum()), float(squares.sum()), *_binned(bound), max(cluster, 1.0))


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before. (chains, 1) but for the floats and the chances of SCALES.

    mean, variance : of the level
    sigma, rho : usual ones, of nodes and racks
    odd, broad : the share of nodes that go their own way, and how far they spread
    """

    mean: float
    variance: Floats
    sigma: Singles
    rho: Singles
    scales: Floats
    odd: float
    broad: float

    def some(self) -> "Prior":
        """That of a few chains."""
        step = slice(None, None, max(len(self.sigma) // _FEW, 1))
        return replace(self, variance=self.variance[step], sigma=self.sigma[step], rho=self.rho[step])

    @property
    def spread(self) -> Floats:
        """Of nodes of all racks, by scale, (chains, SCALES)."""
        return np.asarray(np.sqrt(self.sigma.astype(np.float64) ** 2 * SCALES + self.rho.astype(np.float64) ** 2))


def opening(seen: Evidence, prior: Prior, racks: int, rng: np.random.Generator) -> tuple[Floats, Singles, Singles]:
    """Draws a level, its racks' centres and a sigma for each chain, (chains, 1), (chains, racks) and (chains, 1)."""
    if racks != 1:
        level, sigma = _drawn(seen, prior, rng)
        return level, level.astype(np.float32) + prior.rho * normals((len(level), racks), rng), sigma
    # All that is seen is of one centre, as far from the mean as level and rack together go.
    apart = prior.rho.astype(np.float64) ** 2
    centre, sigma = _drawn(
        replace(seen, cluster=1.0),
        replace(prior, variance=prior.variance + apart, rho=np.zeros_like(prior.rho)),
        rng,
    )
    part = prior.variance / (prior.variance + apart)
    level = prior.mean + part * (centre - prior.mean) + np.sqrt(part * apart) * rng.standard_normal(centre.shape)
    return level, centre.astype(np.float32), sigma


def _drawn(seen: Evidence, prior: Prior, rng: np.random.Generator) -> tuple[Floats, Singles]:
    """A level and a sigma for each chain, (chains, 1) each."""
    level = _looked_at(seen, prior)
    score = _score(level, seen, prior).reshape(len(prior.sigma), -1)
    drawn = one_each(np.exp(score - score.max(axis=1, keepdims=True)), rng)
    at, scale = np.divmod(drawn, SCALES.size)
    within = (level[1] - level[0]) * (rng.random(at.size) - 0.5)
    return (level[at] + within)[:, None], np.asarray(prior.sigma * np.sqrt(SCALES[scale])[:, None], dtype=np.float32)


def _looked_at(seen: Evidence, prior: Prior) -> Floats:
    """(_LEVELS,) levels where it may lie, closer and closer."""
    some = prior.some()
    usual = float(np.sqrt(prior.variance.mean()))
    reach = [prior.mean - _WIDE * usual, prior.mean + _WIDE * usual]
    if seen.ended:
        reach.append(seen.total / seen.ended)
    if seen.at.size:
        reach.append(float(seen.at.max()) + 2 * usual)
    level = np.linspace(min(reach), max(reach), _LEVELS)
    for _ in range(_ZOOMS):
        score = _score(level, seen, some)
        chance = np.exp(score - score.max()).sum(axis=(0, 2))
        chance /= chance.sum()
        centre = float(chance @ level)
        off = _NEAR * float(np.sqrt(chance @ (level - centre) ** 2)) + (level[1] - level[0])
        level = np.linspace(centre - off, centre + off, _LEVELS)
    return level


def _score(level: Floats, seen: Evidence, prior: Prior) -> Floats:
    """Logarithms of the chance of each level and scale, up to a constant, (chains, levels, SCALES)."""
    spread = prior.spread[:, None, :]
    squares = seen.squares - 2 * level * seen.total + seen.ended * level**2
    found = -seen.ended * np.log(spread) - 0.5 * squares[:, None] / spread**2
    if seen.at.size:
        grid = np.geomspace(spread.min() * 0.999, spread.max() * 1.001, _SPREADS)
        place = np.log(spread / grid[0]) / np.log(grid[1] / grid[0])
        cell = np.minimum(place.astype(np.int64), _SPREADS - 2)
        lasting, each = _lasting(level, grid, seen, prior), np.arange(level.size)[:, None]
        found += lasting[each, cell] + (place - cell) * (lasting[each, cell + 1] - lasting[each, cell])
    alike = float(np.mean(prior.rho**2 / (prior.rho**2 + prior.sigma**2)))
    found /= 1.0 + (seen.cluster - 1.0) * alike
    found -= 0.5 * ((level - prior.mean) ** 2 / prior.variance)[..., None]
    return np.asarray(found + np.log(np.maximum(prior.scales, _LEAST)))


def _lasting(level: Floats, spread: Floats, seen: Evidence, prior: Prior) -> Floats:
    """(levels, spreads) log-likelihood of the stays that still last."""
    left = (level[:, None, None] - seen.at).astype(np.float32)
    each, wide = (at.astype(np.float32)[:, None] for at in (spread, np.maximum(prior.broad, spread)))
    chance = prior.odd * below(left / wide) + (1 - prior.odd) * below(left / each)
    return np.asarray(np.log(chance + np.float32(_LEAST)) @ seen.lasting)


def _binned(bound: Singles) -> tuple[Floats, Floats]:
    """Bounds and how many there are of each: no more than _BINS of them."""
    if bound.size <= _BINS:
        return bound.astype(np.float64), np.ones(bound.size)
    first, last = float(bound.min()), float(bound.max())
    width = max((last - first) / _BINS, _LEAST)
    cell = np.minimum(((bound - first) / width).astype(np.int64), _BINS - 1)
    count = np.bincount(cell, minlength=_BINS).astype(float)
    at = np.bincount(cell, bound, _BINS) / np.maximum(count, 1.0)
    return at[count > 0], count[count > 0]
