"""One maintenance as of an instant, folded from its updates; instants are microseconds (model.instants)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from dashboard.model.stages import ANNOUNCED, CLOSED, RUNNING, Stage, Status


@dataclass(frozen=True, slots=True)
class Update:
    """One word on a maintenance; '' or None: it says nothing of that."""

    maintenance_id: str
    recorded_at: int
    source: str = ""
    status: str = ""
    kind: str = ""
    title: str = ""
    provider_id: str = ""
    cluster_id: str = ""
    planned_start: int | None = None
    planned_end: int | None = None
    max_unavailable: int | None = None
    provider_ref: str = ""
    note: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Maintenance:
    """What is in force: each field as last told."""

    maintenance_id: str
    status: Status = Status.SCHEDULED
    status_at: int | None = None  # when this status was first told, without another in between
    started_at: int | None = None  # when it was first told to be in progress
    closed_at: int | None = None  # when it was told to be over; None while it is not
    announced_at: int | None = None
    kind: str = ""
    title: str = ""
    provider_id: str = ""
    cluster_id: str = ""
    planned_start: int | None = None
    planned_end: int | None = None
    planned_at: int | None = None  # when the end in force was told
    first_planned_start: int | None = None
    first_planned_end: int | None = None
    max_unavailable: int | None = None
    provider_ref: str = ""
    source: str = ""


FOLDED = ("kind", "title", "provider_id", "cluster_id", "provider_ref", "source")


def fold(maintenance_id: str, updates: Iterable[Update]) -> Maintenance:
    """What the updates of one maintenance come to, whatever order they came in.

    Two that were recorded at the same instant are taken in the order of their digests: arbitrary, but always the same.
    """
    state = Maintenance(maintenance_id)
    for update in sorted(updates, key=lambda each: (each.recorded_at, each.digest)):
        state = _told(state, update)
    return state


def _told(state: Maintenance, update: Update) -> Maintenance:
    at = update.recorded_at
    changes: dict[str, object] = {name: getattr(update, name) for name in FOLDED if getattr(update, name)}
    if state.announced_at is None:
        changes["announced_at"] = at
    if update.status and (update.status != state.status or state.status_at is None):
        status = Status(update.status)
        changes |= {"status": status, "status_at": at, "closed_at": at if status in CLOSED else None}
        if status is Status.IN_PROGRESS and state.started_at is None:
            changes["started_at"] = at
    for name in ("planned_start", "planned_end"):
        value = getattr(update, name)
        if value is not None:
            changes[name] = value
            if getattr(state, f"first_{name}") is None:
                changes[f"first_{name}"] = value
    if update.planned_end is not None and update.planned_end != state.planned_end:
        changes["planned_at"] = at
    if update.max_unavailable is not None:
        changes["max_unavailable"] = update.max_unavailable
    return replace(state, **changes)  # type: ignore[arg-type]


def stage_by_status(status: Status) -> Stage:
    """Where the nodes of a maintenance stand that nobody reports on one by one."""
    if status is Status.IN_PROGRESS:
        return Stage.IN_MAINTENANCE
    if status is Status.RECOVERING:
        return Stage.RETURNED
    return Stage.IN_SERVICE if status is Status.COMPLETED else Stage.SCHEDULED


def standing(status: Status, out: int) -> Status:
    """The status that the nodes bear out, of which `out` are out.

    A maintenance whose nodes are out runs, even where nobody has said so.
    """
    if status in ANNOUNCED and out:
        return Status.IN_PROGRESS
    if status in CLOSED and out:
        return Status.RECOVERING
    return status


def is_running(status: Status) -> bool:
    """Whether it has begun and is not over."""
    return status in RUNNING
