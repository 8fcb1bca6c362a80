"""Updates that Azure makes to machines. Reference: Azure Maintenance API, "Updates - List"; Resource Graph, table
maintenanceresources.

Asked as an application of Entra ID that is a Reader of the subscriptions.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, field_of
from dashboard.sources.microsoft import Azure, instant_text, machine_of, uncapitalised
from dashboard.sources.seam import Batches, Told

UPDATES = "maintenanceresources\n| where type =~ 'microsoft.maintenance/updates'\n| order by id asc"
PATH = "/providers/microsoft.maintenance/updates"
RETRIES = {"RetryNow": "may be tried again now", "RetryLater": "is tried again later"}
KNOWN = ("InProgress", *RETRIES, "Pending", "Completed")
"""Of several updates of one machine, the word that stands."""


class Updates(Azure):
    """Reads updates. Gives a maintenance for all of one notification, or for each machine's own, and its stages."""

    resources: tuple[str, ...] = ()  # asked one by one, by their ids; else Resource Graph is asked for all
    node: Literal["name", "resource_id"] = "name"  # what the fleet calls a machine
    cluster: str = ""

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer. One that is no longer listed is over: completed if it was under way."""
        known: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
        found: dict[str, dict[str, Any]] = {}
        with self.asking(now) as client:
            for resource, update in self._updates(client):
                node = resource if self.node == "resource_id" else machine_of(resource)
                if node:
                    gather(found, known, node, update)
        told: list[Told] = []
        for key, group in found.items():
            told += self._changes(key, group, known.get(key, {}), now)
        for gone in sorted(set(known) - set(found)):
            told += self._vanished(gone, known[gone], now)
        yield from self.brought(told, found, cursor, now)

    def _updates(self, client: Client) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """Each update, with the id of its resource."""
        for resource in self.resources:
            path = f"/{resource.strip('/')}/providers/Microsoft.Maintenance/updates"
            for update in self.listed(client, path, {"api-version": "2023-04-01"}):
                yield resource, uncapitalised(update)
        for row in self.graph(client, UPDATES) if not self.resources else ():
            said, whole = uncapitalised(row.get("properties")), as_text(row.get("id"))
            updates = field_of(said, "value")
            for update in updates if isinstance(updates, list) else [said]:
                if isinstance(update, Mapping):
                    named = field_of(update, "resourceId") or field_of(update, "properties.resourceId")
                    yield as_text(named) or whole[: whole.lower().find(PATH)], update

    def _changes(self, key: str, group: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> Iterator[Told]:
        if group == before:
            return
        nodes = group["nodes"]
        words = sorted(set(nodes.values()))
        odd = [f"their word for its state: {each}" for each in words if each and each not in KNOWN]
        failed = [
            f"a try on {_listed(nodes, word)} failed and {what}" for word, what in RETRIES.items() if word in words
        ]
        one = next(iter(nodes)) if len(nodes) == 1 else f"{len(nodes)} machines"
        about = {
            "source": self.name,
            "status": status_of(words),
            "kind": group["impact"].lower(),
            "title": f"{one}: {group['scope'].lower() or 'maintenance'} update",
            "provider_id": self.provider,
            "cluster_id": self.cluster,
            "planned_start": group["start"],
            "planned_end": group["end"],
            "provider_ref": group["ref"],
            "note": "; ".join([*failed, *odd]),
        }
        yield Told("maintenance_updates", self._signed(key) | about, as_json(group))
        stood = before.get("nodes", {})
        for node, word in sorted(nodes.items()):
            stage = stage_of(word, stood.get(node), group["impact"])
            if stage:
                yield self._entered(key, node, stage, now)
            elif node not in stood:
                yield Told("maintenance_nodes", self._signed(key) | {"node_id": node}, node)
        for node in sorted(set(stood) - set(nodes)):
            yield from self._left(key, node, stood[node], now)

    def _vanished(self, key: str, before: Mapping[str, Any], now: datetime) -> Iterator[Told]:
        stood = status_of(sorted(set(before["nodes"].values())))
        if stood == Status.COMPLETED:
            return
        status = Status.COMPLETED if stood == Status.IN_PROGRESS else Status.CANCELLED
        columns = {"source": self.name, "status": status, "note": "it is no longer listed"}
        yield Told("maintenance_updates", self._signed(key) | columns, as_json(before))
        for node, word in sorted(before["nodes"].items()):
            if word == "InProgress":
                yield self._entered(key, node, Stage.RETURNED, now)

    def _left(self, key: str, node: str, word: str, now: datetime) -> Iterator[Told]:
        """A machine that its maintenance names no more: what ran on it is over, what did not is not to be."""
        if word == "InProgress":
            yield self._entered(key, node, Stage.RETURNED, now)
        elif word != "Completed":
            yield Told("maintenance_nodes", self._signed(key) | {"node_id": node, "removed": "true"}, node)

    def _entered(self, key: str, node: str, stage: str, now: datetime) -> Told:
        columns = {"node_id": node, "stage": stage, "source": self.name}
        return Told(
            "node_transitions", self._signed(key) | columns | {"occurred_at": iso(now), "recorded_at": iso(now)}
        )

    def _signed(self, key: str) -> dict[str, str]:
        return {"maintenance_id": f"{self.name}:{key}"}


def gather(found: dict[str, Any], known: Mapping[str, Any], node: str, update: Mapping[str, Any]) -> None:
    """Adds an update to those of its notification, or to its machine's own.

    What has begun may name no start any more: it goes on under the name that it had.
    """
    start, ref = instant_text(update.get("notBefore")), as_text(update.get("notificationId"))
    before = next((key for key in known if key.startswith(f"{node}@")), f"{node}@")
    key = ref or (f"{node}@{start}" if start else before)
    start = start or known.get(key, {}).get("start", "")
    group = found.setdefault(key, {"nodes": {}, "ref": ref, "scope": "", "impact": "", "start": "", "end": ""})
    words = {as_text(update.get("status")), group["nodes"].get(node, "")} - {""}
    group["nodes"][node] = min(words, key=lambda word: KNOWN.index(word) if word in KNOWN else -1, default="")
    group["scope"] = group["scope"] or as_text(update.get("maintenanceScope"))
    group["impact"] = group["impact"] or as_text(update.get("impactType"))
    group["start"] = min(filter(None, (group["start"], start)), default="")
    group["end"] = max(group["end"], _end(start, update.get("impactDurationInSec")))


def status_of(words: list[str]) -> str:
    """Ours for the words of all its machines; '' (unchanged) where these are all new to us."""
    if words == ["Completed"]:
        return Status.COMPLETED
    if "InProgress" in words or "Completed" in words:
        return Status.IN_PROGRESS
    if words == ["RetryLater"]:
        return Status.DEFERRED
    return Status.CONFIRMED if set(words) & set(KNOWN) else ""


def stage_of(word: str, stood: str | None, impact: str) -> str:
    """The stage that a machine enters whose update went from the one word to the other; '' for none.

    What has no impact takes no machine out; one that was never seen out does not come back.
    """
    if stood is None and word in ("Pending", *RETRIES):
        return Stage.SCHEDULED
    if impact == "None" or word == stood:
        return ""
    if stood == "InProgress":
        return Stage.RETURNED if word in ("Completed", *RETRIES) else ""
    return Stage.IN_MAINTENANCE if word == "InProgress" else ""


def _listed(nodes: Mapping[str, str], word: str) -> str:
    some = sorted(node for node, said in nodes.items() if said == word)
    return some[0] if len(some) == 1 else f"{len(some)} machines"


def _end(start: str, seconds: Any) -> str:
    """-1 is their word for unknown."""
    if not (start and isinstance(seconds, int) and seconds > 0):
        return ""
    try:
        return iso(read_instant(start) + timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return ""
