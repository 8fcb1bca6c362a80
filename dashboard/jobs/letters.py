"""From letters to facts: which maintenance a message is of, by what the log knows; never a guess.

A message is of the one maintenance that its reference names. Where none is known and the message announces a window,
it is the announcement of a new one. Otherwise it is kept without a maintenance, until somebody ties it to one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select

from dashboard.log import messages, read
from dashboard.log.tables import FACT_TABLES, current_maintenances
from dashboard.model.instants import iso
from dashboard.sources.seam import Batch, Letter, SetAside, Told, batch

REVISION = re.compile(r"MAINTNOTE, SEQUENCE (\d{1,9})\b")


def settle(connection: Connection, letters: Sequence[Letter], source: str, now: datetime) -> Batch:
    """What letters come to: facts, and what is set aside of them. The same letter a second time adds nothing."""
    work = _Settling(
        connection,
        source,
        now,
        known=messages.in_force(connection, [each.message_id for each in letters]),
        nodes=set(read.node_attributes(connection, {name for each in letters for name in each.resources})),
        clusters={row["cluster_id"] for row in read.in_force(connection, "clusters")},
    )
    in_order = sorted(letters, key=lambda each: (each.received_at, each.revision or 0))
    said = batch([told for each in in_order for told in work.told(each)], "", now)
    return replace(said, set_aside=[*said.set_aside, *work.aside])


@dataclass
class _Settling:
    """Letters on their way to facts, each after those before it."""

    connection: Connection
    source: str
    now: datetime
    known: dict[str, messages.Message]
    nodes: set[str]
    clusters: set[str]
    made: dict[tuple[str, str], str] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)
    heard: set[str] = field(default_factory=set)

    def told(self, letter: Letter) -> Iterator[Told]:
        if letter.message_id in self.heard:
            return
        self.heard.add(letter.message_id)
        self.aside += [SetAside(letter.part, 0, why, letter.body[:2_000]) for why in letter.faults]
        before = self.known.get(letter.message_id)
        maintenance = self._maintenance(letter)
        if before is None:
            yield self._message(letter, maintenance, letter.received_at)
            if maintenance:
                yield from self._facts(letter, maintenance, letter.received_at)
        elif before.by_hand:
            return  # a person's word goes before ours
        elif maintenance and not before.maintenance_id:  # what could not be read then, can be by now
            yield self._message(letter, maintenance, self.now)
            yield from self._facts(letter, maintenance, self.now)
        elif maintenance == before.maintenance_id:
            yield from self._still_unnamed(letter, maintenance)

    def _message(self, letter: Letter, maintenance: str, at: datetime) -> Told:
        columns = {
            "message_id": letter.message_id,
            "maintenance_id": maintenance,
            "provider_id": letter.provider_id,
            "received_at": iso(at),
            "sender": letter.sender,
            "subject": letter.subject,
            "body": letter.body,
            "claimed_end": iso(letter.claimed_end) if letter.claimed_end else "",
        }
        return Told("provider_messages", columns, letter.body)

    def _maintenance(self, letter: Letter) -> str:
        """The maintenance that a letter is of; '' where it names none that is known, or could mean several."""
        if not (letter.reference and letter.provider_id):
            return ""
        key = (letter.provider_id, letter.reference)
        if key in self.made:
            return self.made[key]
        own = f"{letter.provider_id}:{letter.reference}"
        found = _by_reference(self.connection, *key, own)
        if len(found) > 1:
            return ""
        if not found and letter.update.get("planned_start"):
            self.made[key] = own
        return found[0] if found else self.made.get(key, "")

    def _facts(self, letter: Letter, maintenance: str, at: datetime) -> Iterator[Told]:
        """What a letter says of a maintenance, unless a later revision was there before it."""
        if letter.revision is not None and letter.revision < self._revision(maintenance):
            return
        nodes, clusters = self._resources(letter)
        note = letter.update.get("note", "")
        if letter.revision is not None:
            self.revisions[maintenance] = letter.revision
            note = f"MAINTNOTE, SEQUENCE {letter.revision}" + (f"; {note}" if note else "")
        if letter.update:
            about = {
                "maintenance_id": maintenance,
                "recorded_at": iso(at),
                "source": self.source,
                "provider_id": letter.provider_id,
                "provider_ref": letter.reference,
                "note": note,
                "cluster_id": clusters[0] if len(clusters) == 1 else "",
            }
            yield Told("maintenance_updates", dict(letter.update) | about, letter.body)
        before = self._members(maintenance)
        ours = letter.revision is not None and maintenance == f"{letter.provider_id}:{letter.reference}"
        gone = before - set(nodes) if ours and nodes else set()
        for node, removed in [*((each, "") for each in nodes), *((each, "true") for each in sorted(gone))]:
            yield _named(maintenance, node, at, removed)
        self.members[maintenance] = (before - gone) | set(nodes)

    def _still_unnamed(self, letter: Letter, maintenance: str) -> Iterator[Told]:
        """Nodes that were nobody's when the letter was read first, and of which nothing was said since."""
        if not maintenance or (letter.revision is not None and letter.revision < self._revision(maintenance)):
            return
        nodes, _ = self._resources(letter)
        table = FACT_TABLES["maintenance_nodes"]
        query = select(table.c.node_id).where(table.c.maintenance_id == maintenance)
        spoken_of = set(self.connection.scalars(query)) if nodes else set()
        for node in nodes:
            if node not in spoken_of:
                yield _named(maintenance, node, self.now, "")

    def _resources(self, letter: Letter) -> tuple[list[str], list[str]]:
        """The nodes and the clusters that a letter names; what is neither is set aside."""
        nodes = [each for each in letter.resources if each in self.nodes]
        clusters = [each for each in letter.resources if each in self.clusters and each not in self.nodes]
        for each in letter.resources:
            if each not in self.nodes and each not in self.clusters:
                why = f"it names {each[:60]!r}, which is no node or cluster: name it, then dashboard collect --again"
                self.aside.append(SetAside(letter.part, 0, why, letter.subject))
        if len(clusters) > 1:
            why = f"it names {len(clusters)} clusters, of which a maintenance has one: {', '.join(clusters)[:200]}"
            self.aside.append(SetAside(letter.part, 0, why, letter.subject))
        return nodes, clusters

    def _revision(self, maintenance: str) -> int:
        """The highest SEQUENCE that was told of it; -1 for none."""
        if maintenance not in self.revisions:
            rows = read.history(self.connection, "maintenance_updates", None, ("maintenance_id", [maintenance]))
            told = [int(found[1]) for row in rows if (found := REVISION.match(row["note"]))]
            self.revisions[maintenance] = max(told, default=-1)
        return self.revisions[maintenance]

    def _members(self, maintenance: str) -> set[str]:
        if maintenance not in self.members:
            rows = read.in_force(self.connection, "maintenance_nodes", None, ("maintenance_id", [maintenance]))
            self.members[maintenance] = {row["node_id"] for row in rows if not row["removed"]}
        return self.members[maintenance]


def _named(maintenance: str, node: str, at: datetime, removed: str) -> Told:
    columns: Mapping[str, Any] = {
        "maintenance_id": maintenance,
        "node_id": node,
        "recorded_at": iso(at),
        "removed": removed,
    }
    return Told("maintenance_nodes", columns, node)


def _by_reference(connection: Connection, provider: str, reference: str, own: str) -> list[str]:
    """The maintenances of a provider that go by a reference, or by that name itself."""
    c = current_maintenances.c
    named = or_(c.provider_ref == reference, c.maintenance_id.in_([reference, own]))
    query = select(c.maintenance_id).where(named, c.provider_id == provider)
    return sorted(connection.scalars(query))
