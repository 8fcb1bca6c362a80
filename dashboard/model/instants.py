"""Instants as whole microseconds since 1970 UTC: exact, ordered, the same on every database, and ready for arrays."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
HOUR = 3_600_000_000
EVER = (datetime(1, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND
"""Recorded before anything else: what counts as always known."""


def full_hour(at: datetime) -> datetime:
    """The full hour that it is in, of its own zone."""
    return at.replace(minute=0, second=0, microsecond=0)


def micros(at: datetime) -> int:
    """An aware instant as microseconds. Raises TypeError for a naive one."""
    return (at - EPOCH) // MICROSECOND


def instant(micros: int) -> datetime:
    """Microseconds as an aware instant."""
    return EPOCH + timedelta(microseconds=micros)


def maybe_instant(micros: int | None) -> datetime | None:
    """Microseconds as an aware instant; unknown stays unknown."""
    return None if micros is None else instant(micros)


def iso(at: datetime) -> str:
    """An instant as datasets have it: UTC, no more digits than it has, Z."""
    text = at.astimezone(UTC).isoformat()
    return text.removesuffix("+00:00") + "Z"


def read_instant(text: str) -> datetime:
    """An instant from ISO 8601 with an offset. Raises ValueError in words that say what to write."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError as why:
        raise ValueError(f"{text[:40]!r} is no time; write it like 2026-01-14T12:00:00Z") from why
    if at.tzinfo is None:
        raise ValueError(f"{text[:40]!r} has no offset; write it like 2026-01-14T12:00:00Z")
    return at.astimezone(UTC)
