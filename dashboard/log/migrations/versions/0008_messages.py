"""Finds the messages that no maintenance has without reading all others, and a maintenance by its reference."""

from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_index(
        "ix_provider_messages_maintenance_id_received_at", "provider_messages", ["maintenance_id", "received_at"]
    )
    op.drop_index("ix_provider_messages_maintenance_id", "provider_messages")
    op.create_index("ix_current_maintenances_provider_ref", "current_maintenances", ["provider_ref"])
