"""Tables of what is watched: producers' hours, their last answers, alerts and their messages."""

from __future__ import annotations

import sqlalchemy as sa

from samsvar.store.tables import METADATA

PRODUCER_HOUR = sa.Table(
    "producer_hour",
    METADATA,
    sa.Column("producer", sa.Text, primary_key=True),
    sa.Column("hour", sa.Text, primary_key=True),
    sa.Column("asked", sa.Integer, nullable=False),
    sa.Column("records", sa.Integer, nullable=False),
    sa.Column("empty", sa.Integer, nullable=False),
    sa.Column("led", sa.Integer, nullable=False),
    sa.Column("led_empty", sa.Integer, nullable=False),
    sa.Column("failed", sa.Integer, nullable=False),
    sa.Column("planned", sa.Integer, nullable=False),
    sa.Column("buckets", sa.Text, nullable=False),
)
"""Figures of one producer and hour (UTC). Kept for as many weeks as the baselines look back."""

PRODUCER_RUN = sa.Table(
    "producer_run",
    METADATA,
    sa.Column("producer", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
)
"""How a producer's last answers went. Persons are beginnings of keyed hashes."""

ALERT = sa.Table(
    "alert",
    METADATA,
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

ALERT_MESSAGE = sa.Table(
    "alert_message",
    METADATA,
    sa.Column("alert", sa.Text, primary_key=True),
    sa.Column("phase", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("due", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("delivered", sa.Text),
    sa.Column("failure", sa.Text, nullable=False),
)
"""One message of one alert for one channel. ``due`` is empty once it is delivered or given up."""

SIZE_DAY = sa.Table(
    "size_day",
    METADATA,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("bytes", sa.BigInteger, nullable=False),
)
"""How large the database was, a day."""
