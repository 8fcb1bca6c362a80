"""What a viewer looks at: whose GPUs, as of when, at which certainty, in which zone."""

from dataclasses import dataclass
from datetime import datetime

from dashboard.model.outlook import PLAN_ON


@dataclass(frozen=True, slots=True)
class Scope:
    """A filter over the fleet, and the viewer's own way to look at it. None means all, or live for `as_of`."""

    team: str | None = None
    provider: str | None = None
    cluster: str | None = None
    sku: str | None = None
    as_of: datetime | None = None
    certainty: float = PLAN_ON
    zone: str = "UTC"
