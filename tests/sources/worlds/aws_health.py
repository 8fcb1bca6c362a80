"""An event of AWS Health, and the two instances that it is about."""

from pathlib import Path
from typing import Any

from dashboard.sources.aws_health import Health
from tests.sources.loopback import Loopback
from tests.sources.test_aws import ARN, KEYS, HealthSays, told
from tests.sources.worlds import World


def entity(node: str, status: str) -> dict[str, Any]:
    return {"entityArn": f"{ARN}/{node}", "eventArn": ARN, "entityValue": node, "statusCode": status}


def world(server: Loopback, _: Path) -> World:
    def says(records: Any) -> None:
        theirs = HealthSays(server)
        theirs.events = [each for each in records if "entityArn" not in each]
        theirs.entities = [each for each in records if "entityArn" in each]

    return World(
        lambda **rest: Health.model_validate({"name": "w", "type": "aws_health", "url": server.url} | KEYS | rest),
        says,
        (
            [told("upcoming", 1772400000.25), entity("i-1", "PENDING"), entity("i-2", "PENDING")],
            [told("open", 1772431200.0), entity("i-1", "IMPAIRED"), entity("i-2", "PENDING")],
            [told("closed", 1772438400.0), entity("i-1", "RESOLVED"), entity("i-2", "RESOLVED")],
            [],
        ),
        nodes=("i-1", "i-2"),
        junk=({}, {"entityArn": "x"}),
    )
