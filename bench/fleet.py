"""The fleet of the benchmark: providers, clusters, nodes in racks, teams and whom to ask."""

from dataclasses import dataclass

import numpy as np

GPUS = 8  # a node
RACK = 8  # nodes
PROVIDERS = ("aster", "borealis", "cirrus", "dorado", "equinox")
ROLES = ("fleet_operations", "hardware_health", "cluster_oncall", "scheduler_oncall")
REGIONS = ("us-east", "us-west", "eu-north", "eu-west", "ap-south")
SKUS = ("H100-SXM-80G", "H200-SXM-141G", "B200-SXM-180G")
TEAMS = tuple(f"team-{i:02}" for i in range(24))
SMALLEST = 600  # nodes: a cluster that can hold a wave

Rows = list[tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster, and its nodes in the order of their racks."""

    cluster_id: str
    provider_id: str
    region: str
    sku: str
    nodes: np.ndarray


@dataclass(frozen=True, slots=True)
class Fleet:
    """All clusters."""

    clusters: tuple[Cluster, ...]

    def tables(self, since: str) -> dict[str, Rows]:
        """The files of a dataset that say what the fleet is; allocations hold from `since`."""
        return {
            "providers": [(each, each.title()) for each in PROVIDERS],
            "clusters": [(c.cluster_id, c.provider_id, c.region, c.sku, GPUS) for c in self.clusters],
            "teams": [(each, each.replace("-", " ").title()) for each in TEAMS],
            "nodes": [
                (str(node), c.cluster_id, f"{c.cluster_id}-r{i // RACK:04}", GPUS, team_of(c, i))
                for c in self.clusters
                for i, node in enumerate(c.nodes)
            ],
            "allocations": [
                (team, c.cluster_id, GPUS * sum(team_of(c, i) == team for i in range(len(c.nodes))), since, "")
                for c in self.clusters
                for team in sorted({team_of(c, i) for i in range(len(c.nodes))})
            ],
            "parties": _parties(),
        }


def build_fleet(nodes: int) -> Fleet:
    """A fleet of so many nodes, in up to forty clusters of like size."""
    count = min(40, max(1, nodes // SMALLEST))
    sizes = [nodes // count + (i < nodes % count) for i in range(count)]
    return Fleet(tuple(_cluster(i, size) for i, size in enumerate(sizes)))


def _cluster(number: int, size: int) -> Cluster:
    provider = PROVIDERS[number % len(PROVIDERS)]
    name = f"{provider}-{number:02}"
    return Cluster(
        name,
        provider,
        REGIONS[number % len(REGIONS)],
        SKUS[number % len(SKUS)],
        np.array([f"{name}-n{i:05}" for i in range(size)]),
    )


def team_of(cluster: Cluster, place: int) -> str:
    """Three teams share a cluster, in contiguous thirds."""
    first = sum(map(ord, cluster.cluster_id))
    return TEAMS[(first + 3 * place // len(cluster.nodes)) % len(TEAMS)]


def _parties() -> Rows:
    # party_id, name, role, provider_id, cluster_id, team_id, channel, escalates_to, timezone
    ours: Rows = [(role, role.replace("_", " ").title(), role, "", "", "", f"slack:#{role}", "", "") for role in ROLES]
    theirs: Rows = [
        (f"{each}-desk", f"{each.title()} desk", "provider", each, "", "", f"mailto:desk@{each}.example", "", "")
        for each in PROVIDERS
    ]
    return ours + theirs
