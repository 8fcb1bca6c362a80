"""A chain of announcements at Oracle Cloud, one after another."""

from pathlib import Path
from typing import Any

from dashboard.sources.oci_announcements import Announcements
from tests.sources.loopback import Handler, Loopback
from tests.sources.test_oci import announcement, options
from tests.sources.worlds import World

FIRST = announcement(1, "SCHEDULED_MAINTENANCE")
OTHER = announcement(2, "INFORMATION", chainId="other")
DONE = announcement(3, "SCHEDULED_MAINTENANCE_COMPLETE")


def world(server: Loopback, _: Path) -> World:
    def says(records: Any) -> None:
        def reply(handler: Handler) -> None:
            wanted = server.asked[-1].path.rpartition("/")[2]
            detail = [each for each in records if isinstance(each, dict) and each.get("id") == wanted]
            handler.send_json(detail[0] if detail else {"items": list(records)})

        server.reply = reply

    return World(
        lambda **rest: Announcements.model_validate(
            options(server, **{"name": "w", "type": "oci_announcements"} | rest)
        ),
        says,
        ([FIRST, OTHER], [FIRST, OTHER, DONE], [DONE], []),
    )
