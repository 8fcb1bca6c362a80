"""Where does the chance of millions of nodes come from, cheaply: normals and tails by table, rare events by gaps."""

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from dashboard.forecast.pooling import Floats
from dashboard.forecast.tails import draw_beyond
from dashboard.model.rollout import Codes

Singles = npt.NDArray[np.float32]

_LEVELS = 1 << 16
_EDGE, _FINE = 6.0, 4096  # the normal law is tabled over +-_EDGE, so many cells a unit
_FAR = 0.98  # share below a bound from which on the table is too coarse for what lies beyond


def _quantiles() -> Singles:
    middle = ndtri((np.arange(_LEVELS) + 0.5) / _LEVELS)
    return np.asarray(middle / middle.std(), dtype=np.float32)


_QUANTILES = _quantiles()
_BELOW = np.asarray(ndtr(np.arange(-_EDGE, _EDGE, 1.0 / _FINE) + 0.5 / _FINE), dtype=np.float32)


def normals(shape: tuple[int, ...], rng: np.random.Generator) -> Singles:
    """Standard normals of any shape, by inversion on 65,536 levels (Devroye 1986, II.2), so none is beyond 4.3."""
    return np.asarray(_QUANTILES[rng.integers(0, _LEVELS, shape, dtype=np.uint16)])


def below(z: Singles) -> Singles:
    """The share of a standard normal below z, to within 1e-4. Any shape."""
    at = np.clip((z + np.float32(_EDGE)) * np.float32(_FINE), 0, _BELOW.size - 1).astype(np.int32)
    return np.asarray(_BELOW[at])


def normals_beyond(bound: Singles, rng: np.random.Generator) -> Singles:
    """A standard normal given that it exceeds `bound`; by table, and exactly where the bound is far out. Any shape."""
    low = below(bound)
    level = low + (np.float32(1) - low) * rng.random(bound.shape, dtype=np.float32)
    drawn = _QUANTILES[np.minimum((level * np.float32(_LEVELS)).astype(np.int32), _LEVELS - 1)]
    far = np.flatnonzero(low.ravel() > _FAR)
    if far.size:
        flat: Floats = bound.ravel()[far].astype(np.float64)
        drawn.ravel()[far] = draw_beyond(flat, 1.0 - rng.random(far.size))
    return np.maximum(drawn, bound)


def some(share: float, size: int, rng: np.random.Generator) -> Codes:
    """Which of `size` trials succeed, each with chance `share`: their indices, rising, drawn gap by gap.

    What it costs grows with the successes, not with the trials (Devroye 1986, X.2).
    """
    if share <= 0 or size <= 0:
        return np.empty(0, dtype=np.int64)
    if share >= 1:
        return np.arange(size)
    found: list[Codes] = []
    last = -1
    while last < size:
        more = int((size - last) * share + 4 * np.sqrt((size - last) * share) + 8)
        at = last + np.cumsum(np.minimum(rng.geometric(share, more), size + 1))
        found.append(at)
        last = int(at[-1])
    indices = np.concatenate(found)
    return np.asarray(indices[indices < size])
