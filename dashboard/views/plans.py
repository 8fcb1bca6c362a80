"""How the plans of maintenances came about, and what a revision says beside the one before."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from sqlalchemy import Connection

from dashboard.log.derive import read_updates
from dashboard.log.messages import Claim, claims
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import instant
from dashboard.model.plan import Revision, revisions
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


def plans_of(connection: Connection, ids: Iterable[str], at: int | None) -> dict[str, tuple[Revision, ...]]:
    """Every revision of the plans of these maintenances, as known at `at`."""
    wanted, joined = sorted(set(ids)), read_wholes(connection, at)
    said: dict[str, list[Claim]] = defaultdict(list)
    for name, some in claims(connection, joined.parts(wanted)).items():
        said[joined.whole(name)] += [_as_known(each, at) for each in some if at is None or each.known_at <= at]
    updates = read_updates(connection, wanted, joined, until=at)
    return {name: revisions(name, updates.get(name, ()), said.get(name, ())) for name in wanted}


def _as_known(claim: Claim, at: int | None) -> Claim:
    """That it would be untied was not known before."""
    return claim if at is None or claim.until is None or claim.until <= at else claim._replace(until=None)


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
