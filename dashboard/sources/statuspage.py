"""Scheduled maintenances of a Statuspage, as many GPU clouds publish them.

Reference: the page's own /api, "Scheduled Maintenances". Needs no token; the page shows its last fifty.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol

from pydantic import Field

from dashboard.errors import SourceUnavailable
from dashboard.model.stages import Status
from dashboard.sources.http import Client, HttpSource
from dashboard.sources.mapping import strange
from dashboard.sources.seam import Batch, Batches, Told, batch

STATUSES = {
    "scheduled": Status.SCHEDULED,
    "in_progress": Status.IN_PROGRESS,
    "verifying": Status.IN_PROGRESS,  # their work is done and being checked: nothing is handed back yet
    "completed": Status.COMPLETED,
}
PATH = "/api/v2/scheduled-maintenances.json"


class Statuspage(HttpSource):
    """Reads a page like https://status.example.com. Gives maintenances, their windows, and what was said of them."""

    provider: str  # the provider_id that its maintenances get
    cluster: str = ""  # their cluster_id, where the page is about one
    components: dict[str, str] = Field(default_factory=dict)  # a component's name or id: the cluster_id it stands for

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """All that the page shows, where any of it has changed.

        What is said of a maintenance has the page's own instants: it was public from then on.
        """
        before = json.loads(cursor) if cursor else {}
        with Client(self, now) as client:
            answer = client.get(self.url.rstrip("/") + PATH, etag=before.get("etag", ""))
        if not answer.changed:
            return
        found = answer.value.get("scheduled_maintenances") if isinstance(answer.value, dict) else None
        if not isinstance(found, list):
            raise SourceUnavailable(
                f"{self.name}: its answer lists no scheduled_maintenances: is the url a Statuspage's?"
            )
        digest = blake2b(json.dumps(found, sort_keys=True).encode(), digest_size=9).hexdigest()
        reached = json.dumps({"etag": answer.etag, "digest": digest})
        if digest != before.get("digest"):
            yield batch(told(found, self), reached, now, reread=[""])
        elif reached != cursor:
            yield Batch({}, reached)


class About(Protocol):
    """Whose page it is that a list of maintenances comes from."""

    @property
    def name(self) -> str:
        """The source that signs."""

    @property
    def provider(self) -> str:
        """The provider_id of its maintenances."""

    @property
    def cluster(self) -> str:
        """The cluster_id of those that name none."""

    @property
    def components(self) -> Mapping[str, str]:
        """Which cluster a component stands for."""


def told(maintenances: Sequence[Any], source: About) -> Iterator[Told]:
    """What a list of maintenances says: how each was announced and went on, where it stands, and every message."""
    for each in maintenances:
        if isinstance(each, dict):
            yield from _maintenance(each, source)
        else:
            yield Told("maintenance_updates", {}, json.dumps(each))


def _maintenance(each: Mapping[str, Any], source: About) -> Iterator[Told]:
    about = {
        "maintenance_id": f"{source.name}:{_text(each, 'id')}" if each.get("id") else "",
        "source": source.name,
        "provider_id": source.provider,
    }
    standing = about | {
        "recorded_at": _text(each, "updated_at") or _text(each, "created_at"),
        "status": status(_text(each, "status")),
        "title": _text(each, "name"),
        "cluster_id": cluster(each, source),
        "planned_start": _text(each, "scheduled_for"),
        "planned_end": _text(each, "scheduled_until"),
        "provider_ref": _text(each, "id"),
        "note": strange(_text(each, "status"), STATUSES),
    }
    raw = json.dumps({key: value for key, value in each.items() if key != "incident_updates"}, ensure_ascii=False)
    yield Told("maintenance_updates", standing, raw)
    updates = each.get("incident_updates")
    for update in updates if isinstance(updates, list) else []:
        if isinstance(update, dict):
            yield from _update(update, about, _text(each, "name"), source)


def _update(update: Mapping[str, Any], about: dict[str, str], title: str, source: About) -> Iterator[Told]:
    raw = json.dumps(update, ensure_ascii=False)
    at = _text(update, "display_at") or _text(update, "created_at")
    step = {"recorded_at": at, "status": status(_text(update, "status")), "title": title}
    yield Told("maintenance_updates", about | step, raw)
    message = {
        "message_id": f"{source.name}:{_text(update, 'id')}" if update.get("id") else "",
        "maintenance_id": about["maintenance_id"],
        "provider_id": source.provider,
        "received_at": at,
        "sender": source.name,
        "subject": title,
        "body": _text(update, "body"),
    }
    yield Told("provider_messages", message, raw)


def status(word: str) -> str:
    """Our status for theirs; '' (unchanged) for a word that is new to us, whose message is kept all the same."""
    return STATUSES.get(word, "")


def cluster(each: Mapping[str, Any], source: About) -> str:
    """The one cluster that its components stand for; the page's own where they stand for none or several."""
    components = each.get("components")
    parts = [part for part in components if isinstance(part, dict)] if isinstance(components, list) else []
    names = {_text(part, field) for part in parts for field in ("id", "name")}
    found = {cluster_id for name, cluster_id in source.components.items() if name in names}
    return found.pop() if len(found) == 1 else source.cluster


def _text(record: Mapping[str, Any], field: str) -> str:
    value = record.get(field)
    return "" if value is None else str(value)
