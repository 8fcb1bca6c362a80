"""MAINTNOTE as a provider's own program writes it, by the same library on their side."""

from datetime import UTC, datetime

from icalendar import Calendar, Event


def note(
    *,
    reference: str = "CHG-1042",
    sequence: int = 0,
    status: str = "CONFIRMED",
    objects: tuple[str, ...] = (),
    start: datetime = datetime(2026, 3, 5, 10, tzinfo=UTC),
    end: datetime = datetime(2026, 3, 5, 14, tzinfo=UTC),
    provider: str = "nimbus",
) -> Event:
    """One note."""
    found = Event()
    found.add("uid", f"{reference}@nimbus.example")
    found.add("summary", "Switch firmware")
    found.add("dtstamp", datetime(2026, 3, 1, tzinfo=UTC))
    found.add("dtstart", start)
    found.add("dtend", end)
    found.add("sequence", sequence)
    found.add("x-maintnote-provider", provider)
    found.add("x-maintnote-account", "A-7")
    found.add("x-maintnote-maintenance-id", reference)
    found.add("x-maintnote-impact", "OUTAGE")
    found.add("x-maintnote-status", status)
    for each in objects:
        found.add("x-maintnote-object-id", each, parameters={"X-MAINTNOTE-OBJECT-IMPACT": "OUTAGE"})
    return found


def calendar(*notes: Event) -> bytes:
    """Notes in a calendar file."""
    found = Calendar()
    found.add("prodid", "-//nimbus//maintenance//")
    found.add("version", "2.0")
    for each in notes:
        found.add_component(each)
    return bytes(found.to_ical())
