"""Support cases at AWS, and what was written in them. Reference: AWS Support API, DescribeCases.

Needs a support plan of Business or better, and the right support:DescribeCases. The interface lives in us-east-1.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, ClassVar

from pydantic import Field

from dashboard.model.instants import iso, read_instant
from dashboard.sources.amazon import Amazon, Aws
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, strange
from dashboard.sources.seam import Batches, Span, Standing, Told

STATUSES = {
    "opened": "open",
    "reopened": "open",
    "unassigned": "open",
    "pending-customer-action": "waiting_for_us",
    "customer-action-completed": "in_progress",
    "work-in-progress": "in_progress",
    "resolved": "resolved",
}
PAGE = 100


class Support(Amazon, Standing):
    """Reads an account's cases. Gives each, how it goes on, and its latest messages.

    Which node or maintenance a case is about is not guessed from its text.
    """

    service: ClassVar[str] = "support"
    home: ClassVar[str] = "us-east-1"

    region: str = "us-east-1"
    provider: str = "aws"
    answered_within: dict[str, Span] = Field(default_factory=dict)  # a severity code: the contract's first response

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """Every case that differs from the last answer. One that is no longer listed is as old as a year, no more."""
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        stands: dict[str, str] = {}
        told: list[Told] = []
        with Client(self, now) as client:
            pages = Aws(self, client).pages(
                "describe_cases",
                "cases",
                includeResolvedCases=True,
                includeCommunications=True,
                PaginationConfig={"PageSize": PAGE},
            )
            for page in pages:
                for case in page["cases"]:
                    key = as_text(case.get("caseId"))
                    stands[key] = blake2b(as_json(case).encode(), digest_size=9).hexdigest()
                    if stands[key] != known.get(key):
                        told += self._case(case)
        yield from self.brought(told, stands, cursor, now)

    def anew(self, cursor: str) -> str | None:
        """Every case that is listed can be told again."""
        return None

    def _case(self, case: Mapping[str, Any]) -> Iterator[Told]:
        status, opened = as_text(case.get("status")), _instant(case.get("timeCreated"))
        number = as_text(case.get("displayId")) or as_text(case.get("caseId"))
        severity = as_text(case.get("severityCode"))
        subject, odd = as_text(case.get("subject")), strange(status, STATUSES)
        columns = {
            "case_id": f"{self.name}:{number}" if number else "",
            "provider_id": self.provider,
            "status": STATUSES.get(status, ""),
            "severity": severity,
            "opened_at": opened,
            "response_due_at": _after(opened, self.answered_within.get(severity)),
            "note": f"{subject} ({odd})" if odd else subject,
        }
        yield Told("support_cases", columns, case)
        recent = case.get("recentCommunications", {})
        for each in recent.get("communications", []):
            said = "|".join(as_text(each.get(name)) for name in ("timeCreated", "submittedBy", "body"))
            message = {
                "message_id": f"{columns['case_id']}@{blake2b(said.encode(), digest_size=9).hexdigest()}",
                "provider_id": self.provider,
                "received_at": _instant(each.get("timeCreated")),
                "sender": as_text(each.get("submittedBy")),
                "subject": f"Case {number}: {subject}",
                "body": as_text(each.get("body")),
            }
            yield Told("provider_messages", message, each)


def _instant(value: Any) -> str:
    """AWS's clock is UTC, whether it says so or not; what is no time stays as it is."""
    text = as_text(value)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return iso(at if at.tzinfo else at.replace(tzinfo=UTC))


def _after(opened: str, seconds: float | None) -> str:
    try:
        return iso(read_instant(opened) + timedelta(seconds=seconds)) if seconds else ""
    except (ValueError, OverflowError):
        return ""
