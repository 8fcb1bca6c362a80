"""One machine through every maintenance: the stays in stages that its entries make."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard.model.stages import OUT, Stage


@dataclass(frozen=True, slots=True)
class Stay:
    """A node in a stage; `until` None: it is there still."""

    stage: Stage
    since: datetime
    until: datetime | None

    def lasted(self, now: datetime) -> timedelta:
        """How long, up to `now` where it lasts."""
        return (self.until or now) - self.since


@dataclass(frozen=True, slots=True)
class Lane:
    """A node's way through one maintenance, from going out until it was back, or is no more."""

    maintenance_id: str
    title: str
    stays: tuple[Stay, ...]  # in order; the last is in service or removed once it is over

    @property
    def out(self) -> tuple[Stay, ...]:
        """The stays that took its capacity."""
        return tuple(each for each in self.stays if each.stage in OUT)

    @property
    def out_at(self) -> datetime | None:
        """When it first went out; None where it never did."""
        return min((each.since for each in self.out), default=None)

    @property
    def back_at(self) -> datetime | None:
        """When it was last back in service; None where it is not, or never went."""
        last = self.stays[-1] if self.stays else None
        return last.since if last and last.stage is Stage.IN_SERVICE and self.out else None

    @property
    def repairs(self) -> int:
        """How often it failed validation."""
        return sum(each.stage is Stage.REPAIRING for each in self.stays)

    def hours_out(self, now: datetime) -> float:
        """Hours of capacity that it cost so far."""
        return sum((each.lasted(now) for each in self.out), timedelta()) / timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lanes:
    """What the figure of a node's history shows, the newest lane first."""

    now: datetime
    lanes: tuple[Lane, ...]
    usual_hours: float | None  # out in one maintenance, the median of its like


def stays_of(entries: Iterable[tuple[datetime, Stage]]) -> tuple[Stay, ...]:
    """The stays that entries in order make; a stage that is told again is not entered again."""
    turns: list[tuple[datetime, Stage]] = []
    for at, stage in entries:
        if not turns or turns[-1][1] is not stage:
            turns.append((at, stage))
    ends = [*(at for at, _ in turns[1:]), None]
    return tuple(Stay(stage, at, end) for (at, stage), end in zip(turns, ends, strict=False))  # none ends where none is


def comes_again(passages: Iterable[tuple[datetime, datetime | None]], within: timedelta) -> int:
    """How often a node went out again so soon after its return; passages as (out, back)."""
    back: datetime | None = None
    times = 0
    for out_at, back_at in sorted(passages, key=lambda each: each[0]):
        times += back is not None and back <= out_at <= back + within
        back = back_at if back is None or (back_at is not None and back_at > back) else back
    return times
