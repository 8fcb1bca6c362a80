"""What happens to a node in a maintenance, drawn as states: who has the ball, and what a scheduler does meanwhile."""

from dataclasses import dataclass

from dashboard.model.stages import Stage

SCHEDULING = {
    Stage.SCHEDULED: "Serves. Start only what ends before it goes out.",
    Stage.CORDONED: "Takes no new work; what runs may end.",
    Stage.DRAINED: "Empty. Nothing starts.",
    Stage.IN_MAINTENANCE: "With the provider, out of reach.",
    Stage.RETURNED: "Given back, not trusted yet. Nothing starts.",
    Stage.VALIDATING: "Runs health checks and nothing else.",
    Stage.REPAIRING: "With the provider again; days are usual.",
    Stage.IN_SERVICE: "Takes work again: its capacity is back.",
    Stage.REMOVED: "Will not come back: leave the pool without it.",
}
"""What each stage means for whoever places work."""

USUAL = (
    (Stage.SCHEDULED, Stage.CORDONED),
    (Stage.CORDONED, Stage.DRAINED),
    (Stage.DRAINED, Stage.IN_MAINTENANCE),
    (Stage.IN_MAINTENANCE, Stage.RETURNED),
    (Stage.RETURNED, Stage.VALIDATING),
    (Stage.VALIDATING, Stage.IN_SERVICE),
    (Stage.VALIDATING, Stage.REPAIRING),
    (Stage.REPAIRING, Stage.VALIDATING),
    (Stage.REPAIRING, Stage.REMOVED),
)
"""The ways that the diagram draws; a rollout may skip stages."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stage, and the nodes that stand in it now."""

    stage: Stage
    nodes: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Way:
    """From one stage to the next: how many stays ended so, and how long they were (hours; None: too few to tell)."""

    before: Stage
    after: Stage
    moves: int
    likely: float | None  # the median
    plan_on: float | None  # the 90th percentile


@dataclass(frozen=True, slots=True)
class States:
    """The diagram: every stage in the order of a rollout, and the ways between them."""

    steps: tuple[Step, ...]
    ways: tuple[Way, ...]
