"""A project with two instances that have a maintenance each."""

from pathlib import Path

from dashboard.sources.gcp import Gcp
from tests.sources.loopback import Loopback
from tests.sources.test_cloud_events import instance, page
from tests.sources.worlds import HELD, World

BEGUN = instance("n-1", maintenanceStatus="ONGOING")


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "gcp", "url": server.url, "project": "p", "token": HELD}
    return World(
        lambda **rest: Gcp.model_validate(said | rest),
        lambda records: server.says(page(*records)),
        ([instance("n-1"), instance("n-2")], [BEGUN, instance("n-2")], [{"name": "n-1"}, {"name": "n-2"}], []),
        whole=False,  # two of one name are two
    )
