"""Rows that could not become facts, kept with their reason until they can."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, or_, select

from dashboard.log.append import digest
from dashboard.log.bulk import in_chunks, many
from dashboard.log.tables import set_aside
from dashboard.model.instants import micros

COLUMNS = ("digest", "set_aside_at", "file", "line", "reason", "raw")
UNNAMED = "is named by no source"  # in the reason of a row that waits for its node to be named
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


def forget_part(connection: Connection, source: str, part: str) -> int:
    """Forgets what was set aside from a part of a source ('': all of it) that is read again; returns how many rows."""
    return connection.execute(delete(set_aside).where(_of_part(source, part))).rowcount


def forget_told(connection: Connection, source: str) -> None:
    """Forgets what was set aside of a source that tells all of it again; what waits for its node goes on waiting."""
    waits = set_aside.c.reason.contains(UNNAMED, autoescape=True)
    connection.execute(delete(set_aside).where(_of_part(source, ""), ~waits))


def read_unnamed(connection: Connection) -> dict[str, str]:
    """Why each row waits that waits for its node to be named, by its digest."""
    waits = set_aside.c.reason.contains(UNNAMED, autoescape=True)
    return {row[0]: row[1] for row in connection.execute(select(set_aside.c.digest, set_aside.c.reason).where(waits))}


def read_raw(connection: Connection, digests: Sequence[str]) -> dict[str, str]:
    """What these rows say, by their digests."""
    query = select(set_aside.c.digest, set_aside.c.raw)
    parts = in_chunks(digests)
    return {row[0]: row[1] for part in parts for row in connection.execute(query.where(set_aside.c.digest.in_(part)))}


def forget(connection: Connection, digests: Sequence[str]) -> None:
    """Forgets these rows: they are facts by now."""
    for part in in_chunks(digests):
        connection.execute(delete(set_aside).where(set_aside.c.digest.in_(part)))


def holds_part(connection: Connection, source: str, part: str) -> bool:
    """Whether anything was set aside from a part of a source ('': all of it)."""
    return connection.scalar(select(set_aside.c.digest).where(_of_part(source, part)).limit(1)) is not None


def part_name(source: str, part: str) -> str:
    """The `file` under which rows of a part of a source are set aside. No file has it: names of files hold a dot."""
    return f"{source}/{part}" if part else source


def _of_part(source: str, part: str) -> ColumnElement[bool]:
    named = set_aside.c.file == part_name(source, part)
    return named if part else or_(named, set_aside.c.file.startswith(f"{source}/", autoescape=True))


def count_by_source(connection: Connection, sources: Sequence[str]) -> dict[str, int]:
    """How many rows of each of these sources wait for inspection."""
    counts = connection.execute(select(set_aside.c.file, func.count()).group_by(set_aside.c.file)).all()
    return {source: sum(count for file, count in counts if file.partition("/")[0] == source) for source in sources}


def read_aside(connection: Connection, most: int) -> list[RowMapping]:
    """The rows that were set aside last: file, line, reason, raw, set_aside_at (µs)."""
    query = select(set_aside)
    return list(
        connection.execute(query.order_by(set_aside.c.set_aside_at.desc(), set_aside.c.digest).limit(most)).mappings()
    )


def count_aside(connection: Connection) -> int:
    """How many rows wait for inspection."""
    return int(connection.scalar(select(func.count()).select_from(set_aside)) or 0)
