"""The access log tells who the user was and what was shown of whom; and can be let go in order.

Rows that are there are of form 1, and stay so. A row may be deleted once the log has been cut
behind it: a cut names a signed head that is older than the law's five years, and is never undone.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_TEXTS = ("door", "user_kind", "user_hash", "user_id_hash", "care_giver", "care_unit")
_MORE_TEXTS = ("assignment", "purpose", "statement", "disclosures", "policy", "consent_id")
_SQLITE = (
    "DROP TRIGGER question_no_DELETE",
    """CREATE TRIGGER question_no_DELETE BEFORE DELETE ON question
    WHEN OLD.sequence > coalesce((SELECT max(size) FROM audit_cut), 0)
    BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END""",
    """CREATE TRIGGER audit_cut_no_UPDATE BEFORE UPDATE ON audit_cut
    BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END""",
    """CREATE TRIGGER audit_cut_no_DELETE BEFORE DELETE ON audit_cut
    BEGIN SELECT RAISE(ABORT, 'the access log is append-only'); END""",
    """CREATE TRIGGER audit_cut_old_enough BEFORE INSERT ON audit_cut
    WHEN NOT EXISTS (SELECT 1 FROM audit_head WHERE size = NEW.size)
      OR NOT EXISTS (SELECT 1 FROM question WHERE sequence = NEW.told_in)
      OR (SELECT max(at) FROM question WHERE sequence <= NEW.size)
         >= strftime('%Y-%m-%dT%H:%M:%f', 'now', '-5 years')
    BEGIN SELECT RAISE(ABORT, 'the access log is kept for five years'); END""",
)
_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS question_no_delete ON question",
    """CREATE FUNCTION samsvar_question_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF OLD.sequence > coalesce((SELECT max(size) FROM audit_cut), 0) THEN
        RAISE EXCEPTION 'the access log is append-only' USING ERRCODE = '23000';
      END IF;
      RETURN OLD;
    END $$""",
    """CREATE TRIGGER question_no_delete BEFORE DELETE ON question
    FOR EACH ROW EXECUTE FUNCTION samsvar_question_kept()""",
    """CREATE FUNCTION samsvar_cut_kept() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the access log is append-only' USING ERRCODE = '23000'; END $$""",
    """CREATE TRIGGER audit_cut_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_cut
    FOR EACH STATEMENT EXECUTE FUNCTION samsvar_cut_kept()""",
    """CREATE FUNCTION samsvar_cut_old_enough() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM audit_head WHERE size = NEW.size)
        OR NOT EXISTS (SELECT 1 FROM question WHERE sequence = NEW.told_in)
        OR (SELECT max(at) FROM question WHERE sequence <= NEW.size) COLLATE "C"
           >= to_char((now() AT TIME ZONE 'utc') - interval '5 years',
                      'YYYY-MM-DD"T"HH24:MI:SS.US') COLLATE "C" THEN
        RAISE EXCEPTION 'the access log is kept for five years' USING ERRCODE = '23000';
      END IF;
      RETURN NEW;
    END $$""",
    """CREATE TRIGGER audit_cut_old_enough BEFORE INSERT ON audit_cut
    FOR EACH ROW EXECUTE FUNCTION samsvar_cut_old_enough()""",
)


def upgrade() -> None:
    """Make columns, tables and triggers."""
    op.add_column("question", sa.Column("form", sa.Integer, nullable=False, server_default="1"))
    for name in (*_TEXTS, *_MORE_TEXTS):
        op.add_column("question", sa.Column(name, sa.Text))
    for name in ("user_sealed", "reason_sealed"):
        op.add_column("question", sa.Column(name, sa.LargeBinary))
    # Of the rows that have a user only: a system's question must not pay for them.
    for name in ("user_hash", "user_id_hash", "care_giver"):
        has_one = sa.text(f"{name} IS NOT NULL")
        op.create_index(
            f"question_{name}", "question", [name], sqlite_where=has_one, postgresql_where=has_one
        )
    op.create_table(
        "disclosure_owner",
        sa.Column("owner", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_outbox",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("receiver", sa.Text, nullable=False),
        sa.Column("dead", sa.Boolean, nullable=False),
        sa.Column("uncertain", sa.Boolean, nullable=False),
        sa.Column("refusals", sa.Integer, nullable=False),
        sa.Column("not_before", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("log_outbox_receiver", "log_outbox", ["receiver", "sequence"])
    op.create_table(
        "audit_cut",
        sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        sa.Column("told_in", sa.BigInteger, nullable=False),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for statement in _POSTGRESQL if postgresql else _SQLITE:
        op.execute(statement)
