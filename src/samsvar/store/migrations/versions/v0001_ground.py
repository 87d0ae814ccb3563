"""The first tables: catalogue versions, access log, engagement index, and the key's fingerprint.

Only what SQLite and PostgreSQL both understand, but for the triggers: each has its own words.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from samsvar.store.migrations.append_only import make_append_only
from samsvar.store.tables import COUNT

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "setting",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.Text, nullable=False),
    )
    op.create_table(
        "catalogue_version",
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("published", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("routes", sa.Integer, nullable=False),
        sa.Column("permissions", sa.Integer, nullable=False),
        sa.Column("registry", sa.Text, nullable=False),
    )
    op.create_table(
        "question",
        sa.Column("sequence", COUNT, primary_key=True, autoincrement=True),
        sa.Column("correlation_id", sa.Text, nullable=False),
        sa.Column("at", sa.Text, nullable=False),
        sa.Column("sender", sa.Text),
        sa.Column("original_consumer", sa.Text),
        sa.Column("contract", sa.Text),
        sa.Column("logical_address", sa.Text),
        sa.Column("subject_hash", sa.Text),
        sa.Column("subject_sealed", sa.LargeBinary),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("fault", sa.Text),
        sa.Column("fault_detail", sa.Text, nullable=False),
        sa.Column("catalogue_version", sa.Integer),
        sa.Column("elapsed", sa.Float, nullable=False),
        sa.Column("items", sa.Integer, nullable=False),
        sa.Column("security", sa.Text, nullable=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.Column("decisions", sa.Text, nullable=False),
        sqlite_autoincrement=True,  # a number is never used again
    )
    op.create_index("question_correlation", "question", ["correlation_id"])
    op.create_index("question_subject", "question", ["subject_hash"])
    make_append_only("question")
    op.create_table(
        "engagement",
        # In the order in which a search narrows: the key is also the only index needed.
        sa.Column("resident_hash", sa.Text, primary_key=True),
        sa.Column("service_domain", sa.Text, primary_key=True),
        sa.Column("categorization", sa.Text, primary_key=True),
        sa.Column("logical_address", sa.Text, primary_key=True),
        sa.Column("business_object", sa.Text, primary_key=True),
        sa.Column("source_system", sa.Text, primary_key=True),
        sa.Column("data_controller", sa.Text, primary_key=True),
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("interest", sa.Text, primary_key=True),
        sa.Column("most_recent_content", sa.Text),
        sa.Column("creation_time", sa.Text, nullable=False),
        sa.Column("update_time", sa.Text),
        sqlite_with_rowid=False,
    )
