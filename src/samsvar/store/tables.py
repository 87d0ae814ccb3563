"""The tables as the code uses them. The migrations make them; a test holds the two together.

Long, for all tables stand here.
"""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()
COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Of what grows for ever. (SQLite's integers are wide enough, and its keys must be called so.)"""

SETTING = sa.Table(
    "setting",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

CATALOGUE_VERSION = sa.Table(
    "catalogue_version",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("published", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("comment", sa.Text, nullable=False),
    sa.Column("routes", sa.Integer, nullable=False),
    sa.Column("permissions", sa.Integer, nullable=False),
    sa.Column("registry", sa.Text, nullable=False),
)

QUESTION = sa.Table(
    "question",
    METADATA,
    sa.Column("sequence", COUNT, primary_key=True),
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
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("form", sa.Integer, nullable=False, server_default="1"),
    sa.Column("door", sa.Text),
    sa.Column("user_kind", sa.Text),
    sa.Column("user_hash", sa.Text),
    sa.Column("user_id_hash", sa.Text),
    sa.Column("user_sealed", sa.LargeBinary),
    sa.Column("care_giver", sa.Text),
    sa.Column("care_unit", sa.Text),
    sa.Column("assignment", sa.Text),
    sa.Column("purpose", sa.Text),
    sa.Column("statement", sa.Text),
    sa.Column("reason_sealed", sa.LargeBinary),
    sa.Column("disclosures", sa.Text),
    sa.Column("policy", sa.Text),
    sa.Column("consent_id", sa.Text),
    sqlite_autoincrement=True,
)

DISCLOSURE_OWNER = sa.Table(
    "disclosure_owner",
    METADATA,
    sa.Column("owner", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
"""Which rows of the access log tell of an owner's records, folded: an index, made of the rows."""

LOG_OUTBOX = sa.Table(
    "log_outbox",
    METADATA,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("uncertain", sa.Boolean, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
"""Rows of the access log that the log service has not taken yet: what is sent is made of them."""

LOG_INBOX = sa.Table(
    "log_inbox",
    METADATA,
    sa.Column("sequence", COUNT, primary_key=True),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("receiver", sa.Text, nullable=False),
    sa.Column("entry_sealed", sa.LargeBinary, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("dead", sa.Boolean, nullable=False),
    sa.Column("uncertain", sa.Boolean, nullable=False),
    sa.Column("refusals", sa.Integer, nullable=False),
    sa.Column("not_before", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Index("log_inbox_order", "receiver", "dead", "sequence"),
    sqlite_autoincrement=True,
)
"""Records of other hubs' access logs that the log service has not taken yet."""

AUDIT_CUT = sa.Table(
    "audit_cut",
    METADATA,
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("told_in", sa.BigInteger, nullable=False),
)
"""Up to which row the access log has been let go, the tree there, and the row that tells of it."""

AUDIT_TREE = sa.Table(
    "audit_tree",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("log", sa.Text, nullable=False),
    sa.Column("size", COUNT, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
)
"""One row, of id 1: the log's own id, and what its writer needs to make the tree grow."""

AUDIT_HEAD = sa.Table(
    "audit_head",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", COUNT, nullable=False),
    sa.Column("peaks", sa.LargeBinary, nullable=False),
    sa.Column("line", sa.LargeBinary, nullable=False),
)
"""Signed heads, as they stand in the heads file too, with the tree at that moment."""

AUDIT_KEY = sa.Table(
    "audit_key",
    METADATA,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("line", sa.LargeBinary, nullable=False),
)
"""Public keys that have signed heads, the newest last, each handed over to by the one before."""

ENGAGEMENT_PLACE = sa.Table(
    "engagement_place",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("service_domain", sa.Text, nullable=False),
    sa.Column("categorization", sa.Text, nullable=False),
    sa.Column("logical_address", sa.Text, nullable=False),
    sa.Column("source_system", sa.Text, nullable=False),
    sa.Column("data_controller", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
)
"""What many posts have in common. A few thousand rows, never changed and never removed."""

ENGAGEMENT = sa.Table(
    "engagement",
    METADATA,
    sa.Column("resident", sa.LargeBinary, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("business_object", sa.Text, primary_key=True),
    sa.Column("interest", sa.Text, primary_key=True),
    sa.Column("most_recent_content", sa.BigInteger),
    sa.Column("creation_time", sa.BigInteger, nullable=False),
    sa.Column("update_time", sa.BigInteger),
    sqlite_with_rowid=False,
)

ENGAGEMENT_GONE = sa.Table(
    "engagement_gone",
    METADATA,
    sa.Column("resident", sa.LargeBinary, primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("business_object", sa.Text, primary_key=True),
    sa.Column("interest", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Posts of other owners that were deleted lately: late news must not bring them back."""

INBOX = sa.Table(
    "index_inbox",
    METADATA,
    sa.Column("teller", sa.Text, primary_key=True),
    sa.Column("key", sa.LargeBinary, primary_key=True),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("written", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Index("index_inbox_at", "at"),
    sqlite_with_rowid=False,
)
"""What other hubs have told by the message broker, and that has had its effect: the last change of
each post of an index, and each record of an access log."""

OUTBOX = sa.Table(
    "outbox",
    METADATA,
    sa.Column("number", COUNT, primary_key=True),
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
    sqlite_autoincrement=True,
)

OUTBOX_SUBSCRIBER = sa.Table(
    "outbox_subscriber",
    METADATA,
    sa.Column("subscriber", sa.Text, primary_key=True),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("retry_at", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

LEASE = sa.Table(
    "lease",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("until", sa.Text, nullable=False),
)

INDEX_CONSISTENCY = sa.Table(
    "index_consistency",
    METADATA,
    sa.Column("contract", sa.Text, primary_key=True),
    sa.Column("logical_address", sa.Text, primary_key=True),
    sa.Column("producer", sa.Text, nullable=False),
    sa.Column("indexed_answers", COUNT, nullable=False),
    sa.Column("indexed_empty", COUNT, nullable=False),
    sa.Column("direct_answers", COUNT, nullable=False),
    sa.Column("direct_not_indexed", COUNT, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
)

CONFORMANCE_DAY = sa.Table(
    "conformance_day",
    METADATA,
    sa.Column("producer", sa.Text, primary_key=True),
    sa.Column("contract", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("sampled", sa.Integer, nullable=False),
    sa.Column("failing", sa.Integer, nullable=False),
    sa.Column("warned", sa.Integer, nullable=False),
)

CONFORMANCE_FINDING = sa.Table(
    "conformance_finding",
    METADATA,
    sa.Column("producer", sa.Text, primary_key=True),
    sa.Column("contract", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("rule", sa.Text, primary_key=True),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("answers", sa.Integer, nullable=False),
)

CONSENT = sa.Table(
    "consent",
    METADATA,
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
"""Consents and statements of emergency, with their history. No row is ever taken away. Actions
(who, when, why) are sealed: a reason is free text about the person."""

BLOCK = sa.Table(
    "block",
    METADATA,
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
"""Blocks, with their history. No row is ever taken away."""

BLOCK_REVOKE = sa.Table(
    "block_revoke",
    METADATA,
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
"""Temporary revokes of blocks. Each ends by itself."""

BREAKER_HOLD = sa.Table(
    "breaker_hold",
    METADATA,
    sa.Column("producer", sa.Text, primary_key=True),
    sa.Column("contract", sa.Text, primary_key=True),
    sa.Column("opened", sa.Boolean, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("held_by", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("until", sa.Text),
)
