"""Upcoming maintenance of Compute Engine instances. Reference: Compute Engine API v1, instances.aggregatedList.

Token: of a service account with compute.instances.list, kept fresh in a file: name it by token_file.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from dashboard.errors import SourceUnavailable
from dashboard.model.instants import iso
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Address, Client, HttpSource
from dashboard.sources.mapping import as_json, as_text, field_of, strange
from dashboard.sources.seam import Batches, Standing, Told

STATUSES = {"PENDING": Status.SCHEDULED, "ONGOING": Status.IN_PROGRESS}
STAGES = {"PENDING": Stage.SCHEDULED, "ONGOING": Stage.IN_MAINTENANCE}
FIELDS = "items/*/instances(name,resourceStatus/upcomingMaintenance),items/*/warning/code,unreachables,nextPageToken"


class Gcp(HttpSource, Standing):
    """Reads a project's instances. Gives a maintenance for each instance that has one, and its stages."""

    url: Address = "https://compute.googleapis.com"
    project: str
    provider: str = "gcp"
    cluster: str = ""

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last listing. A maintenance is over when the instance no longer names it.

        One whose zone could not be reached is not over: it was not seen.
        """
        known: dict[str, dict[str, str]] = json.loads(cursor) if cursor else {}
        found: dict[str, dict[str, str]] = {}
        unreachable = False
        told: list[Told] = []
        with Client(self, now) as client:
            for answer in self._pages(client):
                unreachable = unreachable or bool(answer.get("unreachables"))
                for name, upcoming in _upcoming(answer):
                    found[name] = standing(upcoming)
                    told += self._changes(name, found[name], known.get(name, {}), as_json(upcoming), now)
        for name in [] if unreachable else sorted(set(known) - set(found)):
            told += self._over(name, known[name], now)
        yield from self.brought(told, (known if unreachable else {}) | found, cursor, now)

    def _pages(self, client: Client) -> Iterator[dict[str, Any]]:
        url = f"{self.url.rstrip('/')}/compute/v1/projects/{self.project}/aggregated/instances"
        params = {"maxResults": "500", "returnPartialSuccess": "true", "fields": FIELDS}
        while True:
            answer = client.get(url, params).value
            if not isinstance(answer, dict):
                raise SourceUnavailable(
                    f"{self.name}: its answer lists no instances: is the url that of Compute Engine?"
                )
            yield answer
            following = as_text(answer.get("nextPageToken"))
            if not following:
                return
            params = params | {"pageToken": following}

    def _id(self, name: str, upcoming: Mapping[str, str]) -> str:
        """The interface names no maintenance: instance and window do."""
        return f"{self.name}:{name}@{upcoming['start']}"

    def _changes(
        self, name: str, upcoming: Mapping[str, str], before: Mapping[str, str], raw: str, now: datetime
    ) -> Iterator[Told]:
        if upcoming == before:
            return
        if before and before["start"] != upcoming["start"]:
            yield from self._over(name, before, now)
            before = {}
        about = {"maintenance_id": self._id(name, upcoming), "source": self.name}
        yield Told(
            "maintenance_updates",
            about
            | {
                "status": STATUSES.get(upcoming["status"], ""),
                "kind": upcoming["reason"].lower(),
                "title": f"{name}: {upcoming['type'].lower() or 'host'} maintenance",
                "provider_id": self.provider,
                "cluster_id": self.cluster,
                "planned_start": upcoming["start"],
                "planned_end": upcoming["end"],
                "note": strange(upcoming["status"], STATUSES),
            },
            raw,
        )
        if upcoming["status"] in STAGES and upcoming["status"] != before.get("status"):
            yield self._entered(name, upcoming, STAGES[upcoming["status"]], now)

    def _over(self, name: str, before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        """What was under way has ended; what had not begun was called off."""
        ran = before["status"] == "ONGOING"
        status = Status.COMPLETED if ran else Status.CANCELLED
        yield Told(
            "maintenance_updates",
            {"maintenance_id": self._id(name, before), "source": self.name, "status": status},
            as_json(before),
        )
        if ran:
            yield self._entered(name, before, Stage.RETURNED, now)

    def _entered(self, name: str, upcoming: Mapping[str, str], stage: Stage, now: datetime) -> Told:
        columns = {"maintenance_id": self._id(name, upcoming), "node_id": name, "stage": stage}
        clocks = {"occurred_at": iso(now), "recorded_at": iso(now), "source": self.name}
        return Told("node_transitions", columns | clocks, as_json(upcoming))


def _upcoming(answer: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each instance that has a maintenance to come, or under way, with it."""
    zones = answer.get("items")
    for zone in zones.values() if isinstance(zones, Mapping) else []:
        instances = field_of(zone, "instances")
        for instance in instances if isinstance(instances, list) else []:
            upcoming = field_of(instance, "resourceStatus.upcomingMaintenance")
            name = as_text(field_of(instance, "name"))
            if isinstance(upcoming, Mapping) and upcoming and name:
                yield name, upcoming


def standing(upcoming: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of an upcomingMaintenance: status, type, start, end and the first reason; '' for none of it."""
    reasons = upcoming.get("maintenanceReasons")
    return {
        "status": as_text(upcoming.get("maintenanceStatus")),
        "type": as_text(upcoming.get("type")),
        "start": as_text(upcoming.get("windowStartTime")),
        "end": as_text(upcoming.get("windowEndTime")),
        "reason": as_text(reasons[0]) if isinstance(reasons, list) and reasons else "",
    }
