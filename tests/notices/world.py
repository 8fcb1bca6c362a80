"""Made-up maintenances that behave as badly as real ones, and what is true of each at any instant, told by itself.

Nothing here is shared with the rules that are tested: it is written to be obvious, not to be quick.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

START = datetime(2026, 10, 5, tzinfo=UTC)  # three weeks before clocks are set back in Europe, four before America's
MINUTE = 60_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
SOURCES = tuple(f"source-{i}" for i in range(6))
CLUSTERS = tuple(f"c-{i}" for i in range(3))
TEAMS = ("t-0",)
ON_CLUSTER = {CLUSTERS[0]: (TEAMS[0],), CLUSTERS[1]: (), CLUSTERS[2]: ()}
ZONES = ("Europe/Berlin", "America/New_York", "UTC")
NODES = 4  # of each cluster, and of each maintenance that names any


@dataclass(frozen=True)
class Word:
    """One thing that became known: an update, or a node's stage."""

    at: int
    status: str = ""
    start: int | None = None
    end: int | None = None
    node: int = -1
    stage: str = ""


@dataclass(frozen=True)
class Truth:
    """What is so, of one maintenance, at one instant."""

    phase: str
    mood: str
    mood_since: int
    start: int | None
    end: int | None
    back: float


@dataclass
class Made:
    """One maintenance, whole."""

    name: str
    source: str
    cluster: str
    by_node: bool
    words: list[Word] = field(default_factory=list)

    def truth(self, at: int) -> Truth | None:
        """What was known at an instant; None before anything was."""
        known = [word for word in self.words if word.at <= at]
        if not known:
            return None
        status, since, start, end = "", known[0].at, None, None
        stages = dict.fromkeys(range(NODES), "scheduled")
        told = False
        for word in known:
            mood_before = _mood(status)
            status = word.status or status
            if _mood(status) != mood_before:
                since = word.at
            start, end = word.start or start, word.end or end
            if word.node >= 0:
                stages[word.node], told = word.stage, True
        out = sum(stage in ("cordoned", "in_maintenance", "validating") for stage in stages.values())
        phase = {"in_progress": "running", "recovering": "running"}.get(status, status)
        phase = phase if phase in ("running", "completed", "cancelled") else "announced"
        if out and phase != "cancelled":
            phase = "running"
        back = sum(stage == "in_service" for stage in stages.values()) / NODES if told else 0.0
        return Truth(phase, _mood(status), since, start, end, back)


def _mood(status: str) -> str:
    if status == "deferred":
        return "deferred"
    return "may" if status in ("", "proposed", "scheduled") else "sure"


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@dataclass
class World:
    """Maintenances, and when each source is silent."""

    made: list[Made]
    silences: dict[str, list[tuple[int, int]]]
    heard: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.made:
            self.heard.setdefault(each.source, []).extend(word.at for word in each.words)
        for some in self.heard.values():
            some.sort()

    def silent_since(self, source: str, at: int, after: int) -> int | None:
        """When a source was heard of last, where that is too long ago."""
        some = self.heard[source]
        last = some[bisect_right(some, at) - 1]
        return last if last < at - after else None


def make_world(count: int, days: int, seed: int) -> World:
    """So many maintenances, announced over so many days."""
    rng = np.random.default_rng(seed)
    begin = micros(START)
    silences = {source: _silences(rng, begin, days) for source in SOURCES}
    return World([_make(rng, f"M-{i:06}", begin, days, silences) for i in range(count)], silences)


def _silences(rng: np.random.Generator, begin: int, days: int) -> list[tuple[int, int]]:
    found = []
    for _ in range(3):
        at = begin + int(rng.uniform(0, days) * DAY)
        found.append((at, at + int(rng.uniform(6, 60) * HOUR)))
    return found


def _between(rng: np.random.Generator, first: int, last: int) -> int:
    return int(rng.uniform(first, max(last, first + HOUR)))


def _wall(rng: np.random.Generator, near: int) -> int:
    """A full quarter of an hour by the clock on some wall near an instant."""
    zone = ZoneInfo(str(rng.choice(ZONES)))
    local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=near)).astimezone(zone)
    wall = local.replace(minute=int(rng.integers(0, 4)) * 15, second=0, microsecond=0)
    return micros(wall.astimezone(UTC))


def _make(
    rng: np.random.Generator, name: str, begin: int, days: int, silences: dict[str, list[tuple[int, int]]]
) -> Made:
    made = Made(name, str(rng.choice(SOURCES)), str(rng.choice(CLUSTERS)), bool(rng.random() < 0.2))
    known = begin + int(rng.uniform(0.1, days) * DAY)
    start = _wall(rng, known + int(rng.choice([2, 8, 30, 80, 140, 200, 330]) * rng.uniform(0.5, 1.2) * HOUR))
    length = int(rng.uniform(3, 60)) * HOUR
    words = [Word(known, str(rng.choice(["proposed", "scheduled", "confirmed"])), start, start + length)]
    if rng.random() < 0.9:
        words.append(Word(_between(rng, known, start + 3 * HOUR), "confirmed"))
    plan, first = start, start
    for _ in range(int(rng.choice([0, 0, 0, 1, 1, 2, 4]))):
        at = _between(rng, known, plan + 2 * HOUR)
        plan = first if rng.random() < 0.3 else _wall(rng, plan + int(rng.uniform(-40, 110)) * HOUR)
        words.append(Word(at, "", plan, plan + length))
    if rng.random() < 0.06:
        words.append(Word(_between(rng, known, plan), "deferred"))
    if rng.random() < 0.04:
        words.append(Word(_between(rng, known, plan), "scheduled"))  # taken back
    newest = max(word.at for word in words)
    if rng.random() < 0.12:
        words.append(Word(_between(rng, known, max(newest, plan) + HOUR), "cancelled"))
    elif rng.random() < 0.95:
        _run(rng, made, words, max(plan + int(rng.normal(0, 1) * HOUR), newest + HOUR), length)
    made.words = sorted((_delayed(word, silences[made.source]) for word in words), key=lambda word: word.at)
    made.words = [_apart(word, i) for i, word in enumerate(made.words)]
    return made


def _run(rng: np.random.Generator, made: Made, words: list[Word], begun: int, length: int) -> None:
    end = begun + length
    if made.by_node:
        words += [Word(begun + i * 5 * MINUTE, node=i, stage="cordoned") for i in range(NODES)]
    if not made.by_node or rng.random() < 0.8:
        words.append(Word(begun + 10 * MINUTE, "in_progress"))
    for _ in range(int(rng.integers(0, 4))):
        words.append(Word(_between(rng, begun + HOUR, end), end=end + int(rng.uniform(-20, 40)) * HOUR))
    if made.by_node:
        back = sorted(_between(rng, begun + 2 * HOUR, end + 10 * HOUR) for _ in range(NODES))
        words += [Word(at, node=i, stage="in_service") for i, at in enumerate(back)]
    words.append(Word(end, "completed"))
    if rng.random() < 0.03:
        words += [Word(end + 9 * HOUR, "in_progress"), Word(end + 15 * HOUR, "completed")]


def _delayed(word: Word, silences: list[tuple[int, int]]) -> Word:
    for since, until in silences:
        if since <= word.at < until:
            return Word(until + word.at % HOUR, word.status, word.start, word.end, word.node, word.stage)
    return word


def _apart(word: Word, place: int) -> Word:
    """No two at one instant: which of them holds then is arbitrary."""
    return Word(word.at + place, word.status, word.start, word.end, word.node, word.stage)
