"""What the API answers of one node, of one cluster, and to a search; as pydantic models."""

from datetime import datetime

from pydantic import Field

from dashboard.web.shapes import Curve, Shape


class Passage(Shape):
    """A node in one maintenance. `hours`: out so far; None where it was not out."""

    maintenance_id: str
    title: str
    kind: str
    status: str
    out_at: datetime | None
    back_at: datetime | None
    hours: float | None
    stages: str = Field(description="how long in which stage, in words")
    repairs: int = Field(description="how often it failed validation")


class Node(Shape):
    """What happened to one machine, and who has it now."""

    as_of: datetime
    node_id: str
    sentence: str
    cluster: str
    stage: str
    since: datetime | None
    who: str = Field(description="has the ball")
    contact: str
    escalates_to: str
    maintenance_id: str = Field(description='that has it now; "" for none')
    outs: int = Field(description="in the last 180 days")
    repairs: int = Field(description="how many of these went to repair")
    hours_out: float = Field(description="in all that is known")
    beside: list[str] = Field(description="against its like, in words")
    contradictions: list[str]
    maintenances: list[Passage]


class Cause(Shape):
    """Nodes that are out, by stage and maintenance."""

    stage: str
    title: str
    maintenance_id: str
    nodes: int
    gpus: int
    since: datetime | None
    waiting_for: str


class Coming(Shape):
    """A maintenance that is announced."""

    maintenance_id: str
    title: str
    status: str
    starts: datetime | None
    promised: datetime | None
    gpus: int


class TeamShare(Shape):
    """GPUs of one team in a cluster. `short`: of what it was allocated."""

    team: str
    allocated: int
    available: int
    out: int
    short: int


class Troubled(Shape):
    """A node that keeps failing. `again`: out within 14 days after a return, so many times."""

    node_id: str
    rack: str
    outs: int
    again: int
    repairs: int
    hours: float
    stage: str
    since: datetime | None


class ClusterInFull(Shape):
    """How one cluster is, all of it."""

    as_of: datetime
    cluster: str
    sentence: str
    nodes: int
    gpus: int
    in_service: int
    out: int
    lost: int
    why: list[Cause]
    coming: list[Coming]
    teams: list[TeamShare]
    worst: list[Troubled]
    curve: Curve


class Hit(Shape):
    """Something that goes by a name."""

    kind: str = Field(description="cluster, maintenance, node, team or provider")
    id: str
    name: str
    about: str


class Hits(Shape):
    """What goes by a name, the likeliest first within each kind. `more`: kinds of which there are more."""

    items: list[Hit]
    more: list[str]
