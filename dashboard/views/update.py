"""The status update in writing: Markdown for a chat, plain text for a mail, JSON for programs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from dashboard.model.instants import iso
from dashboard.views import words
from dashboard.views.account import later
from dashboard.views.owing import Ball, Owed
from dashboard.views.status import Away, Changed, Flow, Moved, Status
from dashboard.views.summaries import ALMOST, Summary

MOST, FEW = 5, 4  # lines of a section: an update is read in a chat
JOINER = "\u2060"
SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&^])")
MADE_OF_TEXT = re.compile(r"(?<=:)(?=[A-Za-z/+_-])|(?<=\bwww)(?=\.)|(?<=@)(?=\w)", re.IGNORECASE)


def escaped(text: str) -> str:
    """Words of others as Markdown that shows just these, in one line: no link, no markup, nobody called by an @."""
    return SPECIAL.sub(r"\\\1", MADE_OF_TEXT.sub(JOINER, " ".join(text.split())))


def _as_they_are(text: str) -> str:
    return " ".join(text.split())


def _tame(text: str) -> str:
    """Words of others in one line that calls nobody and makes no link, wherever it is read."""
    return MADE_OF_TEXT.sub(JOINER, " ".join(text.split()))


@dataclass(frozen=True, slots=True)
class Marks:
    """How a form of writing is marked up."""

    theirs: Callable[[str], str]
    strong: Callable[[str], str]
    line: str


MARKDOWN = Marks(escaped, lambda text: f"**{text}**", "- ")
TEXT = Marks(_as_they_are, lambda text: text, "  ")
POST = Marks(_tame, lambda text: text, "• ")


def written(status: Status, shape: str) -> str | dict[str, Any]:
    """The update in `shape`: markdown, text, or json (a value to be dumped)."""
    if shape == "json":
        return as_json(status)
    return _written(status, MARKDOWN if shape == "markdown" else TEXT)


def posted(status: Status) -> tuple[str, str]:
    """The update as it goes over any channel, a chat's or a mail's: its head, and the rest."""
    head, _, rest = _written(status, POST).partition("\n\n")
    return head, rest.rstrip()


def _written(status: Status, marks: Marks) -> str:
    parts = [marks.strong(_head(status, marks)), marks.theirs(status.sentence)]
    if status.warning:
        parts.append(marks.theirs(status.warning))
    for title, most, lines in _sections(status, marks):
        if lines:
            shown = [*lines[:most], *([f"and {len(lines) - most} more"] if len(lines) > most else [])]
            parts.append("\n".join([marks.strong(title), *(f"{marks.line}{each}" for each in shown)]))
    return "\n\n".join(parts) + "\n"


def _head(status: Status, marks: Marks) -> str:
    at = status.as_of.astimezone(words.zone_of(status.zone))
    of = marks.theirs(f"{status.only[0]} ({status.only[1]})") if status.only else ""
    whose = ", ".join(marks.theirs(value) for _, value in status.scope)
    about = f" on {of}" if of else f" for {whose}" if whose else ""
    return f"Maintenance update{about}, {at:%a %-d %b %H:%M} {at.tzname()}"


def _sections(status: Status, marks: Marks) -> list[tuple[str, int, list[str]]]:
    since = _clock(status.since, status)
    several = len(status.changed) > 1 and status.flow != Flow()
    total = [f"In all, {_flow(status.flow)}."] if several else []
    return [
        (f"New since {since}", MOST + 1, total + [_changed(each, status, marks) for each in status.changed]),
        ("Out now", MOST, [_out(each, status, marks) for each in status.out]),
        (f"ETA moved since {since}", FEW, [_moved(each, status, marks) for each in status.moved]),
        ("Who has the ball", MOST, [_ball(each, status, marks) for each in status.balls]),
        ("Overdue, or due within a day", FEW, [_owed(each, status, marks) for each in status.owed]),
        ("Coming up", FEW, [_coming(each, status, marks) for each in status.coming]),
    ]


def _clock(at: datetime, status: Status) -> str:
    """On the clock that the head names."""
    return words.clock(at, status.as_of, status.zone, named=False)


def _about(title: str, rest: str, status: Status, marks: Marks, where: str = "") -> str:
    """A line on a maintenance: its name first, unless all lines are of the same."""
    if status.only:
        return f"{rest[:1].upper()}{rest[1:]}"
    at = f" ({marks.theirs(where)})" if where else ""
    return f"{marks.strong(marks.theirs(title))}{at}: {rest}"


def _changed(each: Changed, status: Status, marks: Marks) -> str:
    said = "; ".join(part for part in (each.plan, _flow(each.flow)) if part)
    return _about(each.title, f"{said}.", status, marks)


def _flow(flow: Flow) -> str:
    pairs = (
        (flow.went_out, "went out"),
        (flow.came_back, "came back"),
        (flow.to_repair, "went to repair"),
        (flow.lost, "was lost" if flow.lost == 1 else "were lost"),
    )
    said = [f"{words.count(number)} {what}" for number, what in pairs if number]
    first = next((number for number, _ in pairs if number), 0)
    return words.listed([said[0].replace(words.count(first), words.gpus(first), 1), *said[1:]], 4) if said else ""


def _out(each: Away, status: Status, marks: Marks) -> str:
    of = each.summary
    first = f"{words.count(of.out)} of {words.gpus(of.gpus)}. "
    return _about(of.title, f"{first}{_when(each, status)}{_promised(of, status)}.", status, marks, of.cluster)


def _when(each: Away, status: Status) -> str:
    if each.likely is None or each.plan_on is None:
        return "No forecast yet"
    likely, plan_on = _clock(each.likely, status), _clock(each.plan_on, status)
    return f"{'The last of them likely' if each.of_all else 'Likely'} back {likely}, plan on {plan_on}"


def _promised(each: Summary, status: Status) -> str:
    if each.promised is None:
        return ""
    promise = f"promised for {_clock(each.promised, status)}"
    if each.risk == "late" and each.promised > status.as_of and each.planned_end:
        return f"; late: planned to end {_clock(each.planned_end, status)}, now {promise}"
    return f"; {promise}{f', {each.risk}' if each.risk else ''}"


def _moved(each: Moved, status: Status, marks: Marks) -> str:
    why = f" {marks.theirs(each.why)}" if each.why else ""
    return _about(each.title, f"{later(each.likely - each.was_likely)}.{why}", status, marks)


def _who(who: str, of: str, marks: Marks) -> str:
    return marks.strong(marks.theirs(who)) + (f" ({marks.theirs(of)})" if of and of not in who else "")


def _ball(each: Ball, status: Status, marks: Marks) -> str:
    about = "" if status.only else f": {words.listed([marks.theirs(title) for title in each.titles], 2)}"
    return f"{_who(each.who, each.of, marks)} has {words.gpus(each.gpus)}{about}."


def _owed(each: Owed, status: Status, marks: Marks) -> str:
    due = f"due {_clock(each.due, status)}" if each.due else "no date"
    late = f", {words.span(status.as_of - each.due)} late" if each.due and each.late else ""
    return f"{_who(each.who, each.of, marks)}: {marks.theirs(each.what)}, {due}{late}."


SURE = {"confirmed": "confirmed", "scheduled": "not yet confirmed", "proposed": "only proposed"}


def _coming(each: Summary, status: Status, marks: Marks) -> str:
    what = f"{words.gpus(each.gpus)} " if each.gpus else ""
    at = f"from {_clock(each.likely_start, status)}" if each.likely_start else ""
    sure = SURE.get(str(each.status), words.stage(each.status))
    return _about(each.title, f"{what}{at}, {sure}.", status, marks, each.cluster)


def as_json(status: Status) -> dict[str, Any]:
    """The same for programs: every line with the numbers behind it, all of them."""
    return {
        "as_of": iso(status.as_of),
        "since": iso(status.since),
        "certainty": status.certainty,
        "scope": dict(status.scope),
        "sentence": status.sentence,
        "warning": status.warning,
        "gpus": {"total": status.gpus, "out": status.gpus_out, "lost": status.gpus_lost},
        "since_then": asdict(status.flow),
        "changed": [
            {"maintenance_id": each.maintenance_id, "title": each.title, "plan": each.plan, **asdict(each.flow)}
            for each in status.changed
        ],
        "out": [_away(each) for each in status.out],
        "moved": _plainly(status.moved),
        "has_the_ball": _plainly(status.balls),
        "owed": _plainly(status.owed),
        "coming": [_summary(each) for each in status.coming],
    }


def _plainly(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(row).items()}
        for row in rows
    ]


def _away(each: Away) -> dict[str, Any]:
    back = {"likely_back": each.likely, "plan_on": each.plan_on}
    share = {"back_is": 1.0 if each.of_all else ALMOST}
    return _summary(each.summary) | share | {name: iso(at) if at else None for name, at in back.items()}


def _summary(each: Summary) -> dict[str, Any]:
    instants = {
        "likely_start": each.likely_start,
        "likely_back": each.likely_end,
        "plan_on": each.plan_on_end,
        "promised": each.promised,
    }
    return {
        "maintenance_id": each.maintenance_id,
        "title": each.title,
        "provider": each.provider,
        "cluster": each.cluster,
        "status": str(each.status),
        "gpus": each.gpus,
        "out": each.out,
        "risk": each.risk,
        "waiting_for": each.waiting_for.name,
        **{name: iso(at) if at else None for name, at in instants.items()},
    }
