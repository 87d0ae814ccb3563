"""Watching: producers' hours and last answers, alerts and their messages, the database's size."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "producer_hour",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("hour", sa.Text, primary_key=True),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("asked", "records", "empty", "led", "led_empty", "failed", "planned")
        ),
        sa.Column("buckets", sa.Text, nullable=False),
    )
    op.create_index("producer_hour_hour", "producer_hour", ["hour"])
    op.create_table(
        "producer_run",
        sa.Column("producer", sa.Text, primary_key=True),
        sa.Column("run", sa.Text, nullable=False),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("severity", sa.Text, nullable=False),
        sa.Column("opened", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("closed", sa.Text),
        sa.Column("closed_reason", sa.Text, nullable=False),
        sa.Column("acknowledged", sa.Text),
        sa.Column("acknowledged_by", sa.Text, nullable=False),
    )
    op.create_index("alert_opened", "alert", ["opened"])
    open_ones = sa.text("closed IS NULL")
    op.create_index(
        "alert_open",
        "alert",
        ["rule", "subject"],
        unique=True,
        sqlite_where=open_ones,
        postgresql_where=open_ones,
    )
    op.create_table(
        "alert_message",
        sa.Column("alert", sa.Text, primary_key=True),
        sa.Column("phase", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("due", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("delivered", sa.Text),
        sa.Column("failure", sa.Text, nullable=False),
    )
    op.create_index("alert_message_due", "alert_message", ["due"])
    op.create_table(
        "size_day",
        sa.Column("day", sa.Text, primary_key=True),
        sa.Column("bytes", sa.BigInteger, nullable=False),
    )
