"""Circuit breakers that somebody, or a security event, holds open or closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "breaker_hold",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("contract", sa.Text, primary_key=True),
        sa.Column("opened", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("held_by", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("until", sa.Text),
    )
