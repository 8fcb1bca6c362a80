"""Which notices were due, judged by a dumb reading of the rules: from what was true, and when the notifier looked."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.notices.world import DAY, HOUR, Made, Truth, World

LEADS = {"7 d before": 7 * DAY, "5 d before": 5 * DAY, "1 d before": DAY}
NEAR = 7 * DAY
SILENT = 12 * HOUR
SAME = HOUR // 4  # a plan that moves by less is the same plan


@dataclass(frozen=True)
class Sent:
    """A notice as it was found in the outbox."""

    at: int
    labels: frozenset[str]
    phase: str
    mood: str
    start: int | None
    end: int | None
    acknowledged_at: int | None
    urgent: bool


@dataclass
class Judged:
    """What was due, what of it was sent, how late, and what is missing."""

    due: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    late: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))  # after it was due
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def judge(
    world: World,
    sent: Mapping[tuple[str, str], Sequence[Sent]],
    audiences: Mapping[str, Iterable[str]],
    looks: list[int],
) -> Judged:
    """Holds what was sent against what was due at each instant at which the notifier looked."""
    judged = Judged()
    for made in world.made:
        for audience in audiences[made.cluster]:
            _One(world, made, audience, list(sent.get((made.name, audience), ())), looks, judged).walk()
    return judged


@dataclass
class _One:
    world: World
    made: Made
    audience: str
    sent: list[Sent]
    looks: list[int]
    judged: Judged

    def walk(self) -> None:
        """Goes through every look at which anything about this maintenance can have become due."""
        by_look = {each.at: each for each in self.sent}
        if len(by_look) != len(self.sent):
            self.judged.wrong.append(f"{self.made.name} to {self.audience}: two notices of one instant")
        looks = sorted(self._looks() | by_look.keys())
        for at in looks:
            truth = self._truth(at)
            if truth is None:
                continue
            before = [each for each in self.sent if each.at < at]
            for label, due in self._required(at, truth, before):
                self.judged.due[label] += 1
                found = by_look.get(at)
                if found is None or label not in found.labels:
                    self.judged.missing.append(f"{self.made.name} to {self.audience}: {label}, due {due}, not at {at}")
                else:
                    self.judged.late[label].append(max(at - due, 0))
            found = by_look.get(at)
            if found and (found.phase, found.mood, found.start, found.end) != (
                truth.phase, truth.mood, truth.start, truth.end
            ):  # fmt: skip
                self.judged.wrong.append(
                    f"{self.made.name} to {self.audience}: says at {at} what was not so: {found} {truth}"
                )

    def _looks(self) -> set[int]:
        instants = {word.at for word in self.made.words}
        for start in {word.start for word in self.made.words if word.start}:
            instants |= {start - lead for lead in LEADS.values()} | {start - DAY, start + DAY, start - NEAR}
            instants |= {start + k * HOUR // 2 for k in range(-48, 49)}
        for since, until in self.world.silences[self.made.source]:
            instants |= {since + k * HOUR // 2 for k in range(-24, 60)} | {until + k * HOUR // 4 for k in range(6)}
        found = set()
        for each in instants:
            place = bisect_left(self.looks, each)
            found |= set(self.looks[place : place + 2])
        return found

    def _truth(self, at: int) -> Truth | None:
        truth = self.made.truth(at)
        if truth is None or truth.start is None or truth.phase != "announced" or truth.mood != "sure":
            return truth
        silent = self.world.silent_since(self.made.source, at, SILENT)
        if silent is not None and truth.start - NEAR <= at:
            return Truth(truth.phase, "may", max(silent, truth.start - NEAR), truth.start, truth.end, truth.back)
        return truth

    def _required(self, at: int, truth: Truth, before: list[Sent]) -> Iterable[tuple[str, int]]:
        told = self._truth(before[-1].at) if before else None
        changed = max((word.at for word in self.made.words if word.at <= at), default=at)
        if truth.phase == "cancelled":
            return [("cancelled", changed)] if told and told.phase != "cancelled" else []
        if truth.phase == "completed":
            return [("complete", changed)] if not told or told.phase != "completed" else []
        if truth.phase == "running":
            return self._while_running(truth, told, changed)
        return self._before_start(at, truth, told, before, changed)

    def _while_running(self, truth: Truth, told: Truth | None, changed: int) -> list[tuple[str, int]]:
        if told is None or told.phase != "running":
            return [("start", changed)]
        found = []
        if abs((truth.end or 0) - (told.end or 0)) >= 4 * HOUR:
            found.append(("ETA moved", changed))
        for part, label in ((0.5, "50 % back"), (0.9, "90 % back")):
            if truth.back >= part > told.back:
                found.append((label, changed))
        return found

    def _before_start(
        self, at: int, truth: Truth, told: Truth | None, before: list[Sent], changed: int
    ) -> list[tuple[str, int]]:
        found = []
        if (
            told is None
            and truth.mood == "sure"
            and ((truth.start or at) + DAY > at or truth.mood_since >= at - 7 * DAY)
        ):
            found.append(("confirmed", truth.mood_since))
        if told and (told.phase != "announced" or _moved(told.start, truth.start) or _moved(told.end, truth.end)):
            found.append(("moved", changed))
        if told and told.mood != truth.mood:
            word = {"sure": "confirmed", "may": "may happen", "deferred": "deferred"}[truth.mood]
            found.append((word, max(truth.mood_since, before[-1].at)))
        about_this = told is not None and told.phase == "announced" and told.start == truth.start
        if truth.start is not None and at < truth.start + DAY:
            for label, lead in LEADS.items():
                due = truth.start - lead
                if due <= at and not (about_this and before[-1].at >= due):
                    found.append((label, due))
            found += self._pressing(at, truth, before if about_this else [])
        return found

    def _pressing(self, at: int, truth: Truth, before: list[Sent]) -> list[tuple[str, int]]:
        assert truth.start is not None
        opens = truth.start - DAY
        about: list[Sent] = []
        for each in reversed(before):  # the unbroken run of those about this very start
            then = self._truth(each.at)
            if then is None or then.phase != "announced" or then.start != truth.start:
                break
            about.insert(0, each)
        if at < opens or not about or any(e.acknowledged_at is not None and e.acknowledged_at <= at for e in about):
            return []
        pressing = [each for each in about if each.at >= opens]
        if not pressing:
            return [("again", opens)]
        found = []
        if at >= pressing[-1].at + 4 * HOUR:
            found.append(("again", pressing[-1].at + 4 * HOUR))
        if at >= pressing[0].at + 2 * HOUR and not any("escalated" in each.labels for each in about):
            found.append(("escalated", pressing[0].at + 2 * HOUR))
        return found


def _moved(told: int | None, now: int | None) -> bool:
    if told is None or now is None:
        return told is not now
    return abs(told - now) >= SAME
