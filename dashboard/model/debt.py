"""Maintenance debt: work that was put off, how severe that is, and what catching up will cost."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dashboard.model.review import Went

WORTH_TELLING = timedelta(hours=1)
LONG, VERY_LONG = timedelta(days=14), timedelta(days=30)


class Severity(StrEnum):
    """How much it matters that it waits."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


OF_KIND = {"security_patch": Severity.HIGH, "power": Severity.MEDIUM, "cooling": Severity.MEDIUM,
           "firmware": Severity.MEDIUM}  # fmt: skip
"""What is exposed while it waits is severe; what can fail, middling; all else is not, until it has waited long."""


@dataclass(frozen=True, slots=True)
class Debt:
    """One maintenance that was put off."""

    maintenance_id: str
    title: str
    provider_id: str
    kind: str
    gpus: float
    first: datetime  # when it was first to begin
    begins: datetime | None  # when it is now; None where no new date was given
    put_off: timedelta
    severity: Severity
    cost: float  # GPU-hours that it will take
    basis: str  # where that is known from

    @property
    def gpu_days(self) -> float:
        """GPUs times the days that they wait longer than first planned: what the page Plan calls the debt."""
        return self.gpus * (self.put_off / timedelta(days=1))


def put_off(first: datetime, begins: datetime | None, now: datetime) -> timedelta:
    """How much later than first planned it begins; where no new date holds, how long that has passed."""
    return max((begins if begins is not None and begins > now else now) - first, timedelta(0))


def severity(kind: str, waits: timedelta) -> Severity:
    """By kind; two weeks make nothing low, a month makes anything high."""
    known = OF_KIND.get(kind, Severity.LOW)
    if waits >= VERY_LONG:
        return Severity.HIGH
    return Severity.MEDIUM if known is Severity.LOW and waits >= LONG else known


def cost_each(went: Iterable[Went], provider: str, kind: str) -> tuple[float, str] | None:
    """Hours that a GPU is out for such work, and whose experience that is: its provider's, else anyone's."""
    ended = [each for each in went if each.ended_at is not None and each.gpus > 0 and each.whole > 0]
    likes: Sequence[tuple[str, list[Went]]] = (
        ("as this provider took for the same kind", [e for e in ended if (e.provider_id, e.kind) == (provider, kind)]),
        ("as others took for the same kind", [e for e in ended if e.kind == kind]),
        ("as this provider took for anything", [e for e in ended if e.provider_id == provider]),
    )
    for words, alike in likes:
        if alike:
            return sum(each.whole for each in alike) / sum(each.gpus for each in alike), words
    return None
