"""What a provider and we owe each other, in a form that the provider may be shown.

No word of our teams, people, other providers or what constrains us: rows are chosen by whose they are, people of ours
stand there by their role, and whatever text others wrote is withheld where it names any of these.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import pandas as pd
from sqlalchemy import Connection

from dashboard.log.read import node_attributes
from dashboard.model.cases import Case
from dashboard.model.expectations import Expectation, Kind, Matter, State
from dashboard.model.instants import instant, maybe_instant
from dashboard.model.parties import Directory, Party
from dashboard.model.scope import Scope
from dashboard.model.slas import NO_SLAS, Slas
from dashboard.model.stages import Role
from dashboard.views import words
from dashboard.views.expectations import capital, late_words, with_instants
from dashboard.views.fleet import Fleet, instant_of
from dashboard.views.owed import Owed, read_owed

WITHHELD = "(internal)"
OURS = {
    "scheduler oncall": "scheduling on-call",
    "cluster oncall": "cluster on-call",
    "customer": "the team that uses it",
}
"""Roles of ours as outsiders know them; the others are called what they are."""

ROWS = ["maintenance", "what", "who", "since", "due", "late_words", "basis", "escalates_to"]
CASES = ["case_id", "node_id", "maintenance", "status", "severity", "opened_at", "response_due_at",
         "resolution_due_at"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Partner:
    """What is between one provider and us.

    `theirs` and `ours`, what they owe us and what we owe them, the longest overdue first: maintenance, what, who (their
    person, or our role), since, due, late_words, basis, escalates_to (on their side).
    `cases`, the open ones with them: case_id, node_id, maintenance, status, severity, opened_at, response_due_at,
    resolution_due_at.
    """

    now: datetime
    provider: str
    sentence: str
    theirs: pd.DataFrame
    ours: pd.DataFrame
    cases: pd.DataFrame


def between_us(
    connection: Connection, scope: Scope, now: datetime, provider: str, slas: Slas = NO_SLAS
) -> Partner | None:
    """What this provider and we owe each other at the scope's instant, or `now`; None for one that nobody named."""
    alone = Scope(provider=provider, as_of=scope.as_of, zone=scope.zone)
    found = read_owed(connection, alone, now, slas)
    fleet, now = found.fleet, found.now
    if provider not in fleet.providers:
        return None
    name, discreet = fleet.provider_name(provider), Discreet.of(fleet, provider)
    directory = Directory.of(fleet.parties).of_provider(provider)
    rows = [_turned(each, directory, provider) for each in found.expectations if _between(each, provider)]
    theirs, ours = [each for each in rows if not each.ours], [each for each in rows if each.ours]
    places = node_attributes(connection, [each.node_id for each in found.cases], instant_of(alone))
    their_nodes = {node for node, at in places.items() if fleet.provider_of(at.cluster_id) == provider}
    return Partner(
        now=now,
        provider=name,
        sentence=_sentence(name, theirs, ours),
        theirs=_table(theirs, discreet, now),
        ours=_table(ours, discreet, now),
        cases=_cases(found, provider, their_nodes, discreet),
    )


@dataclass(frozen=True, slots=True)
class Discreet:
    """Reads text for names that one provider is not to see."""

    names: re.Pattern[str] | None

    @staticmethod
    def of(fleet: Fleet, provider: str) -> "Discreet":
        """Names of teams, of parties other than theirs, of other providers and their clusters."""
        own = {provider, fleet.provider_name(provider)}
        own |= {name for name in fleet.clusters if fleet.provider_of(name) == provider}
        inner: set[str] = set()
        for rows, key in ((fleet.teams, "team_id"), (fleet.providers, "provider_id")):
            inner |= {str(row[each]) for row in rows.values() for each in (key, "name")}
        inner |= {name for name in fleet.clusters if name not in own}
        for row in fleet.parties:
            if row["role"] != Role.PROVIDER or row["provider_id"] != provider:
                inner |= {str(row[each]) for each in ("party_id", "name", "channel")}
        known = {each.strip().casefold() for each in own}
        hidden = sorted({each.strip() for each in inner if each.strip().casefold() not in known} - {""}, key=len)
        if not hidden:
            return Discreet(None)
        either = "|".join(re.escape(each).replace(r"\ ", r"\s+") for each in reversed(hidden))
        return Discreet(re.compile(rf"(?<![^\W_])(?:{either})(?![^\W_])", re.IGNORECASE))

    def text(self, text: str, instead: str = WITHHELD) -> str:
        """The text, or `instead` where it names what is internal."""
        return instead if self.names is not None and self.names.search(text) else text


def _between(each: Expectation, provider: str) -> bool:
    """Whether it is theirs or ours towards them; what people of ours took on may be towards anyone, so it is not."""
    if each.matter.provider_id != provider or each.party.provider_id not in ("", provider):
        return each.ours and each.matter.provider_id == provider and each.kind is not Kind.COMMITMENT
    return not (each.kind is Kind.COMMITMENT and each.ours)


def _turned(each: Expectation, directory: Directory, provider: str) -> Expectation:
    """With their own people by name, and ours by role."""
    if each.ours:
        role = each.party.role.replace("_", " ")
        return replace(each, party=Party(OURS.get(role, role), "", "", ""))
    known = directory.named(each.party.party_id) or directory.for_role(Role.PROVIDER, provider, "")
    return replace(each, party=known)


def _sentence(name: str, theirs: Sequence[Expectation], ours: Sequence[Expectation]) -> str:
    def side(rows: Sequence[Expectation]) -> str:
        late = sum(each.state is State.BROKEN for each in rows)
        of_it = f", {words.count(late)} of {'it' if len(rows) == 1 else 'them'} overdue" if late else ""
        return f"{words.count(len(rows))} thing{'' if len(rows) == 1 else 's'}{of_it}"

    if not theirs and not ours:
        return f"Nothing is open between {name} and us."
    return f"{name} owes us {side(theirs)}; we owe {name} {side(ours)}."


def _table(rows: Iterable[Expectation], discreet: Discreet, now: datetime) -> pd.DataFrame:
    found = [
        (_title(each.matter, discreet), capital(discreet.text(each.what, "what it took on")),
         each.party.name if each.ours else discreet.text(each.party.name),
         each.since, each.due, late_words(each, now), str(each.basis),
         ", then ".join(map(discreet.text, each.party.above)))
        for each in rows
    ]  # fmt: skip
    return with_instants(pd.DataFrame(found, columns=ROWS), "since", "due")


def _title(matter: Matter, discreet: Discreet) -> str:
    return discreet.text(matter.title, discreet.text(matter.maintenance_id, "a maintenance"))


def _cases(found: Owed, provider: str, nodes: set[str], discreet: Discreet) -> pd.DataFrame:
    rows = [_case(each, found, provider, nodes, discreet) for each in found.cases]
    frame = pd.DataFrame([row for row in rows if row is not None], columns=CASES)
    return with_instants(frame, "opened_at", "response_due_at", "resolution_due_at")


def _case(case: Case, found: Owed, provider: str, nodes: set[str], discreet: Discreet) -> tuple[object, ...] | None:
    matter = found.matters.get(case.maintenance_id) or Matter(case.maintenance_id, provider_id=case.provider_id)
    if matter.provider_id != provider or case.provider_id not in ("", provider):
        return None
    node = discreet.text(case.node_id) if case.node_id in nodes else ""
    return (
        discreet.text(case.case_id), node, _title(matter, discreet), discreet.text(words.stage(case.status)),
        discreet.text(case.severity), instant(case.opened_at), maybe_instant(case.response_due_at),
        maybe_instant(case.resolution_due_at),
    )  # fmt: skip
