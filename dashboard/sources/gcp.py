"""Upcoming maintenance of Compute Engine instances. Reference: Compute Engine API v1, instances.aggregatedList.

Token: of a service account with compute.instances.list, kept fresh in a file: name it by token_file.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, Literal

from dashboard.errors import SourceInPart
from dashboard.model.instants import iso
from dashboard.model.stages import Stage, Status
from dashboard.sources.google import STAGES, Google, standing, unseen
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, field_of
from dashboard.sources.seam import Batches, Told

PARTS = ("kind", "items/*/instances(name,resourceStatus/upcomingMaintenance)", "items/*/warning/code", "warning/code",
         "unreachables", "nextPageToken")  # fmt: skip


class Gcp(Google):
    """Reads a project's instances. Gives a maintenance for each instance that has one, and its stages."""

    node: Literal["name", "zone/name"] = "name"  # what the fleet calls an instance

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last listing. A maintenance is over when the instance no longer names it.

        One whose zone could not be reached is not over: it was not seen. Raises SourceInPart for that, at the end.
        """
        known: dict[str, dict[str, str]] = json.loads(cursor) if cursor else {}
        upcoming: dict[str, Mapping[str, Any]] = {}
        away: set[str] = set()
        names: Counter[str] = Counter()
        with Client(self, now) as client:
            asked = {"returnPartialSuccess": "true", "fields": ",".join(PARTS)}
            for answer in self.pages(client, "aggregated/instances", asked):
                away |= unseen(answer)
                for place, name, said in _instances(answer):
                    names[name] += 1
                    if said:
                        upcoming[f"{place}/{name}"] = said
        known = _with_zones(known, upcoming)
        found = {key: self._stands(key, said, known.get(key, {}), names) for key, said in upcoming.items()}
        told: list[Told] = []
        for key, each in found.items():
            told += self._changes(each, known.get(key, {}), as_json(upcoming[key]), now)
        for key in [] if away else sorted(set(known) - set(found)):
            told += self._over(known[key], now)
        yield from self.brought(told, (known if away else {}) | found, cursor, now)
        if away:
            raise SourceInPart(
                f"{self.name}: Compute Engine could not reach {', '.join(sorted(away))}: what is there stays as it was"
            )

    def _stands(
        self, key: str, said: Mapping[str, Any], before: Mapping[str, str], names: Mapping[str, int]
    ) -> dict[str, str]:
        """What is kept of one. Its own name will do where one instance has it; of several, zone and name together.

        The interface names no maintenance: instance and window do, as they were called when it was announced.
        """
        found, name = standing(said), key.partition("/")[2]
        short = name if names[name] == 1 else key
        goes_on = before and before["start"] == found["start"]
        return found | {
            "node": key if self.node == "zone/name" else before["node"] if goes_on else short,
            "id": before["id"] if goes_on else f"{short}@{found['start']}",
        }

    def _changes(
        self, upcoming: Mapping[str, str], before: Mapping[str, str], raw: str, now: datetime
    ) -> Iterator[Told]:
        if upcoming == before:
            return
        if before and before["start"] != upcoming["start"]:
            yield from self._over(before, now)
            before = {}
        title = f"{upcoming['node']}: {upcoming['type'].lower() or 'host'} maintenance"
        yield Told("maintenance_updates", self.signed(upcoming["id"]) | self.announced(upcoming, title), raw)
        if upcoming["status"] in STAGES and upcoming["status"] != before.get("status"):
            yield self._entered(upcoming, STAGES[upcoming["status"]], now)

    def _over(self, before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        """What was under way has ended; what had not begun was called off."""
        ran = before["status"] == "ONGOING"
        status = Status.COMPLETED if ran else Status.CANCELLED
        yield Told("maintenance_updates", self.signed(before["id"]) | {"status": status}, as_json(before))
        if ran:
            yield self._entered(before, Stage.RETURNED, now)

    def _entered(self, upcoming: Mapping[str, str], stage: Stage, now: datetime) -> Told:
        columns = {"node_id": upcoming["node"], "stage": stage, "occurred_at": iso(now), "recorded_at": iso(now)}
        return Told("node_transitions", self.signed(upcoming["id"]) | columns, as_json(upcoming))


def _with_zones(known: dict[str, dict[str, str]], found: Iterable[str]) -> dict[str, dict[str, str]]:
    """What was kept before zones were: by the one zone in which an instance of that name is found."""
    kept = {}
    for key, each in known.items():
        places = [] if "/" in key else [place for place in found if place.endswith(f"/{key}")]
        named = {"id": f"{key}@{each['start']}", "node": key} | each
        kept[places[0] if len(places) == 1 else key] = named
    return kept


def _instances(answer: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each instance by its zone and name, with its maintenance to come or under way, where it has one."""
    zones = answer.get("items")
    for path, zone in zones.items() if isinstance(zones, Mapping) else []:
        instances = field_of(zone, "instances")
        for instance in instances if isinstance(instances, list) else []:
            upcoming = field_of(instance, "resourceStatus.upcomingMaintenance")
            name = as_text(field_of(instance, "name"))
            if name:
                yield path.rpartition("/")[2], name, upcoming if isinstance(upcoming, Mapping) else {}
