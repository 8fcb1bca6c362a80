"""Do maintenances of many nodes go another way than those of few: longer, or with their nodes closer together."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.model.rollout import Codes

_PRIOR_SD = 0.3  # of log hours, for e times as many nodes
_STEP_SD = 0.3  # of what a class of size has beyond that
_PRIOR_ODDS = 0.1  # that size matters at all
CLASSES = 14  # of sizes, each twice the one before
_NEXT = 0.5  # what a maintenance counts for in the classes next to its own
_NEAR, _OWN_WAY = 0.1, 0.5  # spreads from the middle node: one that keeps close to it, and one that does not
_USUALLY_ODD = np.array([0.05, 0.95])  # where nothing was seen
_SHARES = np.array([0.002, 0.01, 0.025, 0.05, 0.1, 0.2])
_POOLED = 10.0  # maintenances that those of all sizes count for in each class


def size_classes(nodes: Floats) -> Codes:
    """The class of each size, (maintenances,)."""
    return np.clip(np.rint(np.log2(np.maximum(nodes, 1.0))), 0, CLASSES - 1).astype(np.int64)


def size_class(nodes: int) -> int:
    """The class of one size."""
    return int(size_classes(np.array([nodes], dtype=float))[0])


def by_size(share: Floats, classes: Codes, overall: Floats) -> Floats:
    """Chances by class of size, (CLASSES, chances), from those of maintenances, leaning to those next to it and to all.

    share : (maintenances, chances); classes : (maintenances,); overall : (chances,)
    """
    total = np.zeros((CLASSES, overall.size))
    np.add.at(total, classes, share)
    padded = np.pad(total, ((1, 1), (0, 0)))
    near = total + _NEXT * (padded[:-2] + padded[2:])
    return np.asarray((near + _POOLED * overall) / (near.sum(axis=1, keepdims=True) + _POOLED))


def odd_by_size(log_hours: Floats, at: Codes, spread: Floats, classes: Codes) -> Floats:
    """By class of size, (CLASSES,), the share of nodes that go their own way where most keep close to each other.

    log_hours, at, spread : (ended,)  at is the maintenance, spread that of nodes of different maintenances
    classes : (maintenances,)
    """
    order = np.lexsort((log_hours, at))
    y, at, spread = log_hours[order], at[order], spread[order]
    begin, count = np.unique(at, return_index=True, return_counts=True)[1:]
    middle = np.repeat((y[begin + (count - 1) // 2] + y[begin + count // 2]) / 2, count)
    off = np.abs(y - middle) / spread
    close = np.add.reduceat(off < _NEAR, begin) if begin.size else np.empty(0)
    one = (count >= 3) & (2 * close > count)
    far = np.add.reduceat(off > _OWN_WAY, begin) if begin.size else np.empty(0)
    share = np.stack([far, count - far], axis=1)[one].astype(float)
    found = by_size(share, classes[at[begin][one]], _USUALLY_ODD)[:, 0]
    # A few shares only, for draws go by tables that are kept.
    return np.asarray(_SHARES[np.abs(np.log(found[:, None] / _SHARES)).argmin(axis=1)])


@dataclass(frozen=True, slots=True)
class Slope:
    """By how much log hours rise with log nodes, and how sure that is. Sizes beyond those seen count as the outermost.

    centre : log nodes of the usual maintenance, for which nothing is added; low, high : the range seen
    steps  : (CLASSES,) what is added beyond the slope, by class of size
    """

    rise: float
    variance: float
    centre: float
    low: float
    high: float
    steps: Floats

    def at(self, nodes: int) -> tuple[float, float]:
        """What is added to the mean of log hours for a maintenance of so many nodes, and the variance of that."""
        off = float(np.clip(np.log(max(nodes, 1)), self.low, self.high)) - self.centre
        return float(self.at_each(np.array([float(nodes)]))[0]), self.variance * off**2

    def at_each(self, nodes: Floats) -> Floats:
        """What is added for each, (maintenances,)."""
        off = np.clip(np.log(np.maximum(nodes, 1.0)), self.low, self.high) - self.centre
        return np.asarray(self.rise * off + self.steps[size_classes(nodes)])


FLAT = Slope(0.0, 0.0, 0.0, 0.0, 0.0, np.zeros(CLASSES))


def fit_slope(nodes: Floats, cell: Codes, values: Floats, weight: Floats) -> Slope:
    """Weighted least squares within each provider and kind (Mundlak 1978), where the evidence is that size matters.

    The prior is none or a normal around none (spike and slab, George and McCulloch 1993); what comes out is the mean.

    Within, for providers with large fleets may be slow for other reasons.

    nodes, cell, values, weight : (maintenances,)  weight is one over the variance of each value
    """
    size = np.log(np.maximum(nodes, 1.0))
    total = np.maximum(np.bincount(cell, weight), 1e-12)
    off = size - (np.bincount(cell, weight * size) / total)[cell]
    precision = float(weight @ off**2) + 1.0 / _PRIOR_SD**2
    rise = float((weight * off) @ values) / precision
    odds = _PRIOR_ODDS / (_PRIOR_SD * np.sqrt(precision)) * np.exp(min(0.5 * rise**2 * precision, 50.0))
    matters = float(odds / (1.0 + odds))
    variance = matters / precision + matters * (1.0 - matters) * rise**2
    left = values - rise * off
    left = left - (np.bincount(cell, weight * left) / total)[cell]
    classes = size_classes(nodes)
    total_left: Floats = np.bincount(classes, weight * left, CLASSES).astype(float)
    steps = matters * total_left / (np.bincount(classes, weight, CLASSES) + 1.0 / _STEP_SD**2)
    return Slope(matters * rise, variance, float(size.mean()), float(size.min()), float(size.max()), steps)
