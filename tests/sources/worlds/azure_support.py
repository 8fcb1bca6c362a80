"""Two tickets at Azure, of which one is answered and closed."""

from pathlib import Path
from typing import Any

from dashboard.sources.azure_support import Support
from tests.sources.loopback import Loopback
from tests.sources.test_azure import desk, source, ticket, written
from tests.sources.worlds import World


def world(server: Loopback, _: Path) -> World:
    def says(records: Any) -> None:
        desk(server, [list(records)], [written("Please wait"), {}])

    return World(
        lambda **rest: source(Support, server, **{"name": "w", "type": "azure_support"} | rest),
        says,
        ([ticket(1), ticket(2)], [ticket(1, status="Updating"), ticket(2)], [ticket(1, status="Closed")], []),
    )
