"""How did promises go: when maintenances began and ended against what was planned, and how long they took."""

from dataclasses import dataclass

import numpy as np

from dashboard.forecast.durations import SHORTEST, Durations, Law
from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.quantiles import Times, neighbours
from dashboard.forecast.tails import draw_beyond
from dashboard.model.rollout import Rollout

MOST = 0.9  # share of the nodes whose return keeps a promise: the last few are another question
FAMILIAR = 3  # maintenances of one kind at one provider that make its promises dispensable
_LEAD = 72.0  # hours; median wait for a start that nobody planned


@dataclass(frozen=True)
class Promises:
    """What past promises teach.

    delay  : provider -> hours by which starts came after the plan; "" for all
    slip   : log of length, to where MOST nodes are back, over promised length, as a duration law
    length : log of length in hours, as a duration law
    """

    delay: dict[str, Floats]
    slip: Durations
    length: Durations
    by_node: dict[str, float]  # provider -> share of its maintenances told node by node; "" for all

    def tells_nodes(self, provider: str) -> bool:
        """Whether this provider is known to report node by node, or nothing is known of it."""
        return self.by_node.get(provider, self.by_node.get("", 1.0)) >= 0.5

    def draw_start(self, provider: str, planned: float, paths: int, rng: np.random.Generator) -> Floats:
        """Hours since as_of at which it starts, (paths,), >= 0."""
        if not np.isfinite(planned):
            return np.asarray(_LEAD * np.exp(rng.standard_normal(paths)))
        own, everyone = self.delay.get(provider, np.empty(0)), self.delay.get("", np.empty(0))
        # Others' delays count for as much as three of its own.
        few = everyone if everyone.size else np.array([0.0])
        from_own = rng.random(paths) < own.size / (own.size + 3.0)
        drawn = np.where(from_own, rng.choice(own if own.size else few, paths), rng.choice(few, paths))
        start = planned + drawn
        if planned >= 0:
            return np.asarray(np.maximum(start, 0.0))
        late = np.concatenate([own, everyone])
        late = late[late > -planned]
        if late.size >= 3:
            return np.asarray(planned + rng.choice(late, paths))
        # Overdue beyond experience: as long again, give or take (Gott 1993).
        return np.asarray(-planned * (1.0 / (1.0 - rng.random(paths) * 0.99) - 1.0))

    def weigh(self, rollout: Rollout, lengths: Floats) -> Floats | None:
        """How well each simulated length, (paths,) hours, agrees with the promise; None where it should not count.

        Where maintenances of its kind were seen at this provider, they teach more than the promise and contain it.
        """
        planned, cell = rollout.planned_end - rollout.planned_start, (rollout.provider, rollout.kind)
        others = [each for each in self.length.members.get(cell, ()) if each != rollout.maintenance_id]
        if len(others) >= FAMILIAR or not planned > SHORTEST:
            return None
        law = self.slip.law(cell, rollout.maintenance_id)
        spread = np.sqrt(law.variance + law.sigma2 + law.rho2 + law.phi2)
        z = (np.log(np.maximum(lengths, SHORTEST)) - np.log(planned) - law.mean) / spread
        weight = np.exp(-0.5 * (z**2 - np.min(z**2)))
        return np.asarray(weight / weight.sum())

    def draw_end(
        self, cell: Cell, name: str, start: Floats, *, promised: float, planned_start: float, rng: np.random.Generator
    ) -> Floats:
        """Hours since as_of at which it is over as a whole, (paths,), >= 0, from the promise, or from lengths alone.

        start : (paths,) when it began or begins; promised : the end promised last, nan where unknown
        """
        began = planned_start if np.isfinite(planned_start) else float(np.median(start))
        planned = promised - began
        told = bool(np.isfinite(planned) and planned > SHORTEST)
        law: Law = (self.slip if told else self.length).law(cell, name)
        spread = np.sqrt(law.variance + law.sigma2 + law.rho2 + law.phi2)
        base = law.mean + (np.log(planned) if told else 0.0)
        past = np.maximum(-start, 0.0)
        with np.errstate(divide="ignore"):
            bound = (np.log(past) - base) / spread
        lasts = np.exp(np.minimum(base + spread * draw_beyond(bound, 1.0 - rng.random(start.size)), 12.0))
        return np.asarray(np.maximum(start + lasts, 0.0))


def most_back(ends: Times) -> Floats:
    """When MOST of the nodes are back or removed, (paths,) hours. ends : (paths, nodes)"""
    rank = max(int(np.ceil(MOST * ends.shape[1])) - 1, 0)
    coming = np.flatnonzero(ends.max(axis=0) > 0)
    over = ends.shape[1] - coming.size
    if 0 < over <= rank:  # they come before all others
        ends, rank = ends[:, neighbours(coming)], rank - over
    return np.asarray(np.partition(ends, rank, axis=1)[:, rank], dtype=float)
