"""How do nodes usually go on: the stays and turns seen in a log, to be drawn from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

from dashboard.model.instants import HOUR
from dashboard.model.stages import CODE, OUT, Stage

USUAL = {Stage.REPAIRING: 30.0}
"""Hours of a stage of which no stay was ever seen; else two."""
ONWARD = {
    Stage.SCHEDULED: Stage.CORDONED,
    Stage.CORDONED: Stage.DRAINED,
    Stage.DRAINED: Stage.IN_MAINTENANCE,
    Stage.IN_MAINTENANCE: Stage.RETURNED,
    Stage.RETURNED: Stage.VALIDATING,
    Stage.REPAIRING: Stage.VALIDATING,
}
Moves = Iterable[tuple[str, str, str, int]]
"""Maintenance, node, stage, when it was entered (µs)."""


class Habits:
    """Past stays of each provider, drawn with replacement (the bootstrap of Efron 1979), given what has passed."""

    def __init__(self, moves: Moves, provider_of: dict[str, str]) -> None:
        self._hours: dict[tuple[str, Stage], list[float]] = defaultdict(list)
        self._then: dict[tuple[str, Stage], list[Stage]] = defaultdict(list)
        ways: dict[tuple[str, str], list[tuple[int, int, Stage]]] = defaultdict(list)
        for maintenance, node, stage, at in moves:
            ways[maintenance, node].append((at, CODE[Stage(stage)], Stage(stage)))
        for (maintenance, _), way in ways.items():
            provider = provider_of.get(maintenance, "")
            for before, after in pairwise(sorted(way)):
                if before[2] in OUT:
                    self._hours[provider, before[2]].append((after[0] - before[0]) / HOUR)
                    self._then[provider, before[2]].append(after[2])

    def stay(self, provider: str, stage: Stage, passed: float, rng: Random) -> float:
        """Hours that a stay lasts in all, having lasted `passed`."""
        longer = [each for each in self._hours[provider, stage] if each > passed]
        if longer:
            return rng.choice(longer)
        return passed + rng.expovariate(1.0) * (USUAL.get(stage, 2.0) if not passed else 0.5 * passed)

    def then(self, provider: str, stage: Stage, rng: Random) -> Stage:
        """The stage that follows."""
        return _one_of(self._then[provider, stage], rng) or ONWARD.get(stage, Stage.IN_SERVICE)


def _one_of(some: Sequence[Any], rng: Random) -> Any:
    return rng.choice(some) if some else None
