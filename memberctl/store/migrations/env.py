"""Alembic's entry: runs on the connection it is given, in the transaction that is open."""

from alembic import context

from memberctl.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
