"""A Kusto cluster on loopback: it answers in frames of version 2, from rows that it keeps, as the query asks."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.sources.loopback import Handler, Loopback

COLUMNS = (("change", "string"), ("host", "string"), ("state", "string"), ("at", "datetime"), ("seen", "datetime"))
SINCE = re.compile(r"^declare query_parameters\(since:(\w+)\);\n")
TAIL = re.compile(r"\n(?:\| where \['(\w+)'\] >= since\n)?\| order by \['(\w+)'\] asc\n\| take (\d+)$")


def frames(columns: Any, rows: list[Any], **end: Any) -> list[dict[str, Any]]:
    """An answer as version 2 has it."""
    done = [("Timestamp", "datetime"), ("ClientRequestId", "string"), ("Level", "int"), ("StatusCode", "int"),
            ("EventType", "int"), ("EventTypeName", "string"), ("Payload", "string")]  # fmt: skip
    info = ["2026-03-02T00:00:00.1234567Z", "dashboard.adx;x", 4, 0, 4, "QueryInfo", "{}"]
    return [
        {"FrameType": "DataSetHeader", "IsProgressive": False, "Version": "v2.0"},
        _table(0, "QueryProperties", [("TableId", "int"), ("Key", "string"), ("Value", "dynamic")], []),
        _table(1, "PrimaryResult", columns, rows),
        _table(2, "QueryCompletionInformation", done, [info]),
        {"FrameType": "DataSetCompletion", "HasErrors": False, "Cancelled": False} | end,
    ]


def _table(number: int, kind: str, columns: Any, rows: list[Any]) -> dict[str, Any]:
    named = [{"ColumnName": name, "ColumnType": of} for name, of in columns]
    return {"FrameType": "DataTable", "TableId": number, "TableKind": kind, "TableName": kind, "Columns": named,
            "Rows": rows}  # fmt: skip


def failure(words: str, code: str = "General_BadRequest", *, permanent: bool = True) -> dict[str, Any]:
    """An error as Kusto words it, in a body or within an answer."""
    return {"error": {"code": code, "message": "Request is invalid and cannot be executed.", "@type": "Kusto.X",
                      "@message": words, "@context": {"clientRequestId": "x"}, "@permanent": permanent}}  # fmt: skip


TOO_LARGE = failure(
    "Query execution has exceeded the allowed limits (80DA0003): The results of this query exceed the set limit of "
    "records (E_QUERY_RESULT_SET_TOO_LARGE; see https://aka.ms/kustoquerylimits).", "LimitsExceeded", permanent=False
)  # fmt: skip


@dataclass
class Cluster:
    """Rows of one table; an answer of more than `limit` is cut off with an error, as theirs is."""

    server: Loopback
    rows: list[list[Any]] = field(default_factory=list)
    columns: Any = COLUMNS
    limit: int = 500_000
    questions: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server.reply = self.answer

    def answer(self, handler: Handler) -> None:
        """Runs the part of the query that is ours."""
        asked = json.loads(self.server.asked[-1].body)
        self.questions.append(asked)
        rows, query = self.rows, asked["csl"]
        tail = TAIL.search(query)
        if tail:
            place = [name for name, _ in self.columns].index(tail[2])
            rows = sorted(rows, key=lambda row: _value(row[place]))
            if tail[1]:
                declared = SINCE.match(query)
                assert declared
                given = asked["properties"]["Parameters"]["since"]
                since = _value(given.removeprefix(f"{declared[1]}(").removesuffix(")"))
                rows = [row for row in rows if _value(row[place]) >= since]
            rows = rows[: int(tail[3])]
        if len(rows) > self.limit:
            handler.send_json(frames(self.columns, [*rows[: self.limit], {"OneApiErrors": [TOO_LARGE]}], HasErrors=True,
                                     OneApiErrors=[TOO_LARGE]))  # fmt: skip
        else:
            handler.send_json(frames(self.columns, rows))

    def moved(self, host: str, minutes: float, state: str = "cordoned") -> None:
        """A row, ingested the moment that it happened."""
        at = f"2026-03-01T{int(minutes) // 60:02}:{int(minutes) % 60:02}:00.1234567Z"
        self.rows.append(["M-1", host, state, at, at])


def _value(said: Any) -> Any:
    try:
        return datetime.fromisoformat(said)
    except (TypeError, ValueError):
        return float(said)
