"""A reservation with two blocks that have a maintenance each."""

from pathlib import Path

from dashboard.sources.gcp_reservations import Reservations
from tests.sources.loopback import Loopback
from tests.sources.test_cloud_events import block
from tests.sources.worlds import HELD, World

BEGUN = block("b-1", 2, 3, maintenanceStatus="ONGOING")


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "gcp_reservations", "url": server.url, "project": "p", "reservations": ["z/r"]}
    return World(
        lambda **rest: Reservations.model_validate(said | {"token": HELD} | rest),
        lambda records: server.says({"items": list(records)}),
        ([block("b-1", 0, 5), block("b-2")], [BEGUN, block("b-2")], [{"name": "b-1"}, block("b-2")], []),
    )
