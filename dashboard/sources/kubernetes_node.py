"""What one node of a Kubernetes cluster says of itself: its GPUs, and where it stands by which word."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage
from dashboard.sources.mapping import as_text

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
LONGEST_NOTE = 300

Word = tuple[Stage, str, str]
"""A stage, by what, and since when, '' where nobody says."""


class Meanings(Protocol):
    """What a fleet means by its taints, labels and conditions; each by key, or by key=value."""

    @property
    def resource(self) -> str:
        """What is counted."""

    @property
    def rack_label(self) -> str:
        """Holds the rack."""

    @property
    def team_label(self) -> str:
        """Holds the team."""

    @property
    def maintenance_label(self) -> str:
        """Holds the maintenance."""

    @property
    def taints(self) -> Mapping[str, Stage]:
        """Of taints."""

    @property
    def labels(self) -> Mapping[str, Stage]:
        """Of labels, on a node that takes no work."""

    @property
    def conditions(self) -> Mapping[str, Stage | Literal["note"]]:
        """Of conditions."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node and how it stands."""

    name: str
    gpus: str  # '' where it has none, or does not say
    rack: str
    team: str
    stage: str
    since: str  # when it began, '' where the API server does not say
    maintenance: str
    why: str
    uid: str  # another one is another machine under the same name
    raw: Mapping[str, Any]

    def columns(self, cluster: str) -> dict[str, str]:
        """As a row of nodes."""
        return {
            "node_id": self.name,
            "cluster_id": cluster,
            "rack": self.rack,
            "gpus": self.gpus,
            "team_id": self.team,
        }


def read_node(source: Meanings, item: Any) -> Node:
    """A node, nameless where it is none."""
    metadata, spec = _table(item, "metadata"), _table(item, "spec")
    labels = {str(key): as_text(value) for key, value in _table(metadata, "labels").items()}
    listed = spec.get("taints")
    taints = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    gpus = as_text(_table(_table(item, "status"), "capacity").get(source.resource)) or labels.get(COUNT_LABEL, "")
    said = _table(item, "status").get("conditions")
    conditions = [each for each in said if isinstance(each, Mapping)] if isinstance(said, list) else []
    stage, why, since = _stage(source, bool(spec.get("unschedulable")), taints, labels, conditions)
    seen = {"name": metadata.get("name"), "unschedulable": spec.get("unschedulable"), "taints": taints}
    seen |= {"conditions": [each for each in conditions if _meaning(source, each)]} if source.conditions else {}
    return Node(
        name=as_text(metadata.get("name")),
        gpus="" if gpus == "0" else gpus,
        rack=labels.get(source.rack_label, ""),
        team=labels.get(source.team_label, ""),
        stage=stage,
        since=since,
        maintenance=labels.get(source.maintenance_label, ""),
        why="; ".join(each for each in (why, *_notes(source, conditions)) if each),
        uid=as_text(metadata.get("uid")),
        raw=seen,
    )


def _stage(
    source: Meanings,
    cordoned: bool,
    taints: Sequence[Mapping[str, Any]],
    labels: Mapping[str, str],
    conditions: Sequence[Mapping[str, Any]],
) -> Word:
    """Where a node stands: the furthest of what its taints, conditions and labels say.

    One that takes work is in service, whatever labels are still written on it: an uncordon by hand counts.
    """
    found = [*_by_taints(source, taints), *_by_conditions(source, conditions)]
    cordoned = cordoned or any(as_text(each.get("key")) == CORDON for each in taints)
    order = tuple(Stage)
    if cordoned or any(stage != Stage.SCHEDULED for stage, _, _ in found):
        since = next((as_text(each.get("timeAdded")) for each in taints if each.get("key") == CORDON), "")
        found += [(Stage.CORDONED, "cordoned", since), *_by_labels(source, labels)]
    return max(found, key=lambda each: order.index(each[0])) if found else (Stage.IN_SERVICE, "", "")


def _by_taints(source: Meanings, taints: Sequence[Mapping[str, Any]]) -> Iterator[Word]:
    for each in taints:
        key, value = as_text(each.get("key")), as_text(each.get("value"))
        stage = source.taints.get(f"{key}={value}") or source.taints.get(key)
        if stage:
            yield stage, f"taint {key}", as_text(each.get("timeAdded"))


def _by_labels(source: Meanings, labels: Mapping[str, str]) -> Iterator[Word]:
    for key, value in labels.items():
        stage = source.labels.get(f"{key}={value}") or source.labels.get(key)
        if stage:
            yield stage, f"label {key}", ""
    if labels.get(SENTINEL) in SENTINEL_STAGES:
        yield SENTINEL_STAGES[labels[SENTINEL]], f"NVSentinel says {labels[SENTINEL]}", ""


def _by_conditions(source: Meanings, conditions: Sequence[Mapping[str, Any]]) -> Iterator[Word]:
    for each in conditions:
        meant = _meaning(source, each)
        if isinstance(meant, Stage):
            yield meant, _condition(each), as_text(each.get("lastTransitionTime"))


def _notes(source: Meanings, conditions: Sequence[Mapping[str, Any]]) -> list[str]:
    return [_condition(each) for each in conditions if _meaning(source, each) == "note"]


def _meaning(source: Meanings, condition: Mapping[str, Any]) -> Stage | str | None:
    """What a condition means; by its name alone, while it is true."""
    name, status = as_text(condition.get("type")), as_text(condition.get("status"))
    return source.conditions.get(f"{name}={status}") or (source.conditions.get(name) if status == "True" else None)


def _condition(condition: Mapping[str, Any]) -> str:
    words = as_text(condition.get("message")) or as_text(condition.get("reason"))
    return f"condition {as_text(condition.get('type'))}" + (f": {words[:LONGEST_NOTE]}" if words else "")


def stamped(text: str, now: datetime) -> str:
    """The instant of a stamp; now where there is none, or one that cannot be."""
    try:
        return iso(min(read_instant(text), now))
    except ValueError:
        return iso(now)


def _table(value: Any, field: str) -> Mapping[str, Any]:
    found = value.get(field) if isinstance(value, Mapping) else None
    return found if isinstance(found, Mapping) else {}
