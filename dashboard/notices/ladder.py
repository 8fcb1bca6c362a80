"""Which notice is due: of one maintenance to one audience, and why every other rung is not. Pure.

What an audience was told last is held against what is. Where they differ, it is told; before the start it is told
again at every rung. So whatever was missed, and for however long, one notice makes good for.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from dashboard.model.instants import HOUR
from dashboard.model.words import percent
from dashboard.notices.story import Mood, Phase, Said, Story

DAY = 24 * HOUR


class Rung(StrEnum):
    """Why an audience is told, as the page shows it; those before the start are named by how long before."""

    CONFIRMED = "confirmed"
    MOVED = "moved"
    DEFERRED = "deferred"
    DOUBTFUL = "may happen"
    BEFORE = "before"
    AGAIN = "again"
    ESCALATED = "escalated"
    START = "start"
    ETA = "ETA moved"
    BACK = "back in part"
    RESIZED = "resized"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    RELEASED = "released"


WEIGHT = (
    Rung.CANCELLED, Rung.RELEASED, Rung.COMPLETE, Rung.START, Rung.MOVED, Rung.DEFERRED, Rung.DOUBTFUL, Rung.CONFIRMED,
    Rung.ESCALATED, Rung.BACK, Rung.ETA, Rung.RESIZED, Rung.BEFORE, Rung.AGAIN,
)  # fmt: skip
"""Of several that are due together, the first names the notice."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rules; lengths of time in microseconds."""

    leads: tuple[int, ...] = (7 * DAY, 5 * DAY, DAY)
    urgent: int = DAY  # from so long before the start it is repeated until acknowledged
    repeat: int = 4 * HOUR
    escalate_after: int = 2 * HOUR
    moved: int = 15 * 60 * 1_000_000  # a plan that moves by less is the same plan
    eta_moved: int = 4 * HOUR
    back: tuple[float, ...] = (0.5, 0.9)
    resized: float = 0.25
    may_happen: int = 7 * DAY  # what is not confirmed is told from so long before its start
    stale: int = DAY  # so long after its start one that nobody reports on is not repeated
    late: int = 7 * DAY  # what has been over for so long is news to nobody


@dataclass(frozen=True, slots=True)
class Step:
    """One rung: when it is due, and how it stands: due, next, sent or not sent, with the reason."""

    rung: Rung
    label: str
    at: int | None
    state: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Climbed:
    """Every rung that matters now. What is due together is one notice."""

    steps: tuple[Step, ...]

    @property
    def due(self) -> tuple[Step, ...]:
        """What has to be told now, the weightiest first."""
        return tuple(sorted((s for s in self.steps if s.state == DUE), key=lambda each: WEIGHT.index(each.rung)))

    @property
    def next_at(self) -> int | None:
        """When to look again without news; None: not before something changes."""
        return min((each.at for each in self.steps if each.state == NEXT and each.at is not None), default=None)


DUE, NEXT, SENT, NOT_SENT = "due", "next", "sent", "not sent"


@dataclass(frozen=True, slots=True)
class _Climb:
    story: Story
    said: Said | None
    ladder: Ladder
    now: int
    began: int
    steps: list[Step] = field(default_factory=list)

    def add(self, rung: Rung, at: int, *, label: str = "", timed: bool = False) -> None:
        """Due. One that is `timed` only once its time has come; news are due once they are known, whatever clock dated
        them, since clocks run ahead and are set back."""
        state = NEXT if timed and at > self.now else DUE
        self.steps.append(Step(rung, label or str(rung), at if timed else min(at, self.now), state))

    def skip(self, rung: Rung, why: str, *, at: int | None = None, label: str = "", state: str = NOT_SENT) -> None:
        """Not sent, and why; or sent already."""
        self.steps.append(Step(rung, label or str(rung), at, state, why))


def climb(story: Story, said: Said | None, ladder: Ladder, now: int, began: int) -> Climbed:
    """Every rung of one maintenance for one audience, as known now.

    `began`: when notices were first sent at all; what was over before is told to nobody.
    """
    climbing = _Climb(story, said, ladder, now, began)
    {
        Phase.ANNOUNCED: _announced,
        Phase.RUNNING: _running,
        Phase.COMPLETED: _completed,
        Phase.CANCELLED: _cancelled,
        Phase.RELEASED: _released,
    }[story.course.phase](climbing)
    return Climbed(tuple(climbing.steps))


def mood(story: Story, ladder: Ladder, now: int) -> tuple[Mood, int]:
    """How sure it is and since when: what is near and whose source is silent may happen, or not."""
    course = story.course
    near = course.phase is Phase.ANNOUNCED and course.start is not None and course.start - ladder.may_happen <= now
    if course.mood is Mood.SURE and story.silent_since is not None and near:
        return Mood.MAY, max(story.silent_since, (course.start or 0) - ladder.may_happen)
    return course.mood, course.mood_at


def _announced(it: _Climb) -> None:
    course, said, now = it.story.course, it.said, it.now
    feels, since = mood(it.story, it.ladder, now)
    if said is None:
        _first_word(it, feels, since)
    else:
        if said.phase is not Phase.ANNOUNCED:
            it.add(Rung.MOVED, course.phase_at)
        elif _moved(said.start, course.start, it.ladder) or _moved(said.end, course.end, it.ladder):
            it.add(Rung.MOVED, course.planned_at)
        if said.mood is not feels:
            rung = {Mood.SURE: Rung.CONFIRMED, Mood.MAY: Rung.DOUBTFUL, Mood.DEFERRED: Rung.DEFERRED}[feels]
            it.add(rung, max(since, said.at))
        elif feels is Mood.SURE:
            it.skip(Rung.CONFIRMED, "", at=said.at, state=SENT)
        _resized(it, said)
    _leads(it, feels)
    _until_acknowledged(it)


def _first_word(it: _Climb, feels: Mood, since: int) -> None:
    start = it.story.course.start
    if feels is not Mood.SURE:
        silent = "its source is silent" if it.story.course.mood is Mood.SURE else "it is not confirmed"
        why = "it is deferred" if feels is Mood.DEFERRED else silent
        it.skip(Rung.CONFIRMED, f"{why}; near its start it is told as what may happen")
    elif start is not None and start + it.ladder.stale <= it.now and since < it.now - it.ladder.late:
        it.skip(Rung.CONFIRMED, "its start has long passed, and nobody said that it began")
    else:
        it.add(Rung.CONFIRMED, since)


def _leads(it: _Climb, feels: Mood) -> None:
    start, said = it.story.course.start, it.said
    for lead in it.ladder.leads:
        label = before(lead)
        if start is None:
            it.skip(Rung.BEFORE, "no start is planned", label=label)
            continue
        at = start - (lead if feels is Mood.SURE else min(lead, it.ladder.may_happen))
        if at > it.now:
            it.add(Rung.BEFORE, at, label=label, timed=True)
        elif told_since(said, start, at, it.ladder):
            it.skip(Rung.BEFORE, "", at=at, label=label, state=SENT)
        elif start + it.ladder.stale <= it.now:
            it.skip(Rung.BEFORE, "its start has passed, and nobody said that it began", at=at, label=label)
        else:
            it.add(Rung.BEFORE, at, label=label, timed=True)
    if start is not None and start - it.ladder.may_happen > it.now:  # from here on, doubts are told
        it.steps.append(Step(Rung.DOUBTFUL, "", start - it.ladder.may_happen, NEXT))


def told_since(said: Said | None, start: int, at: int, ladder: Ladder) -> bool:
    """Whether the audience was told of this start at `at` or later."""
    return bool(said and said.phase is Phase.ANNOUNCED and said.at >= at and not _moved(said.start, start, ladder))


def _until_acknowledged(it: _Climb) -> None:
    start, said, ladder = it.story.course.start, it.said, it.ladder
    if start is None:
        return
    opens, closes = start - ladder.urgent, start + ladder.stale
    if it.now < opens:
        it.add(Rung.AGAIN, opens, timed=True)
        return
    if said is None or said.phase is not Phase.ANNOUNCED or _moved(said.start, start, ladder):
        if it.now < closes:
            it.add(Rung.AGAIN, opens, timed=True)
        return
    if said.acknowledged:
        it.skip(Rung.AGAIN, "acknowledged")
    elif it.now >= closes:
        it.skip(Rung.AGAIN, "its start passed a day ago and nobody said that it began; it is told when somebody does")
    else:
        it.add(Rung.AGAIN, opens if said.at < opens else said.at + ladder.repeat, timed=True)
        if said.urgent_since is not None and not said.escalated:
            it.add(Rung.ESCALATED, said.urgent_since + ladder.escalate_after, timed=True)


def _running(it: _Climb) -> None:
    story, said = it.story, it.said
    if said is None or said.phase is not Phase.RUNNING:
        it.add(Rung.START, story.course.phase_at)
        return
    it.skip(Rung.START, "", at=said.at, state=SENT)
    if story.eta is None:
        it.skip(Rung.ETA, "nothing is forecast yet")
    elif said.eta is None or abs(story.eta - said.eta) >= it.ladder.eta_moved:
        it.add(Rung.ETA, max(story.eta_at, said.at))
    else:
        it.skip(Rung.ETA, f"it moved by less than {length(it.ladder.eta_moved)}")
    for part in it.ladder.back:
        label = f"{percent(part)} back"
        if said.back >= part:
            it.skip(Rung.BACK, "", label=label, state=SENT)
        elif story.back >= part:
            it.add(Rung.BACK, max(story.course.changed_at, said.at), label=label)
        else:
            it.skip(Rung.BACK, "not so much is back yet", label=label)
    _resized(it, said)


def _resized(it: _Climb, said: Said) -> None:
    gpus = it.story.gpus
    if abs(gpus - said.gpus) > it.ladder.resized * max(said.gpus, 1) and gpus:
        it.add(Rung.RESIZED, max(it.story.course.changed_at, said.at))


def _completed(it: _Climb) -> None:
    over = it.story.course.phase_at
    if it.said is not None and it.said.phase is Phase.COMPLETED:
        it.skip(Rung.COMPLETE, "", at=it.said.at, state=SENT)
    elif it.said is None and over < it.began:
        it.skip(Rung.COMPLETE, "it was over before notices were sent at all")
    elif it.said is None and over < it.now - it.ladder.late:
        it.skip(Rung.COMPLETE, f"it had been over for {length(it.ladder.late)} when it became this audience's")
    else:
        it.add(Rung.COMPLETE, over)


def _cancelled(it: _Climb) -> None:
    if it.said is None:
        it.skip(Rung.CANCELLED, "it was cancelled before this audience was told of it")
    elif it.said.phase is Phase.CANCELLED:
        it.skip(Rung.CANCELLED, "", at=it.said.at, state=SENT)
    else:
        it.add(Rung.CANCELLED, it.story.course.phase_at)


def _released(it: _Climb) -> None:
    if it.said is None:
        it.skip(Rung.RELEASED, "it takes nothing of this audience's")
    elif it.said.phase in (Phase.ANNOUNCED, Phase.RUNNING):
        it.add(Rung.RELEASED, max(it.story.course.changed_at, it.said.at))
    else:
        it.skip(Rung.RELEASED, "", at=it.said.at, state=SENT)


def _moved(told: int | None, now: int | None, ladder: Ladder) -> bool:
    if told is None or now is None:
        return told is not now
    return abs(told - now) >= ladder.moved


def before(lead: int) -> str:
    """The name of a rung before the start: 7 d before."""
    return f"{length(lead)} before"


def length(time: int) -> str:
    """A length of time in the largest unit that it is a multiple of."""
    for unit, name in ((DAY, "d"), (HOUR, "h")):
        if time % unit == 0:
            return f"{time // unit} {name}"
    return f"{time // 60_000_000} min"
