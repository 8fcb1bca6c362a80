"""What the stand-ins answer: a maintenance controller, providers' portals, a Statuspage and Kubernetes API servers."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from dashboard.model.instants import iso
from dashboard.model.stages import OUT, Stage, Status
from dashboard.standins.play import Node, Play

OURS = frozenset(Stage) - {Stage.SCHEDULED, Stage.IN_MAINTENANCE, Stage.RETURNED}
"""The stages that the fleet sees itself; a provider tells the others."""
RACK, TEAM, MAINTENANCE, PHASE = (f"fleet.example.com/{name}" for name in ("rack", "team", "maintenance", "phase"))
GPU = "nvidia.com/gpu"
PAGES = {
    Status.IN_PROGRESS: "in_progress",
    Status.RECOVERING: "completed",  # the provider's part of it is over
    Status.COMPLETED: "completed",
}


def moves(play: Play, since: str, *, ours: bool, provider: str = "", without: Iterable[str] = ()) -> dict[str, Any]:
    """The moves from `since` on: of the stages that the fleet sees, or of a provider's; but for some clusters."""
    hidden = frozenset(without)
    told = [
        {"change": each.maintenance_id, "host": each.node_id, "state": str(each.stage), "at": iso(each.at)}
        for each in play.moves
        if (each.stage in OURS) is ours
        and (ours or each.provider_id == provider)
        and play.nodes[each.node_id].cluster_id not in hidden
    ]
    return {"moves": [each for each in told if each["at"] >= since]}


def changes(play: Play, provider: str) -> dict[str, Any]:
    """How a provider's changes stand that the play has moved."""
    return {
        "changes": [
            {"change": each.maintenance_id, "state": str(each.status), "at": iso(each.changed_at)}
            for each in play.plans.values()
            if each.provider_id == provider and each.changed_at > play.began
        ]
    }


def scheduled_maintenances(play: Play, provider: str) -> dict[str, Any]:
    """A Statuspage of a provider that shows what runs, or ran, under its own references."""
    return {
        "scheduled_maintenances": [
            {
                "id": each.reference,
                "name": each.title,
                "status": PAGES[each.status],
                "scheduled_for": iso(each.starts),
                "scheduled_until": iso(each.ends),
                "created_at": iso(each.changed_at),
                "updated_at": iso(each.changed_at),
                "incident_updates": [],
                "components": [{"id": each.cluster_id, "name": each.cluster_id}],
            }
            for each in play.plans.values()
            if each.provider_id == provider and each.status in PAGES
        ]
    }


def node_list(play: Play, cluster: str, limit: int, begin: int) -> dict[str, Any]:
    """A page of a NodeList, as an API server gives it: a node that was given up is deleted."""
    there = (each for each in play.nodes.values() if each.cluster_id == cluster and each.stage is not Stage.REMOVED)
    mine = sorted(there, key=lambda each: each.node_id)
    rest = len(mine) - begin - limit
    return {
        "kind": "NodeList",
        "apiVersion": "v1",
        "metadata": {
            "resourceVersion": str(len(play.moves)),
            **({"continue": str(begin + limit), "remainingItemCount": rest} if rest > 0 else {}),
        },
        "items": [_node(each) for each in mine[begin : begin + limit]],
    }


def _node(node: Node) -> dict[str, Any]:
    labels = {RACK: node.rack, TEAM: node.team_id, MAINTENANCE: node.maintenance_id}
    out = node.stage in OUT
    return {
        "metadata": {"name": node.node_id, "labels": {key: value for key, value in labels.items() if value}},
        "spec": {"unschedulable": True, "taints": _taints(node.stage, node.since)} if out else {},
        "status": {"capacity": {GPU: str(node.gpus)}},
    }


def _taints(stage: Stage, since: datetime) -> list[Mapping[str, str]]:
    return [
        {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule", "timeAdded": iso(since)},
        {"key": PHASE, "value": str(stage), "effect": "NoSchedule", "timeAdded": iso(since)},
    ]
