"""Finds everything by a part of its name, and what became of one node, without reading all others."""

import sqlalchemy as sa
from alembic import op

from dashboard.log.names import fill

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.create_table(
        "current_names",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entry", text, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "entry", "id", name=op.f("pk_current_names")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_current_stages_node_id", "current_stages", ["node_id"])
    op.create_index("ix_support_cases_node_id", "support_cases", ["node_id"])
    fill(op.get_bind())
