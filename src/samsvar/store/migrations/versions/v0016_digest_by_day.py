"""The digest knows when each source last went well and badly, and durations by day.

So that figures of a week, of a log of years, are read from some thousand rows. The columns that
told it by the hour stay, for older programs write them.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables, and fill them from what is there."""
    op.create_table(
        "digest_source_last",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("producer", sa.Integer, nullable=False),
        sa.Column("last_well", sa.BigInteger),
        sa.Column("last_badly", sa.BigInteger),
        sa.Column("last_reason", sa.Integer),
    )
    op.create_table(
        "digest_source_day_pace",
        sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO digest_source_day_pace (day, source, pace, answers)"
        " SELECT hour / 24, source, pace, sum(answers) FROM digest_source_pace"
        " GROUP BY hour / 24, source, pace"
    )
    op.execute(
        "INSERT INTO digest_source_last (source, producer, last_well, last_badly, last_reason)"
        " SELECT one.source, max(one.producer), max(one.last_well), max(one.last_badly),"
        " (SELECT max(two.last_reason) FROM digest_source_hour AS two"
        "  WHERE two.source = one.source AND two.last_badly = max(one.last_badly))"
        " FROM digest_source_hour AS one GROUP BY one.source"
    )
