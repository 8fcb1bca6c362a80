"""Do forecasts say too much or too little: what came true, held against what would have been said before it did.

Of finished maintenances, what is known now is cut back to instants on their way and forecast from there, each without
what itself taught. The rank of what came true among the paths (its probability integral transform, Dawid 1984) is even
where forecasts are right. Where it is not, paths are kept by the density that ranks were found to have, a beta
(Ranjan and Gneiting 2010): which is to read the quantiles off at other levels (Kuleshov et al. 2018), for all that a
path says at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln

from dashboard.forecast.pooling import Floats
from dashboard.forecast.promises import MOST
from dashboard.forecast.quantiles import Futures
from dashboard.forecast.spells import IS_OUT, spells_of
from dashboard.model.rollout import Knowledge, Rollout
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

    def weigh(self, rollout: Rollout, most: Floats) -> Floats | None:
        """By how much paths that reach MOST at these hours, (paths,), are to be kept; None where all are alike."""
        share = _share_back(rollout)
        a, b = _EVEN if share is None else self._shape(rollout.provider, _phase(share))
        if (a, b) == _EVEN:
            return None
        rank = np.empty(most.size)
        rank[np.argsort(most, kind="stable")] = (np.arange(most.size) + 0.5) / most.size
        weight = rank ** (a - 1.0) * (1.0 - rank) ** (b - 1.0)
        return np.asarray(weight / weight.sum())

    def _shape(self, provider: str, phase: int) -> Shape:
        for key in ((provider, phase), ("", phase), ("", -1)):
            if key in self.shapes:
                return self.shapes[key]
        return _EVEN


NO_CALIBRATION = Calibration()


def calibrate(known: Knowledge, foresee: Foresee) -> Calibration:
    """Asks what would have been said of finished maintenances, and fits the law of the ranks.

    foresee : of a rollout, the hour of the week, and so many paths, what is not calibrated yet
    """
    asked = _worth_asking(known.rollouts)
    if len(asked) < _FEW:
        return NO_CALIBRATION
    found = [each for i, rollout in enumerate(asked) for each in _ranks(i, rollout, known.hour_of_week, foresee)]
    if not found:
        return NO_CALIBRATION
    who, phase, rank = (np.array(each) for each in zip(*found, strict=True))
    provider = np.array([rollout.provider for rollout in asked])[who.astype(np.int64)]
    ranks = _Ranks(who.astype(np.int64), rank.astype(float))
    shapes = {("", -1): ranks.shape(np.ones(rank.size, dtype=bool), _EVEN, _WIDE)}
    for each in np.unique(phase).tolist():
        shapes["", each] = ranks.shape(phase == each, shapes["", -1], _NARROW)
        for name in np.unique(provider[phase == each]).tolist():
            shape = ranks.shape((phase == each) & (provider == name), shapes["", each], _NARROW)
            if shape != shapes["", each]:
                shapes[name, each] = shape
    return Calibration(shapes)


def most_back(futures: Futures) -> Floats:
    """When MOST of the nodes are back or removed, (paths,) hours."""
    rank = max(int(np.ceil(MOST * futures.end_at.shape[1])) - 1, 0)
    return np.asarray(np.partition(futures.end_at, rank, axis=1)[:, rank], dtype=float)


def _worth_asking(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Finished ones that were told node by node, the newest first, as many as the work allows."""
    over = [each for each in rollouts if each.status is Status.COMPLETED and each.node.size and each.closed <= 0]
    asked, nodes = [], 0
    for each in sorted(over, key=lambda one: (-one.closed, one.maintenance_id)):
        if each.nodes <= _NODES // _FEW and nodes + each.nodes <= _NODES:
            asked.append(each)
            nodes += each.nodes
    return asked[:_MAINTENANCES]


def _ranks(who: int, rollout: Rollout, hour_of_week: float, foresee: Foresee) -> list[tuple[int, int, float]]:
    """Yields (who, phase, rank) of what came true at each instant at which it is asked."""
    spells = spells_of(rollout)
    ends = np.where(spells.waiting | IS_OUT[spells.now], rollout.closed, spells.since)
    out_at = spells.out_at[np.isfinite(spells.out_at)]
    if not out_at.size:
        return []
    ends = np.sort(ends)
    last = float(ends[max(int(np.ceil(MOST * ends.size)) - 1, 0)])
    found = []
    for share in _ASKED:
        at = float(out_at.min()) if share == 0.0 else float(ends[int(np.ceil(share * ends.size)) - 1])
        if at >= min(last, 0.0) - 1e-6:
            break
        then = _as_known(rollout, at)
        back = _share_back(then)
        if back is None:
            continue
        name = f"calibration {rollout.maintenance_id} {share}".encode()
        rng = np.random.default_rng(int.from_bytes(blake2b(name, digest_size=8).digest(), "big"))
        most = most_back(foresee(then, (hour_of_week + at) % 168.0, rng, _PATHS))
        below = float(np.sum(most < last - at)) + 0.5 * float(np.sum(most == last - at))
        found.append((who, _phase(back), (below + 0.5) / (_PATHS + 1)))
    return found


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


def _share_back(rollout: Rollout) -> float | None:
    """The share of its nodes that are back or removed; None before the first goes out."""
    spells = spells_of(rollout)
    if not rollout.nodes or spells.waiting.all():
        return None
    return float(np.mean(~IS_OUT[spells.now] & ~spells.waiting))


def _phase(share: float) -> int:
    return int(np.searchsorted(_UP_TO, share))


@dataclass(frozen=True, slots=True)
class _Ranks:
    """Ranks, (ranks,), and whose they are: those of one maintenance are alike, and count together as one."""

    who: np.ndarray
    rank: Floats

    def shape(self, part: np.ndarray, around: Shape, spread: float) -> Shape:
        """The beta of a part of them, leaning to `around`; that itself where another does not foretell better."""
        who, rank = self.who[part], self.rank[part]
        if np.unique(who).size < _FEW:
            return around
        weight = 1.0 / np.bincount(who)[who]
        gain = 0.0
        for fold in range(_FOLDS):
            out = who % _FOLDS == fold
            fitted = _fitted(rank[~out], weight[~out], around, spread)
            gain += float(weight[out] @ (_log_density(rank[out], fitted) - _log_density(rank[out], around)))
        return _fitted(rank, weight, around, spread) if gain > _GAIN else around


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
