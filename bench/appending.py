"""How long until a fact that is appended can be seen in the current state."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import TypeVar

from sqlalchemy import Connection, Engine

from bench.goals import Goal
from dashboard.jobs.forecast import open_ids
from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.log.state import out_or_lost, tallies
from dashboard.log.tables import current_stages
from dashboard.model.instants import micros
from dashboard.model.stages import Stage

T = TypeVar("T")
FACTS, TIMES, MOST_MS = 1000, 10, 100.0
STAGES = (Stage.VALIDATING, Stage.REPAIRING)  # in turn: each append moves every node


@dataclass(frozen=True, slots=True)
class Seen:
    """Medians, in milliseconds."""

    append: float
    out_or_lost: float
    tallies: float
    append_and_out_or_lost: float

    def goals(self) -> list[Goal]:
        """What counts: from the append until what is out has it."""
        return [
            Goal(f"append of {FACTS:,} until seen in the current state", self.append_and_out_or_lost, MOST_MS, "ms")
        ]

    def __str__(self) -> str:
        return (
            f"append of {FACTS:,}: {self.append:,.0f} ms; then what is out: {self.out_or_lost:,.0f} ms; "
            f"the tallies: {self.tallies:,.0f} ms (medians of {TIMES})"
        )


def append_and_see(database_url: str) -> Seen:
    """Appends transitions of open maintenances, and reads them back; the database holds them from then on."""
    with opened(database_url) as engine:
        nodes, ids = _nodes(engine)
        now = datetime.now(UTC)
        _once(engine, nodes, ids, now, Stage.VALIDATING)  # opens the connection and prepares its statements
        told = [
            _once(engine, nodes, ids, now + timedelta(seconds=i + 1), STAGES[i % len(STAGES)]) for i in range(TIMES)
        ]
    appended, out, counted = (1000 * median(column) for column in zip(*told, strict=True))
    return Seen(appended, out, counted, 1000 * median(each[0] + each[1] for each in told))


def _nodes(engine: Engine) -> tuple[list[tuple[str, str]], list[str]]:
    """(maintenance, node) pairs of open maintenances, those that are out first; and all that are open."""
    columns = current_stages.c
    with reading(engine) as connection:
        ids = open_ids(connection)
        query = current_stages.select().where(columns.maintenance_id.in_(ids))
        query = query.order_by(columns.is_out.desc(), columns.since.desc()).limit(FACTS)
        found = [(row.maintenance_id, row.node_id) for row in connection.execute(query)]
    if not found:
        raise RuntimeError("the log holds no node in an open maintenance")
    return found, ids


def _once(
    engine: Engine, nodes: list[tuple[str, str]], ids: list[str], now: datetime, stage: Stage
) -> tuple[float, float, float]:
    """Seconds of the append, of reading what is out, and of the tallies."""
    at = micros(now)
    rows = [(maintenance, node, stage.value, at, at, "bench", "") for maintenance, node in nodes]
    began = time.perf_counter()
    with appending(engine) as connection:
        append(connection, {"node_transitions": rows}, now, "bench")
    appended = time.perf_counter() - began
    seen, out_seconds = _timed(engine, out_or_lost)
    _, tally_seconds = _timed(engine, lambda connection: tallies(connection, ids))
    found = {(each.maintenance_id, each.node_id) for each in seen if each.since == at and each.stage == stage}
    if found != set(nodes):
        raise RuntimeError(f"{len(set(nodes) - found)} of {len(nodes)} transitions cannot be seen")
    return appended, out_seconds, tally_seconds


def _timed(engine: Engine, ask: Callable[[Connection], list[T]]) -> tuple[list[T], float]:
    began = time.perf_counter()
    with reading(engine) as connection:
        found = ask(connection)
    return found, time.perf_counter() - began
