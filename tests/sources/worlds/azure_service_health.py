"""Two events of Azure Service Health, each with a machine."""

from pathlib import Path
from typing import Any

from dashboard.sources.azure_service_health import ServiceHealth
from tests.sources.loopback import Loopback
from tests.sources.test_azure import VM, event, graph, impacted, source
from tests.sources.worlds import World

OTHER = event(TrackingId="OTHER", Title="Other")
MOVED = event(ImpactStartTime="2026-03-03T06:00:00Z", LastUpdateTime="2026-03-01T09:00:00Z")
NAMED = [impacted(f"{VM}n-1"), impacted(f"{VM}n-2", "OTHER"), None, {}]


def world(server: Loopback, _: Path) -> World:
    def says(records: Any) -> None:
        graph(server, rows=list(records), impacted=NAMED if records else [])

    return World(
        lambda **rest: source(ServiceHealth, server, **{"name": "w", "type": "azure_service_health"} | rest),
        says,
        ([event(), OTHER], [MOVED, OTHER], [event(Status="Resolved")], []),
    )
