"""MAINTNOTE: maintenance notes as iCalendar. Reference: github.com/jda/maintnote-std, the network operators' practice.

A note is told apart by provider and maintenance id; the one with the higher SEQUENCE is in force.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from icalendar import Calendar, Component

from dashboard.errors import UnreadableRecord
from dashboard.model.stages import Status

STATUSES = {
    "TENTATIVE": Status.PROPOSED,
    "CONFIRMED": Status.CONFIRMED,
    "RE-SCHEDULED": Status.SCHEDULED,  # its window is the new one
    "IN-PROCESS": Status.IN_PROGRESS,
    "COMPLETED": Status.COMPLETED,
    "CANCELLED": Status.CANCELLED,
}
MOST_OBJECTS = 10_000


@dataclass(frozen=True, slots=True)
class Note:
    """One VEVENT; `status` as it is written, `objects` in their order."""

    provider: str
    reference: str
    account: str
    objects: tuple[str, ...]
    impact: str
    status: str
    sequence: int
    start: datetime
    end: datetime
    title: str
    description: str


def read_notes(text: str) -> list[Note]:
    """The notes in a calendar; [] for a calendar of anything else.

    Raises UnreadableRecord where it is none, or where a note lacks what makes it one.
    """
    try:
        calendars = Calendar.from_ical(text, multiple=True)
        events = [event for each in calendars for event in each.walk("VEVENT") if "X-MAINTNOTE-MAINTENANCE-ID" in event]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as why:
        raise UnreadableRecord(f"a calendar in it cannot be read ({type(why).__name__})") from why
    return [_note(event) for event in events]


def _note(event: Component) -> Note:
    try:
        reference = _text(event, "X-MAINTNOTE-MAINTENANCE-ID")
        where = f"MAINTNOTE {reference[:60]!r}"
        if not reference:
            raise UnreadableRecord("MAINTNOTE: X-MAINTNOTE-MAINTENANCE-ID is empty")
        start, end = _instant(event, "DTSTART", where), _instant(event, "DTEND", where)
        if end <= start:
            raise UnreadableRecord(f"{where}: DTEND is not after DTSTART")
        return Note(
            provider=_text(event, "X-MAINTNOTE-PROVIDER"),
            reference=reference,
            account=_text(event, "X-MAINTNOTE-ACCOUNT"),
            objects=tuple(dict.fromkeys(_objects(event)))[:MOST_OBJECTS],
            impact=_text(event, "X-MAINTNOTE-IMPACT").upper(),
            status=_text(event, "X-MAINTNOTE-STATUS").upper(),
            sequence=int(_text(event, "SEQUENCE") or 0),
            start=start,
            end=end,
            title=_text(event, "SUMMARY"),
            description=_text(event, "DESCRIPTION"),
        )
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError) as why:
        raise UnreadableRecord(f"a MAINTNOTE in it cannot be read ({type(why).__name__})") from why


def _values(event: Component, name: str) -> list[Any]:
    found = event.get(name)
    return [] if found is None else found if isinstance(found, list) else [found]


def _text(event: Component, name: str) -> str:
    return next((" ".join(str(each).split()) for each in _values(event, name)), "")


def _objects(event: Component) -> Iterator[str]:
    for each in _values(event, "X-MAINTNOTE-OBJECT-ID"):
        if str(each).strip():
            yield str(each).strip()


def _instant(event: Component, name: str, where: str) -> datetime:
    found = event.decoded(name) if name in event else None
    if not isinstance(found, datetime):
        raise UnreadableRecord(f"{where}: {name} is no date with a time")
    if found.tzinfo is None:
        raise UnreadableRecord(f"{where}: {name} has no zone, or one that nobody knows")
    return found.astimezone(UTC)
