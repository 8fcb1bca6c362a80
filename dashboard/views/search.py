"""What goes by this name: nodes, maintenances, clusters, teams and providers, found by any part of theirs."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from dashboard.log.bulk import in_chunks
from dashboard.log.names import Named, find, spelt
from dashboard.log.read import in_force, node_attributes
from dashboard.log.state import maintenances
from dashboard.log.tables import current_stages
from dashboard.log.wholes import read_wholes
from dashboard.model.instants import maybe_instant
from dashboard.model.scope import Scope
from dashboard.model.stages import RUNNING
from dashboard.views import words

KINDS = ("cluster", "maintenance", "node", "team", "provider")
SHOWN = 8  # of a kind
READ = 64  # entries of a kind: several may be of one thing
OTHERS = 512  # entries that are looked through for further words
LONGEST = 120  # letters that anyone types


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found; `name` and `about` are untrusted text."""

    kind: str
    id: str
    name: str
    about: str  # what tells it from others of that name


@dataclass(frozen=True, slots=True)
class Found:
    """What goes by a name, the likeliest first within each kind."""

    text: str
    hits: tuple[Hit, ...]
    more: tuple[str, ...]  # the kinds of which there are more than are told


def search(connection: Connection, scope: Scope, now: datetime, text: str) -> Found:
    """What has a name with a part that begins with `text`; all of its words may also stand in any order.

    Names are those that are known now: a link to a past instant says by itself what was known then.
    """
    text = text[:LONGEST]
    hits: list[Hit] = []
    more = []
    for kind in KINDS:
        told = _told(connection, kind, _matching(connection, text, kind), now, scope)
        told.sort(key=lambda each: _rank(each, text))
        hits += told[:SHOWN]
        if len(told) > SHOWN:
            more.append(kind)
    return Found(text, tuple(hits), tuple(more))


def _matching(connection: Connection, text: str, kind: str) -> list[str]:
    found = [each.id for each in find(connection, text, kind, READ)]
    parts = text.split()
    if found or len(parts) < 2:
        return found
    # In any order: the longest word is looked up, and the others must be in the name too.
    first = max(parts, key=len)
    some: list[Named] = find(connection, first, kind, OTHERS)
    names = _whole_names(connection, kind, [each.id for each in some])
    wanted = [spelt(each) for each in parts]
    return [each for each, name in names.items() if all(f" {part}" in f" {name}" for part in wanted)][:READ]


def _whole_names(connection: Connection, kind: str, ids: list[str]) -> dict[str, str]:
    if kind != "maintenance":
        return {each: spelt(each) for each in ids}
    joined = read_wholes(connection)
    known = maintenances(connection, None, {joined.whole(each) for each in ids})
    told = {each: known.get(joined.whole(each)) for each in ids}
    return {
        each: spelt(f"{each} {row.maintenance.title} {row.maintenance.provider_ref}")
        for each, row in told.items()
        if row is not None
    }


def _rank(hit: Hit, text: str) -> tuple[bool, bool, str]:
    """What is called so, then what begins so, then what has it in its name."""
    wanted, names = spelt(text), [spelt(hit.id), spelt(hit.name)]
    return wanted not in names, not any(each.startswith(wanted) for each in names), ""


def _told(connection: Connection, kind: str, ids: list[str], now: datetime, scope: Scope) -> list[Hit]:
    if not ids:
        return []
    if kind == "node":
        return _nodes(connection, ids)
    if kind == "maintenance":
        return _maintenances(connection, ids, now, scope)
    if kind == "cluster":
        rows = {row["cluster_id"]: row for row in in_force(connection, "clusters", None, ("cluster_id", ids))}
        return [Hit(kind, each, each, _listed(rows[each]["region"], rows[each]["sku"])) for each in ids if each in rows]
    key = f"{kind}_id"
    rows = {row[key]: row for row in in_force(connection, f"{kind}s", None, (key, ids))}
    return [
        Hit(kind, each, rows[each]["name"] or each, each if rows[each]["name"] else "") for each in ids if each in rows
    ]


def _nodes(connection: Connection, ids: list[str]) -> list[Hit]:
    known = node_attributes(connection, ids)
    stages = current_stages.c
    query = select(stages.node_id, stages.stage).where(stages.is_out)
    out = {
        row[0]: row[1] for part in in_chunks(ids) for row in connection.execute(query.where(stages.node_id.in_(part)))
    }
    return [
        Hit("node", each, each, _listed(known[each].cluster_id, known[each].rack, words.stage(out.get(each, ""))))
        for each in ids
        if each in known
    ]


def _maintenances(connection: Connection, ids: list[str], now: datetime, scope: Scope) -> list[Hit]:
    joined = read_wholes(connection)
    wholes = list(dict.fromkeys(joined.whole(each) for each in ids))
    known = maintenances(connection, None, wholes)
    found = [known[each].maintenance for each in wholes if each in known]
    found.sort(key=lambda each: (each.status not in RUNNING, -(each.planned_start or each.announced_at or 0)))
    hits = []
    for each in found:
        at = maybe_instant(each.started_at or each.planned_start)
        began = words.clock(at, now, scope.zone, named=False) if at else ""
        about = _listed(each.maintenance_id if each.title else "", each.cluster_id, words.stage(each.status), began)
        hits.append(Hit("maintenance", each.maintenance_id, each.title or each.maintenance_id, about))
    return hits


def _listed(*parts: str) -> str:
    return " · ".join(each for each in parts if each)
