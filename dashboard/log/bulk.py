"""Work on millions of rows at once."""

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

Row = tuple[Any, ...]
IDS = 500  # names in one IN (…)
MANY, PIECE = 100, 10_000  # rows from which on PostgreSQL gets them by one statement, and most in one


def many(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[Row],
    then: str = "",
    *,
    apart: bool = False,
) -> int:
    """Inserts rows past SQLAlchemy's handling of each; returns how many were new.

    `then` follows ON CONFLICT; nothing is done where it is empty. `apart`: no two of the rows are in such a conflict.
    """
    if not rows:
        return 0
    names = ", ".join(f'"{name}"' for name in columns)
    conflict = f"ON CONFLICT {then or 'DO NOTHING'}"
    if connection.dialect.name == "postgresql" and len(rows) >= MANY and (apart or not then):
        new = _at_once(connection, table, columns, rows, f'INSERT INTO "{table}" ({names}) SELECT {names}', conflict)
        if new is not None:
            return new
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    marks = ", ".join(mark for _ in columns)
    sql = f'INSERT INTO "{table}" ({names}) VALUES ({marks}) {conflict}'
    return connection.exec_driver_sql(sql, list(rows)).rowcount


def _at_once(
    connection: Connection, table: str, columns: Sequence[str], rows: Sequence[Row], insert: str, conflict: str
) -> int | None:
    """All rows by a statement a piece, as JSON: to PostgreSQL a row a statement costs three times as much.

    None where a value is none that JSON has.
    """
    sql = f'{insert} FROM json_populate_recordset(NULL::"{table}", %s) {conflict}'
    try:
        pieces = [
            json.dumps([dict(zip(columns, row, strict=True)) for row in rows[begin : begin + PIECE]], allow_nan=False)
            for begin in range(0, len(rows), PIECE)
        ]
    except (TypeError, ValueError):
        return None
    return sum(connection.exec_driver_sql(sql, (piece,)).rowcount for piece in pieces)


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
