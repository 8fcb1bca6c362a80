"""Who owes what by when: one row for each thing that somebody is expected to do. Instants are aware."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dashboard.model.parties import Party
from dashboard.model.slas import Slas
from dashboard.model.stages import Status
from dashboard.model.usual import UsualTimes

WORTH_TELLING = 0.1
"""A chance of being late from which on something is at risk: planning on 90 % would plan past it."""

_NEVER = datetime(2999, 1, 1, tzinfo=UTC)


class Kind(StrEnum):
    """What is owed."""

    STAGE = "stage"
    PROMISE = "promise"
    START = "start"
    COMMITMENT = "commitment"
    RESPONSE = "response"
    RESOLUTION = "resolution"
    CONFIRMATION = "confirmation"
    CASE = "case"  # that there is one
    ANSWER = "answer"  # ours, to what the provider asks in one


class Basis(StrEnum):
    """Where a due time is from."""

    SLA = "SLA"
    TICKET = "support case"
    PROMISE = "promise"
    USUAL = "usual time"
    RULE = "our own rule"
    NONE = ""


class State(StrEnum):
    """How a clock stands."""

    KEPT = "in time"
    AT_RISK = "at risk"
    BROKEN = "overdue"


@dataclass(frozen=True, slots=True)
class Matter:
    """The maintenance that something is owed in; '' where that is not known."""

    maintenance_id: str = ""
    title: str = ""
    provider_id: str = ""
    cluster_id: str = ""
    kind: str = ""
    status: Status = Status.SCHEDULED


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that somebody is expected to do.

    `about`: the stage, the commitment, or the case. `chance`: of being late, 0 to 1; None where nothing tells.
    `number`, `overdue`: of nodes, or 1 and whether it is overdue.
    """

    kind: Kind
    what: str
    matter: Matter
    about: str
    party: Party
    ours: bool
    since: datetime | None
    due: datetime | None
    basis: Basis
    basis_words: str = ""
    number: int = 1
    overdue: int = 0
    chance: float | None = None
    stands: bool = False  # its clock does, for now
    node_id: str = ""

    @property
    def state(self) -> State:
        """In time, at risk of being late, or late."""
        if self.overdue:
            return State.BROKEN
        return State.AT_RISK if self.chance is not None and self.chance > WORTH_TELLING else State.KEPT

    def late(self, now: datetime) -> timedelta | None:
        """How long it is overdue; None where it is not."""
        return now - self.due if self.overdue and self.due is not None else None


@dataclass(frozen=True, slots=True)
class Rules:
    """What dues are made of: contracts, and what is usual."""

    slas: Slas = field(default_factory=Slas)
    usual: UsualTimes = field(default_factory=UsualTimes)


def in_order(owed: Sequence[Expectation], now: datetime) -> list[Expectation]:
    """The longest overdue first, then what is at risk, then by when it is due."""

    def key(each: Expectation) -> tuple[bool, bool, datetime, str, str, str]:
        risk, at = each.state is State.AT_RISK, each.due or _NEVER
        return not each.overdue, not risk and not each.overdue, at, each.matter.maintenance_id, each.kind, each.about

    return sorted(owed, key=key)
