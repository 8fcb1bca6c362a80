"""What goes by which name: nodes, clusters, teams, providers and maintenances, under every part of their names.

A name is cut into words and numbers (`iad1-a01-3`: iad 1 a 01 3), and kept from each of them on, so that what somebody
remembers of it begins an entry: a search is a range of an index, however many names there are. Derived from facts; a
name that something once had stays.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection, select

from dashboard.log.bulk import Row, many
from dashboard.log.tables import FACT_TABLES, current_maintenances, current_names, stored_columns
from dashboard.model.facts import FACTS, Fact

PARTS = re.compile(r"[^\W\d_]+|\d+")
FROM = 12  # words of a name from which it is kept; a longer one is found by its beginning
LONGEST = 80  # letters of an entry
LAST = "\U0010ffff"
"""Sorts after whatever may follow."""

KINDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "providers": ("provider", ("provider_id", "name")),
    "clusters": ("cluster", ("cluster_id",)),
    "teams": ("team", ("team_id", "name")),
    "nodes": ("node", ("node_id",)),
    "maintenance_updates": ("maintenance", ("maintenance_id", "title", "provider_ref")),
}
"""Of a fact: the kind of thing that it names, by what; the first of these is its id."""


class Named(NamedTuple):
    """Something that goes by a name; `name` is the part of it that was found."""

    kind: str
    id: str
    name: str


def spelt(text: str) -> str:
    """A name as it is compared: its words and numbers in small letters, a space between any two."""
    return " ".join(PARTS.findall(text.casefold()))


def entries(text: str) -> Iterator[str]:
    """A name from each of its words on."""
    parts = PARTS.findall(text.casefold())
    for start in range(min(len(parts), FROM)):
        yield " ".join(parts[start:])[:LONGEST]


def follow(connection: Connection, fact: Fact, rows: Sequence[Row]) -> None:
    """Takes the names in appended rows of a fact, in its stored columns."""
    if fact.name in KINDS:
        kind, columns = KINDS[fact.name]
        places = [fact.names.index(each) for each in columns]
        told: set[tuple[str, ...]] = {tuple(row[place] for place in places) for row in rows}
    elif "maintenance_id" in fact.names:
        kind, place = "maintenance", fact.names.index("maintenance_id")
        told = {(row[place],) for row in rows}
    else:
        return
    _keep(connection, kind, told)


def _keep(connection: Connection, kind: str, told: Iterable[tuple[str, ...]]) -> None:
    """`told`: the names of one thing each, its id first."""
    found = {(kind, entry, words[0]) for words in told if words[0] for text in words if text for entry in entries(text)}
    # In the order of the index they go into, so that neighbours are written together.
    many(connection, current_names.name, ("kind", "entry", "id"), sorted(found, key=itemgetter(1)))


def fill(connection: Connection) -> None:
    """Takes the names of everything that the log holds."""
    for name in KINDS:
        query = select(*(FACT_TABLES[name].c[each] for each in stored_columns(FACTS[name])))
        for part in connection.execute(query).partitions(10_000):
            follow(connection, FACTS[name], [tuple(row) for row in part])
    known = [(row[0],) for row in connection.execute(select(current_maintenances.c.maintenance_id))]
    _keep(connection, "maintenance", known)


def find(connection: Connection, text: str, kind: str, most: int) -> list[Named]:
    """What of a kind has a name with a part that begins so, in the order of these parts; `most` entries are read."""
    wanted = spelt(text)
    if not wanted:
        return []
    c = current_names.c
    query = select(c.kind, c.id, c.entry).where(c.kind == kind, c.entry >= wanted, c.entry < wanted + LAST)
    found: dict[str, Named] = {}
    for row in connection.execute(query.order_by(c.entry, c.id).limit(most)):
        found.setdefault(row.id, Named(*row))
    return list(found.values())
