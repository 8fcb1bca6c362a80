"""Planned maintenance as Azure Service Health tells it. Reference: Azure Resource Graph, table servicehealthresources.

Asked as an application of Entra ID that is a Reader of the subscriptions.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, Literal

from pydantic import Field

from dashboard.model.instants import read_instant
from dashboard.model.stages import Status
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, field_of, strange
from dashboard.sources.microsoft import Azure, instant_text, machine_of, uncapitalised
from dashboard.sources.seam import Batches, Told
from dashboard.sources.web_text import text_of_page

PLANNED = "plannedmaintenance"
OVER = (Status.COMPLETED, Status.CANCELLED)
EVENTS = """servicehealthresources
| where type =~ 'microsoft.resourcehealth/events'
| where tostring(properties.EventType) =~ 'PlannedMaintenance' or tostring(properties.eventType) =~ 'PlannedMaintenance'
| order by id asc"""
RESOURCES = """servicehealthresources
| where type =~ 'microsoft.resourcehealth/events/impactedresources'
| order by id asc"""
MACHINES = "/providers/microsoft.compute/"


class ServiceHealth(Azure):
    """Reads events. Gives a maintenance for each planned one, the machines that it names, and what was said of it."""

    clusters: dict[str, str] = Field(default_factory=dict)  # a region, as Azure writes it: the cluster_id it stands for
    services: tuple[str, ...] = ()  # only what impacts one of these, like Virtual Machines
    node: Literal["name", "resource_id"] = "name"  # what the fleet calls a machine

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer. One that is no longer listed is over: completed if it was under way."""
        known: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
        texts: dict[str, str] = {}
        with self.asking(now) as client:
            found = self._events(client, texts, now)
            if any(each["status"] not in OVER for each in found.values()):
                self._add_nodes(client, found)
        told: list[Told] = []
        for key, event in found.items():
            told += self._changes(event, known.get(key, {}))
            told += self._message(event, known.get(key, {}), texts[key])
        for gone in sorted(set(known) - set(found)):
            told += self._vanished(known[gone])
        yield from self.brought(told, found, cursor, now)

    def _events(self, client: Client, texts: dict[str, str], now: datetime) -> dict[str, dict[str, Any]]:
        """The events by tracking id: each subscription tells of one by itself, and the last word on it counts."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.graph(client, EVENTS):
            said = uncapitalised(row.get("properties"))
            if as_text(field_of(said, "eventType")).lower() != PLANNED:
                continue
            event = standing(row, said, now)
            wanted = not self.services or {each.lower() for each in self.services} & set(event["services"])
            before = found.get(event["id"])
            if not event["id"] or not wanted:
                continue
            if before:
                event["regions"] = sorted({*event["regions"], *before["regions"]})
            if before is None or event["updated"] >= before["updated"]:
                found[event["id"]] = event
                texts[event["id"]] = text_of_page(as_text(field_of(said, "summary")))
        return found

    def _add_nodes(self, client: Client, found: Mapping[str, dict[str, Any]]) -> None:
        nodes: dict[str, set[str]] = {key: set() for key in found}
        for row in self.graph(client, RESOURCES):
            path = as_text(row.get("id")).lower().split("/")
            key = next((key for key in found if "events" in path and key.lower() in path[path.index("events") :]), "")
            resource = as_text(field_of(uncapitalised(row.get("properties")), "targetResourceId"))
            if key and MACHINES in resource.lower():
                nodes[key].add(resource if self.node == "resource_id" else machine_of(resource))
        for key, event in found.items():
            event["nodes"] = sorted(nodes[key])

    def _changes(self, event: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Told]:
        about = self._signed(event)
        if {**event, "nodes": []} != {**before, "nodes": []}:
            clusters = {self.clusters[each] for each in event["regions"] if each in self.clusters}
            columns = {
                "status": event["status"],
                "kind": event["kind"],
                "title": event["title"],
                "provider_id": self.provider,
                "cluster_id": clusters.pop() if len(clusters) == 1 else "",
                "planned_start": event["start"],
                "planned_end": event["end"],
                "provider_ref": event["id"],
                "note": strange(event["said"], ("Active", "Resolved")),
            }
            yield Told("maintenance_updates", about | {"source": self.name} | columns, as_json(event))
        if event["status"] in OVER:
            return  # their list of machines may be gone by then: these were in it all the same
        for node in event["nodes"]:
            if node not in before.get("nodes", ()):
                yield Told("maintenance_nodes", about | {"node_id": node}, node)
        for node in before.get("nodes", ()):
            if node not in event["nodes"]:
                yield Told("maintenance_nodes", about | {"node_id": node, "removed": "true"}, node)

    def _message(self, event: Mapping[str, Any], before: Mapping[str, Any], text: str) -> Iterator[Told]:
        digest = event["text"]
        if text and digest != before.get("text"):
            columns = {
                "message_id": f"{self._signed(event)['maintenance_id']}@{digest}",
                "provider_id": self.provider,
                "received_at": event["updated"],
                "sender": "Azure Service Health",
                "subject": event["title"],
                "body": text,
                "claimed_end": event["end"] if event["status"] not in OVER else "",
            }
            yield Told("provider_messages", self._signed(event) | columns, text)

    def _vanished(self, before: Mapping[str, Any]) -> Iterator[Told]:
        if before["status"] not in OVER:
            status = Status.COMPLETED if before["status"] == Status.IN_PROGRESS else Status.CANCELLED
            columns = {"source": self.name, "status": status, "note": "it is no longer listed"}
            yield Told("maintenance_updates", self._signed(before) | columns, as_json(before))

    def _signed(self, event: Mapping[str, Any]) -> dict[str, str]:
        return {"maintenance_id": f"{self.name}:{event['id']}"}


def standing(row: Mapping[str, Any], said: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """What is kept of an event; which machines it names is told apart from it."""
    parts = _list(field_of(said, "impact"))
    regions = [region for each in parts for region in _list(field_of(each, "impactedRegions"))]
    start, word = instant_text(said.get("impactStartTime")), as_text(said.get("status"))
    told = "|".join(as_text(said.get(name)) for name in ("title", "summary", "lastUpdateTime"))
    return {
        "id": as_text(said.get("trackingId")) or as_text(row.get("name")),
        "said": word,
        "status": _status(word, start, now),
        "kind": (as_text(said.get("eventSubType")) or "planned maintenance").lower(),
        "title": as_text(said.get("title")) or as_text(said.get("header")) or "Planned maintenance",
        "start": start,
        "end": instant_text(said.get("impactMitigationTime")),
        "updated": instant_text(said.get("lastUpdateTime")),
        "services": sorted({as_text(field_of(each, "impactedService")).lower() for each in parts} - {""}),
        "regions": sorted({as_text(field_of(each, "impactedRegion")) for each in regions} - {""}),
        "text": blake2b(told.encode(), digest_size=9).hexdigest(),
        "nodes": [],
    }


def _status(word: str, start: str, now: datetime) -> str:
    """Theirs is active from the announcement on; what was resolved before it began was called off."""
    try:
        ahead = not start or read_instant(start) > now
    except ValueError:
        ahead = True
    if word == "Active":
        return Status.SCHEDULED if ahead else Status.IN_PROGRESS
    if word == "Resolved":
        return Status.CANCELLED if start and ahead else Status.COMPLETED
    return ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
