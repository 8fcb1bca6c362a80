"""Runs the steps on the connection that log.database.migrate opened."""

from alembic import context

from dashboard.log.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
