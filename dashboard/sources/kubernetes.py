"""Nodes of a Kubernetes cluster: which there are, and which take no work and why. Reference: API, "Node v1 core".

Token: of a service account that may `list` nodes. A projected one is renewed in its file: name it by token_file.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from pydantic import Field

from dashboard.errors import SourceUnavailable
from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage, Status
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.seam import Batch, Batches, Told, batch

CORDON = "node.kubernetes.io/unschedulable"
SENTINEL = "dgxc.nvidia.com/nvsentinel-state"
SENTINEL_STAGES = {
    "quarantined": Stage.CORDONED,
    "draining": Stage.CORDONED,
    "drain-failed": Stage.CORDONED,
    "drain-succeeded": Stage.DRAINED,
    # It has asked for the repair, and says so by "succeeded"; that the node is well shows when it is uncordoned.
    "remediating": Stage.REPAIRING,
    "remediation-succeeded": Stage.REPAIRING,
    "remediation-failed": Stage.REPAIRING,
}
COUNT_LABEL = "nvidia.com/gpu.count"  # of GPU feature discovery, for while the device plugin is away
PAGE = 500


class Kubernetes(HttpSource):
    """Reads a cluster's nodes. Gives nodes with their GPUs, and their stages."""

    cluster: str  # the cluster_id of its nodes
    resource: str = "nvidia.com/gpu"  # what is counted; a node without it is no part of the fleet
    selector: str = ""  # a label selector
    rack_label: str = ""
    team_label: str = ""
    maintenance_label: str = ""  # holds the maintenance_id; each stay of a node is one of its own where it is empty
    taints: dict[str, Stage] = Field(default_factory=dict)  # key, or key=value: the stage it stands for
    labels: dict[str, Stage] = Field(default_factory=dict)

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What has changed since the last listing, page by page. A node that is out is remembered until it is back."""
        before = json.loads(cursor) if cursor else {}
        out: dict[str, list[str]] = before.get("out", {})
        digests: list[str] = before.get("pages", [])
        number = 0
        with Client(self, now) as client:
            for number, page in enumerate(self._pages(client), 1):
                fleet = [each for each in (_node(self, item) for item in page) if each.name]
                facts = [each for each in fleet if each.gpus]
                digest = _digest(facts)
                told = list(self._changes(fleet, out, now))
                if digests[number - 1 : number] != [digest]:
                    told += [Told("nodes", each.columns(self.cluster), each.name) for each in facts]
                    digests[number - 1 : number] = [digest]
                if told:
                    yield batch(told, json.dumps({"out": out, "pages": digests}), now)
        reached = json.dumps({"out": out, "pages": digests[:number]})
        if reached != cursor:
            yield Batch({}, reached)

    def anew(self, cursor: str) -> str | None:
        """Tells every node again; which are out, and in which maintenance, is still known."""
        return json.dumps({"out": json.loads(cursor).get("out", {}), "pages": []})

    def _pages(self, client: Client) -> Iterator[list[Any]]:
        url = self.url.rstrip("/") + "/api/v1/nodes"
        params = {"limit": str(PAGE)} | ({"labelSelector": self.selector} if self.selector else {})
        while True:
            answer = client.get(url, params).value
            items = field_of(answer, "items")
            if not isinstance(items, list):
                raise SourceUnavailable(f"{self.name}: its answer lists no nodes: is the url that of an API server?")
            yield items
            following = as_text(field_of(answer, "metadata.continue"))
            if not following:
                return
            params = params | {"continue": following}

    def _changes(self, fleet: Sequence["_Node"], out: dict[str, list[str]], now: datetime) -> Iterator[Told]:
        """The stages that nodes have entered since, which `out` then has: of each node out, maintenance and stage."""
        for node in fleet:
            maintenance, stage = out.get(node.name, ["", Stage.IN_SERVICE])
            if node.stage == Stage.IN_SERVICE:
                if node.name in out:
                    del out[node.name]
                    yield from self._entered(node, maintenance, now, iso(now))
                    yield from self._own(node, maintenance, Status.COMPLETED)
                continue
            if not (node.gpus or node.name in out):
                continue
            since = iso(now)
            if node.name not in out:
                # The API server stamps some taints; else what counts is when the node was first seen like this.
                since = _stamped(node.since, now)
                maintenance = node.maintenance or f"{self.name}:{node.name}@{since}"
            elif node.maintenance and node.maintenance != maintenance:
                # It is part of a maintenance that somebody has named since: of the nameless one, no longer.
                yield Told("maintenance_nodes", _row(node, maintenance) | {"removed": "true"}, node.raw)
                yield from self._own(node, maintenance, Status.CANCELLED)
                maintenance, stage = node.maintenance, Stage.IN_SERVICE
            if stage != node.stage:
                out[node.name] = [maintenance, node.stage]
                yield from self._own(node, maintenance, Status.IN_PROGRESS)
                yield from self._entered(node, maintenance, now, since)

    def _entered(self, node: "_Node", maintenance: str, now: datetime, since: str) -> Iterator[Told]:
        columns = {"stage": node.stage, "occurred_at": since, "recorded_at": iso(now), "source": self.name}
        yield Told("node_transitions", _row(node, maintenance) | columns, node.raw)

    def _own(self, node: "_Node", maintenance: str, status: Status) -> Iterator[Told]:
        """A word on a maintenance that has this one node only, since nobody else has one."""
        if maintenance.startswith(f"{self.name}:{node.name}@"):
            about = {"maintenance_id": maintenance, "source": self.name, "status": status, "cluster_id": self.cluster}
            yield Told(
                "maintenance_updates", about | {"title": f"{node.name} takes no work", "note": node.why}, node.raw
            )


@dataclass(frozen=True, slots=True)
class _Node:
    name: str
    gpus: str  # '' where it has none, or does not say
    rack: str
    team: str
    stage: str
    since: str  # when it began, '' where the API server does not say
    maintenance: str
    why: str
    raw: Mapping[str, Any]

    def columns(self, cluster: str) -> dict[str, str]:
        return {
            "node_id": self.name,
            "cluster_id": cluster,
            "rack": self.rack,
            "gpus": self.gpus,
            "team_id": self.team,
        }


def _row(node: _Node, maintenance: str) -> dict[str, str]:
    return {"maintenance_id": maintenance, "node_id": node.name}


def _node(source: Kubernetes, item: Any) -> _Node:
    metadata, spec = _table(item, "metadata"), _table(item, "spec")
    labels = {str(key): as_text(value) for key, value in _table(metadata, "labels").items()}
    listed = spec.get("taints")
    taints = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    gpus = as_text(_table(_table(item, "status"), "capacity").get(source.resource)) or labels.get(COUNT_LABEL, "")
    stage, why, since = _stage(source, bool(spec.get("unschedulable")), taints, labels)
    seen = {"name": metadata.get("name"), "unschedulable": spec.get("unschedulable"), "taints": taints}
    return _Node(
        name=as_text(metadata.get("name")),
        gpus="" if gpus == "0" else gpus,
        rack=labels.get(source.rack_label, ""),
        team=labels.get(source.team_label, ""),
        stage=stage,
        since=since,
        maintenance=labels.get(source.maintenance_label, ""),
        why=why,
        raw=seen,
    )


def _stage(
    source: Kubernetes, cordoned: bool, taints: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> tuple[str, str, str]:
    """Where a node stands, by what, and since when: the furthest of what its taints and labels say.

    One that takes work is in service, whatever is still written on it: an uncordon by hand counts.
    """
    found: list[tuple[Stage, str, str]] = []
    for each in taints:
        key, value = as_text(each.get("key")), as_text(each.get("value"))
        stage = source.taints.get(f"{key}={value}") or source.taints.get(key)
        if stage:
            found.append((stage, f"taint {key}", as_text(each.get("timeAdded"))))
        cordoned = cordoned or key == CORDON
    if not cordoned and not found:
        return Stage.IN_SERVICE, "", ""
    since = next((as_text(each.get("timeAdded")) for each in taints if each.get("key") == CORDON), "")
    for key, value in labels.items():
        stage = source.labels.get(f"{key}={value}") or source.labels.get(key)
        if stage:
            found.append((stage, f"label {key}", ""))
    if labels.get(SENTINEL) in SENTINEL_STAGES:
        found.append((SENTINEL_STAGES[labels[SENTINEL]], f"NVSentinel says {labels[SENTINEL]}", ""))
    order = tuple(Stage)
    return max([(Stage.CORDONED, "cordoned", since), *found], key=lambda each: order.index(each[0]))


def _stamped(text: str, now: datetime) -> str:
    """The instant of a stamp; now where there is none, or one that cannot be."""
    try:
        return iso(min(read_instant(text), now))
    except ValueError:
        return iso(now)


def _table(value: Any, field: str) -> Mapping[str, Any]:
    found = value.get(field) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _digest(nodes: Sequence[_Node]) -> str:
    said = [(each.name, each.gpus, each.rack, each.team) for each in nodes]
    return blake2b(json.dumps(said).encode(), digest_size=9).hexdigest()
