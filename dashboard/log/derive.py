"""The derived tables: kept in step with every append, dropped and made again from the log at any time.

What stands in them is a maximum over facts (the latest stage, the latest word), so it does not matter in which order
facts arrive, nor how often.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, case, delete, func, or_, select, update

from dashboard.log import names
from dashboard.log.bulk import Row, in_chunks, many
from dashboard.log.tables import (
    DERIVED,
    FACT_TABLES,
    current_maintenances,
    current_nodes,
    current_stages,
    recorded_column,
    stored_columns,
)
from dashboard.log.wholes import join_again, read_wholes, under_wholes, wholes_of
from dashboard.model.facts import FACTS, Fact
from dashboard.model.instants import EVER
from dashboard.model.joining import Wholes
from dashboard.model.maintenance import Maintenance, Update, fold
from dashboard.model.stages import CODE, OUT, Stage

CHUNK = 100_000


Span = tuple[int, int, bool]
"""When anything of a maintenance was first and last recorded, and whether any node was reported."""


def follow(connection: Connection, fact: Fact, rows: Sequence[Row]) -> dict[str, Span | None]:
    """Takes appended rows of a fact into the derived tables.

    Returns the maintenances they speak of and what the rows add to each one's span; None where it must be folded.
    """
    if fact.name == "joins":
        return _join(connection)
    names.follow(connection, fact, rows)
    step = _STEPS.get(fact.name)
    if "maintenance_id" in fact.names:
        place = fact.names.index("maintenance_id")
        rows = under_wholes(rows, place, wholes_of(connection, {row[place] for row in rows}))
    if step:
        step(connection, rows)
    if "maintenance_id" not in fact.names:
        return {}
    clock = stored_columns(fact).index(recorded_column(fact))
    if fact.name == "maintenance_updates":
        return {row[place]: None for row in rows if row[place]}
    spans: dict[str, Span | None] = {}
    by_node = fact.name == "node_transitions"
    for row in rows:
        name, at = row[place], row[clock]
        if name:
            before = spans.get(name)
            if before is None:
                spans[name] = (at, at, by_node)
            elif not before[0] <= at <= before[1]:
                spans[name] = (min(at, before[0]), max(at, before[1]), by_node)
    return {name: span if span and span[0] > EVER else None for name, span in spans.items()}


def joined(one: Span | None, other: Span | None) -> Span | None:
    """Two spans as one; None where either must be folded."""
    if one is None or other is None:
        return None
    return min(one[0], other[0]), max(one[1], other[1]), one[2] or other[2]


def widen_or_fold(connection: Connection, spans: Mapping[str, Span | None]) -> None:
    """Widens the spans of maintenances that stand there already, and folds the others from all that the log says."""
    known: set[str] = set()
    for part in in_chunks(sorted(name for name, span in spans.items() if span)):
        query = select(current_maintenances.c.maintenance_id).where(current_maintenances.c.maintenance_id.in_(part))
        known |= set(connection.scalars(query))
    c = current_maintenances.c
    first: BindParameter[int] = bindparam("first")
    last: BindParameter[int] = bindparam("last")
    wider = (
        update(current_maintenances)
        .where(c.maintenance_id == bindparam("name"))
        .values(
            first_recorded_at=case((first < c.first_recorded_at, first), else_=c.first_recorded_at),
            last_recorded_at=case((last > c.last_recorded_at, last), else_=c.last_recorded_at),
            by_node=or_(c.by_node, bindparam("reported")),
        )
    )
    rows = [
        {"name": name, "first": span[0], "last": span[1], "reported": span[2]}
        for name, span in sorted(spans.items())
        if span and name in known
    ]
    if rows:
        connection.execute(wider, rows)
    fold_maintenances(connection, spans.keys() - known)


def _nodes(connection: Connection, rows: Sequence[Row]) -> None:
    columns = ("node_id", "cluster_id", "rack", "gpus", "team_id", "recorded_at", "digest")
    then = _greater("node_id", columns[1:], by=("recorded_at", "digest"), table="current_nodes")
    many(connection, current_nodes.name, columns, rows, then)


def latest_members(rows: Iterable[Sequence[Any]]) -> dict[tuple[str, str], tuple[int, bool]]:
    """Of each (maintenance, node): when the word in force was recorded, and whether it withdrew the node."""
    latest: dict[tuple[str, str], tuple[int, bool]] = {}
    for maintenance, node, recorded_at, removed in rows:
        key, word = (maintenance, node), (recorded_at, bool(removed))
        if key not in latest or word > latest[key]:
            latest[key] = word
    return latest


def _members(connection: Connection, rows: Sequence[Row]) -> None:
    latest = latest_members(rows)
    columns = ("maintenance_id", "node_id", "stage", "rank", "is_out", "named_at", "withdrawn")
    scheduled = (Stage.SCHEDULED.value, CODE[Stage.SCHEDULED], False)
    then = _greater(
        "maintenance_id, node_id", ("named_at", "withdrawn"), by=("named_at", "withdrawn"), table="current_stages"
    )
    told = [(*key, *scheduled, *word) for key, word in latest.items()]
    many(connection, current_stages.name, columns, told, then, apart=True)


Word = tuple[int, int, str]
"""A stage with what orders it: when it was entered, its place in a rollout, its name."""


def latest_stages(rows: Iterable[Sequence[Any]]) -> tuple[dict[tuple[str, str], Word], dict[tuple[str, str], int]]:
    """Of each (maintenance, node): its latest stage, and when it first went out; from rows of node_transitions."""
    latest: dict[tuple[str, str], Word] = {}
    first_out: dict[tuple[str, str], int] = {}
    for row in rows:
        key, stage, occurred_at = (row[0], row[1]), row[2], row[3]
        before = latest.get(key)
        if before is None or occurred_at >= before[0]:
            word = (occurred_at, CODE[stage], stage)
            if before is None or word > before:
                latest[key] = word
        if stage in OUT and occurred_at < first_out.get(key, occurred_at + 1):
            first_out[key] = occurred_at
    return latest, first_out


def _transitions(connection: Connection, rows: Sequence[Row]) -> None:
    latest, first_out = latest_stages(rows)
    columns = ("maintenance_id", "node_id", "stage", "since", "rank", "is_out", "first_out_at", "withdrawn")
    told = [
        (*key, str(stage), since, rank, stage in OUT, first_out.get(key), False)
        for key, (since, rank, stage) in latest.items()
    ]
    many(connection, current_stages.name, columns, told, _LATER, apart=True)


def _later() -> str:
    """ON CONFLICT: the later stage, and the earlier going out, in one statement."""
    old, new = "current_stages", "excluded"
    later = f"({old}.since IS NULL OR ({new}.since, {new}.rank) > ({old}.since, {old}.rank))"
    columns = ("stage", "since", "rank", "is_out")
    sets = [f"{name} = CASE WHEN {later} THEN {new}.{name} ELSE {old}.{name} END" for name in columns]
    earlier = f"({old}.first_out_at IS NULL OR {new}.first_out_at < {old}.first_out_at)"
    sets.append(f"first_out_at = CASE WHEN {earlier} THEN {new}.first_out_at ELSE {old}.first_out_at END")
    # DO UPDATE reads the old row throughout, so the order of the assignments does not matter.
    return f"(maintenance_id, node_id) DO UPDATE SET {', '.join(sets)} WHERE {later} OR {earlier}"


_LATER = _later()


def _greater(key: str, columns: Iterable[str], by: Sequence[str], table: str) -> str:
    """ON CONFLICT: the greater word stays."""
    sets = ", ".join(f"{name} = excluded.{name}" for name in columns)
    new, old = ", ".join(f"excluded.{name}" for name in by), ", ".join(f"{table}.{name}" for name in by)
    return f"({key}) DO UPDATE SET {sets} WHERE {table}.{by[0]} IS NULL OR ({new}) > ({old})"


_STEPS: dict[str, Callable[[Connection, Sequence[Row]], None]] = {
    "nodes": _nodes,
    "maintenance_nodes": _members,
    "node_transitions": _transitions,
}

FOLDED = tuple(column.name for column in current_maintenances.columns)


def fold_maintenances(connection: Connection, maintenance_ids: Iterable[str]) -> None:
    """Makes the rows of these maintenances anew from all that the log says of them."""
    found = read_wholes(connection)
    for chosen in in_chunks(sorted(maintenance_ids)):
        connection.execute(delete(current_maintenances).where(current_maintenances.c.maintenance_id.in_(chosen)))
        updates = read_updates(connection, chosen, found)
        rows = [
            _maintenance_row(fold(each, updates.get(each, ())), *span)
            for each, span in spans(connection, chosen, found).items()
        ]
        many(connection, current_maintenances.name, FOLDED, rows)


def read_updates(
    connection: Connection, maintenance_ids: Iterable[str], joined: Wholes, until: int | None = None
) -> dict[str, list[Update]]:
    """The updates of each maintenance, under whichever name it was told, recorded up to `until`."""
    table = FACT_TABLES["maintenance_updates"]
    query = select(*(table.c[name] for name in stored_columns(FACTS["maintenance_updates"])))
    if until is not None:
        query = query.where(table.c.recorded_at <= until)
    found: dict[str, list[Update]] = {}
    for part in in_chunks(joined.parts(maintenance_ids)):
        for row in connection.execute(query.where(table.c.maintenance_id.in_(part))):
            found.setdefault(joined.whole(row.maintenance_id), []).append(Update(**row._mapping))
    return found


def spans(
    connection: Connection, ids: Iterable[str], joined: Wholes, until: int | None = None
) -> dict[str, tuple[int, int, bool]]:
    """Of each maintenance, when anything of it was first and last recorded, and whether any node was reported.

    Membership alone makes a maintenance known only from when it says it was recorded.
    """
    told = joined.parts(ids)
    found: dict[str, tuple[int, int, bool]] = {}
    for name, clock in (
        ("maintenance_updates", "recorded_at"),
        ("maintenance_nodes", "recorded_at"),
        ("node_transitions", "recorded_at"),
        ("provider_messages", "received_at"),
        ("support_cases", "recorded_at"),
        ("commitments", "recorded_at"),
    ):
        table = FACT_TABLES[name]
        at = table.c[clock]
        query = select(table.c.maintenance_id, func.min(at), func.max(at)).where(at > EVER)
        if until is not None:
            query = query.where(at <= until)
        for part in in_chunks(told):
            rows = connection.execute(query.where(table.c.maintenance_id.in_(part)).group_by(table.c.maintenance_id))
            for maintenance, first, last in rows:
                whole = joined.whole(maintenance)
                before = found.get(whole, (first, last, False))
                by_node = before[2] or name == "node_transitions"
                found[whole] = (min(first, before[0]), max(last, before[1]), by_node)
    return found


def _maintenance_row(state: Maintenance, first: int, last: int, by_node: bool) -> Row:
    told = {"first_recorded_at": first, "last_recorded_at": last, "by_node": by_node}
    return tuple(told[name] if name in told else getattr(state, name) for name in FOLDED)


def _join(connection: Connection) -> dict[str, Span | None]:
    """Makes again what is derived of the maintenances that became one, or several, from what was told of each."""
    before, after = join_again(connection)
    moved = after.moved(before)
    for part in in_chunks(sorted(moved)):
        connection.execute(delete(current_stages).where(current_stages.c.maintenance_id.in_(part)))
        connection.execute(delete(current_maintenances).where(current_maintenances.c.maintenance_id.in_(part)))
    for name in ("maintenance_nodes", "node_transitions"):
        for part in in_chunks(after.parts(moved)):
            for rows in _stored_rows(connection, FACTS[name], part):
                _STEPS[name](connection, under_wholes(rows, 0, after))
    return dict.fromkeys(moved)


def rebuild(connection: Connection) -> None:
    """Empties the derived tables and makes them again from the log."""
    for table in DERIVED:
        connection.execute(delete(table))
    join_again(connection)
    maintenances: set[str] = set()
    for name in ("providers", "clusters", "teams", "nodes", "maintenance_updates", "maintenance_nodes",
                 "node_transitions", "provider_messages", "support_cases", "commitments"):  # fmt: skip
        for rows in _stored_rows(connection, FACTS[name]):
            maintenances |= follow(connection, FACTS[name], rows).keys()
    fold_maintenances(connection, maintenances)


def _stored_rows(connection: Connection, fact: Fact, ids: Sequence[str] = ()) -> Iterator[list[Row]]:
    table = FACT_TABLES[fact.name]
    query = select(*(table.c[name] for name in stored_columns(fact)))
    result = connection.execute(query.where(table.c.maintenance_id.in_(ids)) if ids else query)
    for part in result.partitions(CHUNK):
        yield [tuple(row) for row in part]
