"""AWS Health events as EventBridge sends them. Reference: AWS Health user guide, "EventBridge event schema".

One event comes as several: in pages, again when it changes, and again by way of a backup region.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any

from dashboard.model.instants import iso
from dashboard.model.stages import Status
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.seam import Letter

STATUSES = {"upcoming": Status.SCHEDULED, "open": Status.IN_PROGRESS, "closed": Status.COMPLETED}
PLANNED = "scheduledChange"


def is_health_event(event: Mapping[str, Any]) -> bool:
    """Whether this is one of theirs."""
    return event.get("source") == "aws.health" and isinstance(event.get("detail"), dict)


def letter_of(event: Mapping[str, Any], source: str, provider: str, now: datetime) -> Letter:
    """What an event says; only of a scheduled change is it a maintenance, anything else is but a message."""
    detail: Mapping[str, Any] = event["detail"]
    start, end = _instant(detail.get("startTime")), _instant(detail.get("endTime"))
    told_at = _instant(detail.get("lastUpdatedTime")) or _instant(event.get("time")) or now
    status = STATUSES.get(as_text(detail.get("statusCode")))
    if status is Status.IN_PROGRESS and start and start > now:
        status = Status.SCHEDULED  # their event is open from its announcement on
    entities = detail.get("affectedEntities")
    named = [as_text(field_of(each, "entityValue")) for each in entities] if isinstance(entities, list) else []
    about = {key: detail.get(key) for key in sorted(detail) if key != "eventDescription"}
    digest = blake2b(json.dumps(about, sort_keys=True, default=str).encode(), digest_size=9).hexdigest()
    plain = Letter(
        message_id=f"{source}:{digest}",
        provider_id=provider,
        received_at=min(told_at, now),
        sender=as_text(detail.get("service")) or "aws.health",
        subject=as_text(detail.get("eventTypeCode")),
        body=as_text(field_of(detail, "eventDescription.0.latestDescription")),
    )
    if detail.get("eventTypeCategory") != PLANNED:
        return plain
    return Letter(
        plain.message_id,
        provider,
        plain.received_at,
        plain.sender,
        plain.subject,
        plain.body,
        claimed_end=end if status is not Status.COMPLETED else None,
        reference=as_text(detail.get("eventArn")),
        update={
            "status": status or "",
            "title": plain.subject,
            "planned_start": iso(start) if start else "",
            "planned_end": iso(end) if end else "",
        },
        resources=tuple(dict.fromkeys(filter(None, named))),
    )


def _instant(said: Any) -> datetime | None:
    """RFC 1123 in what EventBridge sends, ISO 8601 in its envelope."""
    text = as_text(said)
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError):
            continue
        if found.tzinfo is not None:
            return found
    return None
