"""Two machines with an update each."""

from pathlib import Path

from dashboard.sources.azure_maintenance import Updates
from tests.sources.loopback import Loopback
from tests.sources.test_azure import graph, source, update, updates
from tests.sources.worlds import World

OTHER = updates("n-2", update("Pending"))


def world(server: Loopback, _: Path) -> World:
    return World(
        lambda **rest: source(Updates, server, **{"name": "w", "type": "azure_maintenance"} | rest),
        lambda records: graph(server, rows=list(records)),
        (
            [updates("n-1", update("Pending")), OTHER],
            [updates("n-1", update("InProgress", notBefore="")), OTHER],
            [updates("n-1", update("Completed", notBefore="")), OTHER],
            [],
        ),
    )
