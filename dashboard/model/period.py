"""A span of days that a review looks at: as an address spells it, and as one says it. Days and quarters are in UTC."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

DEFAULT = "90d"
ROLLING = {"30d": "the last 30 days", "90d": "the last 90 days", "365d": "the last 365 days"}
MOST_DAYS = 1100  # three years, which is what a log is expected to hold
HOW = "write 90d, 2026-Q3, or 2026-07-01..2026-09-30"

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """From `begins` until before `ends`; `words` follow "in": Q3 2026, the last 90 days."""

    begins: datetime
    ends: datetime
    spelt: str
    words: str

    @property
    def fixed(self) -> str:
        """Spelt so that it means the same days tomorrow."""
        if self.spelt not in ROLLING:
            return self.spelt
        return f"{self.begins:%Y-%m-%d}..{self.ends - timedelta(microseconds=1):%Y-%m-%d}"


def read_period(text: str, now: datetime) -> Period:
    """A period that has begun by `now`, and ends by then. Raises ValueError in words that say what to write."""
    begins, ends, words = _read(text, now.astimezone(UTC))
    if begins >= now:
        raise ValueError(f"{text[:40]!r} lies in the future; {HOW}")
    if ends - begins > MOST_DAYS * _DAY:
        raise ValueError(f"{text[:40]!r} is longer than {MOST_DAYS:,} days; ask for less")
    return Period(begins, min(ends, now), text, words)


def _read(text: str, now: datetime) -> tuple[datetime, datetime, str]:
    if text in ROLLING:
        return _midnight(now.date() - int(text[:-1]) * _DAY), now, ROLLING[text]
    if told := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        year, quarter = int(told[1]), int(told[2])
        return (*_quarter(year, quarter), f"Q{quarter} {year}")
    first, between, last = text.partition("..")
    try:
        begins, ends = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError as why:
        raise ValueError(f"{text[:40]!r} is no period; {HOW}") from why
    if not between or begins > ends or not 2000 <= begins.year <= ends.year < 9999:
        raise ValueError(f"{text[:40]!r} is no period; {HOW}")
    return _midnight(begins), _midnight(ends + _DAY), f"the days from {_day(begins)} to {_day(ends)}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _quarter(year: int, quarter: int) -> tuple[datetime, datetime]:
    if not 2000 <= year < 9999:
        raise ValueError(f"there is no year {year}; {HOW}")
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    return _midnight(first), _midnight(after)


def understood(text: str | None, now: datetime) -> str:
    """The text where it spells a period; the default for anything else."""
    try:
        return read_period(text or DEFAULT, now).spelt
    except ValueError:
        return DEFAULT


def offered(now: datetime, first: datetime | None) -> dict[str, str]:
    """The periods to choose from, as spelt and as said: the last days, then quarters, back to that of `first`."""
    names = {spelt: words[4:].capitalize() for spelt, words in ROLLING.items()}
    year, quarter = now.astimezone(UTC).year, (now.astimezone(UTC).month + 2) // 3
    earliest = max(first or now, now - MOST_DAYS * _DAY)
    while _quarter(year, quarter)[1] > earliest:
        names[f"{year}-Q{quarter}"] = f"Q{quarter} {year}"
        year, quarter = (year, quarter - 1) if quarter > 1 else (year - 1, 4)
    return names
