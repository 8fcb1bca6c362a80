"""Do forecasts say too much or too little: what came true, held against what would have been said before it did.

Finished maintenances are forecast from instants on their way, each without what itself taught: see `hindsight`. The
rank of what came true among the paths (its probability integral transform, Dawid 1984) is even where forecasts are
right. Where it is not, quantiles are read off at other levels (Kuleshov et al. 2018), by the law that ranks were found
to have, a beta (Ranjan and Gneiting 2010). Before that, as much as has been worth it is heard of how long others took
in all: see `lengths`. Each path is moved to where its quantile went.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaincinv, betaln

from dashboard.forecast.durations import SHORTEST
from dashboard.forecast.hindsight import Asked, Foresee, ask, lengths_of, phase_of, worth_asking
from dashboard.forecast.lengths import Lengths, blended, fit_share
from dashboard.forecast.pooling import Floats
from dashboard.forecast.promises import most_back
from dashboard.forecast.quantiles import Futures
from dashboard.forecast.scoring import crps_of_draws
from dashboard.forecast.spells import Flags, Spells
from dashboard.model.rollout import Codes, Knowledge

_FEW = 12  # maintenances, from which on they tell something
_SPREAD = 0.2  # sd of log parameters around none, and of a part's around those of the whole
_FOLDS = 4
_GAIN = 3.0  # log-likelihood of those left out that a correction must gain: strong evidence (Kass and Raftery 1995)

Shape = tuple[float, float]

_EVEN: Shape = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The law of ranks: one for all, one a phase, one a phase of a provider, where there was enough to tell."""

    shapes: dict[tuple[str, int], Shape] = field(default_factory=dict)
    lengths: Lengths = field(default_factory=Lengths)

    def of(self, provider: str, spells: Spells) -> "Correction | None":
        """What is done to what is said of a maintenance that stands so; None where nothing is."""
        phase = phase_of(spells)
        if phase is None:
            return None
        keys = (provider, phase), ("", phase), ("", -1)
        shape = next((self.shapes[key] for key in keys if key in self.shapes), _EVEN)
        heard = self.lengths.shares.get(phase, 0.0)
        if shape == _EVEN and not heard:
            return None
        return Correction(shape, self.lengths, heard, -spells.first_out)


@dataclass(frozen=True, slots=True)
class Correction:
    """What is done to the futures of a maintenance whose first node went out `passed` hours ago.

    share : of what is said, that of others' lengths
    """

    shape: Shape
    lengths: Lengths
    share: float
    passed: float

    def of(self, futures: Futures) -> Futures:
        """The same paths, each moved to where its quantile of the hours to MOST belongs."""
        most = most_back(futures.end_at)
        order, rank = np.argsort(most, kind="stable"), (np.arange(most.size) + 0.5) / most.size
        said = most[order]
        rest = self.lengths.rest(self.passed, most.size) if self.share else None
        if rest is not None:
            said = blended(said, rest, self.share)
        if self.shape != _EVEN:
            said = np.interp(betaincinv(*self.shape, rank), rank, said)
        then = np.empty(most.size)
        then[order] = said
        return futures.moved(most, then)


NO_CALIBRATION = Calibration()


def calibrate(known: Knowledge, foresee: Foresee) -> Calibration:
    """Asks what would have been said of finished maintenances, and fits the law of the ranks.

    foresee : of a rollout, the hour of the week, and so many paths, what is not calibrated yet
    """
    asked = worth_asking(known.rollouts)
    if len(asked) < _FEW:
        return NO_CALIBRATION
    found = [each for i, rollout in enumerate(asked) for each in ask(i, rollout, known.hour_of_week, foresee)]
    if not found:
        return NO_CALIBRATION
    who, phase = (np.array([getattr(each, name) for each in found]) for name in ("who", "phase"))
    provider = np.array([rollout.provider for rollout in asked])[who]
    actual = np.array([each.actual for each in found])
    usual = {name: float(np.median(actual[provider == name])) for name in np.unique(provider).tolist()}
    unit = np.array([max(usual[name], SHORTEST) for name in provider.tolist()])[:, None]
    most = np.array([each.most for each in found])
    most, lengths = _with_lengths(found, most, unit, Lengths(lengths_of(known.rollouts)))
    ranks = _Ranks(who, most / unit, actual / unit[:, 0])
    shapes = {("", -1): ranks.shape(np.ones(who.size, dtype=bool), _EVEN)}
    for each in np.unique(phase).tolist():
        shapes["", each] = ranks.shape(phase == each, shapes["", -1])
        for name in np.unique(provider[phase == each]).tolist():
            shape = ranks.shape((phase == each) & (provider == name), shapes["", each])
            if shape != shapes["", each]:
                shapes[name, each] = shape
    return Calibration(shapes, lengths)


def _with_lengths(found: list[Asked], most: Floats, unit: Floats, lengths: Lengths) -> tuple[Floats, Lengths]:
    """The forecasts with others' lengths heard, (asked, paths), and for how much in each phase."""
    who, phase, actual = (np.array([getattr(each, name) for each in found]) for name in ("who", "phase", "actual"))
    rests = [lengths.rest(each.passed, each.most.size, each.passed + each.actual) for each in found]
    told = np.array([each is not None for each in rests])
    rest = np.array([most[i] if each is None else each for i, each in enumerate(rests)])
    shares, heard = {}, most.copy()
    for each in np.unique(phase[told]).tolist():
        here = told & (phase == each)
        share = fit_share(who[here], most[here] / unit[here], rest[here] / unit[here], actual[here] / unit[here, 0])
        shares[each], heard[here] = share, blended(most[here], rest[here], share)
    return heard, replace(lengths, shares=shares)


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Forecasts, (asked, paths) rising, and what came true, (asked,), in what is usual for the provider.

    who : (asked,)  whose they are: those of one maintenance are alike, and count together as one
    """

    who: Codes
    most: Floats
    actual: Floats

    def shape(self, part: Flags, around: Shape) -> Shape:
        """The beta of a part of them, leaning to `around`; that itself where another does not foretell better.

        Better is both likelier and, in CRPS, no further off: a tail that is long for a few must not be made so for all.
        """
        who = self.who[part]
        if np.unique(who).size < _FEW:
            return around
        most, actual = self.most[part], self.actual[part]
        below = (most < actual[:, None]).sum(axis=1) + 0.5 * (most == actual[:, None]).sum(axis=1)
        rank = (below + 0.5) / (most.shape[1] + 1)
        weight = 1.0 / np.bincount(who)[who]
        gain = off = 0.0
        for fold in range(_FOLDS):
            out = who % _FOLDS == fold
            fitted = _fitted(rank[~out], weight[~out], around)
            gain += float(weight[out] @ (_log_density(rank[out], fitted) - _log_density(rank[out], around)))
            scores = (crps_of_draws(most[out], actual[out], _kept(most.shape[1], each)) for each in (fitted, around))
            off += float(weight[out] @ np.subtract(*scores))
        return _fitted(rank, weight, around) if gain > _GAIN and off <= 0.0 else around


def _kept(paths: int, shape: Shape) -> Floats:
    """By how much each of so many paths, rising, is to be kept, (paths,)."""
    a, b = shape
    rank = (np.arange(paths) + 0.5) / paths
    weight = rank ** (a - 1.0) * (1.0 - rank) ** (b - 1.0)
    return np.asarray(weight / weight.sum())


def _log_density(rank: Floats, shape: Shape) -> Floats:
    a, b = shape
    return np.asarray((a - 1.0) * np.log(rank) + (b - 1.0) * np.log1p(-rank) - betaln(a, b))


def _fitted(rank: Floats, weight: Floats, around: Shape) -> Shape:
    """The most likely beta, its log parameters normal around those of `around`."""
    prior = np.log(around)

    def loss(logs: Floats) -> float:
        a, b = np.exp(np.clip(logs, -3.0, 3.0))
        return float(-weight @ _log_density(rank, (a, b)) + 0.5 * np.sum((logs - prior) ** 2) / _SPREAD**2)

    a, b = np.exp(np.clip(minimize(loss, prior, method="Nelder-Mead", options={"xatol": 1e-3}).x, -3.0, 3.0))
    return float(a), float(b)
