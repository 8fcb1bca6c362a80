"""Who has the ball, and who owes what by when: what the status update says of people.

The one place where the update learns of expectations: whoever knows more of them than stages and commitments answers
here.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping

from dashboard.log.read import in_force_of
from dashboard.model.instants import instant
from dashboard.model.stages import Role
from dashboard.views import words
from dashboard.views.ahead import Ahead
from dashboard.views.summaries import Summary

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Owed:
    """One thing that somebody is to do; all words are others'. `of`: whose they are, a provider or a role."""

    who: str
    of: str
    what: str
    maintenance_id: str
    title: str
    due: datetime | None
    late: bool
    contact: str


@dataclass(frozen=True, slots=True)
class Ball:
    """Whoever is to move nodes on, and how many GPUs wait for that."""

    who: str
    of: str
    gpus: int
    titles: tuple[str, ...]
    contact: str


def balls(found: Sequence[Summary]) -> tuple[Ball, ...]:
    """Who holds GPUs that are out, whoever holds most first."""
    held: dict[tuple[str, str, str], list[Summary]] = defaultdict(list)
    for each in found:
        party = each.waiting_for
        if each.out and party.name:
            of = each.provider if party.role == Role.PROVIDER else party.role
            held[party.name, of if of != party.name else "", party.contact].append(each)
    rows = [
        Ball(who, of, sum(each.out for each in some), tuple(each.title for each in some), contact)
        for (who, of, contact), some in held.items()
    ]
    return tuple(sorted(rows, key=lambda each: (-each.gpus, each.who)))


def owed(connection: Connection, ahead: Ahead, found: Sequence[Summary]) -> tuple[Owed, ...]:
    """What is overdue or due within a day in these maintenances, the longest overdue first."""
    about = {each.maintenance_id: each for each in found}
    parties = {row["party_id"]: row for row in ahead.fleet.parties}
    rows = []
    for row in in_force_of(connection, "commitments", about, ahead.at):
        if row["met_at"] is not None or row["withdrawn"] or row["due_at"] is None:
            continue
        due, name = instant(row["due_at"]), row["maintenance_id"]
        if due <= ahead.now + SOON:
            who, of, contact = _party(parties.get(row["party_id"]), row["party_id"], ahead)
            rows.append(Owed(who, of, row["what"], name, about[name].title, due, due < ahead.now, contact))
    return tuple(sorted(rows, key=lambda each: (each.due or ahead.now, each.maintenance_id, each.what)))


def _party(known: RowMapping | None, party_id: str, ahead: Ahead) -> tuple[str, str, str]:
    if known is None:
        return party_id, "", ""
    of = ahead.fleet.provider_name(known["provider_id"]) if known["role"] == Role.PROVIDER else known["role"]
    return known["name"] or party_id, words.stage(of), known["channel"]
