"""Indexes by which the first of what waits is found, however much waits or was given up."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them, and drop those that they stand in for."""
    refused = sa.text("refusals > 0")  # mostly none is
    op.create_index(
        "outbox_refused",
        "outbox",
        ["subscriber", "key", "number"],
        sqlite_where=refused,
        postgresql_where=refused,
    )
    for table in ("log_outbox", "log_inbox"):
        op.create_index(f"{table}_order", table, ["receiver", "dead", "sequence"])
        op.drop_index(f"{table}_receiver", table)
