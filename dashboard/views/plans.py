"""What a revision of a plan says beside the one before."""

from collections.abc import Callable

from dashboard.model.instants import instant
from dashboard.model.plan import Revision
from dashboard.model.stages import ANNOUNCED, Status
from dashboard.views.account import later

FIRST = {
    Status.PROPOSED: "proposed",
    Status.SCHEDULED: "announced",
    Status.CONFIRMED: "announced and confirmed",
    Status.DEFERRED: "announced and deferred",
    Status.IN_PROGRESS: "announced as it began",
    Status.RECOVERING: "announced once the provider was done",
    Status.COMPLETED: "announced once it was over",
    Status.CANCELLED: "announced and cancelled",
}
NEXT = {
    Status.PROPOSED: "only proposed again",
    Status.SCHEDULED: "scheduled",
    Status.CONFIRMED: "confirmed",
    Status.DEFERRED: "deferred",
    Status.IN_PROGRESS: "began",
    Status.RECOVERING: "the provider is done",
    Status.COMPLETED: "completed",
    Status.CANCELLED: "cancelled",
}


def revised(new: Revision, before: Revision | None, clock: Callable[[int], str]) -> str:
    """What is new about a plan: "confirmed; promised end moved from Thu 09:00 to Thu 16:00, 7 h later"; "" for nothing.

    before : the plan that the reader knows; None: none at all
    """
    if before is None:
        window = " to ".join(clock(each) for each in (new.begins, new.ends) if each is not None)
        return f"{FIRST[new.status]}{f' for {window}' if window else ''}"
    said = [NEXT[new.status]] if new.status != before.status else []
    if new.status in ANNOUNCED and new.begins is not None and new.begins != before.begins:
        said.append(_moved("start", before.begins, new.begins, clock))
    if new.status not in (Status.CANCELLED, Status.COMPLETED) and new.ends is not None and new.ends != before.ends:
        said.append(_moved("promised end", before.ends, new.ends, clock))
    return "; ".join(said)


def _moved(what: str, before: int | None, after: int, clock: Callable[[int], str]) -> str:
    if before is None:
        return f"{what} now {clock(after)}"
    return f"{what} moved to {clock(after)}, {later(instant(after) - instant(before))}"
