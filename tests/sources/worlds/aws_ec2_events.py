"""Two instances of EC2 with an event each."""

from pathlib import Path

from dashboard.sources.aws_ec2 import Ec2Events
from tests.sources.loopback import Loopback
from tests.sources.test_aws import KEYS, event, instance, says
from tests.sources.worlds import World

FIRST = instance("n-1", event())
OTHER = instance("n-2", event(instanceEventId="other"))
MOVED = instance("n-1", event(notBefore="2026-03-03T06:00:00.000Z"))
OVER = instance("n-1", event(description="[Completed] scheduled reboot"))


def world(server: Loopback, _: Path) -> World:
    said = {"name": "w", "type": "aws_ec2_events", "url": server.url, "region": "us-east-1", **KEYS}
    return World(
        lambda **rest: Ec2Events.model_validate(said | rest),
        lambda records: says(server, *records),
        ([FIRST, OTHER], [MOVED, OTHER], [OVER, OTHER], []),
        junk=({}, {"instanceId": "i-9", "eventsSet": []}),
    )
