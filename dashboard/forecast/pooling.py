"""What is a provider's value for a kind of work, when some pairs were seen often and some never."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Cell = tuple[str, str]  # provider, kind

UNKNOWN = 1e12  # the sampling variance of a value that nothing was seen of
_JITTER = 1e-9
_MEAN_SPREAD = 2.0  # sd of the overall mean around the prior mean
_START = np.array([0.15, 0.15, 0.15])


@dataclass(frozen=True)
class Alike:
    """Which cells share a provider, a kind and both: (3, cells, cells) of 0 and 1."""

    cells: tuple[Cell, ...]
    parts: Floats

    def to(self, cell: Cell) -> Floats:
        """(3, cells) what one more cell shares with each of them."""
        provider = np.array([each[0] == cell[0] for each in self.cells], dtype=float)
        kind = np.array([each[1] == cell[1] for each in self.cells], dtype=float)
        return np.array([provider, kind, provider * kind])


def alike(cells: Sequence[Cell]) -> Alike:
    """Compares cells with each other."""
    providers, kinds = np.array([c[0] for c in cells]), np.array([c[1] for c in cells])
    provider = (providers[:, None] == providers).astype(float)
    kind = (kinds[:, None] == kinds).astype(float)
    return Alike(tuple(cells), np.array([provider, kind, provider * kind]))


@dataclass(frozen=True)
class Pooled:
    """A crossed random-effects model: value = mean + provider + kind + pair, each normal (Searle et al. 1992, ch. 3).

    It is a Gaussian process over pairs whose kernel adds a variance for each label that two pairs share, so that
    a pair never seen borrows from its provider and from its kind.

    values, variances : (cells,)  an estimate and its sampling variance, UNKNOWN where nothing was seen
    taus              : (3,)  variances of provider, kind and pair effects
    """

    among: Alike
    values: Floats
    variances: Floats
    prior_mean: float
    taus: Floats

    @property
    def _kernel(self) -> Floats:
        return np.tensordot(self.taus, self.among.parts, 1) + _MEAN_SPREAD**2

    def at(self, cell: Cell, value: float = 0.0, variance: float | None = None) -> tuple[float, float]:
        """Mean and variance for one cell; `value` and `variance` stand in for what the cell itself shows."""
        values, variances, top = self.values, self.variances, float(self.taus.sum()) + _MEAN_SPREAD**2
        if not self.among.cells:
            return self.prior_mean, top
        if variance is not None and cell in self.among.cells:
            own = self.among.cells.index(cell)
            values, variances = values.copy(), variances.copy()
            values[own], variances[own] = value, variance
        near = self.taus @ self.among.to(cell) + _MEAN_SPREAD**2
        weight = np.linalg.solve(self._kernel + np.diag(variances + _JITTER), near)
        return self.prior_mean + float(weight @ (values - self.prior_mean)), max(top - float(weight @ near), _JITTER)

    def everywhere(self) -> tuple[Floats, Floats]:
        """Mean and variance of each of the cells, (cells,) each."""
        kernel = self._kernel
        weights = np.linalg.solve(kernel + np.diag(self.variances + _JITTER), kernel).T
        mean = self.prior_mean + weights @ (self.values - self.prior_mean)
        return mean, np.maximum(np.diag(kernel) - np.einsum("ij,ij->i", weights, kernel), _JITTER)


def pool(among: Alike, values: Floats, variances: Floats, prior_mean: float, taus: Floats | None = None) -> Pooled:
    """Pools estimates of cells; the variances between them are fitted by penalised likelihood unless given."""
    if taus is None:
        known = np.flatnonzero(variances < UNKNOWN)
        taus = _START
        if known.size > 1:
            parts = among.parts[:, known][:, :, known]
            taus = _fit_taus(parts, values[known] - prior_mean, variances[known])
    return Pooled(among, values, variances, prior_mean, taus)


def _fit_taus(parts: Floats, values: Floats, variances: Floats) -> Floats:
    """Marginal likelihood of the three variances, each with a wide lognormal prior that keeps it from zero."""
    base = np.diag(variances + _JITTER) + _MEAN_SPREAD**2

    def loss(log_taus: Floats) -> float:
        kernel = base + np.tensordot(np.exp(np.clip(log_taus, -12, 5)), parts, 1)
        _, logdet = np.linalg.slogdet(kernel)
        prior = float(np.sum((log_taus - np.log(_START)) ** 2)) / (2 * 1.5**2)
        return 0.5 * float(logdet + values @ np.linalg.solve(kernel, values)) + prior

    budget = 60 if values.size < 60 else 30
    found = minimize(
        loss, np.log(_START), method="Nelder-Mead", options={"maxfev": budget, "xatol": 0.05, "fatol": 0.05}
    )
    return np.asarray(np.exp(np.clip(found.x, -12, 5)))
