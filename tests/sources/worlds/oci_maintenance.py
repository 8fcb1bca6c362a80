"""Two instances at Oracle Cloud with an event each."""

from pathlib import Path

from dashboard.sources.oci import Maintenance
from tests.sources.loopback import Loopback
from tests.sources.test_oci import event, options
from tests.sources.worlds import World

FIRST = event(instanceId="n-1")
OTHER = event(id="other", instanceId="n-2")
BEGUN = FIRST | {"lifecycleState": "STARTED", "timeStarted": "2026-03-02T00:02:30Z"}
DONE = BEGUN | {"lifecycleState": "SUCCEEDED", "timeFinished": "2026-03-02T00:04:30Z"}


def world(server: Loopback, _: Path) -> World:
    return World(
        lambda **rest: Maintenance.model_validate(options(server, **{"name": "w", "type": "oci_maintenance"} | rest)),
        lambda records: server.says(list(records)),
        ([FIRST, OTHER], [BEGUN, OTHER], [DONE, OTHER], []),
    )
