"""How long things usually take: learnt by forecast, kept by the log, held against what is owed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import erfc, log, sqrt

Z_PLAN_ON = 1.2815515655446004  # the standard normal's 90th percentile
Like = tuple[str, str, str]
"""A provider, a kind of maintenance or a severity, and a stage or a step of a case; '' for any."""


@dataclass(frozen=True, slots=True)
class Usual:
    """How many hours something takes: half of them, nine in ten, nineteen in twenty."""

    p50: float
    p90: float
    p95: float

    def chance_beyond(self, elapsed: float, limit: float) -> float:
        """How likely something that already took `elapsed` hours takes longer than `limit`, 0 to 1.

        S(limit) / S(elapsed) of the lognormal law through the median and the 90th percentile.
        """
        if limit <= elapsed:
            return 1.0
        return self._survival(limit) / max(self._survival(elapsed), 1e-300)

    def _survival(self, hours: float) -> float:
        if hours <= 0:
            return 1.0
        sigma = max(log(self.p90 / self.p50) / Z_PLAN_ON, 1e-3)
        return 0.5 * erfc(log(hours / self.p50) / sigma / sqrt(2))


@dataclass(frozen=True, slots=True)
class UsualTimes:
    """What is usual, by provider and kind."""

    known: Mapping[Like, Usual] = field(default_factory=dict)

    def of(self, provider: str, kind: str, what: str) -> Usual | None:
        """What is usual for these; of a kind that was never seen there, for the provider, else for all."""
        likes = ((provider, kind, what), (provider, "", what), ("", "", what))
        return next((self.known[like] for like in likes if like in self.known), None)
