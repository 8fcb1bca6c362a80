"""The page Sources says how collecting goes, from what the log holds."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.aside import keep_aside
from dashboard.log.database import appending, reading, writing
from dashboard.log.source_states import claim, delivered, introduce, keep, read_anew, refused
from dashboard.model.instants import micros
from dashboard.model.scope import Scope
from dashboard.views.freshness import freshness
from dashboard.views.sources import WhatComesIn, what_comes_in

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def database_url(sqlite_database: str) -> str:
    """One database will do."""
    return sqlite_database


def known(engine: Engine, name: str, **values: Any) -> None:
    """A source as a worker left it."""
    with writing(engine) as connection:
        introduce(connection, name, "json", "", 60.0)
        claim(connection, name, "w", NOW, NOW)
        keep(connection, name, "w", **values)


def ago(minutes: float) -> int:
    return micros(NOW - timedelta(minutes=minutes))


def seen(engine: Engine) -> WhatComesIn:
    with reading(engine) as connection:
        return what_comes_in(connection, Scope(), NOW)


def test_without_sources_it_says_so(engine: Engine) -> None:
    story = seen(engine)

    assert story.sentence == "No source is configured: what is shown was imported."
    assert (len(story.sources), len(story.aside), story.failing) == (0, 0, ())


def test_all_well_is_one_sentence(engine: Engine) -> None:
    for name in ("a", "b"):
        known(engine, name, attempted_at=ago(1), succeeded_at=ago(1), rows=7)

    story = seen(engine)

    assert story.sentence == "All 2 sources are well."
    assert story.rows == 14
    assert story.sources["lag"].tolist() == ["1 min", "1 min"]


def test_what_fails_comes_first_with_its_cause(engine: Engine) -> None:
    """One fails, one is asked by nobody, one was never asked, and one is well."""
    known(engine, "fails", attempted_at=ago(1), succeeded_at=ago(30), failing_since=ago(20), failures=5,
          error="fails: is away", due_at=micros(NOW + timedelta(minutes=2)))  # fmt: skip
    known(engine, "quiet", attempted_at=ago(90), succeeded_at=ago(90))
    known(engine, "new", rows=0)
    known(engine, "well", attempted_at=ago(2), succeeded_at=ago(2))

    story = seen(engine)

    assert story.sentence == "2 of 4 sources bring nothing: fails since 30 min and quiet since 2 h."
    assert story.failing == ("fails: is away. Asked again in 2 min, Mon 12:02 UTC.",)
    assert list(zip(story.sources["source"], story.sources["state"], strict=True)) == [
        ("fails", "fails"),
        ("quiet", "nobody asks it"),
        ("new", "not asked yet"),
        ("well", "well"),
    ]


def test_a_source_that_was_asked_and_had_nothing_to_tell_is_not_silent(engine: Engine) -> None:
    """The banner on every page counts from the last success, not from the last news."""
    row = ("M-1", ago(60 * 24), "fleet", "in_progress", "", "", "", "", None, None, None, "", "")
    with appending(engine) as connection:
        append(connection, {"maintenance_updates": [row]}, NOW, "test")
    with reading(engine) as connection:
        before = freshness(connection, Scope(), NOW)
    known(engine, "fleet", attempted_at=ago(2), succeeded_at=ago(2))
    with reading(engine) as connection:
        after = freshness(connection, Scope(), NOW)

    assert before.warning.startswith("Silent: fleet since 24 h.")
    assert (after.warning, after.words) == ("", "data as of 2 min ago, Mon 11:58 UTC")


def test_a_source_that_nobody_asked_for_a_month_is_not_shown(engine: Engine) -> None:
    known(engine, "old", attempted_at=ago(60 * 24 * 31), succeeded_at=ago(60 * 24 * 31), due_at=ago(60 * 24 * 31))

    assert len(seen(engine).sources) == 0


def test_rows_set_aside_are_counted_by_source_and_shown_with_their_reason(engine: Engine) -> None:
    """Those of imported files, too; of a long row its beginning."""
    known(engine, "fleet", attempted_at=ago(1), succeeded_at=ago(1))
    with appending(engine) as connection:
        rows = [
            ("fleet/page 1", 0, "no time", "x" * 500),
            ("fleet-2", 0, "other", ""),
            ("nodes.csv", 3, "no gpus", "a,b"),
        ]
        keep_aside(connection, rows, NOW)

    story = seen(engine)

    assert story.sentence == "The one source is well. 3 rows are set aside."
    assert story.sources["set_aside"].tolist() == [1]
    assert set(story.aside["where"]) == {"fleet/page 1", "fleet-2", "nodes.csv"}
    assert max(story.aside["raw"].str.len()) == 201
    assert [(each.whose, each.rows, each.readable) for each in story.waiting] == [
        ("fleet", "1 row", True), ("Files", "2 rows", False)
    ]  # fmt: skip


def test_what_is_pushed_cannot_be_read_again_and_what_will_be_is_said(engine: Engine) -> None:
    known(engine, "fleet", attempted_at=ago(1), succeeded_at=ago(1))
    with appending(engine) as connection:
        introduce(connection, "hook", "webhook", "", 60.0)
        keep_aside(connection, [(name, 0, "no time", "x") for name in ("fleet", "hook")], NOW)
        read_anew(connection, "fleet")

    story = seen(engine)

    assert [(each.whose, each.way, each.readable) for each in story.waiting] == [
        ("fleet", "It is read again from its beginning within a few minutes.", False),
        ("hook", "After a fix, whoever pushes has to send them again.", False),
    ]
    assert dict(zip(story.sources["source"], story.sources["state"], strict=True))["fleet"] == "is read again"


def test_a_source_that_answers_in_part_brings_something(engine: Engine) -> None:
    """It is told first and with what is missing, and is not said to bring nothing."""
    known(engine, "gcp", attempted_at=ago(1), succeeded_at=ago(1), error="gcp: could not reach us-a", failures=0)
    one = seen(engine)
    known(engine, "fleet", attempted_at=ago(1), succeeded_at=ago(1))
    two = seen(engine)
    known(engine, "bad", attempted_at=ago(1), failing_since=ago(5), error="bad: is away", failures=2)
    three = seen(engine)

    assert one.sentence == "The one source answers. gcp brings only a part, or what is in doubt."
    assert two.sentence == "All 2 sources answer. gcp brings only a part, or what is in doubt."
    assert (
        three.sentence == "1 of 3 sources brings nothing: bad since 5 min. gcp brings only a part, or what is in doubt."
    )
    assert three.sources["state"].tolist() == ["fails", "in part", "well"]
    assert "gcp: could not reach us-a." in three.failing[1]


def test_what_is_pushed_is_well_until_something_is_refused(engine: Engine) -> None:
    """Nobody asks it, and having nothing to say for days is no fault and no doubt."""
    for name in ("new", "quiet", "wrong"):
        with writing(engine) as connection:
            introduce(connection, name, "webhook", "", 60.0)
    with appending(engine) as connection:
        row = ("M-1", ago(60 * 90), "quiet", "in_progress", "", "", "", "", None, None, None, "", "")
        append(connection, {"maintenance_updates": [row]}, NOW, "test")
        delivered(connection, "quiet", NOW - timedelta(days=40), 1)
        delivered(connection, "wrong", NOW - timedelta(days=2), 1)
        refused(connection, "wrong", NOW - timedelta(minutes=5), "wrong: a delivery was refused: No.")

    story = seen(engine)
    with reading(engine) as connection:
        age = freshness(connection, Scope(), NOW)

    assert dict(zip(story.sources["source"], story.sources["state"], strict=True)) == {
        "wrong": "fails", "new": "nothing came yet", "quiet": "well"
    }  # fmt: skip
    assert story.sentence == "1 of 3 sources brings nothing: wrong since 5 min."
    assert story.failing == ("wrong: a delivery was refused: No. Last tried 5 min ago, Mon 11:55 UTC.",)
    assert (age.warning, age.sources["source"].tolist()) == ("", ["quiet"])
