"""Clocks that stand still: how long one has run, and when it is up, where a contract counts some hours only."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
EXAMPLE = "Mon-Fri 09:00-18:00 Europe/Berlin"
FAR = timedelta(days=3 * 366)
"""Nothing is due later than that: a clock that runs so seldom is not worth asking."""

_SHAPE = re.compile(r"(\S+) (\d\d:\d\d)-(\d\d:\d\d) (\S+)")
_WHOLE_DAY = timedelta(days=1)

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class OpenHours:
    """Hours of the week on some wall clock; `ends` not after `begins` is on the day after."""

    days: frozenset[int]  # 0 is Monday
    begins: time
    ends: time
    zone: str

    @staticmethod
    def read(text: str) -> "OpenHours":
        """From words like `Mon-Fri 09:00-18:00 Europe/Berlin`. Raises ValueError that says what to write."""
        told = _SHAPE.fullmatch(text.strip())
        if told is None:
            raise ValueError(f"{text!r} are no hours; write them like {EXAMPLE}")
        days, begins, ends, zone = told.groups()
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as why:
            raise ValueError(f"there is no zone {zone!r}; write one like Europe/Berlin") from why
        return OpenHours(_days(days), _time(begins), _time("00:00" if ends == "24:00" else ends), zone)

    def spans(self, since: datetime) -> Iterator[Span]:
        """The spans in which these hours are, from the one that holds `since` or follows it; without an end."""
        zone = ZoneInfo(self.zone)
        day = since.astimezone(zone).date() - _WHOLE_DAY
        while True:
            if day.weekday() in self.days:
                last = day + _WHOLE_DAY if self.ends <= self.begins else day
                # Wall clocks become instants one by one: a day may have 23 or 25 hours.
                begins, ends = (
                    datetime.combine(on, at, zone).astimezone(UTC) for on, at in ((day, self.begins), (last, self.ends))
                )
                if ends > since:
                    yield max(begins, since), ends
            day += _WHOLE_DAY


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"{part!r} are no days; write {', '.join(DAYS)}, or like Mon-Fri")
        at, until = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(at, until + 1 if until >= at else until + 8)}
    return frozenset(found)


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as why:
        raise ValueError(f"{text!r} is no time of day; write it like 09:00") from why


def running(since: datetime, hours: OpenHours | None, pauses: Sequence[Span] = ()) -> Iterator[Span]:
    """The spans, in order, in which a clock that was started at `since` runs; `pauses` in order and apart."""
    spans = iter([(since, since + FAR)]) if hours is None else hours.spans(since)
    for begins, ends in spans:
        if begins > since + FAR:
            return
        at = begins
        for pause, resume in pauses:
            if resume > at and pause < ends:
                if pause > at:
                    yield at, pause
                at = max(at, resume)
        if at < ends:
            yield at, ends


def due_at(since: datetime, limit: timedelta, hours: OpenHours | None, pauses: Sequence[Span] = ()) -> datetime | None:
    """When a clock that was started at `since` has run for `limit`; None where that is years away."""
    left = limit
    for begins, ends in running(since, hours, pauses):
        if ends - begins >= left:
            return begins + left
        left -= ends - begins
    return None


def stands_at(at: datetime, hours: OpenHours | None) -> bool:
    """Whether the clock stands still at `at`, being outside its hours."""
    return hours is not None and next(hours.spans(at))[0] > at
