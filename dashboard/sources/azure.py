"""Azure Scheduled Events, as a fleet agent forwards them. Reference: Azure Metadata Service, "Scheduled Events".

The service answers only from inside a virtual machine, on a link-local address: an agent there must serve its answer at
`url`, unchanged. Needs no token of Azure's; the agent's may have one.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from dashboard.errors import SourceUnavailable
from dashboard.model.instants import iso
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.mapping import as_json, as_text, strange
from dashboard.sources.seam import Batches, Standing, Told

STATUSES = {"Scheduled": Status.SCHEDULED, "Started": Status.IN_PROGRESS, "Completed": Status.COMPLETED}
STAGES = {"Scheduled": Stage.SCHEDULED, "Started": Stage.IN_MAINTENANCE, "Completed": Stage.RETURNED}


class ScheduledEvents(HttpSource, Standing):
    """Reads events. Gives a maintenance for each, and the stages of its machines."""

    provider: str = "azure"
    cluster: str = ""

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer. An event that is over just vanishes: that it has is the fact."""
        known: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            answer = client.get(self.url).value
        events = answer.get("Events") if isinstance(answer, dict) else None
        if not isinstance(events, list):
            raise SourceUnavailable(f"{self.name}: its answer has no Events: does the agent forward it unchanged?")
        found = {each["id"]: each for each in (standing(event) for event in events) if each["id"]}
        told = [each for event in found.values() for each in self._changes(event, known.get(event["id"], {}), now)]
        for gone in sorted(set(known) - set(found)):
            told += self._over(known[gone], now)
        # NotBefore is empty once the event has started: the window that was announced stays what it was.
        stands = {
            key: {**each, "start": each["start"] or known.get(key, {}).get("start", "")} for key, each in found.items()
        }
        yield from self.brought(told, stands, cursor, now)

    def _changes(self, event: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> Iterator[Told]:
        start = event["start"] or before.get("start", "")
        if {**event, "start": start} == before:
            return
        about = {
            "status": STATUSES.get(event["status"], ""),
            "kind": event["type"].lower(),
            "title": event["description"] or f"{event['type']} of {len(event['nodes'])} machines",
            "provider_id": self.provider,
            "cluster_id": self.cluster,
            "planned_start": start,
            "planned_end": _end(start, event["seconds"]),
            "provider_ref": event["id"],
            "note": strange(event["status"], STATUSES),
        }
        yield Told("maintenance_updates", self._signed(event) | about, as_json(event))
        if event["status"] in STAGES:
            fresh = (
                event["nodes"]
                if event["status"] != before.get("status")
                else set(event["nodes"]) - set(before["nodes"])
            )
            yield from self._entered(event, fresh, STAGES[event["status"]], now)

    def _over(self, before: Mapping[str, Any], now: datetime) -> Iterator[Told]:
        """Completed where it had started, else called off."""
        status = {"Started": Status.COMPLETED, "Completed": Status.COMPLETED}.get(before["status"], Status.CANCELLED)
        yield Told("maintenance_updates", self._signed(before) | {"status": status}, as_json(before))
        if before["status"] == "Started":
            yield from self._entered(before, before["nodes"], Stage.RETURNED, now)

    def _signed(self, event: Mapping[str, Any]) -> dict[str, str]:
        return {"maintenance_id": f"{self.name}:{event['id']}", "source": self.name}

    def _entered(
        self, event: Mapping[str, Any], nodes: Sequence[str] | set[str], stage: Stage, now: datetime
    ) -> Iterator[Told]:
        clocks = {"occurred_at": iso(now), "recorded_at": iso(now)}
        for node in sorted(nodes):
            yield Told(
                "node_transitions", self._signed(event) | {"node_id": node, "stage": stage} | clocks, as_json(event)
            )


def standing(event: Any) -> dict[str, Any]:
    """What is kept of an event; its id is '' where it has none, or is no event."""
    said: Mapping[str, Any] = event if isinstance(event, Mapping) else {}
    nodes, seconds = said.get("Resources"), said.get("DurationInSeconds")
    return {
        "id": as_text(said.get("EventId")),
        "type": as_text(said.get("EventType")),
        "status": as_text(said.get("EventStatus")),
        "nodes": sorted({as_text(each) for each in nodes}) if isinstance(nodes, list) else [],
        "start": _instant(as_text(said.get("NotBefore"))),
        "seconds": seconds if isinstance(seconds, int) else -1,  # their word for unknown
        "description": as_text(said.get("Description")),
    }


def _instant(text: str) -> str:
    """RFC 1123 as ISO 8601; '' for none, and as it is where it is neither."""
    try:
        return iso(parsedate_to_datetime(text)) if text else ""
    except ValueError:
        return text


def _end(start: str, seconds: int) -> str:
    try:
        return iso(datetime.fromisoformat(start) + timedelta(seconds=seconds)) if start and seconds >= 0 else ""
    except (ValueError, OverflowError):
        return ""
