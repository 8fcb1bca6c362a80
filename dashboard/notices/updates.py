"""When an update is to be posted, and the message that it goes in. Pure."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from dashboard.log.append import digest
from dashboard.model import words
from dashboard.model.instants import iso, micros
from dashboard.notices.plan import DAYS, Update

WEEK = 7


@dataclass(frozen=True, slots=True)
class Written:
    """An update in words: its first line, the rest, and all of it as programs read it."""

    subject: str
    text: str
    program: dict[str, Any]


def audience_of(update: Update) -> str:
    """The name under which the outbox keeps it; that of no rule, which holds no colon."""
    return f"update:{update.name}"


def turns(update: Update, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last time that it was due by `now`, and the time before that: by the clock on the wall, set as it may be."""
    where = words.zone_of(update.zone or zone)
    today = now.astimezone(where).date()
    found: list[datetime] = []
    for back in range(2 * WEEK + 1):
        day = today - timedelta(days=back)
        at = datetime.combine(day, update.at, where).astimezone(UTC)
        if DAYS[day.weekday()] in update.days and at <= now:
            found.append(at)
    return found[0], found[1]


def message_of(update: Update, due_at: datetime, since: datetime, now: datetime, told: Written) -> tuple[Any, ...]:
    """The message as the outbox keeps it: of one turn there is one, whoever writes it and however often."""
    program = {"update": update.name, "due_at": iso(due_at), "since": iso(since), "status": told.program}
    return (
        digest((audience_of(update), micros(due_at))), audience_of(update), f"{update.name} update", update.contact,
        micros(now), told.subject, told.text, False, json.dumps([program], separators=(",", ":")),
    )  # fmt: skip
