"""Runs the migrations on the connection that ``store.database`` hands over, in one transaction.

There is no offline mode and no configuration file: the hub migrates itself when it starts.
"""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,  # both can; SQLite as long as the driver does not commit by itself
)
with context.begin_transaction():
    context.run_migrations()
