"""Oracle Cloud's announcements. Reference: OCI API, Announcements Service, ListAnnouncements and GetAnnouncement.

Key: the API signing key of a user who may inspect announcements; name it by key_file or key_env.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from dashboard.model.stages import Status
from dashboard.sources.mapping import as_text
from dashboard.sources.oracle import Oci
from dashboard.sources.seam import Batches, Told

ANNOUNCED = re.compile(
    r"^(SCHEDULED_MAINTENANCE|EMERGENCY_MAINTENANCE|PLANNED_CHANGE)(_COMPLETE|_EXTENDED|_RESCHEDULED)?$"
)
ANNOUNCED_STATUSES = {"": Status.SCHEDULED, "_RESCHEDULED": Status.SCHEDULED, "_COMPLETE": Status.COMPLETED}


class Announcements(Oci):
    """Reads announcements. Gives a maintenance for each chain of those about one, its nodes, and every text."""

    host: ClassVar[str] = "announcements"

    node: Literal["instance_id", "resource_name"] = "instance_id"  # what the fleet calls an affected resource

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """Those that were not told before, or are updated since, at their own instants: they were public then."""
        known: dict[str, str] = json.loads(cursor) if cursor else {}
        path = "/20180904/announcements"
        told: list[Told] = []
        with self.asking(now) as client:
            listed = list(self.pages(client, path, "items"))
            for each in sorted(listed, key=_updated):
                if known.get(as_text(each["id"])) != _updated(each):
                    whole = client.get(f"{self.url.rstrip('/')}{path}/{each['id']}").value
                    told += self._announced({**each, **(whole if isinstance(whole, Mapping) else {})})
        # What has left the list was told as it was; that it is gone says nothing.
        yield from self.brought(told, {as_text(each["id"]): _updated(each) for each in listed}, cursor, now)

    def _announced(self, each: Mapping[str, Any]) -> Iterator[Told]:
        kind, key = as_text(each.get("announcementType")), as_text(each.get("chainId")) or as_text(each["id"])
        about = ANNOUNCED.match(kind)
        subject = as_text(each.get("summary"))
        if about:
            start, end = window(each)
            columns = {
                "recorded_at": _updated(each),
                "status": ANNOUNCED_STATUSES.get(about[2] or "", ""),
                "kind": about[1].lower(),
                "title": subject,
                "provider_id": self.provider,
                "cluster_id": self.cluster,
                "planned_start": start,
                "planned_end": end,
                "provider_ref": as_text(each.get("referenceTicketNumber")) or key,
            }
            yield Told("maintenance_updates", self.signed(key) | columns, each)
            for node in self._nodes(each):
                yield Told(
                    "maintenance_nodes",
                    {"maintenance_id": f"{self.name}:{key}", "node_id": node, "recorded_at": _updated(each)},
                    each,
                )
        message = {
            "message_id": f"{self.name}:{each['id']}@{_updated(each)}",
            "maintenance_id": f"{self.name}:{key}" if about else "",
            "provider_id": self.provider,
            "received_at": _updated(each),
            "sender": "OCI announcements",
            "subject": subject,
            "body": "\n\n".join(
                filter(None, (as_text(each.get(name)) for name in ("description", "additionalInformation")))
            ),
        }
        yield Told("provider_messages", message, each)

    def _nodes(self, each: Mapping[str, Any]) -> Sequence[str]:
        field = "resourceId" if self.node == "instance_id" else "resourceName"
        listed = each.get("affectedResources")
        found = [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
        instances = [one for one in found if as_text(one.get("resourceId")).startswith("ocid1.instance.")]
        return sorted({as_text(one.get(field)) for one in instances} - {""})


def window(announcement: Mapping[str, Any]) -> tuple[str, str]:
    """Start and end, by the newest words for each; '' where it names none."""
    start = end = ""
    for number in ("One", "Two"):
        kind, value = as_text(announcement.get(f"time{number}Type")), as_text(announcement.get(f"time{number}Value"))
        if kind in ("START_TIME", "NEW_START_TIME"):
            start = value
        elif kind in ("END_TIME", "NEW_END_TIME", "ESTIMATED_END_TIME"):
            end = value
    return start, end


def _updated(announcement: Mapping[str, Any]) -> str:
    return as_text(announcement.get("timeUpdated")) or as_text(announcement.get("timeCreated"))
