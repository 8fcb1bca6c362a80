"""Maintenances as events of a calendar (RFC 5545, RFC 7986), for a subscription and for an e-mail alike.

An event keeps its UID for ever; its SEQUENCE rises with each revision of the plan that the log knows. DTSTAMP is when
the revision became known, so that the same facts are the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from icalendar import Calendar
from icalendar import Event as Component

from dashboard.model import words
from dashboard.model.instants import instant, iso, maybe_instant
from dashboard.model.plan import Revision
from dashboard.model.stages import Status

PRODUCT = "-//maintenance dashboard//GPU maintenance//EN"
REFRESH = timedelta(minutes=15)
COLOUR = "steelblue"
BACK_COLOUR = "mediumseagreen"

SURE = {
    Status.PROPOSED: "TENTATIVE",
    Status.SCHEDULED: "TENTATIVE",
    Status.DEFERRED: "TENTATIVE",
    Status.CANCELLED: "CANCELLED",
}
"""What is not in here is confirmed: by word, or by having begun."""

PREFIX = {Status.PROPOSED: "Proposed: ", Status.DEFERRED: "Deferred: ", Status.CANCELLED: "Cancelled: "}

INSTANTS = ("created_at", "modified_at", "begins", "ends")


@dataclass(frozen=True, slots=True)
class Event:
    """One event; instants are aware. `path`: where to read on, below the app's address."""

    uid: str
    sequence: int
    created_at: datetime | None
    modified_at: datetime
    begins: datetime
    ends: datetime | None
    status: str  # TENTATIVE, CONFIRMED or CANCELLED
    title: str
    words: str
    place: str = ""
    kind: str = ""
    colour: str = COLOUR
    busy: bool = True
    path: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON has it."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: iso(each) if isinstance(each, datetime) else each for name, each in told.items()}

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Self:
        """What was told."""
        at = {name: told[name] and datetime.fromisoformat(told[name]) for name in INSTANTS}
        return cls(**{**told, **at})


@dataclass(frozen=True, slots=True)
class About:
    """What an event says beside its times; '' where nothing is known."""

    maintenance_id: str
    title: str
    place: str
    kind: str
    words: str
    path: str


def planned(about: About, plans: Sequence[Revision]) -> Event | None:
    """The window that is planned, or was; None while nobody has said when it begins.

    What is completed ends when it was over, whatever was planned.
    """
    if not plans or plans[-1].begins is None:
        return None
    last = plans[-1]
    begins, ends = instant(plans[-1].begins), maybe_instant(last.ends)
    if last.status is Status.COMPLETED and last.closed_at is not None:
        ends = instant(last.closed_at)
    return Event(
        uid=uid("planned", about.maintenance_id),
        sequence=len(plans) - 1,
        created_at=instant(plans[0].at),
        modified_at=instant(last.at),
        begins=begins,
        ends=ends if ends is not None and ends > begins else None,
        status=SURE.get(last.status, "CONFIRMED"),
        title=f"{PREFIX.get(last.status, '')}{about.title}",
        words=about.words,
        place=about.place,
        kind=about.kind,
        path=about.path,
    )


def of_plan(status: str, gpus: int, plans: Sequence[Revision]) -> str:
    """What an event says of a plan: what holds of it by itself, so that it changes with the plan alone.

    `gpus` 0: nobody told how many. Whoever reads it may be anywhere: the zone is UTC, and the date is whole.
    """
    lines = [f"{words.stage(status).capitalize()}{f', with {words.gpus(gpus)}' if gpus else ''}."]
    ends = [plan.ends for plan in plans if plan.ends is not None]
    if ends and ends[-1] != ends[0]:
        lines.append(f"First promised for {whole_clock(ends[0])}, now for {whole_clock(ends[-1])}.")
    return "\n".join(lines)


def whole_clock(at: int) -> str:
    """An instant for readers anywhere: Tue 8 Dec 2026 18:00 UTC."""
    return f"{instant(at):%a %-d %b %Y %H:%M} UTC"


def about(maintenance_id: str, title: str, places: Iterable[str], kind: str, said: str, reference: str) -> About:
    """What an event says beside its times: `said`, the provider's reference and our id. '' for what is not known."""
    told = [said, f"Reference: {reference}" if reference else "", maintenance_id]
    place, text = ", ".join(each for each in places if each), "\n".join(each for each in told if each)
    return About(maintenance_id, title, place, words.stage(kind), text, path_of(maintenance_id))


def path_of(maintenance_id: str) -> str:
    """Where a maintenance is read on, below the app's address."""
    return f"/maintenance?maintenance={quote(maintenance_id, safe='')}"


def coming_back(about: About, likely: datetime, plan_on: datetime, made_at: datetime, number: int) -> Event:
    """The hours in which its GPUs come back: from when it is likely to when to plan on, by the newest of `number`
    forecasts. It takes nobody's time."""
    return Event(
        uid=uid("back", about.maintenance_id),
        sequence=number - 1,
        created_at=None,
        modified_at=made_at,
        begins=likely,
        ends=plan_on if plan_on > likely else None,
        status="TENTATIVE",
        title=f"Likely back: {about.title}",
        words=about.words,
        place=about.place,
        kind=about.kind,
        colour=BACK_COLOUR,
        busy=False,
        path=about.path,
    )


def uid(what: str, maintenance_id: str) -> str:
    """The name of an event, the same wherever and whenever it is made."""
    return str(uuid5(NAMESPACE_URL, f"urn:maintenance-dashboard:{what}:{maintenance_id}"))


def subscription(events: Iterable[Event], name: str, base: str = "", source: str = "") -> bytes:
    """A calendar to subscribe to. `base`: the app's address, `source`: the feed's own."""
    made = _calendar(name)
    made.add("uid", str(uuid5(NAMESPACE_URL, f"urn:maintenance-dashboard:calendar:{name}")))
    made.add("description", "Planned windows of maintenance, and the hours in which the GPUs come back.")
    made.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    made.add("x-published-ttl", "PT15M")
    made.add("color", COLOUR)
    if source:
        made.add("source", source, parameters={"value": "URI"})
    all_of_them = list(events)
    if all_of_them:
        made.add("last-modified", max(each.modified_at for each in all_of_them))
    for each in all_of_them:
        made.add_component(_component(each, base, each.modified_at))
    return bytes(made.to_ical())


def attachment(event: Event, now: datetime, sender: str, base: str = "") -> tuple[str, bytes]:
    """The same event alone, as an e-mail of `sender` carries it: its method, and the object. Sent again, it replaces
    what was sent before; cancelled, it takes that out of the reader's calendar (RFC 5546, 3.2.1 and 3.2.5)."""
    made, method = _calendar(event.title), "CANCEL" if event.status == "CANCELLED" else "PUBLISH"
    made.add("method", method)
    component = _component(event, base, now)
    component.add("organizer", f"mailto:{sender}")
    made.add_component(component)
    return method, bytes(made.to_ical())


def _calendar(name: str) -> Calendar:
    made = Calendar()
    made.add("prodid", PRODUCT)
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("name", name)
    made.add("x-wr-calname", name)
    return made


def _component(event: Event, base: str, stamp: datetime) -> Component:
    made = Component()
    made.add("uid", event.uid)
    made.add("dtstamp", stamp)
    made.add("sequence", event.sequence)
    if event.created_at is not None:
        made.add("created", event.created_at)
    made.add("last-modified", event.modified_at)
    made.add("dtstart", event.begins)
    if event.ends is not None:
        made.add("dtend", event.ends)
    made.add("status", event.status)
    made.add("transp", "OPAQUE" if event.busy and event.status != "CANCELLED" else "TRANSPARENT")
    made.add("summary", _line(event.title))
    made.add("description", "\n".join(_line(each) for each in event.words.splitlines()))
    made.add("color", event.colour)
    if event.place:
        made.add("location", _line(event.place))
    if event.kind:
        made.add("categories", [_line(event.kind)])
    if base and event.path:
        made.add("url", f"{base}{event.path}")
    return made


def _line(text: str) -> str:
    """Words of others as one line, without what no calendar may hold, and with no address that a reader could press."""
    plain = "".join(each if each.isprintable() else " " for each in text)
    return " ".join(plain.split()).replace("://", ":\u2060//")
