"""Numbers and instants as people say them."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

WEEK = timedelta(days=6)


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def count(number: float) -> str:
    """A whole number grouped in thousands: 1,024."""
    return f"{round(number):,}"


def gpus(number: float) -> str:
    """So many GPUs: 1 GPU, 1,024 GPUs."""
    return f"{count(number)} GPU{'' if round(number) == 1 else 's'}"


def nodes(number: int) -> str:
    """So many nodes: 1 node, 12 nodes."""
    return f"{count(number)} node{'' if number == 1 else 's'}"


def clock(at: datetime, now: datetime, zone: str, *, named: bool = True) -> str:
    """An instant as a clock on the wall has it: Tue 18:00 CET; with the date where the weekday could mislead."""
    local, today = at.astimezone(zone_of(zone)), now.astimezone(zone_of(zone))
    if abs(local - today) < WEEK:
        day = local.strftime("%a")
    elif local.year == today.year:
        day = f"{local.strftime('%a')} {local.day} {local.strftime('%b')}"
    else:
        day = f"{local.day} {local.strftime('%b %Y')}"
    return f"{day} {local.strftime('%H:%M')}" + (f" {local.tzname()}" if named else "")


def span(length: timedelta) -> str:
    """A length of time to two digits at the most: 40 min, 14 h, 3 d."""
    minutes = abs(length) / timedelta(minutes=1)
    if minutes < 60:
        return f"{max(round(minutes), 1)} min"
    if minutes < 48 * 60:
        return f"{round(minutes / 60)} h"
    return f"{round(minutes / 1440)} d"


def relative(at: datetime, now: datetime) -> str:
    """How far from now: in 14 h, 3 d ago, now."""
    if abs(at - now) < timedelta(seconds=30):
        return "now"
    return f"in {span(at - now)}" if at > now else f"{span(now - at)} ago"


def when(at: datetime, now: datetime, zone: str) -> str:
    """Relative and absolute together: in 14 h, Tue 18:00 CET."""
    return f"{relative(at, now)}, {clock(at, now, zone)}"


def percent(level: float) -> str:
    """A certainty or a share: 90 %."""
    return f"{round(level * 100)} %"


def stage(name: str) -> str:
    """A stage or a status as words: in maintenance."""
    return name.replace("_", " ")


def role(name: str) -> str:
    """A role as people write it: scheduler on-call."""
    return stage(name).replace("oncall", "on-call")


def listed(words: list[str], most: int = 3) -> str:
    """a, b and c; a, b and 4 more."""
    if len(words) > most:
        return f"{', '.join(words[: most - 1])} and {len(words) - most + 1} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
