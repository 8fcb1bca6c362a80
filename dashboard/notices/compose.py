"""A notice in the making: what is due to one audience of one maintenance, its words, and the message it goes in."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from dashboard.log.append import digest
from dashboard.log.outbox import Line
from dashboard.model import words
from dashboard.model.calendar import Event
from dashboard.model.instants import instant, iso
from dashboard.notices.audiences import Audience, Directory
from dashboard.notices.ladder import Climbed, Ladder, Rung, Step, mood
from dashboard.notices.reading import Facts, Told
from dashboard.notices.story import Mood, Phase, Story
from dashboard.notices.templates import Kind, harmless, words_of

Events = Mapping[tuple[str, str], Event]
"""Of a maintenance and an audience: the event in that audience's calendar."""

TOGETHER = 60  # notices in one message at most: more are cut off by some chats


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that a notice is made of."""

    maintenance_id: str
    audience: Audience
    facts: Facts
    story: Story
    told: Told
    climbed: Climbed
    now: int


@dataclass(frozen=True, slots=True)
class Style:
    """How notices are put: templates of one's own, and where the app is."""

    templates: Mapping[Kind, Mapping[str, str]]
    link: str
    ladder: Ladder


def urgent(draft: Draft, ladder: Ladder) -> bool:
    """Whether somebody has to acknowledge it."""
    start = draft.story.course.start
    near = start is not None and start - ladder.urgent <= draft.now
    return draft.story.course.phase is Phase.ANNOUNCED and near


def row_of(draft: Draft, directory: Directory, style: Style) -> dict[str, Any]:
    """The notice as the outbox keeps it, but for the message that it goes in."""
    story, due = draft.story, draft.climbed.due
    feels, _ = mood(story, style.ladder, draft.now)
    covers = [[each.label, each.at] for each in due]
    return {
        "key": digest((draft.maintenance_id, draft.audience.key, str(due[0].rung), draft.told.number)),
        "maintenance_id": draft.maintenance_id,
        "audience": draft.audience.key,
        "rung": str(due[0].rung),
        "label": due[0].label,
        "due_at": min((each.at for each in due if each.at is not None), default=draft.now),
        "written_at": draft.now,
        "phase": str(story.course.phase),
        "mood": str(feels),
        "start": story.course.start,
        "end": story.course.end,
        "eta": story.eta,
        "back": story.back,
        "gpus": story.gpus,
        "urgent": urgent(draft, style.ladder),
        "escalates": any(each.rung is Rung.ESCALATED for each in due),
        "covers": json.dumps(covers, separators=(",", ":")),
        "words": said(draft, due[0], directory, style),
    }


def said(draft: Draft, step: Step, directory: Directory, style: Style) -> str:
    """What the notice says."""
    return words_of(str(step.rung), draft.audience.kind, fields_of(draft, directory, style), style.templates)


def fields_of(draft: Draft, directory: Directory, style: Style) -> dict[str, object]:
    """What templates may name; what providers wrote is made harmless."""
    facts, story, zone, before = draft.facts, draft.story, draft.audience.zone, draft.told.said
    now = instant(draft.now)

    def clock(at: int | None) -> str:
        return words.clock(instant(at), now, zone) if at is not None else ""

    def when(at: int | None) -> str:
        return f"{clock(at)} ({words.relative(instant(at), now)})" if at is not None else ""

    feels, since = mood(story, style.ladder, draft.now)
    provider = facts.told.provider_id or directory.clusters.get(facts.told.cluster_id, "")
    missed = [each.label for each in draft.climbed.due[1:]]
    page = f"{style.link}/maintenance?{urlencode({'maintenance': draft.maintenance_id})}" if style.link else ""
    clusters = sorted({row.cluster for row in facts.held}) or [facts.told.cluster_id]
    part, likely, plan_on = facts.back(draft.now)
    by_node = any(row.team == draft.audience.key.partition("/")[2] for row in facts.held)
    return {
        "title": harmless(facts.told.title) or draft.maintenance_id,
        "maintenance": draft.maintenance_id,
        "provider": harmless(directory.providers.get(provider, provider)) or "provider unknown",
        "cluster": words.listed([each for each in clusters if each]) if any(clusters) else "",
        "kind": words.stage(facts.told.kind),
        "audience": draft.audience.name,
        "on_call": harmless(draft.audience.on_call),
        "escalates_to": harmless(draft.audience.above) if draft.audience.escalation else "",
        "gpus": words.gpus(story.gpus) if story.gpus else "GPUs",
        "share": "nodes that name you" if by_node else "part that is allocated to you",
        "start": when(story.course.start),
        "end": clock(story.course.end),
        "was_start": clock(before.start) if before else "",
        "was_end": clock(before.end) if before else "",
        "part": part,
        "likely": when(likely),
        "plan_on": clock(plan_on),
        "was_likely": clock(before.eta) if before else "",
        "back": words.percent(story.back),
        "sure": feels is Mood.SURE,
        "why": _why(story, feels, since, now, zone),
        "missed": words.listed(missed) if missed else "",
        "page": page,
    }


def _why(story: Story, feels: Mood, since: int, now: Any, zone: str) -> str:
    if feels is Mood.DEFERRED:
        return f"it was deferred {words.when(instant(since), now, zone)}"
    if story.course.mood is Mood.SURE and story.silent_since is not None:
        return f"its source has said nothing since {words.clock(instant(story.silent_since), now, zone)}"
    return "the provider has not confirmed it"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message in the making: notices that are due together to one audience."""

    key: str
    audience: Audience
    rows: tuple[dict[str, Any], ...]
    escalates: bool


def together(drafts: Iterable[tuple[Draft, dict[str, Any]]]) -> list[Mail]:
    """What is due together for one audience goes as one message."""
    by_audience: dict[str, list[tuple[Draft, dict[str, Any]]]] = {}
    for draft, row in drafts:
        by_audience.setdefault(draft.audience.key, []).append((draft, row))
    found = []
    for some in by_audience.values():
        some.sort(key=lambda each: (not each[1]["urgent"], each[1]["start"] or 0, each[1]["maintenance_id"]))
        for i in range(0, len(some), TOGETHER):
            part = some[i : i + TOGETHER]
            key = digest(sorted(row["key"] for _, row in part))
            rows = tuple({**row, "message": key} for _, row in part)
            escalates = any(
                row["escalates"] or (row["urgent"] and draft.told.said is not None and draft.told.said.escalated)
                for draft, row in part
            )
            found.append(Mail(key, part[0][0].audience, rows, escalates))
    return found


def message_of(mail: Mail, events: Events) -> tuple[Any, ...]:
    """The message as the outbox keeps it."""
    rows = mail.rows
    text = rows[0]["words"] if len(rows) == 1 else "\n\n".join(f"{i}. {row['words']}" for i, row in enumerate(rows, 1))
    told = [_program(row, events.get((row["maintenance_id"], row["audience"]))) for row in rows]
    return (
        mail.key, mail.audience.key, mail.audience.name, mail.audience.contact, rows[0]["written_at"],
        _subject(mail), text, any(row["urgent"] for row in rows), json.dumps(told, separators=(",", ":")),
    )  # fmt: skip


def _subject(mail: Mail) -> str:
    rows = mail.rows
    if len(rows) == 1:
        label, sentence = rows[0]["label"], _first_sentence(rows[0]["words"])
        named = sentence.casefold().startswith(label.casefold())
        return sentence if named else f"{label[:1].upper()}{label[1:]}: {sentence}"
    pressing = sum(row["urgent"] for row in rows)
    return f"{len(rows)} notices for {mail.audience.name}" + (f", {pressing} to acknowledge" if pressing else "")


def _first_sentence(text: str) -> str:
    sentence = text.partition(". ")[0]
    return sentence if len(sentence) <= 120 else f"{sentence[:119]}…"


def _program(row: Mapping[str, Any], event: Event | None) -> dict[str, Any]:
    """A notice as programs read it."""

    def at(name: str) -> str | None:
        return iso(instant(row[name])) if row[name] is not None else None

    names = ("key", "maintenance_id", "rung", "label", "phase", "mood", "gpus", "back", "urgent")
    return (
        {name: row[name] for name in names}
        | {name: at(name) for name in ("start", "end", "eta", "due_at", "written_at")}
        | {"event": event.told() if event else None}
    )


def over(mail: Mail, now: int) -> list[Line]:
    """Over which channels it goes; what escalates, to whoever that is by the directory."""
    chains: Sequence[tuple[str, ...]] = (mail.audience.channels, mail.audience.escalation if mail.escalates else ())
    found, seen = [], set()
    for chain, names in enumerate(chains):
        mine = [name for name in names if name not in seen]
        seen |= set(mine)
        contact = mail.audience.above_contact if chain else ""
        found += [Line(mail.key, name, chain, place, now, contact) for place, name in enumerate(mine)]
    return found
