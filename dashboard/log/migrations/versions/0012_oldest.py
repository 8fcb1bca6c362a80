"""Tells what is news of a past instant from what is not: how long ago was recorded what an append brought."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.add_column("appends", sa.Column("oldest_recorded_at", sa.BigInteger()))
