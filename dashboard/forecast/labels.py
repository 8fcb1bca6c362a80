"""Do maintenances of one SKU, or in one cluster, go another way than others of their provider and kind.

Random effects beside those of `pooling` (Searle et al. 1992, ch. 7), told only by maintenances that share provider and
kind with some of another label, for what all of a provider's share is the provider's; and only where the evidence is
that labels matter at all: the prior is none or a normal around none (spike and slab, George and McCulloch 1993).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from dashboard.forecast.pooling import Floats
from dashboard.forecast.sizes import FLAT, Slope
from dashboard.model.rollout import Codes

_SPREAD2 = 0.3**2  # variance of what a label adds to log-hours
_PRIOR_ODDS = 0.1  # that labels matter at all


@dataclass(frozen=True, slots=True)
class Labels:
    """The label of each maintenance: code, (maintenances,), is an index into names. An empty one is nobody's."""

    names: tuple[str, ...]
    code: Codes


def labelled(labels: Sequence[str]) -> Labels:
    """The labels of maintenances, in their order."""
    names, code = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    return Labels(tuple(names.tolist()), code)


@dataclass(frozen=True, slots=True)
class Effects:
    """What labels add to log-hours: mean and variance of each; of one never seen, nothing, give or take."""

    of: dict[str, tuple[float, float]] = field(default_factory=dict)
    unseen: float = 0.0  # variance

    def at(self, label: str) -> tuple[float, float]:
        """Mean and variance of what this one adds."""
        return self.of.get(label, (0.0, self.unseen))

    def at_each(self, labels: Labels) -> Floats:
        """What is added for each maintenance, (maintenances,)."""
        return np.array([self.at(each)[0] for each in labels.names], dtype=float)[labels.code]


NO_EFFECTS = Effects()


def fit_effects(labels: Labels, cell: Codes, values: Floats, weight: Floats) -> Effects:
    """Fits what labels add; nothing where no cell has two of them.

    cell, values, weight : (maintenances,)  weight is one over the variance of each value
    """
    count = len(labels.names)
    if count < 2:
        return NO_EFFECTS
    there = np.zeros((int(cell.max(initial=-1)) + 1, count), dtype=bool)
    there[cell, labels.code] = True
    told = (there.sum(axis=1)[cell] > 1) & (np.array(labels.names)[labels.code] != "")
    cell, label, values, weight = cell[told], labels.code[told], values[told], weight[told]
    if not told.any():
        return NO_EFFECTS
    off = values - (np.bincount(cell, weight * values) / np.maximum(np.bincount(cell, weight), 1e-12))[cell]
    precision: Floats = np.bincount(label, weight, count).astype(float)
    pull: Floats = np.bincount(label, weight * off, count).astype(float)
    shrunk = pull / (precision + 1.0 / _SPREAD2)
    evidence = 0.5 * float(np.sum(pull * shrunk - np.log1p(_SPREAD2 * precision)))
    odds = _PRIOR_ODDS * float(np.exp(np.clip(evidence, -50.0, 50.0)))
    matters = odds / (1.0 + odds)
    variance = matters / (precision + 1.0 / _SPREAD2) + matters * (1.0 - matters) * shrunk**2
    return Effects(
        {labels.names[i]: (matters * float(shrunk[i]), float(variance[i])) for i in np.flatnonzero(precision > 0)},
        matters * _SPREAD2,
    )


@dataclass(frozen=True, slots=True)
class Traits:
    """What a maintenance is beside its provider and kind."""

    nodes: int
    sku: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is added to log-hours for size, SKU and cluster."""

    slope: Slope = FLAT
    sku: Effects = NO_EFFECTS
    cluster: Effects = NO_EFFECTS

    def at(self, traits: Traits) -> tuple[float, float]:
        """What is added to the mean of log-hours of such a maintenance, and the variance of that."""
        parts = self.slope.at(traits.nodes), self.sku.at(traits.sku), self.cluster.at(traits.cluster)
        mean, variance = (sum(each) for each in zip(*parts, strict=True))
        return mean, variance
