"""One maintenance as it was known at an instant, in the shape that forecasts read: arrays, hours, codes."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dashboard.model.stages import Status

Hours = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rollout:
    """One maintenance as known at `as_of`.

    Every time is hours since `as_of` (what has happened is <= 0, but for clocks that run ahead); unknown is nan.
    Node arrays have shape (nodes,), transition arrays (transitions,), ordered by `at`.
    """

    maintenance_id: str
    provider: str
    kind: str
    sku: str
    cluster: str
    status: Status
    announced: float  # when we first knew of it
    started: float  # when it was first told to be in progress, or its first node went out
    planned_start: float
    planned_end: float
    first_planned_end: float  # the first promise, before it was moved
    claimed_end: float  # the provider's latest word in a message, where it is later news than the plan
    max_unavailable: float
    rack: Codes  # (nodes,) index of the node's rack; nodes without a rack have one of their own
    gpus: Codes  # (nodes,)
    node: Codes  # (transitions,) index into the nodes
    stage: Codes  # (transitions,) stages.CODE
    at: Hours  # (transitions,) when the stage was entered
    closed: float = float("nan")  # when it was told to be completed or cancelled

    @property
    def nodes(self) -> int:
        """How many nodes it names."""
        return self.rack.size


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Everything that was known at one instant: the maintenances up to then, and where in the week it stands."""

    hour_of_week: float  # hours from Monday 00:00 UTC to as_of, in [0, 168)
    rollouts: tuple[Rollout, ...]
