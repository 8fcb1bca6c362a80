"""Looks at maintenances: who is to be told of them now, and how every ladder stands."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection

from dashboard.log.outbox import read_ladders
from dashboard.notices.audiences import NO_RULE, Audience, Directory, Part, audiences_for, parts_of
from dashboard.notices.compose import Draft, Style, said
from dashboard.notices.ladder import NEXT, NOT_SENT, Climbed, climb
from dashboard.notices.plan import AUDIENCES, SECOND, Notices
from dashboard.notices.reading import Facts, Told, read_facts, read_told, silent_since
from dashboard.notices.story import Kept, Phase, Story, said_next


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found: what is due, when to look again, who told of what, and ladders that stand otherwise."""

    drafts: list[Draft] = field(default_factory=list)
    next_at: dict[str, dict[str, int]] = field(default_factory=dict)  # maintenance -> audience -> instant
    running: set[str] = field(default_factory=set)
    sources: dict[str, tuple[str, int]] = field(default_factory=dict)  # maintenance -> its source, its last word
    silent: set[str] = field(default_factory=set)  # of those, the ones whose source is silent
    ladders: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Looking:
    """What a look needs to know beside the maintenances themselves; instants in microseconds."""

    plan: Notices
    style: Style
    directory: Directory
    heard: Mapping[str, int]
    began: int
    now: int

    def look(self, connection: Connection, ids: Iterable[str]) -> Looked:
        """Looks at these maintenances."""
        chosen = sorted(set(ids))
        facts, told = read_facts(connection, chosen), read_told(connection, chosen)
        known = read_ladders(connection, chosen)
        found = Looked()
        audiences_told: dict[str, list[str]] = {}
        for maintenance, audience in told:
            audiences_told.setdefault(maintenance, []).append(audience)
        for name, each in facts.items():
            if each.course.phase is Phase.ANNOUNCED:
                found.sources[name] = (each.told.source, each.course.changed_at)
                if self._silent(each) is not None:
                    found.silent.add(name)
            if each.course.phase is Phase.RUNNING:
                found.running.add(name)
            self._one(name, each, audiences_told.get(name, ()), told, known, found)
        return found

    def _one(
        self,
        name: str,
        facts: Facts,
        told_of_it: Sequence[str],
        told: Mapping[tuple[str, str], Told],
        known: Mapping[tuple[str, str], tuple[str, str]],
        found: Looked,
    ) -> None:
        whole = Story(facts.course, 0, 0.0, facts.eta, facts.eta_at, self._silent(facts))
        nexts = found.next_at.setdefault(name, {})
        for audience, story in self._stories(facts, whole, told_of_it):
            mine = told.get((name, audience.key), Told())
            climbed = climb(story, mine.said, self.style.ladder, self.now, self.began)
            draft = Draft(name, audience, facts, story, mine, climbed, self.now)
            if climbed.due:
                found.drafts.append(draft)
            if climbed.next_at is not None:
                nexts[audience.key] = climbed.next_at
            steps = _written(climbed)
            if known.get((name, audience.key)) != (steps, str(story.course.phase)):
                found.ladders.append(self._ladder(draft, steps))
        for part in parts_of(facts.told, facts.held, self.directory):
            key = f"-/{part.kind}/{part.subject}"
            if not self._rules(part) and (name, key) not in known:
                steps = json.dumps([["all", NOT_SENT, None, NO_RULE]])
                subject = self.directory.teams.get(part.subject, part.subject)
                found.ladders.append((name, key, subject, self.now, str(facts.course.phase), None, steps, ""))

    def after(self, looked: Looked, written: Iterable[tuple[Draft, Mapping[str, Any]]]) -> list[tuple[Any, ...]]:
        """How the ladders stand of which these notices were just written; `looked` learns when to look again."""
        rows = []
        for draft, row in written:
            said_now = said_next(draft.told.said, Kept.written(row))
            climbed = climb(draft.story, said_now, self.style.ladder, self.now, self.began)
            again = replace(draft, told=Told(said_now, draft.told.number), climbed=climbed)
            rows.append(self._ladder(again, _written(climbed)))
            nexts = looked.next_at[draft.maintenance_id]
            nexts.pop(draft.audience.key, None)
            if climbed.next_at is not None:
                nexts[draft.audience.key] = climbed.next_at
        return rows

    def _silent(self, facts: Facts) -> int | None:
        after = round(self.plan.ladder.silent_after * SECOND)
        return silent_since(self.heard, facts.told.source, facts.course.changed_at, self.now, after)

    def _rules(self, part: Part) -> list[Audience]:
        return audiences_for(part.kind, part.subject, self.plan.audiences, self.directory, self.plan.zone)

    def _stories(self, facts: Facts, whole: Story, told_of_it: Sequence[str]) -> Iterator[tuple[Audience, Story]]:
        """Each audience that it concerns, and each that it concerned when it was told."""
        seen = set()
        for part in parts_of(facts.told, facts.held, self.directory):
            for audience in self._rules(part):
                seen.add(audience.key)
                yield audience, replace(whole, gpus=part.gpus, back=part.back)
        over = facts.course.phase in (Phase.COMPLETED, Phase.CANCELLED)
        course = facts.course if over else replace(facts.course, phase=Phase.RELEASED)
        for key in told_of_it:
            if key not in seen:
                for audience in self._again(key):
                    yield audience, replace(whole, course=course)

    def _again(self, key: str) -> list[Audience]:
        """The audience of that key, as it is configured now; none where it is not any more."""
        name, _, subject = key.partition("/")
        rules = [rule for rule in self.plan.audiences if rule.name == name]
        return [
            each
            for rule in rules
            for each in audiences_for(AUDIENCES[rule.whom], subject, [rule], self.directory, self.plan.zone)
        ]

    def _ladder(self, draft: Draft, steps: str) -> tuple[Any, ...]:
        following = min(
            (each for each in draft.climbed.steps if each.state == NEXT and each.label and each.at is not None),
            key=lambda each: each.at or 0,
            default=None,
        )
        preview = said(draft, following, self.directory, self.style) if following and not draft.climbed.due else ""
        return (
            draft.maintenance_id, draft.audience.key, draft.audience.name, self.now, str(draft.story.course.phase),
            following.at if following else None, steps, preview,
        )  # fmt: skip


def _written(climbed: Climbed) -> str:
    told = [[each.label, each.state, each.at, each.why] for each in climbed.steps if each.label]
    return json.dumps(told, separators=(",", ":"))
