"""Kusto (Azure Data Explorer, Fabric) by a query and a mapping: the query runs there, only what is new comes back.

Reference: Kusto REST API, "Query/management HTTP request" and "Query V2 HTTP response". Token: of an application that
is a Viewer of the database, by tenant, client_id, client_secret or client_assertion; or one kept fresh in token_file.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import blake2b
from typing import Any

from pydantic import Field, field_validator

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.model.instants import iso
from dashboard.sources import mapping
from dashboard.sources.http import Client, Reply
from dashboard.sources.mapping import as_text, field_of
from dashboard.sources.microsoft import SUCCESS, Entra
from dashboard.sources.seam import Batch, Batches, Span, batch

LARGEST = 500_000  # rows, which is where Kusto cuts an answer, with an error
SMALLEST = 500
PIECE = 5_000  # rows at once of an answer that comes whole
GROWS = frozenset({"datetime", "timespan", "int", "long", "real", "decimal"})
BY_STATUS = (401, 403, 429)  # what they mean is the same everywhere
TOO_LARGE = "E_QUERY_RESULT_SET_TOO_LARGE"
SPAN = re.compile(r"^(-?)(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2}(?:\.\d+)?)$")


class _TooLarge(Exception):
    """The answer would have more rows or bytes than Kusto gives at once."""


@dataclass(frozen=True, slots=True)
class _Page:
    """Rows as records, and the watermark of the last, as Kusto wrote it."""

    records: list[dict[str, Any]]
    mark: dict[str, str] | None  # its type and value
    size: int  # rows that were asked for at once


class Kusto(Entra):
    """Reads rows by a query. With a watermark, a column that only grows, what was read is not read again."""

    database: str = Field(min_length=1)
    query: str = Field(min_length=1)
    watermark: str = Field(default="", pattern=r"^[^'\"\\\n]*$")
    overlap: Span | None = None  # how late a row may come whose watermark is older; for watermarks that are instants
    page: int = Field(default=10_000, ge=1, le=LARGEST)  # rows at once; fewer by itself where these are too large
    facts: mapping.Facts

    @field_validator("query")
    @classmethod
    def _only_asks(cls, query: str) -> str:
        if query.lstrip().startswith("."):
            raise ValueError("it is a command; write a query that begins with a table")
        return query

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """The rows from the watermark on, or those that differ from last time's where there is none."""
        before = json.loads(cursor) if cursor else {}
        known: list[str] = before.get("pieces", [])
        since, size = before.get("since"), min(before.get("size", self.page), self.page)
        digests: list[str] = []
        reached = cursor or ""
        with self.asking(now) as client:
            for page in self._pages(client, since, size, now):
                digests.append(_digest(page.records))
                since, size = page.mark or since, page.size
                if self.watermark:
                    reached = json.dumps({"since": since, "pieces": [], "size": size})
                if known[len(digests) - 1 : len(digests)] != digests[-1:]:
                    part = "" if self.watermark else f"piece {len(digests)}"
                    told = mapping.told(self.facts, page.records, self.name)
                    yield batch(told, reached, now, part, [part] if part else [])
        done = json.dumps({"since": since, "pieces": digests, "size": size})
        if done != cursor:
            gone = range(len(digests) + 1, len(known) + 1)
            yield Batch({}, done, reread=[] if self.watermark else [f"piece {number}" for number in gone])

    def _pages(self, client: Client, since: dict[str, str] | None, size: int, now: datetime) -> Iterator[_Page]:
        """Page by page from the watermark on, each as large as Kusto gives it; all at once where there is none."""
        most, late = LARGEST, self.overlap or 0.0
        while True:
            try:
                page = self._page(client, self._asked(since, late, size), size, now)
            except _TooLarge as why:
                if not self.watermark or size <= SMALLEST:
                    change = "ask for fewer columns" if self.watermark else "give it a watermark, to be read in pages"
                    raise SourceRefused(
                        f"{self.name}: its answer is larger than Kusto gives at once: {change}"
                    ) from why
                most = size - 1
                size = max(size // 4, SMALLEST)
                continue
            if not self.watermark:
                for start in range(0, len(page.records), PIECE):
                    yield _Page(page.records[start : start + PIECE], None, size)
                return
            yield page
            if len(page.records) < size:
                return
            if page.mark == since and not late:  # a whole page of one instant: only a larger one leads past it
                if size >= most:
                    words = f"more than {size:,} rows have the same {self.watermark}: choose a finer watermark"
                    raise SourceRefused(f"{self.name}: {words}")
                size = min(size * 2, most)
            since, late = page.mark, 0.0

    def _asked(self, since: dict[str, str] | None, late: float, size: int) -> dict[str, Any]:
        """The question: values go as parameters, never into the text of the query."""
        query, given = f"let dashboard_told = () {{\n{self.query.strip().rstrip(';')}\n}};\ndashboard_told()", {}
        if self.watermark:
            if since is not None:
                query = (
                    f"declare query_parameters(since:{since['type']});\n{query}\n| where ['{self.watermark}'] >= since"
                )
                given = {"Parameters": {"since": f"{since['type']}({_earlier(since, late)})"}}
            query = f"{query}\n| order by ['{self.watermark}'] asc\n| take {size}"
        patience = str(timedelta(seconds=min(max(int(self.timeout), 1), 3600))).rjust(8, "0")
        options = {"servertimeout": patience, "request_readonly": True, "results_progressive_enabled": False}
        return {"db": self.database, "csl": query, "properties": {"Options": options, **given}}

    def _page(self, client: Client, asked: dict[str, Any], size: int, now: datetime) -> _Page:
        url = f"{self.url.rstrip('/')}/v2/rest/query"
        body = json.dumps(asked).encode()
        request = f"dashboard.{self.name};{blake2b(body + iso(now).encode(), digest_size=16).hexdigest()}"
        headers = {"Content-Type": "application/json", "x-ms-app": "dashboard", "x-ms-client-request-id": request}
        reply = client.send("POST", url, headers, body)
        if reply.status != SUCCESS:
            raise self._fault(client, url, reply)
        columns, rows = self._table(client.read(url, reply))
        mapping.check_columns([name for name, _ in columns], self.facts, self.watermark, self.name)
        records = [
            {name: value_of(kind, each) for (name, kind), each in zip(columns, row, strict=False)} for row in rows
        ]
        return _Page(records, self._mark(columns, rows), size)

    def _table(self, frames: Any) -> tuple[list[tuple[str, str]], list[list[Any]]]:
        """Columns with their types, and rows. An answer that failed half-way, or was cut off, is none."""
        if not (isinstance(frames, list) and frames and all(isinstance(each, Mapping) for each in frames)):
            raise SourceUnavailable(f"{self.name}: its answer has no frames: is the url that of a Kusto cluster?")
        tables = [each for each in frames if each.get("TableKind") == "PrimaryResult" and "Rows" in each]
        end = frames[-1] if frames[-1].get("FrameType") == "DataSetCompletion" else {}
        told = [row for each in tables for row in each["Rows"] if isinstance(row, Mapping)] + [end]
        errors = [error for each in told for error in _list(each.get("OneApiErrors"))]
        if errors:
            raise self._why(errors[0])
        if not end:
            raise SourceUnavailable(f"{self.name}: its answer was cut off before its end: it is asked again by itself")
        if end.get("HasErrors") or end.get("Cancelled"):
            how = "was cancelled" if end.get("Cancelled") else "failed without a word"
            raise SourceUnavailable(f"{self.name}: its query {how} half-way: it is asked again by itself")
        if len(tables) != 1:
            raise SourceRefused(f"{self.name}: its query brings {len(tables)} tables: write one that brings one")
        columns = [(as_text(field_of(c, "ColumnName")), as_text(field_of(c, "ColumnType")).lower())
                   for c in _list(tables[0].get("Columns"))]  # fmt: skip
        return columns, [row for row in tables[0]["Rows"] if isinstance(row, list)]

    def _mark(self, columns: Sequence[tuple[str, str]], rows: Sequence[list[Any]]) -> dict[str, str] | None:
        if not (self.watermark and rows):
            return None
        place = next(i for i, (name, _) in enumerate(columns) if name == self.watermark)
        kind, value = columns[place][1], as_text(rows[-1][place])
        if kind not in GROWS:
            words = f"its watermark {self.watermark} is a {kind}, which has no order: choose a datetime or a number"
            raise SourceRefused(f"{self.name}: {words}")
        return {"type": kind, "value": value} if value else None

    def _fault(self, client: Client, url: str, reply: Reply) -> SourceFailed:
        """What a failure before the first row comes to."""
        known = client.fault(url, reply.status, reply.headers.get("retry-after", ""))
        if reply.status in BY_STATUS:
            return known
        try:
            said = client.read(url, reply)
        except SourceUnavailable:
            return known
        return self._why(said) if field_of(said, "error.code") else known

    def _why(self, said: Any) -> SourceFailed:
        """Their error in words. Raises _TooLarge for the one that a smaller page mends."""
        error = field_of(said, "error") or said
        words = as_text(field_of(error, "@message")) or as_text(field_of(error, "message"))
        if TOO_LARGE in words:
            raise _TooLarge(words)
        shown = self.masked(" ".join(words.split())[:300])
        code = as_text(field_of(error, "code"))[:80]
        if field_of(error, "@permanent") is False:
            return SourceUnavailable(
                f"{self.name}: Kusto cannot answer now ({code}: {shown}): it is asked again by itself"
            )
        return SourceRefused(f"{self.name}: Kusto refuses the query ({code}: {shown}): correct it")


def value_of(kind: str, value: Any) -> Any:
    """A value of a column of that type; a timespan is its seconds, NaN is unknown, what cannot be read stays text."""
    if value is None or value == "":
        return None
    try:
        return READERS[kind](value) if kind in READERS else value
    except (ValueError, TypeError, InvalidOperation, RecursionError):
        return value


def _instant(text: str) -> datetime:
    """Up to seven decimals, of which six are kept."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _decimal(text: object) -> Any:
    number = Decimal(str(text))
    return int(number) if number.is_finite() and number % 1 == 0 else str(text)


def _seconds(text: str) -> Any:
    found = SPAN.match(text)
    if not found:
        return text
    sign, days, hours, minutes, seconds = found.groups()
    total = Decimal(int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60) + Decimal(seconds)
    return float(-total if sign else total)


READERS: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "datetime": _instant,
    "decimal": _decimal,
    "dynamic": lambda value: json.loads(value) if isinstance(value, str) else value,
    "real": lambda value: None if value == "NaN" else value,
    "timespan": _seconds,
}


def _earlier(since: Mapping[str, str], seconds: float) -> str:
    if since["type"] != "datetime" or not seconds:
        return since["value"]
    return iso(datetime.fromisoformat(since["value"]) - timedelta(seconds=seconds))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _digest(records: Sequence[Any]) -> str:
    return blake2b(repr(records).encode("utf-8", "backslashreplace"), digest_size=9).hexdigest()
