"""What was pushed, read: each kind of webhook's body as facts and letters, and what its sender wants to hear."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from dashboard.errors import UnreadableRecord
from dashboard.sources import mapping
from dashboard.sources.health_events import is_health_event, letter_of
from dashboard.sources.mapping import as_json, as_text, field_of
from dashboard.sources.seam import Batch, Letter, Told, batch
from dashboard.sources.statuspage import STATUSES
from dashboard.sources.statuspage import told as told_by_page
from dashboard.sources.webhook import Webhook

THEIR_HOST = re.compile(r"sns\.[a-z0-9-]{1,40}\.amazonaws\.com(\.cn)?")
VALIDATION = "Microsoft.EventGrid.SubscriptionValidationEvent"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A body that was read. `answer`: what to say instead of "taken"; `confirm`: an address of theirs to ask once.

    `word`: what somebody has to do before more can come, in a sentence.
    """

    batch: Batch
    answer: Mapping[str, str] | None = None
    confirm: str = ""
    word: str = ""


def read_delivery(hook: Webhook, body: bytes, now: datetime) -> Delivery:
    """Reads a body. Raises UnreadableRecord, in a sentence, where it is not what this webhook is for."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as why:
        raise UnreadableRecord("The body is no JSON.") from why
    if hook.kind == "sns":
        return _of_sns(hook, value, now)
    if hook.kind == "eventgrid":
        return _of_event_grid(hook, value, now)
    if hook.kind == "statuspage":
        return Delivery(_of_page(hook, value, now))
    records = list(_alerts(value)) if hook.kind == "alertmanager" else _records(hook, value)
    return Delivery(_mapped(hook, records, now))


def _mapped(hook: Webhook, records: list[dict[str, Any]], now: datetime) -> Batch:
    return batch(mapping.told(hook.facts or {}, records, hook.name), "", now)


def _records(hook: Webhook, value: Any) -> list[dict[str, Any]]:
    found = field_of(value, hook.records) if hook.records else value
    found = [found] if isinstance(found, dict) else found
    if not isinstance(found, list):
        where = f"in the field {hook.records!r}" if hook.records else "at its top"
        raise UnreadableRecord(f"The body has no record and no list of them {where}.")
    return [each if isinstance(each, dict) else {"": each} for each in found]


def _alerts(value: Any) -> Iterator[dict[str, Any]]:
    """Each alert, with `at`: when it began to fire, or was resolved."""
    found = value.get("alerts") if isinstance(value, dict) else None
    if not isinstance(found, list):
        raise UnreadableRecord("The body has no list of alerts: is it Alertmanager's?")
    for each in found:
        alert = each if isinstance(each, dict) else {"": each}
        over = alert.get("status") == "resolved"
        yield alert | {"at": alert.get("endsAt") if over else alert.get("startsAt")}


def _of_page(hook: Webhook, value: Any, now: datetime) -> Batch:
    """A maintenance as the page itself would show it; an incident that nobody scheduled is a message."""
    if not isinstance(value, dict) or not {"incident", "component", "component_update"} & set(value):
        raise UnreadableRecord("The body has neither an incident nor a component: is it a Statuspage's?")
    incident = value.get("incident")
    if not isinstance(incident, dict):
        return Batch({}, "")  # a component's light has changed: nothing that a fact could hold
    if incident.get("scheduled_for") or as_text(incident.get("status")) in STATUSES:
        return batch(told_by_page([incident], hook), "", now)
    told = (each for each in told_by_page([incident], hook) if each.fact == "provider_messages")
    return batch((Told(each.fact, {**each.columns, "maintenance_id": ""}, each.raw) for each in told), "", now)


def _of_event_grid(hook: Webhook, value: Any, now: datetime) -> Delivery:
    """Events in either schema; the handshake of a new subscription is answered, and no address of theirs asked."""
    events = [value] if isinstance(value, dict) else value
    if not isinstance(events, list) or not all(isinstance(each, dict) for each in events):
        raise UnreadableRecord("The body is no list of events: is it Event Grid's?")
    for each in events:
        if each.get("eventType") == VALIDATION:
            code = field_of(each, "data.validationCode")
            if not isinstance(code, str):
                raise UnreadableRecord("The validation event has no data.validationCode.")
            return Delivery(Batch({}, ""), {"validationResponse": code})
    return Delivery(_mapped(hook, events, now))


def _of_sns(hook: Webhook, value: Any, now: datetime) -> Delivery:
    """A notification's message, or what EventBridge sends by itself; a confirmation only of a topic that is listed."""
    if not isinstance(value, dict):
        raise UnreadableRecord("The body is no object: is it of SNS or EventBridge?")
    kind, topic = value.get("Type"), as_text(value.get("TopicArn"))
    if kind == "SubscriptionConfirmation":
        return _confirmation(hook, topic, as_text(value.get("SubscribeURL")))
    if kind == "UnsubscribeConfirmation":
        return Delivery(Batch({}, ""), word=f"{hook.name}: the topic {topic[:200]} will send no more: subscribe again.")
    if kind != "Notification":
        return Delivery(_of_event(hook, value, now))
    text = as_text(value.get("Message"))
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        event = None
    if isinstance(event, dict):
        return Delivery(_of_event(hook, event, now))
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=9).hexdigest()
    subject = as_text(value.get("Subject"))
    return Delivery(Batch({}, "", letters=[Letter(f"{hook.name}:{digest}", hook.provider, now, topic, subject, text)]))


def _of_event(hook: Webhook, event: dict[str, Any], now: datetime) -> Batch:
    if hook.facts is not None:
        return _mapped(hook, [event], now)
    if not is_health_event(event):
        raise UnreadableRecord("The event is not AWS Health's, and no mapping says what it means.")
    return Batch({}, "", letters=[letter_of(event, hook.name, hook.provider, now)])


def _confirmation(hook: Webhook, topic: str, url: str) -> Delivery:
    """Whoever could have us fetch any address could reach what only we can: it must be SNS's own."""
    parts = urlsplit(url)
    theirs = (
        parts.scheme == "https"
        and THEIR_HOST.fullmatch(parts.netloc) is not None
        and parts.path in ("", "/")
        and "Action=ConfirmSubscription" in parts.query
    )
    if topic in hook.topics and theirs:
        return Delivery(Batch({}, ""), confirm=url)
    shown = as_json(topic[:200])
    why = "its address is not SNS's own" if topic in hook.topics else "list it under topics to have that done"
    return Delivery(Batch({}, ""), word=f"{hook.name}: the topic {shown} wants its subscription confirmed: {why}.")
