"""Scheduled changes as AWS Health tells an account. Reference: AWS Health API, DescribeEvents.

Needs a support plan of Business or better, and the rights health:DescribeEvents, health:DescribeAffectedEntities and
health:DescribeEventDetails. The interface lives in us-east-1, for all regions.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, ClassVar

from pydantic import Field

from dashboard.model.instants import iso
from dashboard.model.stages import Stage, Status
from dashboard.sources.amazon import Amazon, Aws
from dashboard.sources.http import Client
from dashboard.sources.mapping import as_json, as_text, strange
from dashboard.sources.seam import Batches, Standing, Told

STATUSES = {"upcoming": Status.SCHEDULED, "open": Status.IN_PROGRESS, "closed": Status.COMPLETED}
STAGES = {"IMPAIRED": Stage.IN_MAINTENANCE, "RESOLVED": Stage.RETURNED}
PAGE, AT_ONCE = 100, 10
LONGEST_ARN = 120


class Health(Amazon, Standing):
    """Reads events. Gives a maintenance for each, the stages of its instances, and what was said of it."""

    service: ClassVar[str] = "health"
    home: ClassVar[str] = "us-east-1"

    region: str = "us-east-1"  # that of the interface, not of what it tells
    provider: str = "aws"
    clusters: dict[str, str] = Field(default_factory=dict)  # a region or zone: the cluster_id it stands for
    services: tuple[str, ...] = ("EC2",)
    categories: tuple[str, ...] = ("scheduledChange",)

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """What differs from the last answer. What is closed is asked for no more; entities of others are, every time.

        An event that is no longer listed, and was not closed, is over: completed if it was open, else called off.
        """
        known: dict[str, dict[str, Any]] = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            aws = Aws(self, client)
            found = {each["arn"]: each for each in self._listed(aws)}
            changed = [arn for arn, each in found.items() if each["updated"] != known.get(arn, {}).get("updated")]
            watched = [arn for arn, each in found.items() if each["status"] != "closed" or arn in changed]
            for arn in set(found) & set(known) - set(watched):
                found[arn]["nodes"] = known[arn]["nodes"]
            self._add_nodes(aws, found, watched)
            details = self._details(aws, changed)
        told: list[Told] = []
        for arn, event in found.items():
            told += self._changes(event, known.get(arn, {}), now)
            told += self._message(event, details.get(arn, ""))
        for gone in sorted(set(known) - set(found)):
            told += self._vanished(known[gone])
        yield from self.brought(told, found, cursor, now)

    def _listed(self, aws: Aws) -> Iterator[dict[str, Any]]:
        wanted = {"services": list(self.services), "eventTypeCategories": list(self.categories)}
        asked = {name: each for name, each in wanted.items() if each}
        pages = aws.pages("describe_events", "events", filter=asked, PaginationConfig={"PageSize": PAGE})
        for page in pages:
            yield from (standing(each) for each in page["events"] if each.get("arn"))

    def _add_nodes(self, aws: Aws, found: Mapping[str, dict[str, Any]], arns: Sequence[str]) -> None:
        for start in range(0, len(arns), AT_ONCE):
            wanted = {"eventArns": list(arns[start : start + AT_ONCE])}
            pages = aws.pages(
                "describe_affected_entities", "entities", filter=wanted, PaginationConfig={"PageSize": PAGE}
            )
            for page in pages:
                for each in page["entities"]:
                    # UNKNOWN stands where the account as a whole is affected, or none can be named.
                    if each.get("eventArn") in found and each.get("entityValue", "").startswith("i-"):
                        found[each["eventArn"]]["nodes"][each["entityValue"]] = as_text(each.get("statusCode"))

    def _details(self, aws: Aws, arns: Sequence[str]) -> dict[str, str]:
        """What is said of each event; one of which nothing can be told now has no text."""
        said: dict[str, str] = {}
        for start in range(0, len(arns), AT_ONCE):
            answer = aws.ask("describe_event_details", eventArns=list(arns[start : start + AT_ONCE]))
            for each in answer.get("successfulSet", []):
                text = as_text(each.get("eventDescription", {}).get("latestDescription"))
                said[as_text(each.get("event", {}).get("arn"))] = text
        return said

    def _changes(self, event: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> Iterator[Told]:
        if {**event, "nodes": {}} != {**before, "nodes": {}}:
            yield Told(
                "maintenance_updates",
                self._signed(event)
                | {
                    "status": STATUSES.get(event["status"], ""),
                    "kind": event["kind"],
                    "title": f"{event['kind'].replace('_', ' ')} in {event['zone'] or event['region']}",
                    "provider_id": self.provider,
                    "cluster_id": self.clusters.get(event["zone"]) or self.clusters.get(event["region"], ""),
                    "planned_start": event["start"],
                    "planned_end": event["end"],
                    "provider_ref": event["arn"],
                    "note": strange(event["status"], STATUSES),
                },
                as_json(event),
            )
        stood = before.get("nodes", {})
        for node, status in sorted(event["nodes"].items()):
            if status == stood.get(node):
                continue
            stage = STAGES.get(status) or ("" if node in stood else Stage.SCHEDULED)
            if stage == Stage.RETURNED and stood.get(node) != "IMPAIRED":
                continue  # it was never said to be out: its owner has moved it before
            if stage:
                clocks = {"occurred_at": iso(now), "recorded_at": iso(now)}
                columns = {"node_id": node, "stage": stage}
                yield Told("node_transitions", self._signed(event) | columns | clocks, as_json(event))

    def _message(self, event: Mapping[str, Any], text: str) -> Iterator[Told]:
        if text and event["updated"]:
            columns = {
                "message_id": f"{self._signed(event)['maintenance_id']}@{event['updated']}",
                "maintenance_id": self._signed(event)["maintenance_id"],
                "provider_id": self.provider,
                "received_at": event["updated"],
                "sender": "AWS Health",
                "subject": event["kind"],
                "body": text,
            }
            yield Told("provider_messages", columns, as_json(event))

    def _vanished(self, before: Mapping[str, Any]) -> Iterator[Told]:
        if before["status"] in ("open", "upcoming"):
            status = Status.COMPLETED if before["status"] == "open" else Status.CANCELLED
            columns = {"status": status, "note": "it is no longer listed"}
            yield Told("maintenance_updates", self._signed(before) | columns, as_json(before))

    def _signed(self, event: Mapping[str, Any]) -> dict[str, str]:
        arn = event["arn"]
        short = arn if len(arn) <= LONGEST_ARN else blake2b(arn.encode(), digest_size=9).hexdigest()
        return {"maintenance_id": f"{self.name}:{short}", "source": self.name}


def standing(event: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of an event; its nodes are told apart from it."""
    code, service = as_text(event.get("eventTypeCode")), as_text(event.get("service"))
    return {
        "arn": as_text(event.get("arn")),
        "kind": code.removeprefix(f"AWS_{service}_").lower(),
        "region": as_text(event.get("region")),
        "zone": as_text(event.get("availabilityZone")),
        "status": as_text(event.get("statusCode")),
        "start": _instant(event.get("startTime")),
        "end": _instant(event.get("endTime")),
        "updated": _instant(event.get("lastUpdatedTime")),
        "nodes": {},
    }


def _instant(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else ""
