"""Two duties, of which one changes hands."""

from pathlib import Path

from dashboard.sources.pagerduty import PagerDuty
from tests.sources.loopback import Loopback
from tests.sources.test_pagerduty import BY_POLICY, HELD, SCHEDULED, oncall
from tests.sources.worlds import World

POLICY = oncall("Bo", policy="P1")


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "pagerduty", "url": server.url, "token": HELD, "duties": (SCHEDULED, BY_POLICY)}
    return World(
        lambda **rest: PagerDuty.model_validate(said | rest),
        lambda records: server.says({"oncalls": list(records), "more": False}),
        ([oncall("Ann", "S1"), POLICY], [oncall("Dee", "S1"), POLICY], [POLICY], []),
    )
