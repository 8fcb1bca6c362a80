"""Oracle Cloud's maintenance of instances. Reference: OCI API, Core Services, ListInstanceMaintenanceEvents.

Key: the API signing key of a user who may inspect instance-maintenance-events, and instances where nodes are named by
their display names; name it by key_file or key_env.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal

from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, field_of, strange
from dashboard.sources.oracle import Oci
from dashboard.sources.seam import Batches, Told

STATUSES = {
    "SCHEDULED": Status.SCHEDULED,
    "STARTED": Status.IN_PROGRESS,
    "PROCESSING": Status.IN_PROGRESS,
    "SUCCEEDED": Status.COMPLETED,
    "CANCELED": Status.CANCELLED,
}
STAGES = {
    "SCHEDULED": Stage.SCHEDULED,
    "STARTED": Stage.IN_MAINTENANCE,
    "PROCESSING": Stage.IN_MAINTENANCE,
    "SUCCEEDED": Stage.RETURNED,
}
DURATION = re.compile(r"^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$")


class Maintenance(Oci):
    """Reads instance maintenance events. Gives a maintenance for each, with the stages of its one node."""

    host: ClassVar[str] = "iaas"

    node: Literal["instance_id", "display_name"] = "instance_id"  # what the fleet calls the instance

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer. One that is no longer listed is over: completed if it was under way."""
        known: dict[str, dict[str, str]] = json.loads(cursor) if cursor else {}
        with self.asking(now) as client:
            listed = self.pages(client, "/20160918/instanceMaintenanceEvents", "")
            found = {each["id"]: each for each in map(standing, listed)}
            for event in found.values():
                before = known.get(event["id"], {}).get("node", "")
                event["node"] = before or self._called(client, event["instance"])
        told = [each for event in found.values() for each in self._changes(event, known.get(event["id"], {}), now)]
        for gone in sorted(set(known) - set(found)):
            told += self._vanished(known[gone], now)
        yield from self.brought(told, found, cursor, now)

    def _called(self, client: Client, instance: str) -> str:
        if self.node == "instance_id":
            return instance
        answer = client.get(f"{self.url.rstrip('/')}/20160918/instances/{instance}").value
        return as_text(field_of(answer, "displayName")) or instance

    def _changes(self, event: Mapping[str, str], before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        if event == before:
            return
        about = {
            "status": STATUSES.get(event["state"], ""),
            "kind": (event["reason"] or event["category"]).lower(),
            "title": f"{event['node']}: {event['title'] or event['action'].lower()}",
            "provider_id": self.provider,
            "cluster_id": self.cluster,
            "planned_start": event["start"],
            "planned_end": event["end"],
            "provider_ref": event["together"] or event["id"],
            "note": strange(event["state"], STATUSES) or (f"due by {event['due']}" if event["due"] else ""),
        }
        yield Told("maintenance_updates", self.signed(event["id"]) | about, as_json(event))
        stage, stood = STAGES.get(event["state"]), STAGES.get(before.get("state", ""))
        if stage == Stage.RETURNED and stood not in (Stage.IN_MAINTENANCE, Stage.RETURNED):
            if not event["started"]:
                return  # it was never said to be out
            yield self._entered(event, Stage.IN_MAINTENANCE, event["started"], now)
        if stage and stage != stood:
            at = {Stage.IN_MAINTENANCE: event["started"], Stage.RETURNED: event["finished"]}.get(stage, "")
            yield self._entered(event, stage, at, now)

    def _vanished(self, before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        stage = STAGES.get(before["state"])
        if stage in (Stage.SCHEDULED, Stage.IN_MAINTENANCE):
            status = Status.COMPLETED if stage == Stage.IN_MAINTENANCE else Status.CANCELLED
            columns = {"status": status, "note": "it is no longer listed"}
            yield Told("maintenance_updates", self.signed(before["id"]) | columns, as_json(before))
        if stage == Stage.IN_MAINTENANCE:
            yield self._entered(before, Stage.RETURNED, "", now)

    def _entered(self, event: Mapping[str, str], stage: Stage, at: str, now: datetime) -> Told:
        """`at`: when, as they tell it; '' for since it was seen."""
        columns = {"node_id": event["node"], "stage": stage, "occurred_at": at or iso(now), "recorded_at": iso(now)}
        return Told("node_transitions", self.signed(event["id"]) | columns, as_json(event))


def standing(event: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of an instance maintenance event."""
    said = {
        "id": "id",
        "instance": "instanceId",
        "title": "displayName",
        "category": "maintenanceCategory",
        "reason": "maintenanceReason",
        "action": "instanceAction",
        "state": "lifecycleState",
        "start": "timeWindowStart",
        "due": "timeHardDueDate",
        "started": "timeStarted",
        "finished": "timeFinished",
        "together": "correlationToken",
    }
    found = {ours: as_text(event.get(theirs)) for ours, theirs in said.items()}
    return found | {"end": _after(found["start"], as_text(event.get("estimatedDuration")))}


def _after(start: str, duration: str) -> str:
    """An ISO 8601 duration after an instant; '' where either is none."""
    found = DURATION.match(duration)
    try:
        if not (start and found and any(found.groups())):
            return ""
        days, hours, minutes, seconds = (int(each or 0) for each in found.groups())
        return iso(read_instant(start) + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds))
    except (ValueError, OverflowError):
        return ""
