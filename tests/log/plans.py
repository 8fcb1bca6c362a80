"""How a database goes about what it is asked."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event


def plans(connection: Connection, ask: Callable[[], object]) -> list[str]:
    """The plan of every query that `ask` makes."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        seen.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(connection, "before_cursor_execute", note)
    how = "EXPLAIN QUERY PLAN " if connection.dialect.name == "sqlite" else "EXPLAIN "
    return [
        f"{statement}\n" + "\n".join(str(tuple(row)) for row in connection.exec_driver_sql(how + statement, parameters))
        for statement, parameters in seen
    ]


def scanned(found: list[str], tables: tuple[str, ...]) -> list[str]:
    """The plans that read any of these tables from end to end."""
    return [each for each in found for table in tables if f"SCAN {table}" in each or f"Seq Scan on {table}" in each]
