"""The console: sessions, and a narrow digest of the access log that lists and figures read.

The digest is made from the log's rows, after them, and can be made again; it holds nobody.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "console_session",
        sa.Column("token_hash", sa.Text, primary_key=True),
        sa.Column("user_id", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("producers", sa.Text, nullable=False),
        sa.Column("proof", sa.Text, nullable=False),
        sa.Column("begun", sa.BigInteger, nullable=False),
        sa.Column("seen", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "digest_word",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )
    op.create_index("digest_word_text", "digest_word", ["kind", "text"], unique=True)
    op.create_table(
        "digest_question",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("result", sa.SmallInteger, nullable=False),
        sa.Column("sender", sa.Integer),
        sa.Column("contract", sa.Integer),
        sa.Column("millis", sa.Integer, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("lost", sa.Integer, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
    )
    op.create_index("digest_question_at", "digest_question", ["at"])
    op.create_index("digest_question_result", "digest_question", ["result", "sequence"])
    op.create_table(
        "digest_source",
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.Integer, nullable=False),
        sa.Column("millis", sa.Integer),
        sa.Column("items", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digest_minute",
        sa.Column("minute", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("result", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digest_source_hour",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("producer", sa.Integer, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("empty", sa.Integer, nullable=False),
        sa.Column("slowest", sa.Integer, nullable=False),
        sa.Column("waited", sa.BigInteger, nullable=False),
        sa.Column("last_well", sa.BigInteger),
        sa.Column("last_badly", sa.BigInteger),
        sa.Column("last_reason", sa.Integer),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "digest_source_pace",
        sa.Column("hour", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("source", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("pace", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sqlite_with_rowid=False,
    )
