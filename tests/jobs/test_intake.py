"""What is told of a node before anybody names it waits, whatever it is, and counts once the node is named."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from dashboard.jobs.intake import take_in
from dashboard.jobs.transfer import import_dataset
from dashboard.log.aside import count_aside, keep_aside, read_aside
from dashboard.log.database import appending, reading
from dashboard.log.tables import FACT_TABLES
from dashboard.model.instants import instant, iso
from dashboard.sources.seam import Batch, Told, batch

NOW = datetime(2026, 3, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
WHY = "node_transitions: node 'n-1' is named by no source: once one names it, this is read by itself"
AT = iso(NOW - timedelta(minutes=5))
MOVED = {"maintenance_id": "M-1", "node_id": "n-1", "stage": "cordoned", "occurred_at": AT, "recorded_at": AT}
TOLD = [
    Told("node_transitions", MOVED),
    Told("node_transitions", MOVED | {"stage": "drained", "recorded_at": "", "source": 'with "quotes" and, commas'}),
    Told("maintenance_nodes", {"maintenance_id": "M-1", "node_id": "n-1"}),
    Told("maintenance_nodes", {"maintenance_id": "M-2", "node_id": "n-1", "recorded_at": AT, "removed": "true"}),
    Told("support_cases", {"case_id": "C-1", "node_id": "n-1", "status": "open", "opened_at": AT, "note": "größer"}),
    Told("node_transitions", MOVED | {"node_id": "n-2"}),
]  # fmt: skip


def brought(engine: Engine, told: list[Told] | Batch, now: datetime) -> tuple[int, int]:
    with appending(engine) as connection:
        return take_in(connection, "cloud", told if isinstance(told, Batch) else batch(told, "", now), now)


def named(*nodes: str) -> list[Told]:
    return [Told("nodes", {"node_id": each, "cluster_id": "c", "gpus": "8"}) for each in nodes]


def facts(engine: Engine, name: str, *columns: str) -> list[tuple[Any, ...]]:
    table = FACT_TABLES[name]
    query = select(*(table.c[each] for each in columns)).order_by(*(table.c[each] for each in columns))
    with reading(engine) as connection:
        return [tuple(row) for row in connection.execute(query)]


def waiting(engine: Engine) -> int:
    with reading(engine) as connection:
        return count_aside(connection)


def test_every_kind_of_row_counts_once_its_node_is_named(engine: Engine) -> None:
    """From when it was told, where it said so; else from now. What waits for another node goes on waiting."""
    first = brought(engine, TOLD, NOW)
    other = brought(engine, named("n-9"), NOW)
    then = brought(engine, named("n-1"), LATER)
    again = brought(engine, named("n-1"), LATER)

    assert (first, other, then, again) == ((0, 6), (1, 0), (6, 0), (0, 0))
    assert waiting(engine) == 1
    stages = [(stage, iso(instant(at))) for stage, at in facts(engine, "node_transitions", "stage", "recorded_at")]
    assert stages == [("cordoned", AT), ("drained", iso(LATER))]
    assert facts(engine, "maintenance_nodes", "maintenance_id", "removed") == [("M-1", False), ("M-2", True)]
    assert facts(engine, "support_cases", "case_id", "node_id", "note") == [("C-1", "n-1", "größer")]


def test_an_import_names_nodes_too(engine: Engine, tmp_path: Path) -> None:
    brought(engine, TOLD, NOW)
    (tmp_path / "nodes.csv").write_text("node_id,cluster_id,gpus\nn-1,c,8\nn-2,c,8\n")

    import_dataset(engine, tmp_path, LATER)

    assert waiting(engine) == 0
    assert len(facts(engine, "node_transitions", "stage")) == 3


@pytest.mark.parametrize("raw", ["", "[1]", "{}", '{"nodez": {}}', '{"nodes": 7}', '{"node_transitions": {}}',
                                 json.dumps({"node_transitions": MOVED | {"stage": "asleep"}})])  # fmt: skip
def test_what_was_kept_and_cannot_be_read_again_stays(engine: Engine, raw: str) -> None:
    with appending(engine) as connection:
        keep_aside(connection, [("cloud", 0, WHY, raw)], NOW)

    assert brought(engine, named("n-1"), NOW) == (1, 0)
    assert waiting(engine) == 1


def test_the_reason_says_that_nothing_has_to_be_done_again(engine: Engine) -> None:
    brought(engine, TOLD[:1], NOW)

    with reading(engine) as connection:
        (row,) = read_aside(connection, 9)
    assert (row["reason"], json.loads(row["raw"])) == (WHY, {"node_transitions": MOVED})
