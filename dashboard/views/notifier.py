"""Is anyone told at all: the notifier's sign of life, and what it could not deliver."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from dashboard.log.notice_tables import deliveries
from dashboard.log.outbox import DUE, FAILED, read_beat
from dashboard.model.instants import instant, maybe_instant, micros
from dashboard.views import words

BEATS = 4  # missed in a row
AT_LEAST = timedelta(minutes=2)
OVERDUE = timedelta(minutes=10)  # what has not arrived by then is in trouble


@dataclass(frozen=True, slots=True)
class NotifierHealth:
    """How the notifier is; `warning` is a sentence, '' where all is well or no notices are configured."""

    configured: bool
    beat_at: datetime | None  # None: it never ran
    age_seconds: float | None
    late: bool
    waiting: int  # deliveries that should have arrived long ago
    failed: int  # deliveries that were given up
    warning: str


def notifier_health(connection: Connection, now: datetime, *, configured: bool = True) -> NotifierHealth:
    """How the notifier is at `now`; cheap enough for every page, for /readyz and for /metrics."""
    told = read_beat(connection)
    if not configured:
        return NotifierHealth(False, None, None, False, 0, 0, "")
    if told is None:
        words_of_it = "Nobody is being told of anything: no notifier has run yet. Start dashboard worker or notify."
        return NotifierHealth(True, None, None, True, 0, 0, words_of_it)
    beat_at, failing = instant(told.beat_at), maybe_instant(told.failing_since)
    late = now - beat_at > max(BEATS * timedelta(seconds=told.every), AT_LEAST)
    overdue = (deliveries.c.state == DUE) & (deliveries.c.attempts > 0)
    overdue &= deliveries.c.due_at < micros(now + OVERDUE * 3)
    waiting = connection.scalar(select(func.count()).select_from(deliveries).where(overdue)) or 0
    failed = connection.scalar(select(func.count()).select_from(deliveries).where(deliveries.c.state == FAILED)) or 0
    warning = ""
    if late:
        since = words.span(now - beat_at)
        warning = (
            f"Nobody has been told of anything for {since}: the notifier is not running. It catches up once it is."
        )
    elif failing is not None:
        warning = f"Notices cannot be written since {words.span(now - failing)}: {told.error}."
    elif waiting:
        are = "message has" if waiting == 1 else "messages have"
        warning = f"{words.count(waiting)} {are} not arrived yet and are tried again: see Notices."
    age = (now - beat_at).total_seconds()
    return NotifierHealth(True, beat_at, age, late, waiting, failed, warning)
