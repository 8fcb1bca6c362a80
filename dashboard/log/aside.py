"""Rows that could not become facts, kept with their reason until they can."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from dashboard.log.append import digest
from dashboard.log.derive import many
from dashboard.log.tables import set_aside
from dashboard.model.instants import micros

COLUMNS = ("digest", "set_aside_at", "file", "line", "reason", "raw")
LONGEST_KEPT = 100_000  # characters of a row: enough to see what is wrong with it


def keep_aside(connection: Connection, rows: Sequence[tuple[str, int, str, str]], now: datetime) -> int:
    """Keeps (file, line, reason, raw) rows for inspection; the same row is kept once. Returns how many are new."""
    kept = []
    for file, line, reason, raw in rows:
        # What is no UTF-8 or holds a NUL cannot be stored as it is: it is kept as what it looks like.
        shown = raw[:LONGEST_KEPT].encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
        because = reason.encode("utf-8", "backslashreplace").decode().replace("\x00", "\\x00")
        kept.append((digest((file, line, because, shown)), micros(now), file, line, because, shown))
    return many(connection, set_aside.name, COLUMNS, kept)


def forget_aside(connection: Connection, file: str) -> int:
    """Forgets what was set aside from a file that is read again; returns how many rows that were."""
    return connection.execute(delete(set_aside).where(set_aside.c.file == file)).rowcount


def count_aside(connection: Connection) -> int:
    """How many rows wait for inspection."""
    return int(connection.scalar(select(func.count()).select_from(set_aside)) or 0)
