"""Continuous conformance: what live answers break, counted by rule and path. No values."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "conformance_day",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("contract", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("sampled", sa.Integer, nullable=False),
        sa.Column("failing", sa.Integer, nullable=False),
        sa.Column("warned", sa.Integer, nullable=False),
    )
    op.create_table(
        "conformance_finding",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("contract", sa.Text, primary_key=True),
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, primary_key=True),
        sa.Column("path", sa.Text, primary_key=True),
        sa.Column("answers", sa.Integer, nullable=False),
    )
