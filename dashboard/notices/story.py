"""What a notice can be about: one maintenance as it concerns one audience, and what that audience was told last."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dashboard.model.maintenance import Update, fold
from dashboard.model.stages import CLOSED, RUNNING, Status


class Phase(StrEnum):
    """Where a maintenance stands, to one audience."""

    ANNOUNCED = "announced"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    RELEASED = "released"  # it no longer takes anything of this audience's


class Mood(StrEnum):
    """How sure it is that it will happen."""

    SURE = "sure"
    MAY = "may"
    DEFERRED = "deferred"


@dataclass(frozen=True, slots=True)
class Course:
    """What the updates and the nodes of one maintenance come to; instants in microseconds."""

    phase: Phase
    phase_at: int  # since when, without another phase in between
    mood: Mood
    mood_at: int
    start: int | None
    end: int | None
    planned_at: int  # when the plan in force was told
    changed_at: int  # the last word on it of any kind


@dataclass(frozen=True, slots=True)
class Story:
    """One maintenance as it concerns one audience."""

    course: Course
    gpus: int  # of this audience; 0: nobody told how many
    back: float = 0.0  # share of them that went and came back
    eta: int | None = None  # 95 % likely back, else the planned end
    eta_at: int = 0
    silent_since: int | None = None  # its source has said nothing since


@dataclass(frozen=True, slots=True)
class Said:
    """What an audience was told last of a maintenance."""

    at: int
    phase: Phase
    mood: Mood
    start: int | None
    end: int | None
    eta: int | None
    back: float
    gpus: int
    urgent_since: int | None = None  # the first notice about this start that asks for an acknowledgement
    acknowledged: bool = False  # any about this start
    escalated: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """A notice as the outbox keeps it: what it said, and whether anybody acknowledged it."""

    said: Said
    urgent: bool
    escalates: bool
    acknowledged: bool

    @classmethod
    def written(cls, row: Mapping[str, Any]) -> "Kept":
        """A row for the outbox, which nobody has acknowledged yet."""
        said = Said(row["written_at"], Phase(row["phase"]), Mood(row["mood"]), row["start"], row["end"], row["eta"],
                    row["back"], row["gpus"])  # fmt: skip
        return cls(said, row["urgent"], row["escalates"], acknowledged=False)


def said_next(last: Said | None, each: Kept) -> Said:
    """What an audience has been told once it is told this, too."""
    now = each.said
    same = last is not None and last.phase is Phase.ANNOUNCED is now.phase and last.start == now.start
    since = last.urgent_since if same and last else None
    return Said(
        now.at, now.phase, now.mood, now.start, now.end, now.eta, now.back, now.gpus,
        urgent_since=now.at if since is None and each.urgent else since,
        acknowledged=each.acknowledged or bool(same and last and last.acknowledged),
        escalated=each.escalates or bool(same and last and last.escalated),
    )  # fmt: skip


def course_of(updates: Iterable[Update], first_out_at: int | None, out: int, changed_at: int) -> Course:
    """Folds the updates of one maintenance, of whose nodes `out` are out, the first since `first_out_at`."""
    told = sorted(updates, key=lambda each: (each.recorded_at, each.digest))
    state = fold("", told)
    phase, phase_at = Phase.ANNOUNCED, told[0].recorded_at if told else changed_at
    planned_at, plan = phase_at, (state.first_planned_start, state.first_planned_end)
    mood, mood_at, status = Mood.MAY, phase_at, Status.SCHEDULED
    for each in told:
        status = Status(each.status) if each.status else status
        planned = (each.planned_start or plan[0], each.planned_end or plan[1])
        if planned != plan:
            plan, planned_at = planned, each.recorded_at
        if _phase(status) is not phase:
            phase, phase_at = _phase(status), each.recorded_at
        if _mood(status) is not mood:
            mood, mood_at = _mood(status), each.recorded_at
    if phase in (Phase.ANNOUNCED, Phase.COMPLETED) and out:  # a maintenance whose nodes are out runs
        phase, phase_at = Phase.RUNNING, first_out_at or changed_at
    return Course(phase, phase_at, mood, mood_at, state.planned_start, state.planned_end, planned_at, changed_at)


def _phase(status: Status) -> Phase:
    if status in RUNNING:
        return Phase.RUNNING
    if status in CLOSED:
        return Phase.CANCELLED if status is Status.CANCELLED else Phase.COMPLETED
    return Phase.ANNOUNCED


def _mood(status: Status) -> Mood:
    if status is Status.DEFERRED:
        return Mood.DEFERRED
    return Mood.MAY if status in (Status.PROPOSED, Status.SCHEDULED) else Mood.SURE
