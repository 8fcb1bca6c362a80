"""How the plan of a maintenance came about: every revision of it, in the order in which it became known."""

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.model.maintenance import Maintenance, Update, fold
from dashboard.model.stages import Status

Claim = tuple[int, int]
"""When the provider's word came, and the end that it names (µs)."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The plan as it stood from `at` on; instants are microseconds (model.instants)."""

    at: int
    status: Status
    begins: int | None
    ends: int | None  # the provider's word in force: the plan's end, or a later claim
    closed_at: int | None
    by: str  # who told it: a source, or '' for the provider in a message


def promised(told: Maintenance, claim: Claim | None) -> int | None:
    """The provider's word on the end in force: the plan's, or a claim that is later news."""
    if claim and (told.planned_at is None or claim[0] > told.planned_at):
        return claim[1]
    return told.planned_end


def revisions(maintenance_id: str, updates: Iterable[Update], claims: Iterable[Claim] = ()) -> tuple[Revision, ...]:
    """Every plan there was, each differing from the one before in status, start or end; none without an update.

    Their number only grows as facts are recorded, so that it serves to tell a newer plan from an older one.
    """
    told = sorted(updates, key=lambda each: (each.recorded_at, each.digest))
    said = sorted(claims)
    found: list[Revision] = []
    for at in sorted({each.recorded_at for each in told} | {claim[0] for claim in said}):
        known = [each for each in told if each.recorded_at <= at]
        if not known:
            continue  # a message on what nobody has announced
        state = fold(maintenance_id, known)
        claim = max((each for each in said if each[0] <= at), default=None)
        by = next((each.source for each in reversed(known) if each.recorded_at == at), "")
        new = Revision(at, state.status, state.planned_start, promised(state, claim), state.closed_at, by)
        if not found or _plan(new) != _plan(found[-1]):
            found.append(new)
    return tuple(found)


def in_force(plans: Iterable[Revision], at: int) -> Revision | None:
    """The plan as it stood at `at`; None where there was none yet."""
    return max((each for each in plans if each.at <= at), key=lambda each: each.at, default=None)


def _plan(each: Revision) -> tuple[object, ...]:
    return each.status, each.begins, each.ends, each.closed_at
