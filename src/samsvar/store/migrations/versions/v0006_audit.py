"""The access log as a Merkle tree: a leaf in each row, what grows the tree, and signed heads.

Rows that are there get their leaves now. What was changed before cannot be found out any more:
the first head says when the proof begins.
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from samsvar.audit.merkle import CompactRange, Growing, leaf_hash
from samsvar.audit.row_form import MISSING, NAMES_1, form_1_of
from samsvar.store.migrations.append_only import allow_update, make_append_only, refuse_update
from samsvar.store.tables import COUNT

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None
_AT_ONCE = 1000


def upgrade() -> None:
    """Make column and tables, and hash what is there."""
    nothing = "x''" if op.get_bind().dialect.name == "sqlite" else "''"
    leaf = sa.Column("leaf", sa.LargeBinary, nullable=False, server_default=sa.text(nothing))
    op.add_column("question", leaf)
    op.create_index("question_sender", "question", ["sender"])
    op.create_index("question_at", "question", ["at"])
    op.create_table(
        "audit_tree",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("log", sa.Text, nullable=False),
        sa.Column("size", COUNT, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_head",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("size", COUNT, nullable=False),
        sa.Column("peaks", sa.LargeBinary, nullable=False),
        sa.Column("line", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "audit_key",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("line", sa.LargeBinary, nullable=False),
    )
    for table in ("audit_head", "audit_key"):
        make_append_only(table)
    allow_update("question")
    tree = _hash_rows()
    refuse_update("question")
    op.get_bind().execute(
        sa.text("INSERT INTO audit_tree (id, log, size, peaks) VALUES (1, :log, :size, :peaks)"),
        {"log": secrets.token_hex(16), "size": tree.size, "peaks": tree.stored},
    )


def _hash_rows() -> CompactRange:
    connection = op.get_bind()
    growing = Growing(CompactRange())
    rows = sa.text(
        f"SELECT {', '.join(NAMES_1)} FROM question"  # noqa: S608 - the columns' names
        " WHERE sequence > :last ORDER BY sequence LIMIT :most"
    )
    update = sa.text("UPDATE question SET leaf = :leaf WHERE sequence = :sequence")
    last = 0
    while batch := connection.execute(rows, {"last": last, "most": _AT_ONCE}).all():
        leaves = []
        for row in batch:
            while growing.size + 1 < row[0]:
                growing.add(MISSING)  # it had gone before anybody could prove it
            leaf = leaf_hash(form_1_of(tuple(row)))
            growing.add(leaf)
            leaves.append({"leaf": leaf, "sequence": row[0]})
        connection.execute(update, leaves)
        last = batch[-1][0]
    return growing.range
