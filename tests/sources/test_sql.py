"""A query's rows become facts; with a watermark, only what is new comes over, and nothing is missed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine, text

from dashboard.jobs.collect import How
from dashboard.sources import sql
from dashboard.sources.seam import Secret
from dashboard.sources.sql import Sql
from tests.sources.asked import Asked

COLUMNS = {"maintenance_id": "change", "node_id": "host", "stage": "state", "occurred_at": "at"}
QUERY = "SELECT change, host, state, at FROM moves -- 12:30 :not_a_parameter 100 %\n;"
NODES = [f"n-{i}" for i in range(30)]


@pytest.fixture
def theirs(database_url: str) -> Iterator[Engine]:
    """The maintenance controller's own store, on each database."""
    found = create_engine(database_url)
    with found.begin() as connection:
        connection.execute(text("CREATE TABLE moves (change TEXT, host TEXT, state TEXT, at TIMESTAMP WITH TIME ZONE)"))
    yield found
    found.dispose()


def moved(theirs: Engine, host: str, minutes: int, state: str = "cordoned") -> None:
    at: Any = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    if theirs.dialect.name == "sqlite":
        at = at.isoformat()
    with theirs.begin() as connection:
        row = {"host": host, "state": state, "at": at}
        connection.execute(text("INSERT INTO moves VALUES ('M-1', :host, :state, :at)"), row)


def source(theirs: Engine, **options: Any) -> Sql:
    url = theirs.url.render_as_string(hide_password=False)
    held = Secret(where="the environment variable THEIR_DATABASE", held=SecretStr(url))
    told = {"name": "sql", "type": "sql", "url": held, "query": QUERY, "facts": {"node_transitions": COLUMNS}}
    return Sql.model_validate(told | {"timeout": 5} | options)


@pytest.mark.parametrize("watermark", ["at", ""])
def test_rows_come_once_with_and_without_a_watermark(engine: Engine, theirs: Engine, watermark: str) -> None:
    asked = Asked(engine, source(theirs, watermark=watermark), NODES)
    moved(theirs, "n-1", 1)
    first, idle = asked.again(), asked.again()
    moved(theirs, "n-2", 2)
    second = asked.again()

    assert idle.how is How.DONE
    assert [each.new for each in (first, idle, second)] == [1, 0, 1]
    assert asked.told("node_transitions", "node_id") == [("n-1",), ("n-2",)]


def test_a_row_of_the_watermarks_own_instant_is_not_missed(engine: Engine, theirs: Engine) -> None:
    """Committed after the poll, with the very instant that the poll ended at."""
    asked = Asked(engine, source(theirs, watermark="at"), NODES)
    moved(theirs, "n-1", 10)
    asked.again()
    moved(theirs, "n-2", 10)
    asked.again()

    assert {row[0] for row in asked.told("node_transitions", "node_id")} == {"n-1", "n-2"}


def test_a_row_that_was_committed_late_is_not_missed(engine: Engine, postgres_database: str) -> None:
    """Stamped before the watermark, within the overlap: a transaction there took four minutes."""
    theirs = create_engine(postgres_database)
    with theirs.begin() as connection:
        connection.execute(text("CREATE TABLE moves (change TEXT, host TEXT, state TEXT, at TIMESTAMP WITH TIME ZONE)"))
    asked = Asked(engine, source(theirs, watermark="at", overlap="5m"), NODES)
    moved(theirs, "n-1", 10)
    asked.again()
    moved(theirs, "n-3", 6)
    new = [asked.again().new, asked.again().new]
    theirs.dispose()

    assert new == [1, 0]


def test_a_large_answer_is_kept_piece_by_piece(engine: Engine, theirs: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where the last piece cannot be read, the first ones count."""
    monkeypatch.setattr(sql, "PIECE", 10)
    for i, host in enumerate(NODES):
        moved(theirs, host, i)
    asked = Asked(engine, source(theirs, watermark="at"), NODES)

    assert asked.again().new == 30
    assert asked.again().new == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": "SELECT host FROM nowhere"}, "nowhere"),
        (
            {"query": "SELECT change, host, state FROM moves"},
            "its query brings no column 'at', only change, host, state",
        ),
        ({"watermark": "ingested"}, ""),
        ({"query": "DELETE FROM moves"}, ""),
    ],
)
def test_what_is_wrong_with_a_query_is_one_sentence(
    engine: Engine, theirs: Engine, options: dict[str, Any], words: str
) -> None:
    moved(theirs, "n-1", 1)

    done = Asked(engine, source(theirs, **options), NODES).again()

    assert done.how is How.FAILED
    assert words in done.error
    assert done.error.startswith("sql: ")
    assert "\n" not in done.error
    with theirs.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM moves")) == 1


def test_a_source_cannot_write(engine: Engine, theirs: Engine) -> None:
    """Not even by a function within a SELECT, or by a query that ends the one it stands in."""
    moved(theirs, "n-1", 1)
    query = "SELECT * FROM moves) AS x; DELETE FROM moves; SELECT * FROM (SELECT * FROM moves"

    done = Asked(engine, source(theirs, query=query), NODES).again()

    assert done.how is How.FAILED
    with theirs.begin() as connection:
        assert connection.scalar(text("SELECT count(*) FROM moves")) == 1


def test_a_database_out_of_reach_is_said_without_its_password(engine: Engine) -> None:
    for url in (
        "postgresql://me:s3cret@127.0.0.1:9/x",
        "nonsense s3cret",
        "sqlite:////nowhere/s.db",
        "oracle://me:s3cret@h/x",
    ):
        held = Secret(where="the environment variable THEIR_DATABASE", held=SecretStr(url))
        done = Asked(engine, Sql.model_validate(
            {"name": "sql", "type": "sql", "url": held, "query": QUERY, "facts": {"node_transitions": COLUMNS}}
        )).again()  # fmt: skip

        assert done.how is How.FAILED
        assert "s3cret" not in done.error
