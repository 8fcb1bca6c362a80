"""The facts, the appends, the forecasts, and the tables derived from them."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "allocations",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("gpus", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "team_id", "cluster_id", "starts_at", "recorded_at", "digest", name=op.f("pk_allocations")
        ),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "appends",
        sa.Column("position", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("appended_at", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("newest_recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_appends")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "clusters",
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("sku", sa.Text(), nullable=False),
        sa.Column("gpus_per_node", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("cluster_id", "recorded_at", "digest", name=op.f("pk_clusters")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "commitments",
        sa.Column("commitment_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("met_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("commitment_id", "recorded_at", "digest", name=op.f("pk_commitments")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_commitments_maintenance_id"), "commitments", ["maintenance_id"], unique=False)
    op.create_table(
        "current_maintenances",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("first_recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("last_recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("by_node", sa.Boolean(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("status_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("announced_at", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("planned_start", sa.BigInteger(), nullable=True),
        sa.Column("planned_end", sa.BigInteger(), nullable=True),
        sa.Column("planned_at", sa.BigInteger(), nullable=True),
        sa.Column("first_planned_start", sa.BigInteger(), nullable=True),
        sa.Column("first_planned_end", sa.BigInteger(), nullable=True),
        sa.Column("max_unavailable", sa.BigInteger(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", name=op.f("pk_current_maintenances")),
    )
    op.create_table(
        "current_nodes",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("rack", sa.Text(), nullable=False),
        sa.Column("gpus", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", name=op.f("pk_current_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_current_nodes_cluster_id_team_id_gpus"),
        "current_nodes",
        ["cluster_id", "team_id", "gpus"],
        unique=False,
    )
    op.create_table(
        "current_stages",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("is_out", sa.Boolean(), nullable=False),
        sa.Column("first_out_at", sa.BigInteger(), nullable=True),
        sa.Column("named_at", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", "node_id", name=op.f("pk_current_stages")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_current_stages_lost",
        "current_stages",
        ["node_id"],
        unique=False,
        sqlite_where=sa.text("stage = 'removed'"),
        postgresql_where=sa.text("stage = 'removed'"),
    )
    op.create_index(
        "ix_current_stages_out",
        "current_stages",
        ["node_id"],
        unique=False,
        sqlite_where=sa.text("is_out"),
        postgresql_where=sa.text("is_out"),
    )
    op.create_table(
        "forecasts",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("futures", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", "as_of", "engine", name=op.f("pk_forecasts")),
    )
    op.create_table(
        "maintenance_nodes",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "maintenance_id", "node_id", "recorded_at", "removed", name=op.f("pk_maintenance_nodes")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "maintenance_updates",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("planned_start", sa.BigInteger(), nullable=True),
        sa.Column("planned_end", sa.BigInteger(), nullable=True),
        sa.Column("max_unavailable", sa.BigInteger(), nullable=True),
        sa.Column("provider_ref", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", "recorded_at", "digest", name=op.f("pk_maintenance_updates")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "node_transitions",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("source_ref", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "maintenance_id",
            "node_id",
            "stage",
            "occurred_at",
            "recorded_at",
            "source",
            "source_ref",
            name=op.f("pk_node_transitions"),
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_node_transitions_occurred_at"), "node_transitions", ["occurred_at"], unique=False)
    op.create_table(
        "nodes",
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("rack", sa.Text(), nullable=False),
        sa.Column("gpus", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("node_id", "recorded_at", "digest", name=op.f("pk_nodes")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "parties",
        sa.Column("party_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("escalates_to", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", "recorded_at", "digest", name=op.f("pk_parties")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "provider_messages",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("claimed_end", sa.BigInteger(), nullable=True),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "received_at", "digest", name=op.f("pk_provider_messages")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_provider_messages_maintenance_id"), "provider_messages", ["maintenance_id"], unique=False)
    op.create_table(
        "providers",
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("provider_id", "recorded_at", "digest", name=op.f("pk_providers")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "set_aside",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("set_aside_at", sa.BigInteger(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_set_aside")),
    )
    op.create_table(
        "support_cases",
        sa.Column("case_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("node_id", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("response_due_at", sa.BigInteger(), nullable=True),
        sa.Column("resolution_due_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("case_id", "recorded_at", "digest", name=op.f("pk_support_cases")),
        sqlite_with_rowid=True,
    )
    op.create_index(op.f("ix_support_cases_maintenance_id"), "support_cases", ["maintenance_id"], unique=False)
    op.create_table(
        "teams",
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("team_id", "recorded_at", "digest", name=op.f("pk_teams")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "touched",
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("position", "maintenance_id", name=op.f("pk_touched")),
        sqlite_with_rowid=False,
    )
