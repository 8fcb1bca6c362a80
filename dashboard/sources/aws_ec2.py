"""EC2's scheduled events of instances. Reference: EC2 API, DescribeInstanceStatus.

Needs the right ec2:DescribeInstanceStatus, and ec2:DescribeInstances where nodes are not named by instance ids.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints

from dashboard.model.instants import iso, read_instant
from dashboard.model.stages import Stage, Status
from dashboard.sources.amazon import Amazon, Aws
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text
from dashboard.sources.seam import Batches, Standing, Told

CODES = ("instance-reboot", "system-reboot", "system-maintenance", "instance-retirement", "instance-stop")
OVER = {"[completed]": Status.COMPLETED, "[canceled]": Status.CANCELLED, "[cancelled]": Status.CANCELLED}
PAGE, NAMED_AT_ONCE = 1000, 100

NamedBy = Annotated[str, StringConstraints(pattern=r"^(instance_id|private_dns_name|tag:.{1,128})$")]


class Ec2Events(Amazon, Standing):
    """Reads a region's scheduled events. Gives a maintenance for each, with its one node."""

    service: ClassVar[str] = "ec2"

    provider: str = "aws"
    cluster: str = ""
    node: NamedBy = "instance_id"  # what the fleet calls the instance: also private_dns_name, or tag:NAME

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer.

        EC2 says when an event is over, and never that it has begun: that its node is out, the fleet's own sources
        tell. An event that is no longer listed, and was not said to be over, is over by its window.
        """
        known: dict[str, dict[str, str]] = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            aws = Aws(self, client)
            found = {each["id"]: each for each in self._listed(aws)}
            self._name(aws, found, known)
        told = [each for event in found.values() for each in self._changes(event, known.get(event["id"], {}), now)]
        for gone in sorted(set(known) - set(found)):
            told += self._vanished(known[gone], now)
        yield from self.brought(told, found, cursor, now)

    def _listed(self, aws: Aws) -> Iterator[dict[str, str]]:
        pages = aws.pages(
            "describe_instance_status",
            "InstanceStatuses",
            IncludeAllInstances=True,
            Filters=[{"Name": "event.code", "Values": list(CODES)}],
            PaginationConfig={"PageSize": PAGE},
        )
        for page in pages:
            for instance in page["InstanceStatuses"]:
                for event in instance.get("Events", []):
                    if instance.get("InstanceId") and event.get("InstanceEventId"):
                        yield standing(instance["InstanceId"], event)

    def _name(self, aws: Aws, found: Mapping[str, dict[str, str]], known: Mapping[str, Mapping[str, str]]) -> None:
        """Gives each event the name that the fleet has for its instance; asks only for those not named before."""
        for key, event in found.items():
            before = known.get(key, {}).get("node", "")
            event["node"] = event["instance"] if self.node == "instance_id" else before
        unnamed = sorted({each["instance"] for each in found.values() if not each["node"]})
        names: dict[str, str] = {}
        for start in range(0, len(unnamed), NAMED_AT_ONCE):
            # By filter: one that is gone by now is left out, where by id it would fail all others.
            asked = [{"Name": "instance-id", "Values": unnamed[start : start + NAMED_AT_ONCE]}]
            for page in aws.pages("describe_instances", "Reservations", Filters=asked):
                for each in page["Reservations"]:
                    names |= {one["InstanceId"]: self._called(one) for one in each.get("Instances", [])}
        for event in found.values():
            event["node"] = event["node"] or names.get(event["instance"], "")

    def _called(self, instance: Mapping[str, Any]) -> str:
        if self.node == "private_dns_name":
            return as_text(instance.get("PrivateDnsName"))
        wanted = self.node.removeprefix("tag:")
        return next((each["Value"] for each in instance.get("Tags", []) if each["Key"] == wanted), "")

    def _changes(self, event: Mapping[str, str], before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        if event == before:
            return
        yield self._update(
            event,
            event["status"],
            kind=event["code"],
            title=f"{event['node'] or event['instance']}: {event['description'] or event['code']}",
            cluster_id=self.cluster,
            planned_start=event["start"],
            planned_end=event["end"],
            provider_ref=event["id"],
            note=f"to be done by its owner before {event['deadline']}" if event["deadline"] else "",
        )
        if event["status"] == Status.SCHEDULED and before.get("node") != (event["node"] or event["instance"]):
            columns = {"node_id": event["node"] or event["instance"], "stage": Stage.SCHEDULED}
            clocks = {"occurred_at": iso(now), "recorded_at": iso(now)}
            yield Told("node_transitions", self._signed(event) | columns | clocks, as_json(event))

    def _vanished(self, before: Mapping[str, str], now: datetime) -> Iterator[Told]:
        if before["status"] == Status.SCHEDULED:
            begun = before["start"] and read_instant(before["start"]) <= now
            yield self._update(before, Status.COMPLETED if begun else Status.CANCELLED, note="it is no longer listed")

    def _update(self, event: Mapping[str, str], status: str, **rest: str) -> Told:
        about = self._signed(event) | {"status": status, "provider_id": self.provider}
        return Told("maintenance_updates", about | rest, as_json(event))

    def _signed(self, event: Mapping[str, str]) -> dict[str, str]:
        return {"maintenance_id": f"{self.name}:{event['id']}", "source": self.name}


def standing(instance: str, event: Mapping[str, Any]) -> dict[str, str]:
    """What is kept of an event. EC2 writes that it is over in front of its description."""
    said = as_text(event.get("Description"))
    mark, _, rest = said.partition("]")
    over = OVER.get(f"{mark}]".lower())
    return {
        "id": as_text(event.get("InstanceEventId")),
        "instance": instance,
        "node": "",
        "code": as_text(event.get("Code")),
        "status": over or Status.SCHEDULED,
        "description": rest.strip() if over else said,
        "start": _instant(event.get("NotBefore")),
        "end": _instant(event.get("NotAfter")),
        "deadline": _instant(event.get("NotBeforeDeadline")),
    }


def _instant(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else ""
