"""Maintenance of reserved blocks of Compute Engine: how many hosts are in it, not which. Reference: Compute Engine API
v1, reservationBlocks.list.

Token: of a service account with compute.reservationBlocks.list, kept fresh in a file: name it by token_file.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from dashboard.errors import SourceInPart
from dashboard.model.stages import Status
from dashboard.sources.google import Google, standing, unseen
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, field_of
from dashboard.sources.seam import Batches, Told

COUNTS = {
    "maintenance": "hosts",
    "instanceMaintenance": "instances",
    "subblockInfraMaintenance": "subblocks",
}
"""What they count by the beginning of its name; OngoingCount and PendingCount follow."""


class Reservations(Google):
    """Reads the blocks of reservations. Gives a maintenance for each block that has one; its note tells how far."""

    reservations: tuple[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")], ...] = Field(
        min_length=1
    )
    clusters: dict[str, str] = Field(default_factory=dict)  # a reservation or block, like ZONE/NAME: its cluster_id

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last listing. A maintenance is over when its block no longer names it.

        One of a block that was not listed because something could not be reached is not over: it was not seen.
        """
        known: dict[str, dict[str, str]] = json.loads(cursor) if cursor else {}
        found: dict[str, dict[str, str]] = {}
        away: set[str] = set()
        with Client(self, now) as client:
            for reservation in self.reservations:
                zone, _, name = reservation.partition("/")
                for answer in self.pages(client, f"zones/{zone}/reservations/{name}/reservationBlocks", {}):
                    away |= unseen(answer)
                    found |= _blocks(reservation, answer)
        told: list[Told] = []
        for key, block in found.items():
            told += self._changes(key, block, known.get(key, {}))
        for key in [] if away else sorted(set(known) - set(found)):
            told += self._over(key, known[key])
        yield from self.brought(told, (known if away else {}) | found, cursor, now)
        if away:
            raise SourceInPart(
                f"{self.name}: Compute Engine could not reach {', '.join(sorted(away))}: what is there stays as it was"
            )

    def _changes(self, key: str, block: Mapping[str, str], before: Mapping[str, str]) -> Iterator[Told]:
        if block == before:
            return
        if before and before["start"] != block["start"]:
            yield from self._over(key, before)
        columns = self.announced(block, f"{key}: {block['type'].lower() or 'host'} maintenance", block["counts"])
        columns["cluster_id"] = self.clusters.get(key) or self.clusters.get(key.rpartition("/")[0]) or self.cluster
        yield Told("maintenance_updates", self._named(key, block) | columns, as_json(block))

    def _over(self, key: str, before: Mapping[str, str]) -> Iterator[Told]:
        """What was under way has ended; what had not begun was called off."""
        status = Status.COMPLETED if before["status"] == "ONGOING" else Status.CANCELLED
        columns = {"status": status, "note": "its block names it no longer"}
        yield Told("maintenance_updates", self._named(key, before) | columns, as_json(before))

    def _named(self, key: str, block: Mapping[str, str]) -> dict[str, str]:
        return self.signed(f"{key}@{block['start']}")


def _blocks(reservation: str, answer: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, str]]]:
    """Each block that has a maintenance to come, or under way: what is kept of it."""
    items = answer.get("items")
    for block in items if isinstance(items, list) else []:
        group, name = field_of(block, "reservationMaintenance"), as_text(field_of(block, "name"))
        upcoming = field_of(group, "upcomingGroupMaintenance")
        counts = counted(group) if isinstance(group, Mapping) else ""
        if name and (counts or (isinstance(upcoming, Mapping) and upcoming)):
            found = standing(upcoming if isinstance(upcoming, Mapping) else {})
            # Blocks whose hosts go one by one have counts, and no window of the group.
            begun = "ONGOING" if any(_number(group, what, "Ongoing") for what in COUNTS) else "PENDING"
            yield f"{reservation}/{name}", found | {"status": found["status"] or begun, "counts": counts}


def counted(group: Mapping[str, Any]) -> str:
    """How many of what are in maintenance and to come, in words; '' for none."""
    said = []
    for what, things in COUNTS.items():
        now, to_come = _number(group, what, "Ongoing"), _number(group, what, "Pending")
        if now or to_come:
            said.append(f"{things} in maintenance: {now:,}, to come: {to_come:,}")
    return "; ".join(said)


def _number(group: Any, what: str, when: str) -> int:
    found = field_of(group, f"{what}{when}Count")
    return found if isinstance(found, int) and found > 0 else 0
