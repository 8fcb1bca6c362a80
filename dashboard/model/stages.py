"""The stages a node moves through in one maintenance, and what each does to capacity."""

from enum import StrEnum


class Stage(StrEnum):
    """Where a node stands in one maintenance; declared in the order a rollout passes them."""

    SCHEDULED = "scheduled"
    CORDONED = "cordoned"
    DRAINED = "drained"
    IN_MAINTENANCE = "in_maintenance"
    RETURNED = "returned"
    VALIDATING = "validating"
    REPAIRING = "repairing"
    IN_SERVICE = "in_service"
    REMOVED = "removed"


class Status(StrEnum):
    """Where a maintenance stands; `recovering`: the provider is done, the fleet is not."""

    PROPOSED = "proposed"
    SCHEDULED = "scheduled"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    RECOVERING = "recovering"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    DEFERRED = "deferred"


class Role(StrEnum):
    """What a party is there for."""

    PROVIDER = "provider"
    FLEET_OPERATIONS = "fleet_operations"
    HARDWARE_HEALTH = "hardware_health"
    CLUSTER_ONCALL = "cluster_oncall"
    SCHEDULER_ONCALL = "scheduler_oncall"
    CUSTOMER = "customer"


STAGES = tuple(Stage)
CODE = {stage: code for code, stage in enumerate(STAGES)}
"""A stage as a small integer, for arrays and for the log; it also orders stages within one instant."""

RANK: dict[str, int] = {stage.value: code for stage, code in CODE.items()}
"""The same of stages as records have them."""

OUT = frozenset(Stage) - {Stage.SCHEDULED, Stage.IN_SERVICE, Stage.REMOVED}  # removed is lost, not out

ANNOUNCED = frozenset({Status.PROPOSED, Status.SCHEDULED, Status.CONFIRMED, Status.DEFERRED})
RUNNING = frozenset({Status.IN_PROGRESS, Status.RECOVERING})
CLOSED = frozenset({Status.COMPLETED, Status.CANCELLED})

HAS_THE_BALL: dict[Stage, Role | None] = {
    Stage.SCHEDULED: None,
    Stage.CORDONED: Role.SCHEDULER_ONCALL,
    Stage.DRAINED: Role.FLEET_OPERATIONS,
    Stage.IN_MAINTENANCE: Role.PROVIDER,
    Stage.RETURNED: Role.HARDWARE_HEALTH,
    Stage.VALIDATING: Role.HARDWARE_HEALTH,
    Stage.REPAIRING: Role.PROVIDER,
    Stage.IN_SERVICE: None,
    Stage.REMOVED: None,
}
"""Who is expected to move a node on from each stage; None where nobody is waited for."""
