"""How long does a stage last: what is believed of one maintenance, from the laws that `fitting` finds in history."""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import gammaln

from dashboard.forecast.fitting import AS_USUAL, SCALES, STRENGTH, Fit, Flags, Stays, added
from dashboard.forecast.labels import Beside, Traits
from dashboard.forecast.pooling import UNKNOWN, Cell, Floats, Pooled, pool
from dashboard.forecast.shapes import Shape, Warp, fit_shape
from dashboard.forecast.sizes import odd_by_size, size_class
from dashboard.forecast.staffing import Staffing, fit_staffing
from dashboard.model.rollout import Rollout

SHORTEST = 0.01  # hours; what took less than half a minute was told in one go
ROUNDS = 24

_MANY = 30  # stays that ended, from which on the longest of them tells something
LONGER = np.log(2.0)  # log-hours by which a stay may outlast the longest that was ever seen, or itself so far

_TAILS = np.array([4.0, 5.0, 7.0, 10.0, 16.0, 30.0, 100.0])  # degrees of freedom of the shocks b
_FADE = 0.02  # share of phi2 that each later maintenance of its like adds to what an older one is off by


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
    most: float = float("inf")  # log-hours that nothing lasts longer than
    staffing: Staffing | None = None  # where hours are hours of work

    def as_usual(self) -> "Law":
        """The same for a maintenance that has no pace of its own, whatever it shows."""
        return replace(self, variance=1e-9, rho2=1e-9, phi2=1e-9, scales=AS_USUAL)

    def hours(self, warped: float) -> float:
        """Hours for log-hours as the law has them."""
        return float(np.exp(warped if self.warp is None else self.warp.log_hours(np.array(warped))))

    def warped(self, log_hours: Floats) -> Floats:
        """Log-hours as the law has them, of any shape."""
        return log_hours if self.warp is None else self.warp.warped(log_hours)

    def work(self, entered: Floats, left: Floats, hour_of_week: float) -> Floats:
        """Hours as the law has them, of stays that began and ended at these hours since as_of."""
        return left - entered if self.staffing is None else self.staffing.work(entered, left, hour_of_week)

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
    beside: Beside = field(default_factory=Beside)  # what size, SKU and cluster add
    scales_by_size: Floats = field(default_factory=lambda: np.empty((0, SCALES.size)))  # (CLASSES, SCALES)
    odd: Floats = field(default_factory=lambda: np.empty(0))  # (CLASSES,)
    usual: bool = False  # whether every maintenance is taken to go at the usual pace
    shape: Shape | None = None  # of residuals, where it is not the normal's
    plain: "Durations | None" = None  # as fitted without it: around what residuals are taken
    most: float = float("inf")  # log-hours that nothing lasts longer than: twice the longest stay of all
    staffing: dict[str, Staffing] = field(default_factory=dict)  # provider -> how stays get on through its week

    def law_of(self, rollout: Rollout) -> Law:
        """The law for a maintenance, leaving out what it showed itself."""
        traits = Traits(rollout.nodes, rollout.sku, rollout.cluster)
        return self.law((rollout.provider, rollout.kind), rollout.maintenance_id, traits)

    def law(self, cell: Cell, without: str = "", traits: Traits | None = None) -> Law:
        """The law for a maintenance of this provider, kind and traits, leaving out what `without` itself showed."""
        law = replace(self._law(cell, without), most=self.most, staffing=self._staffing(cell))
        if traits is not None:
            shift, unsure = self.beside.at(traits)
            size = size_class(traits.nodes)
            scales = self.scales_by_size[size] if len(self.scales_by_size) else law.scales
            law = replace(law, mean=law.mean + shift, variance=law.variance + unsure, scales=scales)
            law = replace(law, odd=float(self.odd[size]) if self.odd.size else law.odd)
        if self.shape is not None and self.plain is not None:
            law = replace(law, warp=Warp(self.shape, *self.plain.typical(cell, traits)))
        return law.as_usual() if self.usual else law

    def typical(self, cell: Cell, traits: Traits | None) -> tuple[float, float]:
        """Where log-hours of such maintenances lie, and how far they spread in all."""
        shift = 0.0 if traits is None else self.beside.at(traits)[0]
        if cell in self.pooled.among.cells:
            parts = self.variances[:, self.pooled.among.cells.index(cell)]
        else:
            parts = self.overall
        return self.pooled.at(cell)[0] + shift, float(np.sqrt(parts @ [self.scales @ SCALES, 1.0, 1.0]))

    def around(self, stays: Stays) -> tuple[Floats, Floats]:
        """The same for each stay, (stays,) each."""
        at = stays.maintenance[stays.rack]
        shift = added(self.beside, stays).sum(axis=0)[at]
        spread = np.sqrt(self.variances.T @ [self.scales @ SCALES, 1.0, 1.0])
        cell = stays.cell[at]
        return self.pooled.everywhere()[0][cell] + shift, spread[cell]

    def residuals(self, stays: Stays) -> tuple[Floats, Flags, Floats]:
        """Residuals in standard deviations, whether censored, and weights: stays that share a fate count once."""
        at = stays.maintenance[stays.rack]
        centre, spread = self.around(stays)
        alike = (self.variances[1] + self.variances[2])[stays.cell[at]] / spread**2
        return (
            (stays.log_hours - centre) / spread,
            stays.censored,
            1.0 / (1.0 + (np.bincount(at)[at] - 1.0) * alike),
        )

    def _staffing(self, cell: Cell) -> Staffing | None:
        known = any(provider == cell[0] for provider, _ in self.pooled.among.cells)
        return self.staffing.get(cell[0] if known else "")

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
        seen = self.seen[:, at] + STRENGTH / 2
        return Law(mean, variance, sigma2, rho2, phi2, (seen[0], seen[1], seen[2]), self.scales, self.tail)


def fit_durations(
    stays: Stays, prior_median: float, shaped: bool = False, hour_of_week: float | None = None
) -> Durations:
    """Fits one stage. `prior_median`, hours, is believed where nothing was seen. Any amount of data will do.

    shaped : whether residuals may have another shape than the normal; where they have, all is fitted to what is warped
    """
    fitted = replace(_fitted(stays, prior_median), most=_longest(stays))
    if hour_of_week is not None and stays.rack.size:
        staffing = fit_staffing(stays, fitted.residuals(stays), fitted.around(stays), hour_of_week)
        if staffing:
            stays = _worked(stays, staffing, hour_of_week)
            fitted = replace(_fitted(stays, prior_median), most=_longest(stays), staffing=staffing)
    shape = fit_shape(*fitted.residuals(stays)) if shaped and stays.rack.size else None
    if shape is None:
        return fitted
    centre, spread = fitted.around(stays)
    z = shape.normal((stays.log_hours - centre) / spread)
    warped = _fitted(replace(stays, log_hours=centre + spread * z), prior_median)
    return replace(warped, shape=shape, plain=fitted, most=fitted.most, staffing=fitted.staffing)


def _worked(stays: Stays, staffing: dict[str, Staffing], hour_of_week: float) -> Stays:
    """The same in hours of work."""
    assert stays.entered is not None
    hours, left = np.empty(stays.rack.size), stays.entered + np.exp(stays.log_hours)
    cell = stays.cell[stays.maintenance[stays.rack]]
    for i, (provider, _) in enumerate(stays.cells):
        here = cell == i
        own = staffing.get(provider)
        entered = stays.entered[here]
        hours[here] = left[here] - entered if own is None else own.work(entered, left[here], hour_of_week)
    return replace(stays, log_hours=np.log(np.maximum(hours, SHORTEST)))


def _longest(stays: Stays) -> float:
    """Log-hours: of lognormals with heavy tails, fitted to hours, one draw in a hundred would last for months."""
    if np.sum(~stays.censored) < _MANY:
        return float("inf")
    return float(stays.log_hours.max() + LONGER)


def _fitted(stays: Stays, prior_median: float) -> Durations:
    count = (stays.rack.size, stays.maintenance.size, stays.cell.size, len(stays.cells))
    state = Fit(stays, np.log(prior_median), count)
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
        state.beside,
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
