"""Do forecasts say too much or too little: what came true, held against what would have been said before it did.

Of finished maintenances, what is known now is cut back to instants on their way and forecast from there, each without
what itself taught. The rank of what came true among the paths (its probability integral transform, Dawid 1984) is even
where forecasts are right. Where it is not, paths are kept by the density that ranks were found to have, a beta
(Ranjan and Gneiting 2010): which is to read the quantiles off at other levels (Kuleshov et al. 2018), for all that a
path says at once.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from dashboard.forecast.durations import SHORTEST
from dashboard.forecast.hours import WEEK
from dashboard.forecast.noise import seed_of
from dashboard.forecast.pooling import Floats
from dashboard.forecast.promises import MOST
from dashboard.forecast.quantiles import Futures, Times
from dashboard.forecast.spells import IS_OUT, Flags, Spells, spells_of
from dashboard.model.rollout import Codes, Knowledge, Rollout
from dashboard.model.stages import Status

_ASKED = (0.0, 0.5)  # shares of the nodes that were back when it is asked
_UP_TO = np.array([0.25])  # shares back at which a phase ends
_MAINTENANCES, _NODES = 60, 2_000  # asked at most, the newest first: they are most of the work of learning
_FEW, _PATHS = 12, 32
_WIDE, _NARROW = 0.2, 0.1  # sd of log parameters around none, and of a part's around those of the whole
_FOLDS = 4
_GAIN = 1.0  # log-likelihood of those left out that a correction must gain

Shape = tuple[float, float]
Foresee = Callable[[Rollout, float, np.random.Generator, int], Futures]

_EVEN: Shape = (1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Calibration:
    """The law of ranks: one for all, one a phase, one a phase of a provider, where there was enough to tell."""

    shapes: dict[tuple[str, int], Shape] = field(default_factory=dict)

    def of(self, provider: str, spells: Spells) -> Shape | None:
        """That of a maintenance that stands so; None where all paths are to be kept alike."""
        share = _share_back(spells)
        if share is None:
            return None
        keys = (provider, _phase(share)), ("", _phase(share)), ("", -1)
        shape = next((self.shapes[key] for key in keys if key in self.shapes), _EVEN)
        return None if shape == _EVEN else shape


NO_CALIBRATION = Calibration()


def calibrate(known: Knowledge, foresee: Foresee) -> Calibration:
    """Asks what would have been said of finished maintenances, and fits the law of the ranks.

    foresee : of a rollout, the hour of the week, and so many paths, what is not calibrated yet
    """
    asked = _worth_asking(known.rollouts)
    if len(asked) < _FEW:
        return NO_CALIBRATION
    found = [each for i, rollout in enumerate(asked) for each in _asked(i, rollout, known.hour_of_week, foresee)]
    if not found:
        return NO_CALIBRATION
    who, phase = (np.array([getattr(each, name) for each in found]) for name in ("who", "phase"))
    provider = np.array([rollout.provider for rollout in asked])[who]
    actual = np.array([each.actual for each in found])
    usual = {name: float(np.median(actual[provider == name])) for name in np.unique(provider).tolist()}
    unit = np.array([max(usual[name], SHORTEST) for name in provider.tolist()])[:, None]
    ranks = _Ranks(who, np.array([each.most for each in found]) / unit, actual / unit[:, 0])
    shapes = {("", -1): ranks.shape(np.ones(who.size, dtype=bool), _EVEN, _WIDE)}
    for each in np.unique(phase).tolist():
        shapes["", each] = ranks.shape(phase == each, shapes["", -1], _NARROW)
        for name in np.unique(provider[phase == each]).tolist():
            shape = ranks.shape((phase == each) & (provider == name), shapes["", each], _NARROW)
            if shape != shapes["", each]:
                shapes[name, each] = shape
    return Calibration(shapes)


def most_back(ends: Times) -> Floats:
    """When MOST of the nodes are back or removed, (paths,) hours. ends : (paths, nodes)"""
    rank = max(int(np.ceil(MOST * ends.shape[1])) - 1, 0)
    return np.asarray(np.partition(ends, rank, axis=1)[:, rank], dtype=float)


def weigh(most: Floats, shape: Shape) -> Floats:
    """By how much paths that reach MOST at these hours are to be kept, (paths,)."""
    weight = np.empty(most.size)
    weight[np.argsort(most, kind="stable")] = _kept(most.size, shape)
    return weight


def _worth_asking(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Finished ones that were told node by node, the newest first, as many as the work allows."""
    over = [each for each in rollouts if each.status is Status.COMPLETED and each.node.size and each.closed <= 0]
    asked, nodes = [], 0
    for each in sorted(over, key=lambda one: (-one.closed, one.maintenance_id)):
        if each.nodes <= _NODES // _FEW and nodes + each.nodes <= _NODES:
            asked.append(each)
            nodes += each.nodes
    return asked[:_MAINTENANCES]


@dataclass(frozen=True, slots=True)
class _Asked:
    """One forecast of hours to MOST, (paths,) rising, and what came true. who : index of the maintenance."""

    who: int
    phase: int
    most: Floats
    actual: float


def _asked(who: int, rollout: Rollout, hour_of_week: float, foresee: Foresee) -> Iterator[_Asked]:
    """What would have been said at each instant at which it is asked."""
    spells = spells_of(rollout)
    ends = np.where(spells.waiting | IS_OUT[spells.now], rollout.closed, spells.since)
    out_at = spells.out_at[np.isfinite(spells.out_at)]
    if not out_at.size:
        return
    ends = np.sort(ends)
    last = float(most_back(ends[None])[0])
    for share in _ASKED:
        at = float(out_at.min()) if share == 0.0 else float(ends[int(np.ceil(share * ends.size)) - 1])
        if at >= min(last, 0.0) - 1e-6:
            break
        then = _as_known(rollout, at)
        back = _share_back(spells_of(then))
        if back is None:
            continue
        rng = np.random.default_rng(seed_of(f"calibration {rollout.maintenance_id} {share}"))
        most = most_back(foresee(then, (hour_of_week + at) % WEEK, rng, _PATHS).end_at)
        yield _Asked(who, _phase(back), np.sort(most), last - at)


def _as_known(rollout: Rollout, at: float) -> Rollout:
    """What of it could be known at that hour, when it was under way: no word of it that is later."""
    seen = rollout.at <= at
    end = rollout.first_planned_end if np.isfinite(rollout.first_planned_end) else rollout.planned_end
    return replace(
        rollout,
        status=Status.IN_PROGRESS,
        announced=rollout.announced - at,
        started=min(rollout.started - at, 0.0),
        planned_start=rollout.planned_start - at,
        planned_end=end - at,
        first_planned_end=end - at,
        claimed_end=float("nan"),
        node=rollout.node[seen],
        stage=rollout.stage[seen],
        at=rollout.at[seen] - at,
        closed=float("nan"),
    )


def _share_back(spells: Spells) -> float | None:
    """The share of its nodes that are back or removed; None before the first goes out."""
    if spells.waiting.all():
        return None
    return float(np.mean(~IS_OUT[spells.now] & ~spells.waiting))


def _phase(share: float) -> int:
    return int(np.searchsorted(_UP_TO, share))


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Forecasts, (asked, paths) rising, and what came true, (asked,), in what is usual for the provider.

    who : (asked,)  whose they are: those of one maintenance are alike, and count together as one
    """

    who: Codes
    most: Floats
    actual: Floats

    def shape(self, part: Flags, around: Shape, spread: float) -> Shape:
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
            fitted = _fitted(rank[~out], weight[~out], around, spread)
            gain += float(weight[out] @ (_log_density(rank[out], fitted) - _log_density(rank[out], around)))
            off += float(weight[out] @ (_crps(most[out], actual[out], fitted) - _crps(most[out], actual[out], around)))
        return _fitted(rank, weight, around, spread) if gain > _GAIN and off <= 0.0 else around


def _kept(paths: int, shape: Shape) -> Floats:
    """By how much each of so many paths, rising, is to be kept, (paths,)."""
    a, b = shape
    rank = (np.arange(paths) + 0.5) / paths
    weight = rank ** (a - 1.0) * (1.0 - rank) ** (b - 1.0)
    return np.asarray(weight / weight.sum())


def _crps(most: Floats, actual: Floats, shape: Shape) -> Floats:
    """(asked,) continuous ranked probability scores of paths so kept (Gneiting and Raftery 2007, eq. 21)."""
    weight = _kept(most.shape[1], shape)
    apart = most @ (weight * (2.0 * np.cumsum(weight) - weight - 1.0))
    return np.asarray(np.abs(most - actual[:, None]) @ weight - apart)


def _log_density(rank: Floats, shape: Shape) -> Floats:
    a, b = shape
    return np.asarray((a - 1.0) * np.log(rank) + (b - 1.0) * np.log1p(-rank) - betaln(a, b))


def _fitted(rank: Floats, weight: Floats, around: Shape, spread: float) -> Shape:
    """The most likely beta, its log parameters normal around those of `around`."""
    prior = np.log(around)

    def loss(logs: Floats) -> float:
        a, b = np.exp(np.clip(logs, -3.0, 3.0))
        return float(-weight @ _log_density(rank, (a, b)) + 0.5 * np.sum((logs - prior) ** 2) / spread**2)

    a, b = np.exp(np.clip(minimize(loss, prior, method="Nelder-Mead", options={"xatol": 1e-3}).x, -3.0, 3.0))
    return float(a), float(b)
