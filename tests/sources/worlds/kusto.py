"""The same controller's events in a Kusto cluster, which keeps them all."""

from pathlib import Path
from typing import Any

from dashboard.sources.kusto import Kusto
from tests.sources.kusto_cluster import Cluster
from tests.sources.loopback import Loopback
from tests.sources.worlds import HELD, World
from tests.sources.worlds.json import FACTS, STEPS

COLUMNS = [("maintenance_id", "string"), ("node_id", "string"), ("stage", "string"), ("occurred_at", "datetime")]


def world(server: Loopback, _: Path) -> World:
    def says(records: Any) -> None:
        rows = [[each.get(name) for name, _ in COLUMNS] if isinstance(each, dict) else each for each in records]
        Cluster(server, rows, COLUMNS)

    def source(**rest: Any) -> Kusto:
        said = {"name": "w", "type": "kusto", "url": server.url, "database": "fleet", "query": "Moves", "facts": FACTS}
        return Kusto.model_validate(said | {"token": HELD, "watermark": "occurred_at"} | rest)

    bad = {"maintenance_id": "M-1", "node_id": "n-1", "stage": "asleep", "occurred_at": "2026-03-01T08:00:00Z"}
    return World(source, says, STEPS, junk=(bad, bad | {"node_id": None}))
