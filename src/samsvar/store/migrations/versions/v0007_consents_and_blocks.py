"""Consents, blocks and their temporary revokes, with who registered and ended each.

No row is taken away: a trigger refuses it, as what was once in force must be found afterwards.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_KEPT = """
CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, 'consents and blocks are ended, never taken away'); END
"""
_KEPT_POSTGRESQL = (
    """
CREATE FUNCTION security_history_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'consents and blocks are ended, never taken away'; END $$
""",
    """
CREATE TRIGGER {table}_no_delete BEFORE DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION security_history_is_kept()
""",
)
_TABLES = ("consent", "block", "block_revoke")


def upgrade() -> None:
    """Make the tables, what finds a person's rows, and what keeps them."""
    op.create_table(
        "consent",
        sa.Column("assertion_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("subject_hash", sa.Text, nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary, nullable=False),
        sa.Column("care_giver", sa.Text, nullable=False),
        sa.Column("care_unit", sa.Text, nullable=False),
        sa.Column("employee", sa.Text),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("ends", sa.Text),
        sa.Column("represented_sealed", sa.LargeBinary),
        sa.Column("registration", sa.LargeBinary, nullable=False),
        sa.Column("cancellation", sa.LargeBinary),
        sa.Column("deletion", sa.LargeBinary),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("stored_at", sa.Text, nullable=False),
        sa.Column("cancelled_at", sa.Text),
        sa.Column("deleted_at", sa.Text),
    )
    op.create_table(
        "block",
        sa.Column("block_id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("subject_hash", sa.Text, nullable=False),
        sa.Column("subject_sealed", sa.LargeBinary, nullable=False),
        sa.Column("care_giver", sa.Text, nullable=False),
        sa.Column("care_unit", sa.Text),
        sa.Column("starts", sa.Text),
        sa.Column("ends", sa.Text),
        sa.Column("excluded", sa.Text, nullable=False),
        sa.Column("registration", sa.LargeBinary, nullable=False),
        sa.Column("ending", sa.LargeBinary),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("stored_at", sa.Text, nullable=False),
        sa.Column("ended_at", sa.Text),
    )
    op.create_table(
        "block_revoke",
        sa.Column("revoke_id", sa.Text, primary_key=True),
        sa.Column("block_id", sa.Text, sa.ForeignKey("block.block_id"), nullable=False),
        sa.Column("ends", sa.Text, nullable=False),
        sa.Column("care_unit", sa.Text, nullable=False),
        sa.Column("employee", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("registration", sa.LargeBinary, nullable=False),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("stored_at", sa.Text, nullable=False),
    )
    op.create_index("consent_subject", "consent", ["subject_hash"])
    op.create_index("block_subject", "block", ["subject_hash"])
    op.create_index("block_stored", "block", ["stored_at"])
    op.create_index("block_ended", "block", ["ended_at"])
    op.create_index("block_revoke_block", "block_revoke", ["block_id"])
    op.create_index("block_revoke_stored", "block_revoke", ["stored_at"])
    if op.get_bind().dialect.name == "postgresql":
        function, trigger = _KEPT_POSTGRESQL
        op.execute(function)
        for table in _TABLES:
            op.execute(trigger.format(table=table))
        return
    for table in _TABLES:
        op.execute(_KEPT.format(table=table))
