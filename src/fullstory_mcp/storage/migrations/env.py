"""Runs the steps inside the transaction that `migrate.upgrade` began; Alembic loads this file."""

from alembic import context

from fullstory_mcp.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
