"""A provider's Statuspage: two maintenances, of which one runs its course."""

from pathlib import Path

from dashboard.sources.statuspage import Statuspage
from tests.sources.loopback import Loopback
from tests.sources.test_statuspage import FIRST, SECOND, maintenance
from tests.sources.worlds import HELD, World

OTHER = maintenance(id="other", incident_updates=[])
BEGUN = maintenance(status="in_progress", updated_at="2026-03-01T20:00:00+01:00", incident_updates=[SECOND, FIRST])
DONE = maintenance(status="completed", updated_at="2026-03-02T05:00:00Z", incident_updates=[SECOND, FIRST])


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "statuspage", "url": server.url, "provider": "nimbus", "token": HELD}
    return World(
        lambda **rest: Statuspage.model_validate(said | rest),
        lambda records: server.says({"scheduled_maintenances": list(records)}),
        ([maintenance(), OTHER], [BEGUN, OTHER], [DONE], []),
    )
