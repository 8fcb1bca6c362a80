"""The tables: one a fact, append-only; what else is a fact once made; and what is derived from them.

Instants are microseconds since 1970 UTC (model.instants), unknown text is '', any other unknown is NULL.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeEngine

from dashboard.model import facts
from dashboard.model.facts import Fact, Kind

metadata = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})

WHOLE_ROW_IS_IDENTITY = frozenset({"maintenance_nodes", "node_transitions"})
"""Facts of short columns only: the row itself tells it from any other. The rest carry a digest of what they say."""

_NULLABLE = frozenset({Kind.INSTANT, Kind.COUNT, Kind.FLAG})


def _sql_type(kind: Kind) -> TypeEngine[Any]:
    if kind is Kind.FLAG:
        return Boolean()
    return BigInteger() if kind in _NULLABLE else Text()


def recorded_column(fact: Fact) -> str:
    """The column that says when we knew; reference data gets one of its own."""
    return fact.recorded or "recorded_at"


def stored_columns(fact: Fact) -> tuple[str, ...]:
    """The columns of a fact's table, in the order in which rows are appended."""
    clock = () if fact.recorded else ("recorded_at",)
    digest = () if fact.name in WHOLE_ROW_IS_IDENTITY else ("digest",)
    return (*fact.names, *clock, *digest)


def identity(fact: Fact) -> tuple[str, ...]:
    """What tells two rows apart: a row that is there already is not stored again."""
    if fact.name in WHOLE_ROW_IS_IDENTITY:
        rest = tuple(name for name in fact.names if name not in fact.key and name != fact.recorded)
        return (*fact.key, recorded_column(fact), *rest)
    return (*fact.key, recorded_column(fact), "digest")


def _fact_table(fact: Fact) -> Table:
    held = identity(fact)
    columns = [
        Column(each.name, _sql_type(each.kind), nullable=each.kind in _NULLABLE and each.name not in held)
        for each in fact.columns
    ]
    if not fact.recorded:
        columns.append(Column("recorded_at", BigInteger, nullable=False))
    if "digest" in held:
        columns.append(Column("digest", Text, nullable=False))
    clustered = fact.name in WHOLE_ROW_IS_IDENTITY  # one tree instead of a heap and an index
    return Table(fact.name, metadata, *columns, PrimaryKeyConstraint(*held), sqlite_with_rowid=not clustered)


FACT_TABLES: dict[str, Table] = {name: _fact_table(fact) for name, fact in facts.FACTS.items()}

node_transitions = FACT_TABLES["node_transitions"]
Index(None, node_transitions.c.occurred_at)
Index(None, FACT_TABLES["provider_messages"].c.maintenance_id, FACT_TABLES["provider_messages"].c.received_at)
Index(None, FACT_TABLES["support_cases"].c.maintenance_id)
Index(None, FACT_TABLES["support_cases"].c.node_id)
Index(None, FACT_TABLES["commitments"].c.maintenance_id)
Index(None, FACT_TABLES["decisions"].c.maintenance_id)

appends = Table(
    "appends",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=True),
    Column("appended_at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("newest_recorded_at", BigInteger, nullable=False),  # of all facts up to here
    Column("oldest_recorded_at", BigInteger),  # of the facts that came with it
    sqlite_autoincrement=True,
)

touched = Table(
    "touched",
    metadata,
    Column("position", Integer, nullable=False),
    Column("maintenance_id", Text, nullable=False),
    PrimaryKeyConstraint("position", "maintenance_id"),
    sqlite_with_rowid=False,
)

set_aside = Table(
    "set_aside",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("set_aside_at", BigInteger, nullable=False),
    Column("file", Text, nullable=False),
    Column("line", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("raw", Text, nullable=False),
)

forecasts = Table(
    "forecasts",
    metadata,
    Column("maintenance_id", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("engine", Text, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("position", Integer, nullable=False),  # of the log it was made from
    Column("said", Text, nullable=False),  # JSON: quantiles, starts, because
    Column("futures", LargeBinary, nullable=False),  # the paths, packed
    PrimaryKeyConstraint("maintenance_id", "as_of", "engine"),
)

forecast_claims = Table(
    "forecast_claims",
    metadata,
    Column("maintenance_id", Text, primary_key=True),
    Column("held_by", Text, nullable=False),  # the worker that forecasts it, '' for none
    Column("held_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

judgements = Table(
    "judgements",
    metadata,
    Column("maintenance_id", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("engine", Text, nullable=False),
    Column("fraction", Float, nullable=False),
    Column("phase", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("cluster_id", Text, nullable=False),
    Column("actual", BigInteger, nullable=False),
    Column("crps", Float, nullable=False),  # hours
    Column("pit", Float, nullable=False),
    Column("said", Text, nullable=False),  # JSON: quantiles, and the rivals' scores
    PrimaryKeyConstraint("maintenance_id", "as_of", "engine", "fraction"),
)
Index(None, judgements.c.engine, judgements.c.actual)

usual_times = Table(
    "usual_times",
    metadata,
    Column("provider_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("p50", Float, nullable=False),  # hours
    Column("p90", Float, nullable=False),
    Column("p95", Float, nullable=False),
    PrimaryKeyConstraint("provider_id", "kind", "what"),
    sqlite_with_rowid=False,
)

source_states = Table(
    "source_states",
    metadata,
    Column("source", Text, primary_key=True),
    Column("type", Text, nullable=False),
    Column("options", Text, nullable=False),  # digest of how it is read: another one reads it again
    Column("interval", Float, nullable=False),  # seconds
    Column("cursor", Text),  # NULL: nothing was read yet
    Column("attempted_at", BigInteger),
    Column("succeeded_at", BigInteger),
    Column("news_at", BigInteger),  # when it last brought a fact that was new
    Column("error", Text, nullable=False),  # in words; '' where the last attempt succeeded
    Column("failing_since", BigInteger),
    Column("failures", Integer, nullable=False),  # in a row
    Column("due_at", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),  # facts that were new, ever
    Column("held_by", Text, nullable=False),  # the worker that collects it, '' for none
    Column("held_until", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

current_wholes = Table(
    "current_wholes",
    metadata,
    Column("maintenance_id", Text, primary_key=True),  # as it was told
    Column("whole_id", Text, nullable=False),  # what it is part of, and goes under
    sqlite_with_rowid=False,
)

current_nodes = Table(
    "current_nodes",
    metadata,
    Column("node_id", Text, primary_key=True),
    Column("cluster_id", Text, nullable=False),
    Column("rack", Text, nullable=False),
    Column("gpus", BigInteger, nullable=False),
    Column("team_id", Text, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    sqlite_with_rowid=False,
)
Index(None, current_nodes.c.cluster_id, current_nodes.c.team_id, current_nodes.c.gpus)

current_stages = Table(
    "current_stages",
    metadata,
    Column("maintenance_id", Text, nullable=False),
    Column("node_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("since", BigInteger),  # NULL: named in the maintenance, nothing reported yet
    Column("rank", Integer, nullable=False),  # stages.CODE: which of two stages of one instant is the later
    Column("is_out", Boolean, nullable=False),
    Column("first_out_at", BigInteger),
    Column("named_at", BigInteger),  # recorded_at of the word on membership; NULL: known by its transitions only
    Column("withdrawn", Boolean, nullable=False),
    PrimaryKeyConstraint("maintenance_id", "node_id"),
    sqlite_with_rowid=False,
)
Index(None, current_stages.c.node_id)
_out = text("is_out")
_lost = text("stage = 'removed'")
Index("ix_current_stages_out", current_stages.c.node_id, sqlite_where=_out, postgresql_where=_out)
Index("ix_current_stages_lost", current_stages.c.node_id, sqlite_where=_lost, postgresql_where=_lost)

current_maintenances = Table(
    "current_maintenances",
    metadata,
    Column("maintenance_id", Text, primary_key=True),
    Column("first_recorded_at", BigInteger, nullable=False),
    Column("last_recorded_at", BigInteger, nullable=False),
    Column("by_node", Boolean, nullable=False),  # whether any node of it was ever reported
    Column("status", Text, nullable=False),
    Column("status_at", BigInteger),
    Column("started_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("announced_at", BigInteger),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("cluster_id", Text, nullable=False),
    Column("planned_start", BigInteger),
    Column("planned_end", BigInteger),
    Column("planned_at", BigInteger),
    Column("first_planned_start", BigInteger),
    Column("first_planned_end", BigInteger),
    Column("max_unavailable", BigInteger),
    Column("provider_ref", Text, nullable=False),
    Column("source", Text, nullable=False),
)
Index(None, current_maintenances.c.provider_ref)

current_names = Table(
    "current_names",
    metadata,
    Column("kind", Text, nullable=False),
    # Byte by byte, on every database: what begins alike stands together, and is one range of the index.
    Column("entry", Text().with_variant(Text(collation="C"), "postgresql"), nullable=False),
    Column("id", Text, nullable=False),
    PrimaryKeyConstraint("kind", "entry", "id"),
    sqlite_with_rowid=False,
)

DERIVED = (current_wholes, current_nodes, current_stages, current_maintenances, current_names)
"""Made from the log, kept in step with it, and at any time to be dropped and made again."""
