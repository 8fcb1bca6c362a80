"""An agent that forwards two events of Azure's metadata service."""

from pathlib import Path

from dashboard.sources.azure import ScheduledEvents
from tests.sources.loopback import Loopback
from tests.sources.test_cloud_events import event
from tests.sources.worlds import HELD, World

OTHER = event(EventId="other", Resources=["n-2"])
BEGUN = event(EventStatus="Started", NotBefore="")


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "azure_scheduled_events", "url": server.url, "token": HELD}
    return World(
        lambda **rest: ScheduledEvents.model_validate(said | rest),
        lambda records: server.says({"Events": list(records)}),
        ([event(), OTHER], [BEGUN, OTHER], [OTHER], []),
    )
