"""Lets what escalates go to whom it escalates to."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("contact", sa.Text, nullable=False, server_default=""))
