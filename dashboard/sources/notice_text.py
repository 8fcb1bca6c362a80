"""What a plain notice says, where it says it once and clearly: reference, window, claimed end, resources, status.

Pure. A time counts with its date spelled out and a zone that means one offset; 03/04/2026 and CST mean several things
and count as doubts. Whoever has a doubt has read nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dashboard.model.stages import Status

LONGEST_READ = 50_000  # characters: whatever a notice has to say, it says before
MOST_RESOURCES = 2_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What was read. `doubts`: why nothing of it may be taken as a fact; () where all of it may."""

    reference: str = ""
    start: datetime | None = None
    end: datetime | None = None
    claimed_end: datetime | None = None
    status: Status | None = None
    resources: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()


STATUSES = {
    "proposed": Status.PROPOSED,
    "tentative": Status.PROPOSED,
    "planned": Status.SCHEDULED,
    "scheduled": Status.SCHEDULED,
    "rescheduled": Status.SCHEDULED,
    "confirmed": Status.CONFIRMED,
    "started": Status.IN_PROGRESS,
    "in progress": Status.IN_PROGRESS,
    "completed": Status.COMPLETED,
    "cancelled": Status.CANCELLED,
    "canceled": Status.CANCELLED,
    "postponed": Status.DEFERRED,
    "deferred": Status.DEFERRED,
}

REFERENCE = r"(?:maintenance|change|event|ticket|provider|our)?\s*(?:reference|ref|id|number|no\.?)|change|ticket"
START = (
    r"(?:new |planned |scheduled |maintenance |window )*start(?:s|ing)?(?: time| date| at)?|begin(?:s|ning)?(?: at)?"
)
END = r"(?:planned |scheduled |maintenance |window )*end(?:s|ing)?(?: time| date| at)?"
CLAIM = (
    r"(?:new |estimated |expected |revised )+(?:end|completion|restoration|finish)(?: time| date)?|eta|"
    r"estimated time of (?:completion|restoration)"
)
WINDOW = r"(?:planned |scheduled )?(?:maintenance )?window"
RESOURCES = (
    r"(?:affected |impacted )?(?:nodes?|hosts?|servers?|instances?|machines?|clusters?|resources?)(?: affected)?"
)
SENTENCE = re.compile(
    r"\b(?:will|should|is expected to|are expected to|is estimated to) be "
    r"(?:completed?|finished|done|restored|over|back)(?: in service)? (?:by|at|before) ",
    re.IGNORECASE,
)
QUOTED = re.compile(r"^\s*(?:-{2,}\s*(?:original|forwarded) message|on .{5,200} wrote:\s*$)", re.IGNORECASE)
BULLET = re.compile(r"^\s*[-*•]\s+(\S.*)$")
TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/\[\]-]{1,199}")
NAMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{1,79}")

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
ISO_DATE = r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
SPELT_DATE = (
    rf"(?:[a-z]{{3,9}},?\s+)?(?:(?P<d1>\d{{1,2}})\s+{MONTH}|{MONTH.replace('month', 'month2')}\s+(?P<d2>\d{{1,2}}),?)"
    r"\s+(?P<y2>\d{4})"
)
CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2}))?(?:\s*(?P<half>[ap]m)\b)?"
ZONE = r"(?P<zone>(?:UTC|GMT)\s?[+-]\d{1,2}(?::?\d{2})?|Z\b|UTC\b|GMT\b|[+-]\d{2}:?\d{2}\b|[A-Z][A-Za-z_]+/[A-Za-z_/]+)"
DATED = re.compile(rf"(?:{ISO_DATE}|{SPELT_DATE})(?:T|,?\s+(?:at\s+)?){CLOCK}(?:\s*\(?{ZONE}\)?)?", re.IGNORECASE)
CLOCK_ALONE = re.compile(rf"{CLOCK}(?:\s*\(?{ZONE}\)?)?", re.IGNORECASE)
BETWEEN = re.compile(r"^\s*(?:-|–|—|to|until)\s*", re.IGNORECASE)
DATE_LIKE = re.compile(r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}|\d{1,2}:\d{2}|\d{4}-\d{2}-\d{2}")


def read_notice(subject: str, body: str) -> Notice:
    """Reads a notice; one that says something twice and differently, or a time that means several, is in doubt."""
    lines = list(_own_words(f"{subject}\n{body}"[:LONGEST_READ]))
    doubts: list[str] = []
    references = {each for said in _labelled(lines, REFERENCE) for each in _references(said)}
    windows = [_window(said, doubts) for said in _labelled(lines, WINDOW)]
    starts = [_instant(said, "start", doubts) for said in _labelled(lines, START)] + [each[0] for each in windows]
    ends = [_instant(said, "end", doubts) for said in _labelled(lines, END)] + [each[1] for each in windows]
    claims = [_instant(said, "claimed end", doubts) for said in [*_labelled(lines, CLAIM), *_sentences(lines)]]
    statuses = {STATUSES[word] for said in _labelled(lines, "status") if (word := said.lower().strip(" .")) in STATUSES}
    start, end = _one(starts, "start", doubts), _one(ends, "end", doubts)
    claimed_end = _one(claims, "claimed end", doubts)
    if len(references) > 1:
        doubts.append(f"it names {len(references)} references")
    if len(statuses) > 1:
        doubts.append("it names two states")
    if start and end and end <= start:
        doubts.append("it ends before it starts")
    if doubts:
        return Notice(doubts=tuple(doubts))
    return Notice(
        reference=next(iter(references), ""),
        start=start,
        end=end,
        claimed_end=claimed_end or end,
        status=next(iter(statuses), None),
        resources=tuple(dict.fromkeys(_resources(lines)))[:MOST_RESOURCES],
    )


def _own_words(text: str) -> Iterator[str]:
    """The lines of who wrote it, without what they quote."""
    for line in text.splitlines():
        if QUOTED.match(line):
            return
        if not line.lstrip().startswith(">"):
            yield line.replace("\u00a0", " ")


def _labelled(lines: Iterable[str], label: str) -> list[str]:
    """What follows such a label and a colon, to the end of its line."""
    pattern = re.compile(rf"^\W{{0,4}}(?:{label})\s*:\**\s*(\S.*)$", re.IGNORECASE)
    return [found[1].strip() for line in lines if (found := pattern.match(line[:2000]))]


def _sentences(lines: list[str]) -> list[str]:
    """What follows "will be completed by", a line's break allowed."""
    text = " ".join(" ".join(lines).split())
    return [text[found.end() : found.end() + 80] for found in SENTENCE.finditer(text)]


def _references(said: str) -> list[str]:
    """Names with a number in them; prose after a label is none."""
    words = (each.rstrip(".-/") for each in NAMED.findall(said) if not DATE_LIKE.search(each))
    return [each for each in words if any(letter.isdigit() for letter in each)]


def _resources(lines: list[str]) -> Iterator[str]:
    """Names after such a label, and in the list of points below it."""
    label = re.compile(rf"^\W{{0,4}}(?:{RESOURCES})\s*:\**\s*(.*)$", re.IGNORECASE)
    listing = False
    for line in lines:
        found, point = label.match(line[:2000]), BULLET.match(line)
        if found:
            listing = not found[1].strip()
            yield from _names(found[1])
        elif listing and point:
            yield from _names(point[1])
        elif line.strip():
            listing = False


def _names(said: str) -> Iterator[str]:
    """Every word with a number in it, or with a part that is joined on: prose is not a name."""
    for each in re.split(r"[,;\s]+", said):
        word = each.strip("().'\"`")
        if TOKEN.fullmatch(word) and re.search(r"\d", word):
            yield word


def _window(said: str, doubts: list[str]) -> tuple[datetime | None, datetime | None]:
    """From one time to another: the second may leave its date out, the first its zone."""
    first = DATED.match(said)
    gap = BETWEEN.match(said[first.end() :]) if first else None
    if first is None or gap is None:
        if DATE_LIKE.search(said):
            doubts.append("its window is not two times")
        return None, None
    rest = said[first.end() + gap.end() :]
    second = DATED.match(rest) or CLOCK_ALONE.match(rest)
    if second is None:
        doubts.append("its window is not two times")
        return None, None
    zone = first["zone"] or second["zone"]
    start = _when(first, zone)
    end = _when(second, second["zone"] or zone, start)
    if start is None or end is None:
        doubts.append("its window names no zone, or no time that there is")
    return start, end


def _instant(said: str, what: str, doubts: list[str]) -> datetime | None:
    found = DATED.match(said)
    at = _when(found, found["zone"]) if found else None
    if at is None and DATE_LIKE.search(said[:60]):
        doubts.append(f"its {what} is not a spelt date and a time with a zone that means one offset")
    return at


def _when(found: re.Match[str], zone: str | None, day_of: datetime | None = None) -> datetime | None:
    """The instant, on the day of another where it names none; None without a zone, or where there is no such time."""
    offset = _offset(zone) if zone else None
    if offset is None:
        return None
    said = found.groupdict()
    try:
        hour = int(said["hour"])
        if said["half"]:
            if not 1 <= hour <= 12:
                return None
            hour = hour % 12 + (12 if said["half"].lower() == "pm" else 0)
        clock = time(hour, int(said["minute"]), int(said["second"] or 0))
        if said.get("y"):
            day = datetime(int(said["y"]), int(said["m"]), int(said["d"])).date()  # noqa: DTZ001  its zone comes next
        elif said.get("y2"):
            month = MONTHS.index((said["month"] or said["month2"])[:3].lower()) + 1
            day = datetime(int(said["y2"]), month, int(said["d1"] or said["d2"])).date()  # noqa: DTZ001
        elif day_of is not None:
            day = day_of.astimezone(offset).date()
        else:
            return None
        at = datetime.combine(day, clock, offset)
        if at.replace(fold=1).utcoffset() != at.utcoffset():
            return None  # this hour comes twice, or never
        return at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _offset(zone: str) -> tzinfo | None:
    if zone.upper() in ("Z", "UTC", "GMT"):
        return UTC
    found = re.fullmatch(r"(?:UTC|GMT)?\s?([+-])(\d{1,2}):?(\d{2})?", zone, re.IGNORECASE)
    try:
        if found:
            span = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
            return timezone(span if found[1] == "+" else -span)
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _one(said: list[datetime | None], what: str, doubts: list[str]) -> datetime | None:
    """The one instant that all say."""
    found = {each for each in said if each is not None}
    if len(found) > 1:
        doubts.append(f"it names {len(found)} times for its {what}")
    return min(found, default=None)
