"""Records of other hubs' access logs, on their way from the message broker to the log service."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samsvar.store.tables import COUNT

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "log_inbox",
        sa.Column("sequence", COUNT, primary_key=True),
        sa.Column("sender", sa.Text, nullable=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("entry_sealed", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("log_inbox_receiver", "log_inbox", ["receiver", "sequence"])
