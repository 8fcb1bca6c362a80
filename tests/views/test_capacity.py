"""What is out, counted by hand."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine

from dashboard.log.append import append
from dashboard.log.database import appending, opened, reading
from dashboard.model.scope import Scope
from dashboard.model.stages import Stage, Status
from dashboard.views.capacity import WhatIsOut, what_is_out
from tests.log.stories import START, Fact, membership, transition, update

NOW = START + timedelta(hours=12)
FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Provider")],
    "clusters": [("shared", "p", "north", "H100", 8), ("named", "p", "south", "B200", 8)],
    "teams": [("red", "Red"), ("blue", "Blue")],
    "nodes": [
        ("n-1", "shared", "r", 8, ""),
        ("n-2", "shared", "r", 8, ""),
        ("n-3", "named", "r", 8, "red"),
        ("n-4", "named", "r", 8, "blue"),
    ],
    "allocations": [("red", "shared", 12, None, None), ("blue", "shared", 4, None, None)],
}


@pytest.fixture
def engine(sqlite_database: str) -> Iterator[Engine]:
    """Four nodes of 8 GPUs: two shared, one of each team."""
    with opened(sqlite_database) as found:
        with appending(found) as connection:
            append(connection, FLEET, NOW, "test")
        yield found


def seen(engine: Engine, *told: Fact, **scope: str) -> WhatIsOut:
    """What the page shows after these facts."""
    rows: dict[str, list[tuple[object, ...]]] = {}
    for name, row in told:
        rows.setdefault(name, []).append(row)
    with appending(engine) as connection:
        append(connection, rows, NOW, "test")
    with reading(engine) as connection:
        return what_is_out(connection, Scope(**scope), NOW)  # type: ignore[arg-type]


def test_out_is_from_cordoned_until_in_service(engine: Engine) -> None:
    """Scheduled still serves, removed is lost, in service is back."""
    found = seen(
        engine,
        transition("n-1", Stage.SCHEDULED, 1),
        transition("n-2", Stage.CORDONED, 1),
        transition("n-3", Stage.REMOVED, 1),
        transition("n-4", Stage.IN_SERVICE, 1),
    )

    assert (found.gpus, found.out, found.lost) == (32, 8, 8)


def test_a_node_out_in_two_maintenances_is_out_once(engine: Engine) -> None:
    """Eight GPUs are eight GPUs."""
    found = seen(engine, transition("n-1", Stage.CORDONED, 1), transition("n-1", Stage.DRAINED, 2, maintenance="M-2"))

    assert found.out == 8


def test_a_maintenance_that_reports_no_node_has_all_of_its_nodes_out_while_it_runs(engine: Engine) -> None:
    """From in progress until it is completed."""
    named = [membership("n-1", 1), membership("n-2", 1)]

    before = seen(engine, update(Status.CONFIRMED, 1), *named)
    during = seen(engine, update(Status.IN_PROGRESS, 2))
    after = seen(engine, update(Status.COMPLETED, 3))

    assert (before.out, during.out, after.out) == (0, 16, 0)


@pytest.mark.parametrize(
    ("team", "out", "basis"), [("red", 6 + 8, "by node and pro rata to allocations"), ("blue", 2, "by node and pro")]
)
def test_a_team_loses_its_own_nodes_and_its_share_of_the_shared(
    engine: Engine, team: str, out: int, basis: str
) -> None:
    """Red has 12 of 16 allocated on the shared cluster, so 6 of the 8 GPUs out there; and it says how it knows."""
    found = seen(engine, transition("n-1", Stage.CORDONED, 1), transition("n-3", Stage.CORDONED, 1), team=team)

    assert found.out == out
    assert basis in found.basis


@pytest.mark.parametrize(("scope", "out"), [({"cluster": "named"}, 8), ({"sku": "H100"}, 8), ({"provider": "p"}, 16)])
def test_a_scope_counts_what_it_lets_in(engine: Engine, scope: dict[str, str], out: int) -> None:
    """Cluster, SKU and provider."""
    found = seen(engine, transition("n-1", Stage.CORDONED, 1), transition("n-3", Stage.CORDONED, 1), **scope)

    assert found.out == out


def test_the_past_of_the_fan_is_what_was_out(engine: Engine) -> None:
    """8 GPUs out for the hours 2 to 6, 16 from hour 4, by half hours."""
    found = seen(
        engine,
        transition("n-1", Stage.CORDONED, 2),
        transition("n-1", Stage.IN_SERVICE, 6),
        transition("n-2", Stage.REPAIRING, 4),
    )
    by_hour = {
        round((at - START) / timedelta(hours=1), 1): out
        for at, out in zip(found.fan.past_at, found.fan.past_out, strict=True)
    }

    assert [by_hour[hour] for hour in (1, 3, 5, 7, 12)] == [0, 8, 16, 8, 8]


def test_nothing_out_is_said_in_words(engine: Engine) -> None:
    """An empty page is a designed page."""
    found = seen(engine)

    assert found.sentence == "All 32 GPUs are in service."
    assert (found.likely_words, found.plan_on) == ("nothing is out", None)
