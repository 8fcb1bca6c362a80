"""How long does a stage last: lognormal durations with shared shocks, fitted from history with censoring.

log T = mu[provider, kind] + slope log(nodes) + b[maintenance] + r[rack] + e,
with b ~ N(0, phi2), r ~ N(0, rho2), e ~ N(0, g sigma2). The slope is one for all: see `sizes`.
Each maintenance has a g of its own, for in some all nodes take the same time and in others each its own: its law is
left free, as weights on a grid (Laird 1978). Fitted by expectation maximisation (Laird and Ware 1982; censored values
by their conditional moments, Tobin 1958), the means pooled by `pooling`, the variances shrunk to what all pairs show.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, log_ndtr

from dashboard.forecast.pooling import UNKNOWN, Cell, Floats, Pooled, alike, pool
from dashboard.forecast.shapes import Shape, Warp, fit_shape
from dashboard.forecast.sizes import CLASSES, FLAT, Slope, by_size, fit_slope, odd_by_size, size_class, size_classes
from dashboard.model.rollout import Codes

Flags = npt.NDArray[np.bool_]

SHORTEST = 0.01  # hours; what took less than half a minute was told in one go
ROUNDS = 24
SCALES = np.array([1e-4, 1e-3, 0.01, 0.04, 0.12, 0.3, 0.55, 0.8, 1.0, 1.25, 1.6, 2.2, 3.5])
"""What a maintenance's own sigma2 may be, as multiples of the usual one."""

_TAILS = np.array([4.0, 5.0, 7.0, 10.0, 16.0, 30.0, 100.0])  # degrees of freedom of the shocks b
_AS_USUAL = (SCALES == 1.0).astype(float)
_FADE = 0.02  # share of phi2 that each later maintenance of its like adds to what an older one is off by
_PRIOR_VARIANCES = np.array([0.35, 0.04, 0.12])  # sigma2, rho2, phi2 where nothing was seen
_STRENGTH = np.array([6.0, 8.0, 4.0])  # nodes, racks, maintenances that the overall variance weighs


@dataclass(frozen=True, slots=True)
class Stays:
    """Everything seen of one stage.

    log_hours : (stays,)  natural log of hours so far
    censored  : (stays,)  whether it still lasts
    rack      : (stays,)  index into racks
    maintenance : (racks,)  index into maintenances
    cell      : (maintenances,)  index into cells
    nodes     : (maintenances,)  how many nodes each names; None where that tells nothing
    """

    log_hours: Floats
    censored: Flags
    rack: Codes
    maintenance: Codes
    cell: Codes
    names: tuple[str, ...]
    cells: tuple[Cell, ...]
    nodes: Floats | None = None


@dataclass(frozen=True, slots=True)
class Law:
    """What is believed of one stage for one maintenance, before its own evidence: means and certainties."""

    mean: float
    variance: float  # of the mean
    sigma2: float
    rho2: float
    phi2: float
    seen: tuple[float, float, float]  # how many stays, racks, maintenances stand behind the three variances
    scales: Floats  # (SCALES,) chance of each multiple of sigma2 for one maintenance
    tail: float = 100.0  # degrees of freedom of the maintenance's shock: few where some go far astray
    odd: float = 0.05  # share of nodes that go their own way where the others keep close
    warp: Warp | None = None  # to log-hours, where what is modelled is not these

    def as_usual(self) -> "Law":
        """The same for a maintenance that has no pace of its own, whatever it shows."""
        return replace(self, variance=1e-9, rho2=1e-9, phi2=1e-9, scales=_AS_USUAL)

    def hours(self, log_hours: float) -> float:
        """Hours for log-hours as the law has them."""
        return float(np.exp(log_hours if self.warp is None else self.warp.log_hours(np.array(log_hours))))

    def draw(self, paths: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats, Floats]:
        """Draws mu, sigma, rho, phi as (paths, 1) columns: the parameters are not known exactly."""
        z = rng.standard_normal((4, paths, 1))
        spread = [np.exp(z[i + 1] / np.sqrt(2.0 * (self.seen[i] + 2.0))) for i in range(3)]
        sigma, rho, phi = (np.sqrt(each) for each in (self.sigma2, self.rho2, self.phi2))
        return self.mean + np.sqrt(self.variance) * z[0], sigma * spread[0], rho * spread[1], phi * spread[2]


@dataclass(frozen=True)
class Durations:
    """One stage, fitted: the pooled means, variances a cell, and each maintenance's own summary."""

    pooled: Pooled
    variances: Floats  # (3, cells) sigma2, rho2, phi2
    overall: Floats  # (3,)
    seen: Floats  # (3, cells)
    own: dict[str, tuple[float, float]]  # maintenance -> mean, were it of usual size, and its variance but for phi2
    members: dict[Cell, tuple[str, ...]]  # in the order they were given
    scales: Floats
    tail: float
    slope: Slope = FLAT
    scales_by_size: Floats = field(default_factory=lambda: np.empty((0, SCALES.size)))  # (CLASSES, SCALES)
    odd: Floats = field(default_factory=lambda: np.empty(0))  # (CLASSES,)
    usual: bool = False  # whether every maintenance is taken to go at the usual pace
    shape: Shape | None = None  # of residuals, where it is not the normal's
    plain: "Durations | None" = None  # as fitted without it: around what residuals are taken

    def law(self, cell: Cell, without: str = "", nodes: int | None = None) -> Law:
        """The law for a maintenance of this provider, kind and size, leaving out what `without` itself showed."""
        law = self._law(cell, without)
        if nodes is not None:
            shift, unsure = self.slope.at(nodes)
            scales = self.scales_by_size[size_class(nodes)] if len(self.scales_by_size) else law.scales
            law = replace(law, mean=law.mean + shift, variance=law.variance + unsure, scales=scales)
            law = replace(law, odd=float(self.odd[size_class(nodes)]) if self.odd.size else law.odd)
        if self.shape is not None and self.plain is not None:
            law = replace(law, warp=Warp(self.shape, *self.plain.typical(cell, nodes)))
        return law.as_usual() if self.usual else law

    def typical(self, cell: Cell, nodes: int | None) -> tuple[float, float]:
        """Where log-hours of such maintenances lie, and how far they spread in all."""
        shift = 0.0 if nodes is None else self.slope.at(nodes)[0]
        if cell in self.pooled.among.cells:
            parts = self.variances[:, self.pooled.among.cells.index(cell)]
        else:
            parts = self.overall
        return self.pooled.at(cell)[0] + shift, float(np.sqrt(parts @ [self.scales @ SCALES, 1.0, 1.0]))

    def around(self, stays: Stays) -> tuple[Floats, Floats]:
        """The same for each stay, (stays,) each."""
        at = stays.maintenance[stays.rack]
        shift = np.zeros(at.size) if stays.nodes is None else self.slope.at_each(stays.nodes)[at]
        spread = np.sqrt(self.variances.T @ [self.scales @ SCALES, 1.0, 1.0])
        cell = stays.cell[at]
        return self.pooled.everywhere()[0][cell] + shift, spread[cell]

    def residuals(self, stays: Stays) -> tuple[Floats, Flags, Floats]:
        """Residuals in standard deviations, whether censored, and weights: alike stays of one maintenance count once."""
        at = stays.maintenance[stays.rack]
        centre, spread = self.around(stays)
        alike = (self.variances[1] + self.variances[2])[stays.cell[at]] / spread**2
        return (
            (stays.log_hours - centre) / spread,
            stays.censored,
            1.0 / (1.0 + (np.bincount(at)[at] - 1.0) * alike),
        )

    def _law(self, cell: Cell, without: str) -> Law:
        members = self.members.get(cell, ())
        if not members:
            mean, variance = self.pooled.at(cell)
            sigma2, rho2, phi2 = (float(each) for each in self.overall)
            return Law(mean, variance, sigma2, rho2, phi2, (4.0, 4.0, 3.0), self.scales, self.tail)
        at = self.pooled.among.cells.index(cell)
        sigma2, rho2, phi2 = (float(each) for each in self.variances[:, at])
        others = [self.own[name] for name in members if name != without]
        if others:
            age = np.arange(len(others))[::-1]
            weights = 1.0 / (phi2 * (1.0 + _FADE * age) + np.array([v for _, v in others]))
            value = float(weights @ np.array([m for m, _ in others]) / weights.sum())
            mean, variance = self.pooled.at(cell, value, float(1.0 / weights.sum()))
        else:
            mean, variance = self.pooled.at(cell, 0.0, UNKNOWN)
        seen = self.seen[:, at] + _STRENGTH / 2
        return Law(mean, variance, sigma2, rho2, phi2, (seen[0], seen[1], seen[2]), self.scales, self.tail)


def fit_durations(stays: Stays, prior_median: float, shaped: bool = False) -> Durations:
    """Fits one stage. `prior_median`, hours, is believed where nothing was seen. Any amount of data will do.

    shaped : whether residuals may have another shape than the normal; where they have, all is fitted to what is warped
    """
    fitted = _fitted(stays, prior_median)
    shape = fit_shape(*fitted.residuals(stays)) if shaped and stays.rack.size else None
    if shape is None:
        return fitted
    centre, spread = fitted.around(stays)
    z = shape.normal((stays.log_hours - centre) / spread)
    return replace(_fitted(replace(stays, log_hours=centre + spread * z), prior_median), shape=shape, plain=fitted)


def _fitted(stays: Stays, prior_median: float) -> Durations:
    count = (stays.rack.size, stays.maintenance.size, stays.cell.size, len(stays.cells))
    state = _Fit(stays, np.log(prior_median), count)
    taus: Floats | None = None
    for turn in range(ROUNDS if stays.rack.size else 0):
        taus = state.maximise(None if turn in (0, 10) else taus)
    pooled = pool(state.among, state.cell_mean, state.cell_variance, state.prior_mean, taus)
    own = {
        name: (float(m), float(v))
        for name, m, v in zip(stays.names, state.maintenance_mean, state.maintenance_variance, strict=True)
    }
    spread = np.sqrt(state.variances.sum(axis=0))
    over, at = ~stays.censored, stays.maintenance[stays.rack]
    odd = odd_by_size(stays.log_hours[over], at[over], spread[stays.cell[at[over]]], state.size_class)
    members: dict[Cell, list[str]] = {cell: [] for cell in stays.cells}
    for name, cell in zip(stays.names, stays.cell, strict=True):
        members[stays.cells[cell]].append(name)
    return Durations(
        pooled,
        state.variances,
        state.overall,
        state.seen,
        own,
        {c: tuple(m) for c, m in members.items()},
        state.scales,
        _fit_tail(stays, pooled, state.variances[2], own),
        state.slope,
        state.scales_by_size,
        odd,
    )


def _fit_tail(stays: Stays, pooled: Pooled, phi2: Floats, own: dict[str, tuple[float, float]]) -> float:
    """Degrees of freedom of a t law for the maintenances' shocks, leaning to the normal (Lange et al. 1989)."""
    if len(own) < 8:
        return 20.0
    mean, variance = np.array(list(own.values())).T
    centre = pooled.everywhere()[0][stays.cell]
    scaled = (mean - centre) ** 2 / (phi2[stays.cell] + variance)
    scaled = scaled / np.mean(scaled)
    score = [0.5 * np.log(v / 30.0) * (v < 30) for v in _TAILS]
    for i, v in enumerate(_TAILS):
        law = gammaln((v + 1) / 2) - gammaln(v / 2) - 0.5 * np.log(v - 2) - (v + 1) / 2 * np.log1p(scaled / (v - 2))
        score[i] += float(np.sum(law))
    return float(_TAILS[int(np.argmax(score))])


class _Fit:
    """The state of the expectation maximisation: sums a rack for what ended, one by one what still lasts."""

    def __init__(self, stays: Stays, prior_mean: float, count: tuple[int, int, int, int]) -> None:
        self.stays, (_, self.racks, self.maintenances, self.cells) = stays, count
        over = ~stays.censored
        y = stays.log_hours[over]
        self.done = np.bincount(stays.rack[over], minlength=self.racks).astype(float)
        self.total = np.bincount(stays.rack[over], y, self.racks).astype(float)
        self.squares = np.bincount(stays.rack[over], y * y, self.racks).astype(float)
        self.slope, self.shift = FLAT, np.zeros(self.maintenances)  # of each one's log hours, for its size
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
        self.among, self.scales = alike(stays.cells), _AS_USUAL
        self.size_class = size_classes(np.ones(self.maintenances) if stays.nodes is None else stays.nodes)
        self.scales_by_size = np.tile(_AS_USUAL, (CLASSES, 1))
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
        self._resize(weight)
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

    def _resize(self, weight: Floats) -> None:
        """Fits the slope over sizes to what each maintenance shows, and takes it out of that."""
        if self.stays.nodes is None:
            return
        raw = self.maintenance_mean + self.shift
        self.slope = fit_slope(self.stays.nodes, self.stays.cell, raw, weight)
        self.shift = self.slope.at_each(self.stays.nodes)
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
        strength = _STRENGTH[:, None]
        trust = number / (number + strength)
        self.overall = (np.sum(trust * own, axis=1) + 0.5 * _PRIOR_VARIANCES) / (trust.sum(axis=1) + 0.5)
        self.variances = np.maximum((number * own + strength * self.overall[:, None]) / (number + strength), 1e-5)
        self.scales = (share.sum(axis=0) + 2.0 * _AS_USUAL + 0.1) / (share.sum() + 2.0 + 0.1 * SCALES.size)
        self.scales_by_size = by_size(share, self.size_class, self.scales)
        self.sigma2 = np.maximum(self.variances[0][cell] / precise, 1e-5)


def scale_chances(scales: Floats, sigma2: Floats, spread: Floats, number: Floats) -> Floats:
    """How likely each multiple of sigma2 is, (maintenances, SCALES), given a sum of squares of `number` residuals.

    scales : (SCALES,) or (maintenances, SCALES)
    """
    with np.errstate(divide="ignore"):
        score = np.log(scales) - 0.5 * number[:, None] * np.log(SCALES) - 0.5 * (spread / sigma2)[:, None] / SCALES
    share = np.exp(score - score.max(axis=1, keepdims=True))
    return np.asarray(share / share.sum(axis=1, keepdims=True))
