"""Grounds of access decisions: relations, capacity to consent, the population register.

Persons are keyed hashes; sealed as well where somebody may have to be told who it is.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "care_relation",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("person_sealed", sa.LargeBinary, nullable=False),
        sa.Column("care_giver", sa.Text, nullable=False),
        sa.Column("care_unit", sa.Text),
        sa.Column("employee", sa.Text),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("only_other_services", sa.Boolean, nullable=False),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("ends", sa.Text),
        sa.Column("mistaken", sa.Boolean, nullable=False),
        sa.Column("registered", sa.Text, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
        sa.Column("ended_by", sa.Text),
    )
    op.create_index("care_relation_person", "care_relation", ["person"])
    op.create_table(
        "care_capacity",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("person_sealed", sa.LargeBinary, nullable=False),
        sa.Column("care_giver", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("attitude_clarified", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("assessed_by", sa.Text, nullable=False),
        sa.Column("starts", sa.Text, nullable=False),
        sa.Column("ends", sa.Text, nullable=False),
        sa.Column("registered", sa.Text, nullable=False),
        sa.Column("registered_by", sa.Text, nullable=False),
    )
    op.create_index("care_capacity_person", "care_capacity", ["person"])
    op.create_table(
        "population_register",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("edition", sa.Text, nullable=False),
        sa.Column("as_of", sa.Text, nullable=False),
        sa.Column("everybody", sa.Boolean, nullable=False),
        sa.Column("guardianships", sa.Integer, nullable=False),
        sa.Column("protected", sa.Integer, nullable=False),
        sa.Column("listed", sa.Integer, nullable=False),
        sa.Column("loaded", sa.Text, nullable=False),
        sa.Column("loaded_by", sa.Text, nullable=False),
    )
    op.create_table(
        "population_row",
        sa.Column("edition", sa.Text, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("guardian", sa.Text),
        sa.Column("valid_to", sa.Text),
    )
    op.create_index("population_row_person", "population_row", ["person", "edition"])
