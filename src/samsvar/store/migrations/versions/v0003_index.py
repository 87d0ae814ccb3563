"""The engagement index for ten million posts, its outbox, and what is counted of its truth.

A post was nine texts in its key. What many posts have in common is now one row of its own, times
are numbers, and the resident's hash is its first 16 bytes: about a fifth of the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from samsvar.store.tables import COUNT

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_PLACE = (
    "service_domain",
    "categorization",
    "logical_address",
    "source_system",
    "data_controller",
    "owner",
)
_AT_ONCE = 10_000


def upgrade() -> None:
    """Make the tables, and move the posts over."""
    op.rename_table("engagement", "engagement_before")
    op.create_table(
        "engagement_place",
        sa.Column("id", sa.Integer, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in _PLACE),
    )
    op.create_index("engagement_place_names", "engagement_place", _PLACE, unique=True)
    op.create_table(
        "engagement",
        # In the order in which a search narrows: the key is also the only index needed.
        *_post_key(),
        sa.Column("most_recent_content", sa.BigInteger),
        sa.Column("creation_time", sa.BigInteger, nullable=False),
        sa.Column("update_time", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    _move_posts()
    op.drop_table("engagement_before")
    op.create_table(
        "engagement_gone",
        *_post_key(),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("engagement_gone_at", "engagement_gone", ["at"])
    _make_outbox()
    op.create_table(
        "lease",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.Text, nullable=False),
    )
    op.create_table(
        "index_consistency",
        sa.Column("contract", sa.Text, primary_key=True),
        sa.Column("logical_address", sa.Text, primary_key=True),
        sa.Column("producer", sa.Text, nullable=False),
        sa.Column("indexed_answers", COUNT, nullable=False),
        sa.Column("indexed_empty", COUNT, nullable=False),
        sa.Column("direct_answers", COUNT, nullable=False),
        sa.Column("direct_not_indexed", COUNT, nullable=False),
        sa.Column("last_at", sa.Text, nullable=False),
    )
    # Counting begins now: what the index was when older questions were asked is not known.
    op.execute(
        "INSERT INTO setting (name, value) SELECT 'index-consistency-read-to',"
        " CAST(max(sequence) AS TEXT) FROM question HAVING max(sequence) IS NOT NULL"
    )


def _post_key() -> Sequence[sa.Column[Any]]:
    return (
        sa.Column("resident", sa.LargeBinary, primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("business_object", sa.Text, primary_key=True),
        sa.Column("interest", sa.Text, primary_key=True),
    )


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("number", COUNT, primary_key=True, autoincrement=True),
        sa.Column("subscriber", sa.Text, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("key", sa.LargeBinary, nullable=False),
        sa.Column("resident_sealed", sa.LargeBinary, nullable=False),
        sa.Column("post", sa.Text, nullable=False),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("history", sa.Text, nullable=False),
        sa.Column("written", sa.Text, nullable=False),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_autoincrement=True,  # a number is never used again: it is the order of changes
    )
    op.create_index("outbox_order", "outbox", ["subscriber", "dead", "number"])
    op.create_index("outbox_key", "outbox", ["subscriber", "key"])
    op.create_table(
        "outbox_subscriber",
        sa.Column("subscriber", sa.Text, primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("retry_at", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _move_posts() -> None:
    connection = op.get_bind()
    names = ", ".join(_PLACE)
    connection.execute(
        sa.text(
            f"INSERT INTO engagement_place ({names}) "  # noqa: S608 - the names above
            f"SELECT DISTINCT {names} FROM engagement_before"
        )
    )
    before = ", ".join(f"b.{name}" for name in _PLACE)
    same = " AND ".join(f"p.{name} = b.{name}" for name in _PLACE)
    rows = connection.execute(
        sa.text(
            "SELECT b.resident_hash, p.id, b.business_object, b.interest, "  # noqa: S608
            "b.most_recent_content, b.creation_time, b.update_time "
            f"FROM engagement_before b JOIN engagement_place p ON {same} "
            f"ORDER BY b.resident_hash, {before}"
        )
    )
    insert = sa.text("INSERT INTO engagement VALUES (:r, :p, :b, :i, :m, :c, :u)")
    while batch := rows.fetchmany(_AT_ONCE):
        connection.execute(
            insert,
            [
                {
                    "r": bytes.fromhex(row[0])[:16],
                    "p": row[1],
                    "b": row[2],
                    "i": row[3],
                    "m": _number(row[4]),
                    "c": _number(row[5]),
                    "u": _number(row[6]),
                }
                for row in batch
            ],
        )


def _number(moment: str | None) -> int | None:
    return None if moment is None else int(moment)
