"""What is the shape of a stage's log-hours where the normal's is not theirs: two humps, a long tail, a short one.

Log-hours are warped so that their residuals become normal, modelled there, and warped back: a Gaussian copula with a
margin of its own (Klaassen and Wellner 1997). The margin is a mixture of normals on a fixed grid (Kiefer and Wolfowitz
1956; Laird 1978), shrunk to the normal, and taken only as far as the evidence bears it.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import log_ndtr, ndtr, ndtri_exp

from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats

_WIDTH = 0.25  # of one component, in standard deviations of the residuals
_CENTRES = np.arange(-8.0, 8.01, _WIDTH)
_BASE = np.exp(-0.5 * _CENTRES**2 / (1 - _WIDTH**2))
_NORMAL = _BASE / _BASE.sum()  # their weights that give the standard normal
_BINS = np.arange(-8.0, 8.01, 0.1)
_SHRUNK = 40.0  # residuals that the normal weighs
_ROUNDS = 60
_COST = 2.5  # log-likelihood, for e times as many residuals, that a shape of its own must gain
_FEW = 4.0  # residuals beyond, from which on a tail goes on as the normal's
_REACH, _CELLS = 12.0, 1 << 15
_TABLE = np.arange(-12.0, 12.001, 0.01)


@dataclass(frozen=True, slots=True)
class Shape:
    """A rising map from residuals in standard deviations to standard normals: x to z, (knots,), with slope 1 beyond."""

    x: Floats
    z: Floats

    def normal(self, x: Floats) -> Floats:
        """Standard normals for residuals, of any shape."""
        return _along(x, self.x, self.z)

    def residual(self, z: Floats) -> Floats:
        """Residuals for standard normals, of any shape."""
        return _along(z, self.z, self.x)


def _along(at: Floats, known: Floats, other: Floats) -> Floats:
    beyond = np.minimum(at - known[0], 0.0) + np.maximum(at - known[-1], 0.0)
    return np.asarray(np.interp(at, known, other) + beyond)


def fit_shape(residuals: Floats, censored: np.ndarray, weight: Floats) -> Shape | None:
    """Fits a shape to residuals in standard deviations; None where it is the normal's as far as can be told.

    residuals, censored, weight : (stays,)  a censored one is at least so large; the weights of the stays of one
    maintenance add up to what its stays, being alike, are worth
    """
    at = np.clip(np.searchsorted(_BINS, residuals) - 1, 0, _BINS.size - 2)
    ended = np.bincount(at[~censored], weight[~censored], _BINS.size - 1)
    last = np.bincount(at[censored], weight[censored], _BINS.size - 1)
    middle = (_BINS[:-1] + _BINS[1:]) / 2
    density = np.exp(-0.5 * ((middle[:, None] - _CENTRES) / _WIDTH) ** 2)
    beyond = ndtr((_CENTRES - middle[:, None]) / _WIDTH)
    weights = _NORMAL
    for _ in range(_ROUNDS):
        share = weights * (density.T @ (ended / (density @ weights)) + beyond.T @ (last / (beyond @ weights)))
        weights = (share + _SHRUNK * _NORMAL) / (share.sum() + _SHRUNK)
    gain = ended @ np.log((density @ weights) / (density @ _NORMAL))
    gain += last @ np.log((beyond @ weights) / (beyond @ _NORMAL))
    number = float(ended.sum() + last.sum())
    doubt = _COST * np.log(max(number, 1.0)) - float(gain)
    if doubt > 0.0:
        return None
    own = 1.0 / (1.0 + np.exp(np.clip(doubt, -30.0, 0.0)))
    return _map(own * weights + (1.0 - own) * _NORMAL, number)


def _map(weights: Floats, number: float) -> Shape | None:
    """The map of a mixture to the normal, within what `number` residuals bear witness to."""
    with np.errstate(divide="ignore"):
        logs = np.log(weights)
    off = (_TABLE[:, None] - _CENTRES) / _WIDTH
    below = np.logaddexp.reduce(logs + log_ndtr(off), axis=1)
    above = np.logaddexp.reduce(logs + log_ndtr(-off), axis=1)
    z = np.where(below < above, ndtri_exp(below), -ndtri_exp(above))
    seen = (number * np.exp(below) >= _FEW) & (number * np.exp(above) >= _FEW)
    x, z = _TABLE[seen], z[seen]
    return Shape(x, z) if x.size > 1 else None


@dataclass(frozen=True, slots=True)
class Warp:
    """A shape where it belongs: around the centre of one kind of maintenance, in its spread. Log-hours to log-hours."""

    shape: Shape
    centre: float
    spread: float

    def warped(self, log_hours: Floats) -> Floats:
        """Log-hours as the laws have them, of any shape."""
        return np.asarray(self.centre + self.spread * self.shape.normal((log_hours - self.centre) / self.spread))

    def log_hours(self, warped: Floats) -> Floats:
        """Log-hours as the clock has them, of any shape."""
        return np.asarray(self.centre + self.spread * self.shape.residual((warped - self.centre) / self.spread))

    def table(self) -> "Table":
        """The way back for very many."""
        low, high = self.centre - _REACH * self.spread, self.centre + _REACH * self.spread
        hours = np.exp(np.minimum(self.log_hours(np.linspace(low, high, _CELLS)), 12.0))
        return Table(hours.astype(np.float32), np.float32(low), np.float32((_CELLS - 1) / (high - low)))


@dataclass(frozen=True, slots=True)
class Table:
    """Hours for warped log-hours, read off a table."""

    at: Singles
    low: np.float32
    steps: np.float32  # a unit of log-hours

    def hours(self, warped: Singles) -> Singles:
        """Hours, of any shape. What is beyond the table is as its end."""
        place = warped - self.low
        place *= self.steps
        place += np.float32(0.5)
        np.clip(place, 0, self.at.size - 1, out=place)
        return np.take(self.at, place.astype(np.int64), mode="clip")
