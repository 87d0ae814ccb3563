"""Changes that a subscriber has refused are found without going through all that waits for it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """An index of those only: mostly it is empty."""
    refused = sa.text("refusals > 0")
    op.create_index(
        "outbox_refused",
        "outbox",
        ["subscriber", "key", "number"],
        sqlite_where=refused,
        postgresql_where=refused,
    )
