"""How each provider works, and how long each kind of maintenance takes: the law behind the sample."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

ALL_STAGES = (
    "scheduled",
    "cordoned",
    "drained",
    "in_maintenance",
    "returned",
    "validating",
    "repairing",
    "in_service",
    "removed",
)


@dataclass(frozen=True, slots=True)
class Spread:
    """A lognormal duration in hours."""

    median: float
    sigma: float

    def draw(self, rng: Random, pace: float = 1.0) -> float:
        """One duration, hours."""
        return self.median * pace * exp(self.sigma * rng.gauss(0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of maintenance goes, at a provider of ordinary pace."""

    work: Spread
    fail: float  # chance that a node fails its first validation
    by_rack: bool  # a rack is taken as one
    shares: tuple[float, ...]  # of the nodes that may be with the provider at once
    waves: tuple[int, ...]


KINDS = {
    "firmware": Kind(Spread(2.2, 0.35), 0.03, False, (0.12, 0.25, 0.35), (1, 1, 2)),
    "security_patch": Kind(Spread(0.9, 0.3), 0.012, False, (0.1, 0.2, 0.3), (1, 1, 3)),
    "power": Kind(Spread(6.0, 0.25), 0.03, True, (0.25, 0.5, 1.0), (1, 2)),
    "network": Kind(Spread(3.0, 0.4), 0.02, True, (0.2, 0.34, 0.5), (1, 2, 3)),
    "hardware_refresh": Kind(Spread(9.0, 0.5), 0.09, False, (0.25, 0.4), (1, 2)),
    "cooling": Kind(Spread(8.0, 0.35), 0.025, True, (0.34, 0.5), (1, 2)),
}

DRAIN = Spread(1.6, 0.85)
HANDOVER = Spread(0.25, 0.6)
TAKEOVER = Spread(0.4, 0.7)
VALIDATION = Spread(1.1, 0.3)
REPAIR = Spread(38.0, 0.6)
LOST_IN_REPAIR = 0.07


@dataclass(frozen=True, slots=True)
class Habit:
    """How one provider works: when, how fast, how hopefully, and what it reports."""

    provider_id: str
    source: str
    zone: ZoneInfo
    hours: tuple[int, int]  # local hours in which nodes are taken
    weekends: bool
    slowness: float
    optimism: float  # promised length over the length to be expected
    frailty: float  # sigma of the pace that a whole maintenance shares
    rack_shock: float  # sigma of the pace that a rack shares
    failing: float  # times the kind's chance of a failed validation
    stages: tuple[str, ...]  # what becomes known per node; none: only the maintenance as a whole
    minutes: Spread  # from when it happened to when we knew; in minutes, not hours
    hourly: bool = False  # its facts arrive in batches on the hour
    moves_plan: bool = False  # a slip also moves planned_end, not only the claim in a message

    def opens(self, at: datetime) -> datetime:
        """The first instant from `at` on at which it takes a node."""
        local = at.astimezone(self.zone)
        first, last = self.hours
        while True:
            if self.weekends or local.weekday() < 5:
                if first <= local.hour < last:
                    return local.astimezone(at.tzinfo)
                if local.hour < first:
                    return local.replace(hour=first, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
            local = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)

    def knows(self, at: datetime, rng: Random) -> datetime:
        """When its report of something that happened `at` reaches us."""
        known = at + timedelta(minutes=self.minutes.draw(rng))
        if not self.hourly:
            return known
        batch = known.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        return batch + timedelta(minutes=4, seconds=11)


HABITS = {
    "nimbus": Habit(
        provider_id="nimbus",
        source="nimbus-api",
        zone=ZoneInfo("America/New_York"),
        hours=(0, 24),
        weekends=True,
        slowness=0.9,
        optimism=0.88,
        frailty=0.25,
        rack_shock=0.15,
        failing=1.0,
        stages=ALL_STAGES,
        minutes=Spread(2.5, 0.5),
    ),
    "halden": Habit(
        provider_id="halden",
        source="halden-portal",
        zone=ZoneInfo("Europe/Oslo"),
        hours=(8, 17),
        weekends=False,
        slowness=1.1,
        optimism=1.02,
        frailty=0.15,
        rack_shock=0.1,
        failing=0.6,
        stages=("in_maintenance", "in_service"),
        minutes=Spread(3.0, 0.4),
        hourly=True,
    ),
    "kestrel": Habit(
        provider_id="kestrel",
        source="kestrel-api",
        zone=ZoneInfo("America/Chicago"),
        hours=(0, 24),
        weekends=False,
        slowness=1.0,
        optimism=0.62,
        frailty=0.4,
        rack_shock=0.25,
        failing=1.3,
        stages=("cordoned", "in_maintenance", "returned", "validating", "repairing", "in_service", "removed"),
        minutes=Spread(4.0, 0.6),
    ),
    "orrery": Habit(
        provider_id="orrery",
        source="mailbox",
        zone=ZoneInfo("Asia/Singapore"),
        hours=(0, 24),
        weekends=False,
        slowness=1.2,
        optimism=0.8,
        frailty=0.3,
        rack_shock=0.2,
        failing=1.0,
        stages=(),
        minutes=Spread(14.0, 0.7),
    ),
    "southmere": Habit(
        provider_id="southmere",
        source="southmere-feed",
        zone=ZoneInfo("Europe/London"),
        hours=(7, 16),
        weekends=False,
        slowness=1.05,
        optimism=0.75,
        frailty=0.3,
        rack_shock=0.2,
        failing=1.2,
        stages=("cordoned", "drained", "in_maintenance", "validating", "repairing", "in_service", "removed"),
        minutes=Spread(5.0, 0.4),
        moves_plan=True,
    ),
}
