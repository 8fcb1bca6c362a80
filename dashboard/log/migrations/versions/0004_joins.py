"""Which maintenances, told by two sources, are one."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "joins",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("whole_id", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", "recorded_at", "digest", name=op.f("pk_joins")),
    )
    op.create_table(
        "current_wholes",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("whole_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", name=op.f("pk_current_wholes")),
        sqlite_with_rowid=False,
    )
