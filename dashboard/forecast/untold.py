"""What happened though nobody said so: some records are lost, and a node of which nothing more is told may be back.

How often that is so is read off maintenances that are over: of stays that began there, those that have no end. Of one
that runs, a node that has been in its stage for so long that a lost record explains it better than a long stay is taken
to be back (a cure model read backwards: Berkson and Gage 1952).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.special import ndtr

from dashboard.forecast.durations import SHORTEST, Durations, Law
from dashboard.forecast.fitting import SCALES
from dashboard.forecast.past import Past
from dashboard.forecast.spells import IN_SERVICE, IS_OUT, REPAIRING, Flags, Spells
from dashboard.model.rollout import Codes, Hours, Rollout
from dashboard.model.stages import STAGES

_SETTLED = 24.0  # hours after a maintenance is over, by which what is late has been told
_BORROWED = 20.0  # stays that those of all providers count for with one
MAY_END_UNSEEN = IS_OUT & (np.arange(len(STAGES)) != REPAIRING)
"""(stages,) a repair is left open more often because it lasts."""


@dataclass(frozen=True, slots=True)
class Untold:
    """provider -> share of its stays, by stage, whose end is never told, (stages,); "" for a provider never seen."""

    shares: dict[str, np.ndarray] = field(default_factory=dict)

    def of(self, provider: str) -> np.ndarray:
        """This provider's."""
        return self.shares.get(provider, self.shares.get("", np.zeros(len(STAGES))))

    def likely(self, stage: int, providers: Sequence[str], whose: Codes, hours: Hours, over: Flags) -> Flags:
        """Which stays that seem to last have ended, unsaid, more likely than they are so long, (stays,).

        providers : of maintenances; whose : (stays,) index of the maintenance; hours, over : (stays,) how long so far,
        and whether that was all
        """
        found = np.zeros(hours.size, dtype=bool)
        for name in sorted({each for each in providers if self.of(each)[stage] > 0}):
            here = np.array([each == name for each in providers])[whose]
            if (here & over).any():
                found |= here & ~over & (hours > np.quantile(hours[here & over], 1.0 - self.of(name)[stage]))
        return found

    def of_rollout(self, rollout: Rollout, spells: Spells, durations: Mapping[int, Durations]) -> Spells:
        """The spells of a rollout, with nodes in service that are so more likely than that their stays still last."""
        share = self.of(rollout.provider)
        running = np.flatnonzero(share[spells.now] > 0)
        back = [running[:0]]
        for stage in np.unique(spells.now[running]).tolist():
            here = running[spells.now[running] == stage]
            lost, law = share[stage], durations[stage].law_of(rollout)
            back.append(here[lost > (1.0 - lost) * _lasts_longer(law, -spells.since[here])])
        return _returned(spells, np.concatenate(back))


def learn_untold(past: Past) -> Untold:
    """Counts stays without an end in maintenances that are over."""
    s = past.spells
    whose = past.whose[s.node]
    told = (past.over & (past.until < -_SETTLED))[whose] & MAY_END_UNSEEN[s.stage]
    names = sorted({each.rollout.provider for each in past.seen})
    provider = np.array([names.index(each.rollout.provider) for each in past.seen], dtype=np.int64)[whose]
    number, lost = np.zeros((2, len(names), len(STAGES)))
    np.add.at(number, (provider[told], s.stage[told]), 1.0)
    open_ = told & (s.following < 0)
    np.add.at(lost, (provider[open_], s.stage[open_]), 1.0)
    everywhere = lost.sum(axis=0) / np.maximum(number.sum(axis=0), 1.0)
    shares = (lost + _BORROWED * everywhere) / (number + _BORROWED)
    return Untold({"": everywhere, **dict(zip(names, shares, strict=True))})


def _lasts_longer(law: Law, hours: np.ndarray) -> np.ndarray:
    """The chance that one stay of a maintenance like this lasts longer than so many hours."""
    spread = np.sqrt(law.variance + law.phi2 + law.rho2 + law.sigma2 * max(float(law.scales @ SCALES), 1.0))
    logs = law.warped(np.log(np.maximum(hours, SHORTEST)))
    return np.asarray(np.where(logs < law.most, ndtr((law.mean - logs) / spread), 0.0))


def _returned(spells: Spells, nodes: np.ndarray) -> Spells:
    """The same with these nodes back by now: what was told last of them was their return."""
    if not nodes.size:
        return spells
    gone: Flags = np.isin(np.arange(spells.now.size), nodes)
    last = gone[spells.node] & (spells.following < 0)
    return replace(
        spells,
        stage=np.where(last, IN_SERVICE, spells.stage),
        now=np.where(gone, IN_SERVICE, spells.now),
        since=np.where(gone, 0.0, spells.since),
    )
