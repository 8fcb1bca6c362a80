"""What a source brought becomes facts, within the caller's transaction, whether it was fetched or pushed."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from dashboard.jobs.letters import settle
from dashboard.log import aside
from dashboard.log.append import Appending
from dashboard.log.observed import as_news
from dashboard.log.read import node_attributes
from dashboard.model.facts import FACTS, Fact, Kind
from dashboard.model.instants import instant, iso
from dashboard.sources.seam import Batch, SetAside
from dashboard.sources.values import Row, read_columns


def take_in(connection: Connection, source: str, batch: Batch, now: datetime) -> tuple[int, int]:
    """Keeps a batch; returns the facts that were new, and the rows newly set aside."""
    if batch.letters:
        said = settle(connection, batch.letters, source, now)
        facts = {
            name: [*batch.facts.get(name, ()), *said.facts.get(name, ())] for name in {**batch.facts, **said.facts}
        }
        batch = replace(batch, facts=facts, set_aside=[*batch.set_aside, *said.set_aside])
    work = Appending(connection, now, f"collect {source}")
    bad = list(batch.set_aside)
    for name in FACTS:
        if batch.facts.get(name):
            rows, strangers = _of_known_nodes(connection, FACTS[name], batch.facts[name])
            bad += strangers
            work.add(name, as_news(connection, FACTS[name], rows, now))
    work.finish()
    new = sum(work.new.values())
    if work.new.get("nodes"):
        new += take_again(connection, {row[0] for row in batch.facts["nodes"]}, now)
    for part in batch.reread:
        aside.forget_part(connection, source, part)
    rows_aside = [(aside.part_name(source, each.file), each.line, each.reason, each.raw) for each in bad]
    return new, aside.keep_aside(connection, rows_aside, now)


def take_again(connection: Connection, nodes: Collection[str], now: datetime) -> int:
    """Takes in the rows that were set aside until one of these nodes would be named; returns the facts that were new.

    Who told them told them then, and may never do so again: they are known from when they were told.
    """
    waiting = aside.read_unnamed(connection)
    if not waiting:
        return 0
    reasons = {_unnamed(fact, node) for fact in FACTS.values() if "node_id" in fact.names for node in nodes}
    named = [digest for digest, why in waiting.items() if why in reasons]
    facts: dict[str, list[Row]] = defaultdict(list)
    taken = []
    for digest, raw in aside.read_raw(connection, named).items():
        name, row = _kept(raw, now)
        if row is not None and row[FACTS[name].names.index("node_id")] in nodes:
            facts[name].append(row)
            taken.append(digest)
    if not taken:
        return 0
    work = Appending(connection, now, "collect again")
    for name in FACTS:
        if facts[name]:
            work.add(name, as_news(connection, FACTS[name], facts[name], now))
    work.finish()
    aside.forget(connection, taken)
    return sum(work.new.values())


def _of_known_nodes(connection: Connection, fact: Fact, rows: Sequence[Row]) -> tuple[Sequence[Row], list[SetAside]]:
    """The rows whose node some source names, and the others set aside."""
    if "node_id" not in fact.names or fact.name == "nodes":
        return rows, []
    place, needed = fact.names.index("node_id"), "node_id" in fact.needed
    known = node_attributes(connection, {row[place] for row in rows if row[place]})
    good, bad = [], []
    for row in rows:
        if row[place] in known or not (needed or row[place]):
            good.append(row)
        else:
            raw = json.dumps({fact.name: _as_told(fact, row)}, ensure_ascii=False)
            bad.append(SetAside("", 0, _unnamed(fact, row[place]), raw))
    return good, bad


def _unnamed(fact: Fact, node: str) -> str:
    return f"{fact.name}: node {node[:60]!r} {aside.UNNAMED}: once one names it, this is read by itself"


def _as_told(fact: Fact, row: Row) -> dict[str, str]:
    """What a row says, as text from which it can be read again."""
    said = {}
    for column, value in zip(fact.columns, row, strict=True):
        if value not in (None, ""):
            said[column.name] = iso(instant(value)) if column.kind is Kind.INSTANT else str(value)
    return said


def _kept(raw: str, now: datetime) -> tuple[str, Row | None]:
    """The fact and the row that were set aside; no row where it is none of ours."""
    try:
        ((name, said),) = json.loads(raw).items()
        fact = FACTS[name]
        told = [said.get(each, "") for each in fact.names]
    except (ValueError, KeyError, AttributeError):
        return "", None
    clock = fact.names.index(fact.recorded) if fact.recorded else -1
    as_it_stands = clock >= 0 and not told[clock]  # known from when it counts, as in the batch that brought it
    if as_it_stands:
        told[clock] = iso(now)
    rows, _ = read_columns(fact, [[text] for text in told])
    if not rows:
        return "", None
    return name, (*rows[0][:clock], None, *rows[0][clock + 1 :]) if as_it_stands else rows[0]
