"""One maintenance as the sample tells it, before it becomes rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from fleet import NODES_PER_RACK, Cluster, Node
from habits import HABITS, Habit
from rollouts import History, most_out


@dataclass(frozen=True, slots=True)
class Update:
    """What became known of the plan; empty fields are unchanged."""

    recorded_at: datetime
    status: str
    note: str = ""
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    source: str = ""  # the provider's own, unless it says otherwise


@dataclass(frozen=True, slots=True)
class Letter:
    """A message from the provider; `about` is empty where it concerns no maintenance in particular."""

    received_at: datetime
    sender: str
    subject: str
    body: str
    claimed_end: datetime | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A support case, and how it went: (recorded_at, status, note), oldest first."""

    opened_at: datetime
    node_id: str
    severity: str
    steps: tuple[tuple[datetime, str, str], ...]

    @property
    def response_due_at(self) -> datetime:
        """By when the provider has to answer."""
        return self.opened_at + timedelta(hours={"sev1": 1, "sev2": 4, "sev3": 12}[self.severity])

    @property
    def resolution_due_at(self) -> datetime:
        """By when the provider has to solve it."""
        return self.opened_at + timedelta(hours={"sev1": 24, "sev2": 48, "sev3": 96}[self.severity])


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a party said it would do by when; met, withdrawn, or still open."""

    recorded_at: datetime
    party_id: str
    what: str
    due_at: datetime
    met_at: datetime | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One maintenance: what was planned, said and done."""

    cluster: Cluster
    kind: str
    title: str
    reference: str
    nodes: tuple[Node, ...]
    updates: tuple[Update, ...]  # oldest first
    at_once: int | None = None
    named_at: datetime | None = None  # when the nodes were named, if not with the first update
    dropped: tuple[tuple[Node, datetime], ...] = ()  # named at first, then taken off the list
    histories: Mapping[str, History] = field(default_factory=dict)
    letters: tuple[Letter, ...] = ()
    cases: tuple[Case, ...] = ()
    commitments: tuple[Commitment, ...] = ()

    @property
    def habit(self) -> Habit:
        """How its provider works."""
        return HABITS[self.cluster.provider_id]

    @property
    def announced_at(self) -> datetime:
        """When we first knew of it."""
        return self.updates[0].recorded_at


def limit(cluster: Cluster, histories: Mapping[str, History]) -> int:
    """A round number of nodes, in whole racks, that the rollout keeps under."""
    rack = NODES_PER_RACK[cluster.sku]
    return ceil(most_out(histories) / rack) * rack
