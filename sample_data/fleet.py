"""Whose GPUs stand where: providers, clusters, racks, nodes, teams and what they were allocated."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

GPUS_PER_NODE = 8
RACKS_PER_ROW = 20

H100, H200, B200 = "H100-SXM-80G", "H200-SXM-141G", "B200-SXM-180G"
NODES_PER_RACK = {H100: 4, H200: 8, B200: 18}

PROVIDERS = {
    "nimbus": "Nimbus Cloud",
    "halden": "Halden Compute",
    "kestrel": "Kestrel Metal",
    "orrery": "Orrery Compute",
    "southmere": "Southmere Data",
}

TEAMS = {
    "vision": "Vision",
    "pretraining": "Language pretraining",
    "post-training": "Post-training",
    "speech": "Speech",
    "safety-evals": "Safety evals",
    "inference": "Inference",
}


@dataclass(frozen=True, slots=True)
class Node:
    """One machine, and the team that has it to itself, if any."""

    node_id: str
    rack: str
    team_id: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """One cluster: `owned` gives nodes to teams one by one, `shared` gives teams a percentage of its GPUs."""

    cluster_id: str
    provider_id: str
    region: str
    sku: str
    size: int  # nodes
    owned: tuple[tuple[str, int], ...] = ()
    shared: tuple[tuple[str, int], ...] = ()

    @property
    def site(self) -> str:
        """The short name that its nodes carry, such as `iad1`."""
        _, airport, number = self.cluster_id.split("-")
        return airport + number

    @property
    def chip(self) -> str:
        """How people call the SKU, such as `H100`."""
        return self.sku.split("-", maxsplit=1)[0]

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Its nodes, rack by rack, those of one team side by side; what no team owns comes last."""
        return _nodes(self)


@cache
def _nodes(cluster: Cluster) -> tuple[Node, ...]:
    owners = [team for team, count in cluster.owned for _ in range(count)]
    owners += [""] * (cluster.size - len(owners))
    return tuple(_node(cluster, index, owner) for index, owner in enumerate(owners))


def _node(cluster: Cluster, index: int, owner: str) -> Node:
    rack, slot = divmod(index, NODES_PER_RACK[cluster.sku])
    row, place = divmod(rack, RACKS_PER_ROW)
    name = f"{chr(ord('A') + row)}{place + 1:02}"
    return Node(f"{cluster.site}-{name.lower()}-{slot + 1}", name, owner)


CLUSTERS = (
    Cluster("nimbus-iad-1", "nimbus", "us-east", H100, 480, owned=(("pretraining", 320), ("post-training", 144))),
    Cluster("nimbus-iad-2", "nimbus", "us-east", H200, 240, owned=(("pretraining", 160), ("vision", 72))),
    Cluster(
        "nimbus-dub-1",
        "nimbus",
        "eu-west",
        B200,
        144,
        shared=(("pretraining", 45), ("post-training", 30), ("safety-evals", 20)),
    ),
    Cluster("halden-osl-1", "halden", "eu-north", H100, 288, owned=(("inference", 192), ("speech", 88))),
    Cluster("halden-osl-2", "halden", "eu-north", B200, 108, shared=(("post-training", 60), ("inference", 35))),
    Cluster(
        "halden-sto-1",
        "halden",
        "eu-north",
        H200,
        192,
        shared=(("vision", 40), ("speech", 30), ("safety-evals", 25)),
    ),
    Cluster(
        "kestrel-dfw-1",
        "kestrel",
        "us-central",
        H100,
        360,
        owned=(("pretraining", 200), ("safety-evals", 80), ("vision", 72)),
    ),
    Cluster(
        "kestrel-phx-1",
        "kestrel",
        "us-west",
        H200,
        240,
        shared=(("vision", 30), ("pretraining", 40), ("speech", 25)),
    ),
    Cluster("orrery-sin-1", "orrery", "ap-southeast", H200, 160, owned=(("inference", 152),)),
    Cluster("orrery-nrt-1", "orrery", "ap-northeast", H100, 128, shared=(("speech", 55), ("inference", 40))),
    Cluster("southmere-lhr-1", "southmere", "eu-west", B200, 216, owned=(("post-training", 126), ("pretraining", 90))),
    Cluster(
        "southmere-fra-1",
        "southmere",
        "eu-central",
        H100,
        200,
        shared=(("safety-evals", 35), ("post-training", 25), ("vision", 35)),
    ),
)

BY_ID = {cluster.cluster_id: cluster for cluster in CLUSTERS}

TURNS = (datetime(2025, 10, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 8, 17, tzinfo=UTC))
"""When the shared clusters were divided anew; the last division holds until further notice."""


@dataclass(frozen=True, slots=True)
class Allocation:
    """GPUs of one cluster that a team may count on for a while."""

    team_id: str
    cluster_id: str
    gpus: int
    starts_at: datetime
    ends_at: datetime | None


def allocations() -> list[Allocation]:
    """All of them: one per owner of nodes, one per share and turn."""
    rows = []
    for cluster in CLUSTERS:
        rows += [
            Allocation(team, cluster.cluster_id, count * GPUS_PER_NODE, TURNS[0], None) for team, count in cluster.owned
        ]
        for turn, starts_at in enumerate(TURNS):
            ends_at = TURNS[turn + 1] if turn + 1 < len(TURNS) else None
            rows += [
                Allocation(team, cluster.cluster_id, _gpus(cluster, percent), starts_at, ends_at)
                for team, percent in _division(cluster, turn)
            ]
    return rows


def _division(cluster: Cluster, turn: int) -> list[tuple[str, int]]:
    """The shares in one turn: earlier ones moved ten points from the first team to the last."""
    shares = list(cluster.shared)
    if shares and turn == len(TURNS) - 2:
        (first, most), (last, least) = shares[0], shares[-1]
        shares[0], shares[-1] = (first, most - 10), (last, least + 10)
    return shares


def _gpus(cluster: Cluster, percent: int) -> int:
    """A share in whole nodes."""
    return cluster.size * percent // 100 * GPUS_PER_NODE
