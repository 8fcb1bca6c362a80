"""Work on millions of rows at once."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

Row = tuple[Any, ...]
IDS = 500  # names in one IN (…)


def many(connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row], then: str = "") -> int:
    """Inserts rows by one prepared statement, past SQLAlchemy's handling of each; returns how many were new.

    `then` follows ON CONFLICT; nothing is done where it is empty.
    """
    if not rows:
        return 0
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join(mark for _ in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks}) ON CONFLICT {then or "DO NOTHING"}'
    return connection.exec_driver_sql(sql, list(rows)).rowcount


def in_chunks(values: Sequence[str], size: int = IDS) -> Iterator[list[str]]:
    """Names in pieces that one IN (…) can hold."""
    for start in range(0, len(values), size):
        yield list(values[start : start + size])


@contextmanager
def no_collector() -> Iterator[None]:
    """Rows hold no cycles, and there are millions alive: looking for some takes up to half of reading them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
