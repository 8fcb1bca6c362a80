"""How the plan of a maintenance came about: every revision of it, in the order in which it became known."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.model.maintenance import Maintenance, Update, fold
from dashboard.model.stages import Status

Claim = tuple[int, int, int | None, int]
"""An end that a message names (µs): when it was said, since when it is known to be of this maintenance, until when
(None: still), and the end."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The plan as it stood from `at` on; instants are microseconds (model.instants)."""

    at: int
    status: Status
    begins: int | None
    ends: int | None  # the provider's word in force: the plan's end, or a later claim
    closed_at: int | None
    by: str  # who told it: a source, or '' for the provider in a message


def promised(told: Maintenance, claims: Iterable[Claim], at: int) -> int | None:
    """The provider's word on the end as it was in force at `at`: the plan's, or a claim that is later news."""
    known = [(said, end) for said, since, until, end in claims if since <= at and (until is None or at < until)]
    said, end = max(known, default=(None, None))
    if said is not None and (told.planned_at is None or said > told.planned_at):
        return end
    return told.planned_end


def revisions(maintenance_id: str, updates: Iterable[Update], claims: Iterable[Claim] = ()) -> tuple[Revision, ...]:
    """Every plan there was, each differing from the one before in status, start or end; none without an update.

    Their number only grows as facts are recorded, so that it serves to tell a newer plan from an older one.
    """
    told = sorted(updates, key=lambda each: (each.recorded_at, each.digest))
    said = list(claims)
    found: list[Revision] = []
    turns = {at for _, since, until, _ in said for at in (since, until) if at is not None}
    for at in sorted(turns | {each.recorded_at for each in told}):
        known = [each for each in told if each.recorded_at <= at]
        if not known:
            continue  # a message on what nobody has announced
        state = fold(maintenance_id, known)
        by = next((each.source for each in reversed(known) if each.recorded_at == at), "")
        new = Revision(at, state.status, state.planned_start, promised(state, said, at), state.closed_at, by)
        if not found or _plan(new) != _plan(found[-1]):
            found.append(new)
    return tuple(found)


def in_force(plans: Iterable[Revision], at: int) -> Revision | None:
    """The plan as it stood at `at`; None where there was none yet."""
    return max((each for each in plans if each.at <= at), key=lambda each: each.at, default=None)


def _plan(each: Revision) -> tuple[object, ...]:
    return each.status, each.begins, each.ends, each.closed_at
