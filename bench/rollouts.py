"""The maintenances of the benchmark: which there are, and what each node of one goes through."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bench.fleet import Cluster, Fleet

STAGES = (
    "scheduled",
    "cordoned",
    "drained",
    "in_maintenance",
    "returned",
    "validating",
    "repairing",
    "validating",
    "in_service",
)
HOURS = (0.0, 0.0, 2.5, 1.0, 6.0, 1.5, 2.0, 30.0, 3.0)
"""The median time from the stage before; that of `cordoned` is the node's turn in the rollout."""
REPAIR = 0.03  # of nodes fail validation
TERSE = 0.15  # of maintenances come from a provider who reports only the beginning and the end
FEWEST, MOST = 20, 2000  # nodes of a maintenance
SPREAD = 1.2  # of the logarithm of their number
FINISHED, ANNOUNCED, RUNNING = 4000, 320, 180
YEARS = 3
DAY = 86_400

Seconds = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Planned:
    """One maintenance; instants are seconds since 1970."""

    number: int
    cluster: Cluster
    nodes: npt.NDArray[np.str_]
    start: int
    slots: int  # how many nodes are out at once
    terse: bool

    @property
    def maintenance_id(self) -> str:
        """Its name."""
        return f"M-{self.number:05}"

    @property
    def source(self) -> str:
        """Who reports it."""
        return f"{self.cluster.provider_id}-api"

    @property
    def planned_end(self) -> int:
        """What the provider says: the waves by the median, and a little hope."""
        waves = -(-len(self.nodes) // self.slots)
        return self.start + int(3600 * (waves * sum(HOURS[2:6]) + 6))


@dataclass(frozen=True, slots=True)
class Transitions:
    """Transitions of one maintenance in columns: places in its nodes, places in STAGES, seconds since 1970."""

    node: Seconds
    stage: Seconds
    occurred: Seconds
    recorded: Seconds


def finished(fleet: Fleet, scale: float, history: float, now: int, seed: int) -> Iterator[Planned]:
    """The maintenances of three years; `history` thins them, and leaves what remains as it was."""
    count = round(FINISHED * scale)
    first, last = now - YEARS * 365 * DAY, now - 21 * DAY  # time enough for the longest of them to end
    for i in range(count):
        if int((i + 1) * history) == int(i * history):
            continue
        rng = np.random.default_rng([seed, 1, i])
        cluster = fleet.clusters[rng.integers(len(fleet.clusters))]
        size = _size(rng, cluster)
        place = int(rng.integers(len(cluster.nodes) - size + 1))
        start = first + int((last - first) * (i + rng.random()) / count)
        yield _planned(10_000 + i, cluster, cluster.nodes[place : place + size], start, rng)


def still_open(fleet: Fleet, scale: float, now: int, seed: int) -> Iterator[Planned]:
    """What is announced or running now. No node is in two of them, as long as the clusters have room."""
    taken = dict.fromkeys((each.cluster_id for each in fleet.clusters), 0)
    announced, running = max(1, round(ANNOUNCED * scale)), max(1, round(RUNNING * scale))
    for i in range(announced + running):
        rng = np.random.default_rng([seed, 2, i])
        cluster = max(fleet.clusters, key=lambda each: len(each.nodes) - taken[each.cluster_id])
        free = len(cluster.nodes) - taken[cluster.cluster_id]
        size = _size(rng, cluster)
        place = taken[cluster.cluster_id] if size <= free else int(rng.integers(len(cluster.nodes) - size + 1))
        taken[cluster.cluster_id] = min(taken[cluster.cluster_id] + size, len(cluster.nodes))
        start = now + int(DAY * (21 * rng.random() + 0.1 if i < announced else -1.5 * rng.random()))
        yield _planned(50_000 + i, cluster, cluster.nodes[place : place + size], start, rng)


def _size(rng: np.random.Generator, cluster: Cluster) -> int:
    drawn = np.exp(rng.normal(np.log(45), SPREAD))
    return int(np.clip(drawn, FEWEST, min(MOST, len(cluster.nodes) // 2)))


def _planned(number: int, cluster: Cluster, nodes: np.ndarray, start: int, rng: np.random.Generator) -> Planned:
    slots = max(8, round(len(nodes) * rng.uniform(0.1, 0.4)))
    return Planned(number, cluster, nodes, start, slots, bool(rng.random() < TERSE))


def transitions(planned: Planned, now: int, seed: int) -> Transitions:
    """What was reported of its nodes until now."""
    rng = np.random.default_rng([seed, 3, planned.number])
    count = len(planned.nodes)
    pace = rng.lognormal(0, 0.25)
    stays = np.array(HOURS)[:, None] * rng.lognormal(0, 0.5, (len(HOURS), count)) * pace
    repairs = rng.random(count) < REPAIR
    stays[6:8, ~repairs] = 0
    stays[1] = (np.arange(count) // planned.slots) * sum(HOURS[2:6]) * pace + rng.random(count)
    occurred = planned.start + (3600 * np.cumsum(stays, axis=0)).astype(np.int64)
    occurred[0] = planned.start - 7 * DAY
    recorded = occurred + rng.integers(20, 400, occurred.shape)
    told = np.ones(occurred.shape, dtype=bool)
    told[6:8] = repairs
    if planned.terse:
        told[[1, 2, 4, 5, 6, 7]] = False
    told &= recorded <= now
    stage, node = np.nonzero(told)
    return Transitions(node, stage, occurred[told], recorded[told])
