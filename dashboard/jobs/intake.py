"""What a source brought becomes facts, within the caller's transaction, whether it was fetched or pushed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from dashboard.jobs.letters import settle
from dashboard.log import aside
from dashboard.log.append import Appending
from dashboard.log.observed import as_news
from dashboard.log.read import node_attributes
from dashboard.model.facts import FACTS, Fact
from dashboard.sources.seam import Batch, SetAside
from dashboard.sources.values import Row


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
    for part in batch.reread:
        aside.forget_part(connection, source, part)
    rows_aside = [(aside.part_name(source, each.file), each.line, each.reason, each.raw) for each in bad]
    return sum(work.new.values()), aside.keep_aside(connection, rows_aside, now)


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
            why = (
                f"{fact.name}: node {row[place][:60]!r} is named by no source: name it, then dashboard collect --again"
            )
            bad.append(SetAside("", 0, why, str(dict(zip(fact.names, row, strict=True)))))
    return good, bad
