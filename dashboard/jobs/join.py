"""Finds what two sources tell of one maintenance, and says so in the log; takes it back where somebody knows better."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, select

from dashboard.log.append import append, newest_recorded
from dashboard.log.bulk import in_chunks
from dashboard.log.database import appending, reading
from dashboard.log.derive import read_updates
from dashboard.log.read import history
from dashboard.log.state import Known, maintenances, of_maintenances
from dashboard.log.tables import touched
from dashboard.model.instants import micros
from dashboard.model.joining import HAND, NEAR, Telling, Wholes, same
from dashboard.model.stages import CLOSED

LATELY = timedelta(days=7)
"""What has been over for longer is not joined any more."""

Found = tuple[str, str, str, str]
"""A maintenance, the whole it is part of, the rule, and why."""


@dataclass
class Joiner:
    """Looks at what was told since it last looked."""

    engine: Engine
    _seen: int = -1

    def step(self, now: datetime) -> int:
        """Joins what is told twice; returns how many maintenances became part of another."""
        with reading(self.engine) as connection:
            position, _ = newest_recorded(connection)
            if position == self._seen:
                return 0
            found = _found(connection, self._seen, now)
        self._seen = position
        if found:
            rows = [(name, micros(now), whole, rule, why) for name, whole, rule, why in found]
            with appending(self.engine) as connection:
                append(connection, {"joins": rows}, now, "join")
        return len(found)


def take_apart(engine: Engine, maintenance_id: str, now: datetime) -> None:
    """Says that a maintenance stands by itself, whatever else may tell of the same: no rule joins it again."""
    with appending(engine) as connection:
        append(connection, {"joins": [(maintenance_id, micros(now), "", HAND, "taken apart")]}, now, "join")


def _found(connection: Connection, since: int, now: datetime) -> list[Found]:
    apart = {row["maintenance_id"] for row in history(connection, "joins") if not row["whole_id"]}
    known = {n: each for n, each in maintenances(connection).items() if n not in apart and _lately(each, now)}
    news = set(known)
    if since >= 0:
        news &= set(connection.scalars(select(touched.c.maintenance_id).where(touched.c.position > since).distinct()))
    if len({each.maintenance.source for each in known.values()}) < 2:
        return []
    pairs = [(one, other) for one in sorted(news) for other in _beside(known, one)]
    tellings = _tellings(connection, known, {name for pair in pairs for name in pair})
    found: dict[str, Found] = {}
    for one, other in pairs:
        why = same(tellings[one], tellings[other])
        if why and not {one, other} & set(found):
            whole, part = sorted((one, other), key=lambda name: _first(known[name], tellings[name]))
            found[part] = (part, whole, *why)
    return list(found.values())


def _lately(known: Known, now: datetime) -> bool:
    over = known.maintenance.closed_at
    return known.maintenance.status not in CLOSED or (over is not None and over > micros(now - LATELY))


def _beside(known: dict[str, Known], name: str) -> Iterator[str]:
    """Those of the same provider that begin about when this one does, or name it, or what it names."""
    one = known[name].maintenance
    names = {one.provider_ref.strip().casefold(), name.casefold()} - {""}
    for other, each in known.items():
        told = each.maintenance
        if other == name or told.provider_id != one.provider_id or not one.provider_id:
            continue
        near = None not in (one.planned_start, told.planned_start) and (
            abs((one.planned_start or 0) - (told.planned_start or 0)) <= NEAR
        )
        if near or names & {told.provider_ref.strip().casefold(), other.casefold()}:
            yield other


def _tellings(connection: Connection, known: dict[str, Known], ids: Iterable[str]) -> dict[str, Telling]:
    """Each as it was told under its own name: what became part of it meanwhile does not count."""
    chosen = sorted(set(ids))
    sources = {
        name: frozenset(each.source for each in updates if each.source)
        for name, updates in read_updates(connection, chosen, Wholes()).items()
    }
    nodes: dict[str, set[str]] = defaultdict(set)
    for part in in_chunks(chosen):
        for row in of_maintenances(connection, part):
            nodes[row.maintenance_id].add(row.node_id)
    return {
        name: Telling(
            name,
            sources.get(name, frozenset()),
            known[name].maintenance.provider_id,
            known[name].maintenance.provider_ref,
            known[name].maintenance.planned_start,
            frozenset(nodes[name]),
        )
        for name in chosen
    }


def _first(known: Known, telling: Telling) -> tuple[int, int, str]:
    """The one with more nodes stands for the whole, among equals the one that was known first."""
    return -len(telling.nodes), known.maintenance.announced_at or 0, telling.maintenance_id
