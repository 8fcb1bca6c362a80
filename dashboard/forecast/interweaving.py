"""How do shocks get away from stays that are only imputed: both moved together, bounded by what has passed.

A stay imputed from a shock holds that shock where it was, so that where most stays still last, a chain that redraws one
given the other hardly moves. Moved along with the shock, the same stays say no more of it than that they still last.
Doing both in turn converges at the speed of the faster (interweaving, Yu and Meng 2011).
"""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.durations import Law
from dashboard.forecast.fitting import SCALES, scale_chances
from dashboard.forecast.noise import Singles, one_each
from dashboard.forecast.pooling import Floats
from dashboard.forecast.tails import draw_beyond

_HERE = 1e-5  # relative; the spread that is, is always allowed


@dataclass(frozen=True, slots=True)
class Ended:
    """Number, sum and sum of squares of log-hours of stays, (racks,) each, or (chains, racks) with the imputed ones.

    Of the latter the squares are summed over racks, (chains, 1).
    """

    size: Singles
    total: Singles
    squares: Singles | Floats

    def around(self, centre: Singles) -> Floats:
        """The sum of squares around the racks' centres, (chains,). centre : (chains, racks)"""
        off = np.sum(centre * (self.size * centre - 2 * self.total), axis=1, dtype=np.float64)
        return np.asarray(np.maximum(self.squares.sum(axis=-1, dtype=np.float64) + off, 0.0))


def shift(
    gap: Floats, ended: Ended, level: Floats, centre: Singles, sigma: Singles, *, prior: Floats, mean: float,
    rng: np.random.Generator,
) -> Singles:  # fmt: skip
    """Draws by how much the level, the racks' centres and all imputed stays move together, (chains, 1).

    Given what ended and the prior, normal, above the `gap`: at the most one imputed stay would fall short of its bound.

    gap, level, sigma, prior : (chains, 1)  prior is the variance of the level around `mean`
    centre : (chains, racks)
    """
    own = ended.total - ended.size * (centre - level.astype(np.float32))
    each = 1.0 / sigma.astype(np.float64) ** 2
    precision = 1.0 / prior + each * ended.size.sum(dtype=np.float64)
    towards = (mean / prior + each * own.sum(axis=1, keepdims=True, dtype=np.float64)) / precision
    z = (level + gap - towards) * np.sqrt(precision)
    return np.asarray(
        towards + draw_beyond(z, 1.0 - rng.random(z.shape)) / np.sqrt(precision) - level, dtype=np.float32
    )


def respread(
    past: Singles, far: Singles, ended: Ended, centre: Singles, *, sigma: Singles, usual: Singles, law: Law,
    rng: np.random.Generator,
) -> Singles:  # fmt: skip
    """Draws the maintenance's own sigma, (chains, 1), with all imputed stays stretched by it.

    past, far : (chains, running)  how far bounds and imputed stays lie above their centres; inf where one is odd
    usual     : (chains, 1)  the sigma that SCALES multiply
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = past / far
    least = np.where(far > 0, needed, np.float32(0)).max(axis=1, keepdims=True, initial=0.0)
    most = np.where(far < 0, needed, np.float32(np.inf)).min(axis=1, keepdims=True, initial=np.inf)
    count = np.full(sigma.shape[0], ended.size.sum(dtype=np.float64))
    chance = scale_chances(law.scales, usual[:, 0].astype(np.float64) ** 2, ended.around(centre), count)
    stretch = usual * np.sqrt(SCALES) / sigma
    chance *= (stretch >= np.minimum(least, 1 - _HERE)) & (stretch <= np.maximum(most, 1 + _HERE))
    moved = usual * np.sqrt(SCALES[one_each(chance, rng)])[:, None]
    return np.asarray(np.where(chance.any(axis=1, keepdims=True), moved, sigma), dtype=np.float32)
