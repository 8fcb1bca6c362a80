"""One support case as of an instant, folded from its rows; instants are microseconds (model.instants)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dashboard.model.clocks import Span
from dashboard.model.instants import instant

UNANSWERED = frozenset({"", "new", "open", "opened", "submitted", "unassigned"})
CLOSED = frozenset({"resolved", "closed", "done", "solved", "completed", "cancelled", "canceled", "withdrawn"})

WAITS_FOR_US = frozenset(
    f"{waits}_{whom}"
    for waits in ("waiting_on", "waiting_for", "awaiting", "pending")
    for whom in ("customer", "customer_response", "customer_action", "client", "requester")
)
"""In the words of the provider, whose customer we are."""


def status_of(text: str) -> str:
    """A status as we compare them, whoever's system it is from: Waiting on customer is waiting_on_customer."""
    return "_".join(text.lower().replace("-", " ").replace("_", " ").split())


@dataclass(frozen=True, slots=True)
class Case:
    """A support case; `steps`: when each status was first known, and the status."""

    case_id: str
    maintenance_id: str
    node_id: str
    provider_id: str
    severity: str
    opened_at: int
    response_due_at: int | None
    resolution_due_at: int | None
    note: str
    steps: tuple[tuple[int, str], ...]

    @property
    def status(self) -> str:
        """As last told."""
        return self.steps[-1][1] if self.steps else ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for somebody."""
        return self.status not in CLOSED

    @property
    def asked_us_at(self) -> int | None:
        """Since when the provider waits for an answer of ours; None where it does not."""
        return self.steps[-1][0] if self.status in WAITS_FOR_US else None

    @property
    def answered_at(self) -> int | None:
        """When it first was more than filed."""
        return next((at for at, status in self.steps if status not in UNANSWERED), None)

    @property
    def closed_at(self) -> int | None:
        """When it was closed; None while it is not, or is again not."""
        return None if self.is_open else self.steps[-1][0]

    def pauses(self, statuses: frozenset[str], now: datetime) -> tuple[Span, ...]:
        """The spans in which it had one of these statuses."""
        wanted = {status_of(each) for each in statuses}
        ends = [*(instant(at) for at, _ in self.steps[1:]), now]
        spans = zip(self.steps, ends, strict=False)
        return tuple((instant(at), end) for (at, status), end in spans if status in wanted and end > instant(at))


def cases_of(rows: Iterable[Mapping[Any, Any]]) -> list[Case]:
    """The cases that rows of the fact `support_cases` come to, in the order in which each became known first."""
    by_case: dict[str, list[Mapping[Any, Any]]] = {}
    for row in rows:
        by_case.setdefault(row["case_id"], []).append(row)
    return [_fold(told) for told in by_case.values()]


def _fold(told: Sequence[Mapping[Any, Any]]) -> Case:
    """Rows as the log has them, oldest first; an empty field says nothing."""
    last: dict[str, Any] = dict(told[0])
    steps: list[tuple[int, str]] = []
    for row in told:
        last.update({name: value for name, value in row.items() if value not in (None, "")})
        status = status_of(row["status"])
        if status and (not steps or steps[-1][1] != status):
            steps.append((row["recorded_at"], status))
    opened = last["opened_at"] if last["opened_at"] is not None else told[0]["recorded_at"]
    return Case(
        case_id=last["case_id"],
        maintenance_id=last["maintenance_id"],
        node_id=last["node_id"],
        provider_id=last["provider_id"],
        severity=last["severity"],
        opened_at=opened,
        response_due_at=last["response_due_at"],
        resolution_due_at=last["resolution_due_at"],
        note=last["note"],
        steps=tuple(steps),
    )
