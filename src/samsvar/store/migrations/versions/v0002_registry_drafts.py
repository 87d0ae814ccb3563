"""Drafts of the registry: named, several at once, each with the version that it began from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "catalogue_draft",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("base_version", sa.Integer, nullable=False),
        sa.Column("changed", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("routes", sa.Integer, nullable=False),
        sa.Column("permissions", sa.Integer, nullable=False),
        sa.Column("registry", sa.Text, nullable=False),
    )
