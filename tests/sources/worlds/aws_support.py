"""Two cases at AWS, of which one is answered and resolved."""

from pathlib import Path

from dashboard.sources.aws_support import Support
from tests.sources.loopback import Loopback
from tests.sources.test_aws import KEYS, case
from tests.sources.worlds import World

OTHER = case("opened", "z") | {"caseId": "case-2", "displayId": "18"}


def world(server: Loopback, _: Path) -> World:
    return World(
        lambda **rest: Support.model_validate({"name": "w", "type": "aws_support", "url": server.url} | KEYS | rest),
        lambda records: server.says({"cases": list(records)}),
        (
            [case("opened", "a"), OTHER],
            [case("pending-customer-action", "a", "b"), OTHER],
            [case("resolved", "a", "b")],
            [],
        ),
        junk=({}, {"caseId": "x", "timeCreated": "soon"}),
    )
