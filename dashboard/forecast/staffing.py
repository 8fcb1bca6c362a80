"""When in the week does a stage get on: what has not ended by itself waits for people, and they keep hours.

A stay's first hours count as they are; those after count for as much as is usually done in such an hour of the week, so
that a law of durations holds in hours of work (an operational time, Feller 1971, ch. X.7). How much is done is what
ended in such hours against what should have by its age alone: a gamma-Poisson ratio (Clayton and Kaldor 1987) within
office hours and one outside, averaged over what office hours may be by the evidence for each (Hoeting et al. 1999).
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln

from dashboard.forecast.fitting import Flags, Stays
from dashboard.forecast.hours import WEEK
from dashboard.forecast.noise import Singles
from dashboard.forecast.pooling import Floats

_ALONE = (4.0, 8.0, 12.0)  # hours in which a stay may end without anybody: before, what begins when tells on it too
_LENGTHS = (8, 10, 12, 14)  # of a working day
_DAY, _SATURDAY = 24, 120
_NONE = 0.5  # the chance, before anything is seen, that the hour tells nothing
_ALL, _OWN = 3.0, 15.0  # ends by which ratios lean to one, and those of a provider to those of all
_OTHERWISE = 0.3  # how far a provider's hours may be other ones than those of all
_LEAST = 1.5  # times as much, in the best hour as in the worst, below which it may be what stands behind the hours
_FEW = 30.0  # ends, from which on there is something to tell
_STAYS = 20_000  # looked at, the newest
_LONGEST = WEEK * 8.0  # hours of a stay that are looked at
_CELL, _REACH = 0.05, 9.0  # of residuals, in standard deviations


def _offices() -> Flags:
    """(offices, 48) what office hours may be: hours of a working day, and of a day of the weekend."""
    found = []
    for opens in range(_DAY):
        for length in _LENGTHS:
            day = np.isin(np.arange(_DAY), (opens + np.arange(length)) % _DAY)
            found += [np.concatenate([day, day]), np.concatenate([day, np.zeros(_DAY, dtype=bool)])]
    return np.array(found)


_OFFICES = _offices()


@dataclass(frozen=True)
class Staffing:
    """How stays get on through the week.

    alone : hours of a stay that pass as they are
    done  : (169,) hours of work from Monday 00:00 UTC to each hour of the week; 168 in all
    """

    alone: float
    done: Floats

    @property
    def fastest(self) -> float:
        """How many times as much is done in the busiest hour of the week as in the quietest."""
        rate = np.diff(self.done)
        return float(rate.max() / rate.min())

    def busy_in(self, hour_of_week: float) -> float:
        """Hours until one begins in which more than usual is done; 0 in one."""
        busy = np.flatnonzero(np.diff(self.done) > 1.0)
        ahead = (busy - np.floor(hour_of_week)) % WEEK
        return max(float(ahead.min()) - hour_of_week % 1.0, 0.0)

    def work(self, entered: Floats, left: Floats, hour_of_week: float) -> Floats:
        """Hours of work in stays. entered, left : hours since an as_of at `hour_of_week`, of one shape"""
        later = np.maximum(left, entered + self.alone)
        begun = np.minimum(left - entered, self.alone)
        return begun + self._done(later + hour_of_week) - self._done(entered + self.alone + hour_of_week)

    def ends(self, entered: Floats | Singles, work: Floats | Singles, hour_of_week: float) -> Floats:
        """When stays end that take so many hours of work, in hours since as_of, of any one shape."""
        begun = self._done(entered + self.alone + hour_of_week)
        weeks, within = np.divmod(begun + work - self.alone, WEEK)
        later = weeks * WEEK + np.interp(within, self.done, np.arange(WEEK + 1.0)) - hour_of_week
        return np.asarray(np.where(work <= self.alone, entered + work, later))

    def _done(self, week: Floats | Singles) -> Floats:
        weeks, within = np.divmod(week, WEEK)
        return np.asarray(weeks * WEEK + np.interp(within, np.arange(WEEK + 1.0), self.done))


def fit_staffing(
    stays: Stays, residuals: tuple[Floats, Flags, Floats], around: tuple[Floats, Floats], hour_of_week: float
) -> dict[str, Staffing]:
    """Learns how a stage gets on, by provider, and "" for others; without those for whom the hour tells nothing.

    residuals : as Durations.residuals has them; around : (stays,) centre and spread of log-hours
    """
    if stays.entered is None or residuals[2][~residuals[1]].sum() < _FEW:
        return {}
    names = sorted({provider for provider, _ in stays.cells})
    hazard = _hazard(*residuals)
    counts = np.stack([
        _counts(stays, residuals, around, hour_of_week, alone=alone, hazard=hazard, names=names) for alone in _ALONE
    ])  # fmt: skip
    offices = len(_ALONE) * len(_OFFICES)
    even = np.append(np.full(offices, (1 - _NONE) / offices), _NONE)
    chance, rates = _weighed(counts.sum(axis=2), even, np.ones((*counts.shape[:1], len(_OFFICES), 2)), _ALL)
    prior = (1 - _OTHERWISE) * chance + _OTHERWISE * even
    found = {"": _staffing(chance, rates)}
    found |= {name: _staffing(*_weighed(counts[:, :, i], prior, rates, _OWN)) for i, name in enumerate(names)}
    return {name: each for name, each in found.items() if each is not None}


def _weighed(counts: Floats, prior: Floats, rates: Floats, weight: float) -> tuple[Floats, Floats]:
    """How likely each office is, the last being none, and the ratios within and outside, (alone, offices, 2).

    counts : (alone, 2, 48) what ended, and what should have; rates : that the ratios lean to, by `weight` ends
    """
    parts = np.stack([_OFFICES, ~_OFFICES], axis=-1).astype(float)  # (offices, 48, 2)
    ended, expected = (np.einsum("ah,ohp->aop", counts[:, which], parts) for which in (0, 1))
    shape, scale = weight + ended, weight / rates + expected
    evidence = gammaln(shape) - gammaln(weight) + weight * np.log(weight / rates) - shape * np.log(scale) + expected
    score = np.append(evidence.sum(axis=2).ravel(), 0.0) + np.log(prior)
    chance = np.exp(score - score.max())
    return chance / chance.sum(), shape / scale


def _staffing(chance: Floats, rates: Floats) -> Staffing | None:
    """On average over offices, for the likeliest of what passes alone; None where none is the likeliest."""
    by_alone = chance[:-1].reshape(rates.shape[:2])
    if chance[-1] > _NONE:
        return None
    at = int(by_alone.sum(axis=1).argmax())
    within, outside = rates[at, :, :1], rates[at, :, 1:]
    rate = by_alone[at] @ np.where(_OFFICES, within, outside) + chance[-1]
    if rate.max() < _LEAST * rate.min():
        return None
    week = np.concatenate([np.tile(rate[:_DAY], 5), np.tile(rate[_DAY:], 2)])
    return Staffing(_ALONE[at], np.concatenate([[0.0], np.cumsum(week * WEEK / week.sum())]))


def _hazard(residual: Floats, censored: Flags, weight: Floats) -> Floats:
    """Cumulative hazard by residual, at the edges of cells of _CELL from -_REACH on (Nelson 1972; Aalen 1978)."""
    cell = np.clip(((residual + _REACH) / _CELL).astype(np.int64), 0, int(2 * _REACH / _CELL) - 1)
    ended = np.bincount(cell, weight * ~censored, int(2 * _REACH / _CELL))
    last = np.bincount(cell, weight, int(2 * _REACH / _CELL))
    at_risk = np.cumsum(last[::-1])[::-1] - 0.5 * ended
    return np.concatenate([[0.0], np.cumsum(np.where(at_risk > 0, ended / np.maximum(at_risk, 1e-9), 0.0))])


def _counts(
    stays: Stays, residuals: tuple[Floats, Flags, Floats], around: tuple[Floats, Floats], hour_of_week: float, *,
    alone: float, hazard: Floats, names: list[str],
) -> Floats:  # fmt: skip
    """(2, providers, 48) stays that ended, and that should have by their age, beyond the hours that pass alone."""
    _, censored, weight = residuals
    assert stays.entered is not None
    hours = np.exp(stays.log_hours)
    some = np.flatnonzero(hours > alone)
    some = some[np.argsort(stays.entered[some], kind="stable")[-_STAYS:]]
    entered, seen = stays.entered[some] + hour_of_week, np.minimum(hours[some], _LONGEST)
    begin, end = entered + alone, entered + seen
    first = np.floor(begin)
    count = np.maximum(np.ceil(end) - first, 1).astype(np.int64)
    which = np.repeat(np.arange(some.size), count)
    step = np.arange(which.size) - np.repeat(np.cumsum(count) - count, count)
    low, high = np.maximum(first[which] + step, begin[which]), np.minimum(first[which] + step + 1, end[which])
    centre, spread = (each[some][which] for each in around)
    edges = np.linspace(-_REACH, _REACH, hazard.size)
    upto = [
        np.interp((np.log(np.maximum(at - entered[which], 1e-6)) - centre) / spread, edges, hazard)
        for at in (low, high)
    ]
    over = (step == count[which] - 1) & (~censored[some] & (hours[some] <= _LONGEST))[which]
    provider = np.array([names.index(cell[0]) for cell in stays.cells])[stays.cell[stays.maintenance[stays.rack[some]]]]
    week = np.floor(low) % WEEK
    hour = (week % _DAY + _DAY * (week >= _SATURDAY)).astype(np.int64) + 2 * _DAY * provider[which]
    weight = weight[some][which]
    return np.stack([
        np.bincount(hour, each, 2 * _DAY * len(names)).reshape(len(names), 2 * _DAY)
        for each in (weight * over, weight * (upto[1] - upto[0]))
    ])  # fmt: skip
