"""Forecasts of finished maintenances, beside what came true."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "judgements",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.Column("fraction", sa.Float(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cluster_id", sa.Text(), nullable=False),
        sa.Column("actual", sa.BigInteger(), nullable=False),
        sa.Column("crps", sa.Float(), nullable=False),
        sa.Column("pit", sa.Float(), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", "as_of", "engine", "fraction", name=op.f("pk_judgements")),
    )
    op.create_index(op.f("ix_judgements_engine_actual"), "judgements", ["engine", "actual"], unique=False)
