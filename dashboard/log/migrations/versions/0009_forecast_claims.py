"""Which worker has which forecast in hand."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "forecast_claims",
        sa.Column("maintenance_id", sa.Text(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("held_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("maintenance_id", name=op.f("pk_forecast_claims")),
        sqlite_with_rowid=False,
    )
