"""Where does the chance of millions of nodes come from, cheaply: normals and tails by table, rare events by gaps."""

from functools import lru_cache
from hashlib import blake2b
from math import prod

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from dashboard.forecast.pooling import Floats
from dashboard.forecast.tails import draw_beyond
from dashboard.model.rollout import Codes

Singles = npt.NDArray[np.float32]

_LEVELS = 1 << 16
_EDGE, _FINE = 6.0, 4096  # the normal law is tabled over +-_EDGE, so many cells a unit
_STEP = 0.05  # of the logarithm of how much wider: mixtures are tabled for each
_FAR = 0.98  # share below a bound from which on the table is too coarse for what lies beyond


def seed_of(name: str) -> int:
    """The seed of what goes by a name: the same on every machine, and another for every name."""
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big")


def _quantiles() -> Singles:
    middle = ndtri((np.arange(_LEVELS) + 0.5) / _LEVELS)
    return np.asarray(middle / middle.std(), dtype=np.float32)


_QUANTILES = _quantiles()
_BELOW = np.asarray(ndtr(np.arange(-_EDGE, _EDGE, 1.0 / _FINE) + 0.5 / _FINE), dtype=np.float32)


def _levels(shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.uint16]:
    """Uniform levels of the tables, four to each number that the generator makes."""
    size = prod(shape)
    return np.asarray(rng.bit_generator.random_raw(-(-size // 4))).view(np.uint16)[:size].reshape(shape)


def normals(shape: tuple[int, ...], rng: np.random.Generator) -> Singles:
    """Standard normals of any shape, by inversion on 65,536 levels (Devroye 1986, II.2), so none is beyond 4.3."""
    return np.take(_QUANTILES, _levels(shape, rng), mode="clip")


@lru_cache(maxsize=128)
def _mixed(share: float, step: int) -> Singles:
    """Quantiles of a standard normal of which a share is exp(_STEP * step) times as wide, at each level."""
    wide = np.exp(_STEP * step)
    at = np.linspace(-_EDGE, _EDGE, _LEVELS // 8)
    at = np.sort(np.concatenate([at, at * wide]))
    below = (1 - share) * ndtr(at) + share * ndtr(at / wide)
    return np.interp((np.arange(_LEVELS) + 0.5) / _LEVELS, below, at).astype(np.float32)


def mixed(shape: tuple[int, int], wider: Singles, share: float, rng: np.random.Generator) -> Singles:
    """Standard normals of which a share is wider, by its path's factor: (paths, ...) draws, wider : (paths,) >= 1.

    One draw from the mixture costs what one from a normal does (composition by table; factors to within 3 %).
    """
    step = np.rint(np.log(wider) / _STEP).astype(np.int64)
    level = _levels(shape, rng)
    found = sorted(set(step.tolist()))
    if len(found) == 1:
        return np.take(_mixed(share, found[0]) if found[0] else _QUANTILES, level, mode="clip")
    drawn = np.empty(shape, np.float32)
    for each in found:
        rows = np.flatnonzero(step == each)
        drawn[rows] = np.take(_mixed(share, each) if each else _QUANTILES, level[rows], mode="clip")
    return drawn


def resampled(weight: Floats, number: int, rng: np.random.Generator) -> Codes:
    """Which of them are kept when so many are, by weight, 1 in all (systematic resampling, Kitagawa 1996)."""
    at = (np.arange(number) + rng.random()) / number
    return np.minimum(np.searchsorted(np.cumsum(weight), at), weight.size - 1)


def one_each(weight: Floats, rng: np.random.Generator) -> Codes:
    """Draws a column of each row, by weight, (rows,). weight : (rows, columns), of any sum"""
    upto = np.cumsum(weight, axis=1)
    drawn = (rng.random((len(upto), 1)) * upto[:, -1:] > upto).sum(axis=1)
    return np.asarray(np.minimum(drawn, upto.shape[1] - 1))


def below(z: Singles) -> Singles:
    """The share of a standard normal below z, to within 1e-4. Any shape."""
    at = z + np.float32(_EDGE)
    at *= np.float32(_FINE)
    np.clip(at, 0, _BELOW.size - 1, out=at)
    return np.take(_BELOW, at.astype(np.int32), mode="clip")


def normals_beyond(bound: Singles, rng: np.random.Generator, low: Singles | None = None) -> Singles:
    """A standard normal given that it exceeds `bound`; by table, and exactly where the bound is far out. Any shape.

    low : the share below it, where that is known
    """
    low = below(bound) if low is None else low
    level = _levels(bound.shape, rng).astype(np.float32)
    level *= np.float32(1) - low
    level += low * np.float32(_LEVELS)
    drawn = np.take(_QUANTILES, level.astype(np.int32), mode="clip")
    far = np.flatnonzero(low.ravel() > _FAR)
    if far.size:
        flat: Floats = bound.ravel()[far].astype(np.float64)
        drawn.ravel()[far] = draw_beyond(flat, 1.0 - rng.random(far.size))
    return np.maximum(drawn, bound, out=drawn)


def some(share: float, size: int, rng: np.random.Generator) -> Codes:
    """Which of `size` trials succeed, each with chance `share`: their indices, rising, drawn gap by gap.

    What it costs grows with the successes, not with the trials: gaps are geometric, which exponentials rounded up are
    (Devroye 1986, X.2).
    """
    if share <= 0 or size <= 0:
        return np.empty(0, dtype=np.int64)
    if share >= 1:
        return np.arange(size)
    found: list[Codes] = []
    last, rate = -1, -np.log1p(-share)
    while last < size:
        more = int((size - last) * share + 4 * np.sqrt((size - last) * share) + 8)
        gap = np.ceil(np.minimum(rng.standard_exponential(more), (size + 1) * rate) / rate)
        at = last + np.cumsum(np.maximum(gap, 1).astype(np.int64))
        found.append(at)
        last = int(at[-1])
    indices = np.concatenate(found)
    return np.asarray(indices[indices < size])
