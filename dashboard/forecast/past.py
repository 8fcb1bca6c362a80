"""All maintenances known at one instant, cut into spells at once: what every law is fitted from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dashboard.forecast.pooling import Cell, Floats
from dashboard.forecast.slots import WAYS_TO_HOLD, Turnover, peak, turnover
from dashboard.forecast.spells import Flags, Spells, first_nodes, shared_racks, spells_of_all, tidied
from dashboard.model.rollout import Codes, Hours, Rollout


@dataclass(frozen=True, slots=True)
class Seen:
    """One maintenance as it went.

    until : when it was last looked at: now, or when it was closed
    now, since, out_at : (nodes,) as in Spells
    held  : a way of counting each, when nodes took places and gave them back
    peaks : the most places held at once, in each of those ways
    """

    rollout: Rollout
    until: float
    now: Codes
    since: Hours
    out_at: Hours
    held: tuple[Turnover, ...]
    peaks: tuple[int, ...]

    @property
    def cell(self) -> Cell:
        """Its provider and kind."""
        return self.rollout.provider, self.rollout.kind


@dataclass(frozen=True, slots=True)
class Past:
    """All of them.

    seen   : one a maintenance, their rollouts tidied
    spells : of all, nodes numbered on from maintenance to maintenance
    whose  : (nodes,) index of the maintenance
    rack   : (nodes,) as shared_racks has them, numbered on
    until  : (maintenances,) as in Seen
    over   : (maintenances,) whether it was told to be over
    """

    seen: tuple[Seen, ...]
    spells: Spells
    whose: Codes
    rack: Codes
    until: Floats
    over: Flags


def past_of(rollouts: Sequence[Rollout]) -> Past:
    """Cuts them, whatever is wrong with their records."""
    rollouts = [tidied(each) for each in rollouts]
    spells, first = spells_of_all(rollouts), first_nodes(rollouts)
    until = np.array([min(each.closed, 0.0) if np.isfinite(each.closed) else 0.0 for each in rollouts])
    node = [slice(*each) for each in zip(first[:-1].tolist(), first[1:].tolist(), strict=True)]
    went = np.searchsorted(np.flatnonzero(np.isfinite(spells.out_at)), first)
    place = [slice(*each) for each in zip(went[:-1].tolist(), went[1:].tolist(), strict=True)]
    ways = [turnover(spells, way) for way in range(WAYS_TO_HOLD)]
    seen = []
    for i, rollout in enumerate(rollouts):
        held = tuple(Turnover(way.took[place[i]], way.gave[place[i]]) for way in ways)
        since, out_at = spells.since[node[i]], spells.out_at[node[i]]
        peaks = tuple(peak(way) for way in held)
        seen.append(Seen(rollout, float(until[i]), spells.now[node[i]], since, out_at, held, peaks))
    whose = np.repeat(np.arange(len(rollouts)), np.diff(first))
    racks = _numbered_on([shared_racks(each.rack) for each in rollouts])
    over = np.array([bool(np.isfinite(each.closed)) for each in rollouts], dtype=bool)
    return Past(tuple(seen), spells, whose, racks, until, over)


def _numbered_on(racks: Sequence[Codes]) -> Codes:
    """Racks of all, (nodes,), each maintenance's after those of the one before it."""
    base, numbered = 0, [np.empty(0, dtype=np.int64)]
    for each in racks:
        numbered.append(base + each)
        base += int(each.max(initial=-1)) + 1
    return np.concatenate(numbered)
