"""Small made-up histories, and what a log says of them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from dashboard.log import state
from dashboard.log.append import append
from dashboard.log.database import appending, reading
from dashboard.log.tables import DERIVED, metadata
from dashboard.model.instants import micros
from dashboard.model.stages import Stage, Status

START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = START + timedelta(days=30)
NODES = ("n-1", "n-2", "n-3")
MAINTENANCES = ("M-1", "M-2", "M-3")
FLEET: dict[str, list[tuple[Any, ...]]] = {
    "providers": [("p", "Provider")],
    "clusters": [("c", "p", "region", "sku", 8)],
    "nodes": [(node, "c", "r", 8, "") for node in NODES],
}

Fact = tuple[str, tuple[Any, ...]]
"""The name of a fact and its row."""


def hours(count: float) -> int:
    """So many hours after the start of the story, as the log has it."""
    return micros(START + timedelta(hours=count))


def transition(node: str, stage: Stage, at: float, known: float | None = None, maintenance: str = "M-1") -> Fact:
    """A node's entry into a stage, `known` hours after the start; at once where that is not said."""
    return "node_transitions", (maintenance, node, stage, hours(at), hours(at if known is None else known), "test", "")


def update(status: Status | str, known: float, maintenance: str = "M-1", **told: Any) -> Fact:
    """A word on a maintenance."""
    row = (
        maintenance,
        hours(known),
        "test",
        status,
        told.get("kind", ""),
        "",
        "",
        "c",
        None,
        told.get("end"),
        None,
        "",
        "",
    )
    return "maintenance_updates", row


def membership(node: str, known: float, removed: bool = False, maintenance: str = "M-1") -> Fact:
    """A node is named in a maintenance, or taken off."""
    return "maintenance_nodes", (maintenance, node, hours(known), removed)


def join(maintenance: str, whole: str, known: float) -> Fact:
    """A maintenance is found to be the same as another; as none where `whole` is ''."""
    return "joins", (maintenance, hours(known), whole, "by hand", "")


def _hour() -> st.SearchStrategy[int]:
    return st.integers(min_value=0, max_value=12)


def facts() -> st.SearchStrategy[list[Fact]]:
    """Any handful of facts, contradictions and repetitions included."""
    node, maintenance = st.sampled_from(NODES), st.sampled_from(MAINTENANCES)
    entered = st.builds(transition, node, st.sampled_from(list(Stage)), _hour(), _hour(), maintenance)
    told = st.builds(update, st.sampled_from([*Status, ""]), _hour(), maintenance)
    named = st.builds(membership, node, _hour(), st.booleans(), maintenance)
    joined = st.builds(join, maintenance, st.sampled_from([*MAINTENANCES, ""]), _hour())
    return st.lists(st.one_of(entered, entered, told, named, joined), max_size=14)


def tell(engine: Engine, told: Sequence[Fact], fleet: bool = True) -> int | None:
    """Appends facts in one go."""
    rows = {name: list(some) for name, some in FLEET.items()} if fleet else {}
    for name, row in told:
        rows.setdefault(name, []).append(row)
    with appending(engine) as connection:
        return append(connection, rows, NOW, "test")


def clear(engine: Engine) -> None:
    """Empties the log, so that one database serves many made-up stories."""
    with appending(engine) as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))


def derived(engine: Engine) -> list[list[tuple[Any, ...]]]:
    """What stands in the derived tables, in an order of its own."""
    with reading(engine) as connection:
        return [sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in DERIVED]


def standing(engine: Engine, at: int | None) -> tuple[Any, ...]:
    """Where everything stands at `at`."""
    with reading(engine) as connection:
        known = state.maintenances(connection, at)
        held = state.out_or_lost(connection, at)
        rows = state.of_maintenances(connection, known, at)
        counts = state.tallies(connection, known, at)
        moved = state.changes(connection, hours(3), at)
    return known, *(sorted(each, key=repr) for each in (held, rows, counts, moved))
