"""Any SQL database by a query and a mapping: the query runs there, and only rows from the watermark on come back.

Needs the database's URL, by reference, and a user who may read what the query reads. A driver for anything but
PostgreSQL and SQLite has to be installed beside the app.
"""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from pathlib import Path
from typing import Any

from pydantic import Field
from sqlalchemy import ColumnClause, Connection, Select, bindparam, create_engine, select, text
from sqlalchemy import column as named
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from dashboard.errors import SourceFailed, SourceRefused, SourceUnavailable
from dashboard.sources import mapping
from dashboard.sources.seam import Batch, Batches, Secret, Source, Span, batch

PIECE = 5_000  # rows at once: bounds memory, and what is read again after a failure


class Sql(Source):
    """Reads rows by a query. With a watermark, a column that only grows, what was read is not read again."""

    url: Secret
    query: str = Field(min_length=1)
    watermark: str = ""
    # How long a transaction there may take to commit what it stamped at its start; for watermarks that are instants.
    overlap: Span | None = None
    facts: mapping.Facts

    def poll(self, cursor: str | None, now: datetime) -> Batches:
        """The rows from the watermark on, or those that differ from last time's where there is none."""
        before = json.loads(cursor) if cursor else {}
        known: list[str] = before.get("pieces", [])
        since, digests = before.get("since"), list[str]()
        reached = cursor or ""
        with self._connected() as connection, connection.execute(self._statement(since)) as rows:
            mapping.check_columns(list(rows.keys()), self.facts, self.watermark, self.name)
            for piece in rows.mappings().partitions(PIECE):
                records = [dict(row) for row in piece]
                digests.append(_digest(records))
                if self.watermark:
                    since = _kept(records[-1][self.watermark]) or since
                    reached = json.dumps({"since": since, "pieces": []})
                if known[len(digests) - 1 : len(digests)] != digests[-1:]:
                    part = "" if self.watermark else f"piece {len(digests)}"
                    told = mapping.told(self.facts, records, self.name)
                    yield batch(told, reached, now, part, [part] if part else [])
        done = json.dumps({"since": since, "pieces": digests})
        if done != cursor:
            gone = range(len(digests) + 1, len(known) + 1)
            yield Batch({}, done, reread=[] if self.watermark else [f"piece {number}" for number in gone])

    def _statement(self, since: Any) -> Select[Any]:
        # A colon in the query is a colon: nothing in it is a parameter of ours.
        query = re.sub(r"(?<!:):(?=\w)", r"\:", self.query.strip().rstrip(";"))
        statement = select(text("*")).select_from(text(f"({query}\n) AS told"))
        if not self.watermark:
            return statement
        mark: ColumnClause[Any] = named(self.watermark)
        if since is not None:
            # From the watermark, not past it: rows of the same instant may have been committed since.
            statement = statement.where(mark >= bindparam("since", self._from(since)))
        return statement.order_by(mark)

    def _from(self, since: Any) -> Any:
        """The watermark as the database had it, less the overlap."""
        if not isinstance(since, dict):
            return since
        return datetime.fromisoformat(since["at"]) - timedelta(seconds=self.overlap or 0)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection that reads only. Raises SourceUnavailable and SourceRefused, without the password."""
        url = self._address()
        seconds = max(int(self.timeout), 1)
        limits: dict[str, Any] = {}
        if url.get_backend_name() == "postgresql":
            limits = {"connect_timeout": seconds, "options": f"-c statement_timeout={seconds * 1000}"}
        try:
            engine = create_engine(url, poolclass=NullPool, connect_args=limits)
            with engine.connect() as connection:
                if url.get_backend_name() == "postgresql":
                    connection.execution_options(postgresql_readonly=True)
                elif url.get_backend_name() == "sqlite":
                    connection.exec_driver_sql("PRAGMA query_only = ON")
                yield connection.execution_options(stream_results=True)
        except DBAPIError as why:
            raise self._told(url, why) from why
        except (NoSuchModuleError, ImportError) as why:
            raise SourceRefused(f"{self.name}: there is no driver for {url.drivername}: install it here") from why
        except SQLAlchemyError as why:
            raise SourceRefused(f"{self.name}: its query brings no rows ({type(why).__name__}): correct it") from why

    def _address(self) -> URL:
        try:
            url = make_url(self.url.reveal())
        except SourceRefused as why:
            raise SourceRefused(f"{self.name}: {why}") from why
        except (ArgumentError, ValueError):
            # Its words would hold the whole URL, so neither they nor their cause are kept.
            raise SourceRefused(
                f"{self.name}: {self.url.where} holds no database URL: write it like postgresql://USER:PASSWORD@HOST/NAME"
            ) from None
        if url.drivername == "postgresql":
            return url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
            # SQLite would make an empty one.
            raise SourceRefused(f"{self.name}: there is no file {url.database}: correct {self.url.where}")
        return url

    def _told(self, url: URL, error: DBAPIError) -> SourceFailed:
        words = " ".join(str(error.orig).split("\n")[0].split())
        if url.password:
            words = words.replace(str(url.password), "•••")
        if isinstance(error, ProgrammingError):
            return SourceRefused(f"{self.name}: the database refuses the query ({words}): correct it")
        return SourceUnavailable(f"{self.name}: the database says {words!r}: is it up, and the query right?")


def _kept(value: Any) -> Any:
    """A watermark as JSON can keep it."""
    if isinstance(value, datetime):
        return {"at": value.isoformat()}
    if isinstance(value, Decimal):
        return float(value) if value % 1 else int(value)
    return value


def _digest(records: Sequence[Any]) -> str:
    return blake2b(repr(records).encode("utf-8", "backslashreplace"), digest_size=9).hexdigest()
