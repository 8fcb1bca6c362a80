"""How long until a fact that is appended can be seen in the current state."""

import time
from datetime import UTC, datetime, timedelta
from statistics import median

from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, open_log, reading
from dashboard.log.state import of_maintenances
from dashboard.log.tables import current_stages
from dashboard.model.instants import micros
from dashboard.model.stages import Stage

FACTS = 1000
TIMES = 5


def append_and_see(database_url: str) -> float:
    """Appends 1,000 transitions and reads them back from the current state; the median of five, in seconds."""
    engine = open_log(database_url)
    try:
        nodes = _nodes(engine)
        now = datetime.now(UTC)
        _append_once(engine, nodes, now)  # the first one opens the connection and prepares its statements
        return median(_append_once(engine, nodes, now + timedelta(seconds=i + 1)) for i in range(TIMES))
    finally:
        engine.dispose()


def _nodes(engine: Engine) -> list[tuple[str, str]]:
    """(maintenance, node) pairs of open maintenances, those that are out first."""
    columns = current_stages.c
    query = current_stages.select().order_by(columns.is_out.desc(), columns.since.desc()).limit(FACTS)
    with reading(engine) as connection:
        found = [(row.maintenance_id, row.node_id) for row in connection.execute(query)]
    assert found, "the log holds no node in maintenance"
    return found


def _append_once(engine: Engine, nodes: list[tuple[str, str]], now: datetime) -> float:
    at, stage = micros(now), Stage.VALIDATING.value
    rows = [(maintenance, node, stage, at, at, "bench", "") for maintenance, node in nodes]
    began = time.perf_counter()
    with appending(engine) as connection:
        append(connection, {"node_transitions": rows}, now, "bench")
    with reading(engine) as connection:
        seen = of_maintenances(connection, {maintenance for maintenance, _ in nodes})
    seconds = time.perf_counter() - began
    found = {(each.maintenance_id, each.node_id) for each in seen if each.since == at and each.stage == stage}
    assert found == set(nodes), f"{len(set(nodes) - found)} of {len(nodes)} transitions cannot be seen"
    return seconds
