"""What would have been said of finished maintenances, on their way: what is known of them now, cut back to then."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from dashboard.forecast.hours import WEEK
from dashboard.forecast.noise import seed_of
from dashboard.forecast.pooling import Floats
from dashboard.forecast.promises import most_back
from dashboard.forecast.quantiles import Futures
from dashboard.forecast.spells import IS_OUT, Spells, spells_of
from dashboard.model.rollout import Rollout
from dashboard.model.stages import Status

_ASKED = (0.0, 0.5)  # shares of the nodes that were back when it is asked
_UP_TO = np.array([0.25])  # shares back at which a phase ends
_LATEST = 0.75  # share back, up to which what was asked tells something
_MAINTENANCES, _NODES = 60, 2_000  # asked at most, the newest first: they are most of the work of learning
_LARGE = 160  # nodes, more than which one would take too much of that
_PATHS = 32
_KNOWN = 2_000  # lengths at most, the newest

Foresee = Callable[[Rollout, float, np.random.Generator, int], Futures]
"""Of a rollout, the hour of the week and so many paths: what is said."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One forecast of hours to MOST, (paths,) rising, and what came true. who : index of the maintenance.

    passed : hours since its first node went out
    """

    who: int
    phase: int
    passed: float
    most: Floats
    actual: float


def ask(who: int, rollout: Rollout, hour_of_week: float, foresee: Foresee) -> Iterator[Asked]:
    """What would have been said at each instant at which it is asked. who : index of the maintenance"""
    spells = spells_of(rollout)
    first = spells.first_out
    if np.isnan(first):
        return
    ends = np.sort(_ends(rollout, spells))
    last = float(most_back(ends[None])[0])
    for share in _ASKED:
        at = first if share == 0.0 else float(ends[int(np.ceil(share * ends.size)) - 1])
        if at >= min(last, 0.0) - 1e-6:
            break
        then = _as_known(rollout, at)
        phase = phase_of(spells_of(then))
        if phase is None:
            continue
        rng = np.random.default_rng(seed_of(f"calibration {rollout.maintenance_id} {share}"))
        most = most_back(foresee(then, (hour_of_week + at) % WEEK, rng, _PATHS).end_at)
        yield Asked(who, phase, at - first, np.sort(most), last - at)


def worth_asking(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Finished ones that were told node by node, the newest first, as many as the work allows."""
    asked, nodes = [], 0
    for each in _finished(rollouts):
        if each.nodes <= _LARGE and nodes + each.nodes <= _NODES:
            asked.append(each)
            nodes += each.nodes
    return asked[:_MAINTENANCES]


def lengths_of(rollouts: Sequence[Rollout]) -> Floats:
    """Hours from the first node out to MOST back of finished ones that were told node by node, the newest; rising."""
    over = [(each, spells_of(each)) for each in _finished(rollouts)[:_KNOWN]]
    taken = np.array([most_back(_ends(each, spells)[None])[0] - spells.first_out for each, spells in over])
    return np.sort(taken[np.isfinite(taken)])


def _ends(rollout: Rollout, spells: Spells) -> Floats:
    """(nodes,) when each was back, of a finished one: when it was closed, where nothing was told."""
    return np.where(spells.waiting | IS_OUT[spells.now], rollout.closed, spells.since)


def phase_of(spells: Spells) -> int | None:
    """How far it has come, by the share of its nodes that is back or removed.

    None before the first goes out, and once so many are back that nothing was asked of any that stood so.
    """
    share = float(np.mean(~IS_OUT[spells.now] & ~spells.waiting))
    return None if spells.waiting.all() or share > _LATEST else int(np.searchsorted(_UP_TO, share))


def _finished(rollouts: Sequence[Rollout]) -> list[Rollout]:
    """Those that were told node by node, the newest first."""
    over = [each for each in rollouts if each.status is Status.COMPLETED and each.node.size and each.closed <= 0]
    return sorted(over, key=lambda one: (-one.closed, one.maintenance_id))


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
