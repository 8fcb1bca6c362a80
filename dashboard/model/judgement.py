"""What we said, and what it was."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dashboard.model.outlook import Quantiles

PHASES = ("before the start", "first returns", "half back", "nearly done")
"""When in a maintenance's life a forecast was made; a wide difference in what there is to know."""

PROMISE, LINE, USUAL = "promise", "straight line", "usual times"
RIVALS = (PROMISE, LINE, USUAL)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One forecast of a finished maintenance, made with nothing recorded after `as_of`, beside what came true."""

    maintenance_id: str
    as_of: datetime
    engine: str
    fraction: float
    phase: str
    provider_id: str
    kind: str
    cluster_id: str
    said: Quantiles
    actual: datetime
    crps: float  # hours
    pit: float
    rivals: Mapping[str, float]  # rival -> its score in hours; one that had nothing to say is left out

    @property
    def likely(self) -> datetime:
        """The median that was said."""
        return self.said[0.5]
