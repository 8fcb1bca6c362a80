"""What if a maintenance went another way: later or earlier, more or fewer at once, in two parts."""

from dataclasses import dataclass, replace

import numpy as np

from dashboard.model.rollout import Codes, Rollout
from dashboard.model.stages import CODE, Stage

NAN = float("nan")
SCHEDULED = CODE[Stage.SCHEDULED]


@dataclass(frozen=True, slots=True)
class Alternative:
    """How it would go instead; all as planned by default."""

    later: float = 0.0  # hours; less than 0 is earlier
    times: float = 1.0  # as many at once; 0 is all at once
    apart: float = 0.0  # hours from the first half's start to the second's; 0 is in one go

    @property
    def is_none(self) -> bool:
        """Whether it is what is planned."""
        return self == Alternative()


def alternatives(rollout: Rollout, change: Alternative, at_once: float) -> tuple[tuple[Rollout, Codes], ...]:
    """The rollouts that it would be, each with the nodes (indices) that it holds.

    at_once : nodes that may be out at once as it is. What has begun is not moved and not taken apart.
    """
    if change.is_none:
        return ((rollout, np.arange(rollout.nodes)),)
    fresh = not (rollout.stage > SCHEDULED).any() and not rollout.started <= 0
    later = change.later if fresh else 0.0
    slots = rollout.nodes if change.times == 0 else max(round(at_once * change.times), 1)
    # What the provider promised was of its own plan; a move takes it along, another pace makes it void.
    same_pace = change.times == 1 and change.apart == 0
    whole = replace(
        rollout,
        planned_start=rollout.planned_start + later,
        planned_end=rollout.planned_end + later if same_pace else NAN,
        claimed_end=rollout.claimed_end + later if same_pace else NAN,
        max_unavailable=float(slots) if change.times != 1 else rollout.max_unavailable,
    )
    if not (fresh and change.apart and rollout.nodes > 1):
        return ((whole, np.arange(rollout.nodes)),)
    first = rollout.rack < np.median(rollout.rack) + 0.5 if rollout.rack.max() else np.arange(rollout.nodes) % 2 == 0
    halves = [np.flatnonzero(first), np.flatnonzero(~first)]
    return tuple(
        (_part(replace(whole, planned_start=whole.planned_start + i * change.apart), nodes), nodes)
        for i, nodes in enumerate(halves)
        if nodes.size
    )


def _part(rollout: Rollout, nodes: Codes) -> Rollout:
    """These nodes of a rollout that has not begun."""
    _, rack = np.unique(rollout.rack[nodes], return_inverse=True)
    place = np.full(rollout.nodes, -1)
    place[nodes] = np.arange(nodes.size)
    told = place[rollout.node] >= 0
    return replace(
        rollout,
        rack=rack.astype(np.int64),
        gpus=rollout.gpus[nodes],
        node=place[rollout.node][told],
        stage=rollout.stage[told],
        at=rollout.at[told],
    )
