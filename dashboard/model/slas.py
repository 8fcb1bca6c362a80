"""What contracts grant: how long a response, a repair or a node's return may take, and when the clock stands still."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.model.clocks import OpenHours, Span, due_at, stands_at
from dashboard.model.stages import Stage

RESPONSE, RESOLUTION, CONFIRMATION, CASE, ANSWER = "response", "resolution", "confirmation", "case", "answer"
OF_STAGE = {
    Stage.CORDONED: "drain",
    Stage.DRAINED: "handover",
    Stage.IN_MAINTENANCE: "return",
    Stage.RETURNED: "takeover",
    Stage.VALIDATING: "validation",
    Stage.REPAIRING: "repair",
}
"""What a node's stay in a stage is called in a contract."""

OF_CASES = (RESPONSE, RESOLUTION)
WHATS = (*OF_CASES, *OF_STAGE.values(), CONFIRMATION, CASE, ANSWER)
OUTSIDE, WHILE = "outside ", "while "


@dataclass(frozen=True, slots=True)
class Sla:
    """One promise of a contract. '' for provider, kind or severity: of all.

    `confirmation` is so many hours before the start; anything else is within so many hours.
    """

    what: str
    hours: float
    provider: str = ""
    kind: str = ""
    severity: str = ""
    within: OpenHours | None = None  # the clock runs in these hours only
    waits: frozenset[str] = frozenset()  # statuses of a case while which it stands
    pauses: tuple[str, ...] = ()  # as the contract has them

    def due(self, since: datetime, pauses: Sequence[Span] = ()) -> datetime | None:
        """When the clock started at `since` is up."""
        return due_at(since, timedelta(hours=self.hours), self.within, pauses)

    def stands(self, now: datetime) -> bool:
        """Whether the clock stands still now, being outside its hours."""
        return stands_at(now, self.within)

    @property
    def words(self) -> str:
        """repair within 48 h, not outside Mon-Fri 09:00-18:00 Europe/Berlin."""
        limit = "before the start" if self.what == CONFIRMATION else ""
        said = f"{self.what} {self.hours:g} h {limit}" if limit else f"{self.what} within {self.hours:g} h"
        waits = [each.replace("_", " ") if each.startswith(WHILE) else each for each in self.pauses]
        return f"{said}, stands {' and '.join(waits)}" if waits else said


def read_pauses(told: Sequence[str]) -> tuple[OpenHours | None, frozenset[str]]:
    """When a clock stands, from words like `outside Mon-Fri 09:00-18:00 Europe/Berlin` and `while waiting_on_customer`.

    Raises ValueError that says what to write.
    """
    within: OpenHours | None = None
    waits: set[str] = set()
    for each in told:
        if each.startswith(OUTSIDE) and within is None:
            within = OpenHours.read(each.removeprefix(OUTSIDE))
        elif each.startswith(WHILE) and each.removeprefix(WHILE).strip():
            waits.add(each.removeprefix(WHILE).strip())
        else:
            twice = "the hours are given twice" if each.startswith(OUTSIDE) else f"{each!r} is no pause"
            raise ValueError(f"{twice}; write one 'outside HOURS', and 'while STATUS' as often as needed")
    return within, frozenset(waits)


@dataclass(frozen=True, slots=True)
class Slas:
    """Every promise that contracts hold."""

    all: tuple[Sla, ...] = ()

    def find(self, what: str, provider: str, kind: str = "", severity: str = "") -> Sla | None:
        """The one that fits most closely: by provider, then severity, then kind; None where nothing is promised."""
        fitting = [
            each
            for each in self.all
            if each.what == what
            and each.provider in ("", provider)
            and each.kind in ("", kind)
            and each.severity in ("", severity)
        ]
        return max(fitting, key=lambda each: (each.provider != "", each.severity != "", each.kind != ""), default=None)


NO_SLAS = Slas()
