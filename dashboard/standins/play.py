"""The open maintenances, played on: each node from where it stands, as nodes of its provider usually go, but faster."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from random import Random

from dashboard.model.stages import OUT, Stage, Status
from dashboard.standins.habits import ONWARD, Habits

HOLDS = frozenset({Stage.CORDONED, Stage.DRAINED, Stage.IN_MAINTENANCE})
THEIRS = frozenset({Stage.DRAINED, Stage.IN_MAINTENANCE})
"""While any node is to come, or in one of these, the provider is not done."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node in a maintenance, and since when it is where it is."""

    node_id: str
    maintenance_id: str
    cluster_id: str
    rack: str
    gpus: int
    team_id: str
    stage: Stage
    since: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """What the provider says of a maintenance; `changed_at` when it last said anything else."""

    maintenance_id: str
    provider_id: str
    cluster_id: str
    title: str
    reference: str
    status: Status
    starts: datetime
    ends: datetime
    at_once: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Move:
    """A node's entry into a stage."""

    node_id: str
    maintenance_id: str
    provider_id: str
    stage: Stage
    at: datetime


@dataclass
class Play:
    """Where everything stands at `at`; `until` plays on. Life's hours pass `speed` times as fast."""

    habits: Habits
    plans: dict[str, Plan]
    nodes: dict[str, Node]
    portals: dict[str, str]  # providers that have one: the name by which it signs
    at: datetime
    speed: float
    rng: Random
    moves: list[Move] = field(default_factory=list)
    _due: list[tuple[datetime, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = self.at
        for node in self.nodes.values():
            if node.stage in OUT:
                self._due.append((self._leaves(node, (self.at - node.since) / timedelta(hours=1)), node.node_id))
        heapify(self._due)
        self._take_more()

    def until(self, at: datetime) -> None:
        """Plays on to `at`."""
        while self._due and self._due[0][0] <= at:
            due, name = heappop(self._due)
            self.at = max(self.at, due)
            node = self.nodes[name]
            plan = self.plans[node.maintenance_id]
            self._enter(node, self.habits.then(plan.provider_id, node.stage, self.rng), due)
            self._take_more(node.maintenance_id)
            self._tell_status(node.maintenance_id)
        self.at = max(self.at, at)
        self._take_more()

    def _enter(self, node: Node, stage: Stage, at: datetime) -> None:
        entered = replace(node, stage=stage, since=at)
        self.nodes[node.node_id] = entered
        provider = self.plans[node.maintenance_id].provider_id
        self.moves.append(Move(node.node_id, node.maintenance_id, provider, stage, at))
        if stage in OUT:
            heappush(self._due, (self._leaves(entered, 0.0), node.node_id))

    def _leaves(self, node: Node, passed: float) -> datetime:
        stay = self.habits.stay(self.plans[node.maintenance_id].provider_id, node.stage, passed, self.rng)
        return max(node.since, self.at) + timedelta(hours=(stay - passed) / self.speed)

    def _take_more(self, only: str = "") -> None:
        """Cordons what may go out: as many at once as the plan lets, once it has begun."""
        for name, plan in self.plans.items():
            if (only and name != only) or plan.starts > self.at:
                continue
            mine = [each for each in self.nodes.values() if each.maintenance_id == name]
            room = plan.at_once - sum(each.stage in HOLDS for each in mine)
            waiting = [each for each in mine if each.stage is Stage.SCHEDULED]
            for node in sorted(waiting, key=lambda each: (each.rack, each.node_id))[: max(room, 0)]:
                self._enter(node, ONWARD[Stage.SCHEDULED], self.at)
            if room > 0 and waiting:
                self._tell_status(name)

    def _tell_status(self, name: str) -> None:
        stages = Counter(each.stage for each in self.nodes.values() if each.maintenance_id == name)
        if not any(stages[stage] for stage in OUT) and not stages[Stage.SCHEDULED]:
            status = Status.COMPLETED
        elif any(stages[stage] for stage in (Stage.SCHEDULED, Stage.CORDONED, *THEIRS)):
            status = Status.IN_PROGRESS
        else:
            status = Status.RECOVERING
        if self.plans[name].status is Status.RECOVERING and status is Status.IN_PROGRESS:
            return  # a provider that has said it is done does not take it back for a straggler
        if self.plans[name].status is not status:
            self.plans[name] = replace(self.plans[name], status=status, changed_at=self.at)
