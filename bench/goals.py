"""What was measured beside what it should come to; told, never asserted."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure, and the most that it should be."""

    what: str
    measured: float
    most: float
    unit: str = "×"

    @property
    def met(self) -> bool:
        """Whether it is."""
        return self.measured <= self.most


def tell(goals: Iterable[Goal]) -> None:
    """Prints a line a goal."""
    print(f"\n{'':<58}{'measured':>13}{'goal':>12}")
    for each in goals:
        figures = f"{each.measured:>8,.1f} {each.unit:<4}{each.most:>7,.1f} {each.unit:<4}"
        print(f"{each.what:<58}{figures}  {'met' if each.met else 'MISSED'}", flush=True)
