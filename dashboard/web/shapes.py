"""What the API answers, as pydantic models: the JSON, and the OpenAPI document that describes it.

Every instant is in UTC. `likely` is the median and `plan_on` the certainty asked for, 90 % unless told otherwise; both
are for 95 % of the GPUs, but where a fraction is named.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Shape(BaseModel):
    """What all have in common."""

    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


class Problem(Shape):
    """Why there is no answer, in one sentence."""

    error: str


class Named(Shape):
    """A team or a provider."""

    id: str
    name: str


class Names(Shape):
    """Teams, or providers."""

    items: list[Named]


class Cluster(Shape):
    """A cluster, in GPUs as the scope counts them."""

    cluster: str
    provider: str
    region: str
    sku: str
    gpus: int
    in_service: int
    out: int
    lost: int


class Clusters(Shape):
    """The clusters in scope."""

    as_of: datetime
    items: list[Cluster]


class Maintenance(Shape):
    """One maintenance, as the scope counts its GPUs."""

    maintenance_id: str
    title: str
    provider: str
    cluster: str
    kind: str
    status: str
    risk: str = Field(description='"", "at risk" or "late"')
    gpus: int
    gpus_out: int
    progress: float = Field(description="share of its GPUs that went and came back")
    planned_start: datetime | None
    promised: datetime | None
    actual_start: datetime | None
    actual_end: datetime | None
    likely_start: datetime | None
    likely_back: datetime | None
    plan_on: datetime | None
    waiting_for: str


class Maintenances(Shape):
    """What is running, announced, or over for less than 14 days."""

    as_of: datetime
    sentence: str
    items: list[Maintenance]


class Stage(Shape):
    """The nodes of a maintenance in one stage."""

    stage: str
    nodes: int
    gpus: int
    waiting_for: str


class Back(Shape):
    """By when a fraction of the GPUs is back."""

    fraction: str
    likely: datetime
    plan_on: datetime


class Owed(Shape):
    """Who is expected to do what."""

    who: str
    role: str
    what: str
    since: datetime | None
    due: datetime | None
    contact: str
    escalates_to: str


class Curve(Shape):
    """GPUs out: level -> one number an instant. At level 0.9, so many or fewer are out with 90 % certainty."""

    at: list[datetime]
    gpus_out: dict[str, list[int]]


class Past(Shape):
    """GPUs that were out, one number an instant."""

    at: list[datetime]
    gpus_out: list[int]


class MaintenanceInFull(Shape):
    """Where one maintenance stands."""

    as_of: datetime
    maintenance_id: str
    title: str
    status: str
    risk: str
    sentence: str
    moved: str
    because: list[str]
    account: list[str]
    gpus: int
    out: int
    returned: int
    lost: int
    stages: list[Stage]
    back: list[Back]
    curve: Curve
    past: Past
    waiting_for: list[Owed]


class Capacity(Shape):
    """What is out, and when it is back."""

    as_of: datetime
    sentence: str
    gpus: int
    out: int
    lost: int
    allocated: int | None
    likely_back: datetime | None
    plan_on: datetime | None
    curve: Curve
    past: Past
    clusters: list[Cluster]


class Avoid(Shape):
    """A node to leave alone."""

    node_id: str
    maintenance_id: str
    stage: str
    since: datetime = Field(description="the instant from which to leave it alone; it may lie ahead")
    until: datetime | None = Field(description="by when its whole maintenance is back, at the certainty asked for")
    draining: bool = Field(description="what runs on it may end by itself")


class ClusterSignals(Shape):
    """One cluster to come. `in_service`: certainty -> so many GPUs or more, one number an instant of `at`."""

    cluster: str
    provider: str
    sku: str
    gpus: int
    in_service_now: int
    in_service: dict[str, list[int]]
    avoid: list[Avoid]


class SchedulerSignals(Shape):
    """The coming capacity of each cluster, and the nodes to avoid from when."""

    as_of: datetime
    certainty: float
    at: list[datetime]
    clusters: list[ClusterSignals]
