"""What law made these stays: expectation maximisation for lognormal durations with shared shocks, and censoring.

log T = mu[provider, kind] + slope log(nodes) + s[SKU] + c[cluster] + b[maintenance] + r[rack] + e,
with b ~ N(0, phi2), r ~ N(0, rho2), e ~ N(0, g sigma2). The slope is one for all: see `sizes`; and `labels` for s, c.
Each maintenance has a g of its own, for in some all nodes take the same time and in others each its own: its law is
left free, as weights on a grid (Laird 1978). Fitted by expectation maximisation (Laird and Ware 1982; censored values
by their conditional moments, Tobin 1958), the means pooled by `pooling`, the variances shrunk to what all pairs show.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import log_ndtr

from dashboard.forecast.labels import Beside, Labels, fit_effects
from dashboard.forecast.pooling import UNKNOWN, Cell, Floats, alike, pool
from dashboard.forecast.sizes import CLASSES, by_size, fit_slope, size_classes
from dashboard.model.rollout import Codes

Flags = npt.NDArray[np.bool_]

SCALES = np.array([1e-4, 1e-3, 0.01, 0.04, 0.12, 0.3, 0.55, 0.8, 1.0, 1.25, 1.6, 2.2, 3.5])
"""What a maintenance's own sigma2 may be, as multiples of the usual one."""

AS_USUAL = (SCALES == 1.0).astype(float)
STRENGTH = np.array([6.0, 8.0, 4.0])  # nodes, racks, maintenances that the overall variance weighs
_PRIOR_VARIANCES = np.array([0.35, 0.04, 0.12])  # sigma2, rho2, phi2 where nothing was seen


@dataclass(frozen=True, slots=True)
class Stays:
    """Everything seen of one stage.

    log_hours : (stays,)  natural log of hours so far
    censored  : (stays,)  whether it still lasts
    rack      : (stays,)  index into racks
    maintenance : (racks,)  index into maintenances
    cell      : (maintenances,)  index into cells
    nodes     : (maintenances,)  how many nodes each names; None where that tells nothing
    skus, clusters : of the maintenances; None where they tell nothing
    entered   : (stays,)  hours since as_of at which each began; None where the hour of the week tells nothing
    """

    log_hours: Floats
    censored: Flags
    rack: Codes
    maintenance: Codes
    cell: Codes
    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    nodes: Floats | None = None
    skus: Labels | None = None
    clusters: Labels | None = None
    entered: Floats | None = None


class Fit:
    """The state of the expectation maximisation: sums a rack for what ended, one by one what still lasts."""

    def __init__(self, stays: Stays, prior_mean: float, count: tuple[int, int, int, int]) -> None:
        self.stays, (_, self.racks, self.maintenances, self.cells) = stays, count
        over = ~stays.censored
        y = stays.log_hours[over]
        self.done = np.bincount(stays.rack[over], minlength=self.racks).astype(float)
        self.total = np.bincount(stays.rack[over], y, self.racks).astype(float)
        self.squares = np.bincount(stays.rack[over], y * y, self.racks).astype(float)
        self.beside, self.shift = Beside(), np.zeros(self.maintenances)  # of each one's log-hours, for what it is
        self.bound, self.bound_rack = stays.log_hours[stays.censored], stays.rack[stays.censored]
        self.size = self.done + np.bincount(self.bound_rack, minlength=self.racks)
        self.cell_of_rack = stays.cell[stays.maintenance]
        ended = np.bincount(self.cell_of_rack, self.done, self.cells)
        racks = np.bincount(self.cell_of_rack, (self.done > 0).astype(float), self.cells)
        told = np.bincount(stays.maintenance, self.done, self.maintenances) > 0
        maintenances = np.bincount(stays.cell[told], minlength=self.cells).astype(float)
        self.seen = np.array([ended, np.maximum(racks - maintenances, 0), np.maximum(maintenances - 1, 0)])
        self.prior_mean = float((prior_mean * 3 + y.sum()) / (3 + y.size))
        self.overall = _PRIOR_VARIANCES.copy()
        self.variances = np.tile(self.overall[:, None], (1, self.cells))
        self.centre = np.full(self.racks, self.prior_mean)
        self.among, self.scales = alike(stays.cells), AS_USUAL
        self.size_class = size_classes(np.ones(self.maintenances) if stays.nodes is None else stays.nodes)
        self.scales_by_size = np.tile(AS_USUAL, (CLASSES, 1))
        self.sigma2 = np.full(self.maintenances, self.overall[0])  # a maintenance
        self.spread, self.number = np.zeros(self.maintenances), np.zeros(self.maintenances)
        self.maintenance_mean = self.maintenance_variance = np.zeros(self.maintenances)
        self.cell_mean, self.cell_variance = np.zeros(self.cells), np.full(self.cells, UNKNOWN)

    def maximise(self, taus: Floats | None) -> Floats:
        """One round: censored values, means from the inside out, shocks from the outside in, variances."""
        stays, (_, rho2, phi2) = self.stays, self.variances
        sigma2_r, rho2_r = self.sigma2[stays.maintenance], rho2[self.cell_of_rack]
        extra_n, extra_sum, extra_squares = self._censored(sigma2_r)
        size = np.maximum(self.size, 1e-9)
        seen_r = (self.total + extra_sum) / size
        mean_r = seen_r - self.shift[stays.maintenance]
        # A value that still lasts tells less than one that ended; half a value on average.
        weight_r = 1.0 / (rho2_r + sigma2_r / np.maximum(self.done + 0.5 * extra_n, 1e-9))
        weight_m = np.bincount(stays.maintenance, weight_r, self.maintenances)
        self.maintenance_mean = np.bincount(stays.maintenance, weight_r * mean_r, self.maintenances) / weight_m
        self.maintenance_variance = 1.0 / weight_m
        phi2_m = phi2[stays.cell]
        weight = 1.0 / (phi2_m + self.maintenance_variance)
        self._shift(weight)
        shift_r = self.shift[stays.maintenance]
        mean_r = seen_r - shift_r
        total = np.bincount(stays.cell, weight, self.cells)
        self.cell_mean = np.bincount(stays.cell, weight * self.maintenance_mean, self.cells) / np.maximum(total, 1e-12)
        self.cell_variance = np.where(total > 0, 1.0 / np.maximum(total, 1e-12), UNKNOWN)
        pooled = pool(self.among, self.cell_mean, self.cell_variance, self.prior_mean, taus)
        mu, mu_var = pooled.everywhere()
        k = phi2_m / (phi2_m + self.maintenance_variance)
        b = k * (self.maintenance_mean - mu[stays.cell])
        b_sq = b**2 + phi2_m * (1 - k) + k**2 * mu_var[stays.cell]
        level = (mu[stays.cell] + b)[stays.maintenance]
        level_var = (phi2_m * (1 - k) + (1 - k) ** 2 * mu_var[stays.cell])[stays.maintenance]
        k_r = rho2_r * weight_r
        r = k_r * (mean_r - level)
        r_sq = r**2 + rho2_r * (1 - k_r) + k_r**2 * level_var
        self.centre = level + r
        centre = self.centre + shift_r
        e_sq = self.squares + extra_squares - 2 * centre * (self.total + extra_sum) + self.size * centre**2
        e_sq += self.size * (rho2_r * (1 - k_r) + (1 - k_r) ** 2 * level_var)
        self._variances(e_sq, r_sq, b_sq)
        return pooled.taus

    def _censored(self, sigma2_r: Floats) -> tuple[Floats, Floats, Floats]:
        """Number, sum and sum of squares, a rack, of what still lasts, as expected given that it lasts."""
        sigma = np.sqrt(sigma2_r[self.bound_rack])
        centre = (self.centre + self.shift[self.stays.maintenance])[self.bound_rack]
        a = (self.bound - centre) / sigma
        hazard = np.exp(-0.5 * a * a - 0.5 * np.log(2 * np.pi) - log_ndtr(-a))
        mean = centre + sigma * hazard
        square = mean**2 + sigma**2 * np.clip(1 + a * hazard - hazard**2, 0, 1)
        number = np.bincount(self.bound_rack, minlength=self.racks).astype(float)
        return (
            number,
            np.bincount(self.bound_rack, mean, self.racks).astype(float),
            np.bincount(self.bound_rack, square, self.racks).astype(float),
        )

    def _shift(self, weight: Floats) -> None:
        """Fits what size, SKU and cluster add, each given the others, and takes it out of what maintenances show."""
        stays, cell = self.stays, self.stays.cell
        raw = self.maintenance_mean + self.shift
        parts = added(self.beside, stays)
        slope, sku, cluster = self.beside.slope, self.beside.sku, self.beside.cluster
        if stays.nodes is not None:
            slope = fit_slope(stays.nodes, cell, raw - parts[1] - parts[2], weight)
            parts[0] = slope.at_each(stays.nodes)
        if stays.skus is not None:
            sku = fit_effects(stays.skus, cell, raw - parts[0] - parts[2], weight)
            parts[1] = sku.at_each(stays.skus)
        if stays.clusters is not None:
            cluster = fit_effects(stays.clusters, cell, raw - parts[0] - parts[1], weight)
            parts[2] = cluster.at_each(stays.clusters)
        self.beside, self.shift = Beside(slope, sku, cluster), parts.sum(axis=0)
        self.maintenance_mean = raw - self.shift

    def _variances(self, e_sq: Floats, r_sq: Floats, b_sq: Floats) -> None:
        """The variances a cell, from expected squares: of nodes and racks by rack, of maintenances."""
        cell, count = self.stays.cell, self.cells
        self.spread = np.bincount(self.stays.maintenance, np.maximum(e_sq, 0.0), self.maintenances).astype(float)
        self.number = np.bincount(self.stays.maintenance, self.size, self.maintenances).astype(float)
        likely = self.scales_by_size[self.size_class]
        share = scale_chances(likely, self.variances[0][cell], self.spread, self.number)
        precise = share @ (1.0 / SCALES)
        number = np.array(
            [
                np.bincount(cell, self.number, count),
                np.bincount(self.cell_of_rack, minlength=count),
                np.bincount(cell, minlength=count),
            ]
        )
        own = np.array(
            [
                np.bincount(cell, self.spread * precise, count) / np.maximum(number[0], 1),
                np.bincount(self.cell_of_rack, r_sq, count) / np.maximum(number[1], 1),
                np.bincount(cell, b_sq, count) / np.maximum(number[2], 1),
            ]
        )
        strength = STRENGTH[:, None]
        trust = number / (number + strength)
        self.overall = (np.sum(trust * own, axis=1) + 0.5 * _PRIOR_VARIANCES) / (trust.sum(axis=1) + 0.5)
        self.variances = np.maximum((number * own + strength * self.overall[:, None]) / (number + strength), 1e-5)
        self.scales = (share.sum(axis=0) + 2.0 * AS_USUAL + 0.1) / (share.sum() + 2.0 + 0.1 * SCALES.size)
        self.scales_by_size = by_size(share, self.size_class, self.scales)
        self.sigma2 = np.maximum(self.variances[0][cell] / precise, 1e-5)


def added(beside: Beside, stays: Stays) -> Floats:
    """What is added to each maintenance's log-hours for its size, its SKU and its cluster, (3, maintenances)."""
    parts = np.zeros((3, stays.cell.size))
    if stays.nodes is not None:
        parts[0] = beside.slope.at_each(stays.nodes)
    if stays.skus is not None:
        parts[1] = beside.sku.at_each(stays.skus)
    if stays.clusters is not None:
        parts[2] = beside.cluster.at_each(stays.clusters)
    return parts


def scale_chances(scales: Floats, sigma2: Floats, spread: Floats, number: Floats) -> Floats:
    """How likely each multiple of sigma2 is, (maintenances, SCALES), given a sum of squares of `number` residuals.

    scales : (SCALES,) or (maintenances, SCALES)
    """
    with np.errstate(divide="ignore"):
        score = np.log(scales) - 0.5 * number[:, None] * np.log(SCALES) - 0.5 * (spread / sigma2)[:, None] / SCALES
    share = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True))
