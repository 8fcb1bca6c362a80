"""A source asked again and again into a log, as its world changes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select

from dashboard.jobs.collect import Collected, Collector, register
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.tables import FACT_TABLES
from dashboard.model.instants import instant, iso
from dashboard.sources.seam import Source

START = datetime(2026, 3, 2, tzinfo=UTC)


class Asked:
    """The source of a test, its clock, and what the log holds of it."""

    def __init__(self, engine: Engine, source: Source, nodes: Sequence[str] = ()) -> None:
        self.engine, self.source, self.now = engine, source, START
        register(engine, [source])
        self._collector = Collector(engine, source, "w", lambda: self.now, lambda: 0.5)
        with appending(engine) as connection:
            append(connection, {"nodes": [(node, "c", "", 8, "") for node in nodes]}, START, "test")

    def again(self, minutes: float = 1) -> Collected:
        """Asks again, some minutes later."""
        self.now += timedelta(minutes=minutes)
        return self._collector.poll()

    def let_go(self) -> None:
        """Hands the source back, as a worker that stops does."""
        self._collector.let_go()

    def anew(self) -> Collected:
        """Asks from the beginning, as `dashboard collect --again` does."""
        self._collector.let_go()
        register(self.engine, [self.source], again=True)
        return self.again()

    def told(self, fact: str, *columns: str) -> list[tuple[Any, ...]]:
        """What the log holds of a fact, in the order in which it became known; instants as ISO 8601."""
        table = FACT_TABLES[fact]
        clock = "received_at" if fact == "provider_messages" else "recorded_at"
        with reading(self.engine) as connection:
            rows = connection.execute(select(table).order_by(table.c[clock], *table.primary_key)).mappings().all()
        return [tuple(_shown(name, row[name]) for name in columns) for row in rows]


def _shown(name: str, value: Any) -> Any:
    timed = name.endswith("_at") or name in ("planned_start", "planned_end", "claimed_end")
    return iso(instant(value)) if timed and value is not None else value
