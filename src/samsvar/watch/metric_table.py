"""The metrics that there are: name, kind, labels, buckets. ``docs/metrics.md`` says the same.

A label's values come from the registry, from our own vocabularies, or are numbered by us; nothing
that a caller can choose is ever one. Every sample has the label ``process`` as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: of questions and calls
SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0)
#: of what the disk or the index does
SHORT_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


QUESTIONS = Metric(
    "samsvar_questions_total",
    "counter",
    "Questions that have ended, by how: full, partial, refused, failed",
    ("door", "contract", "consumer", "result"),
)
FAULTS = Metric(
    "samsvar_faults_total", "counter", "Questions that ended in a fault, by its code", ("code",)
)
QUESTION_SECONDS = Metric(
    "samsvar_question_seconds",
    "histogram",
    "From the first byte of a question to its row in the access log",
    ("contract",),
    SECONDS,
)
OUTCOMES = Metric(
    "samsvar_producer_outcomes_total",
    "counter",
    "Candidates of questions, by producer and why each ended as it did",
    ("producer", "reason"),
)
CALL_SECONDS = Metric(
    "samsvar_producer_call_seconds",
    "histogram",
    "How long a producer took, failures too",
    ("producer",),
    SECONDS,
)
RECORDS = Metric(
    "samsvar_producer_records_total",
    "counter",
    "Records of a producer that were handed on",
    ("producer",),
)
ACCESS = Metric(
    "samsvar_access_decisions_total",
    "counter",
    "Decisions about records, by access rule and verdict",
    ("rule", "verdict"),
)
SECURITY = Metric(
    "samsvar_security_events_total",
    "counter",
    "Security events: somebody else's records, forged headers, revoked certificates",
)
HANDSHAKES = Metric(
    "samsvar_refused_handshakes_total", "counter", "TLS handshakes that failed at our listeners"
)
EVENTS = Metric(
    "samsvar_events_total", "counter", "Lines of the routing log, by event", ("action",)
)
AUDIT_SECONDS = Metric(
    "samsvar_audit_append_seconds",
    "histogram",
    "How long a question waited for its row in the access log to be durable",
    (),
    SHORT_SECONDS,
)
AUDIT_FAILURES = Metric(
    "samsvar_audit_failures_total",
    "counter",
    "Rows of the access log that could not be made durable: each was a question without answer",
)
AUDIT_WAITING = Metric("samsvar_audit_waiting", "gauge", "Rows on their way to the access log now")
INDEX_FINDS = Metric(
    "samsvar_index_finds_total",
    "counter",
    "Searches of the engagement index: found, nothing, failed",
    ("result",),
)
INDEX_SECONDS = Metric(
    "samsvar_index_find_seconds",
    "histogram",
    "How long a search of the engagement index took",
    (),
    SHORT_SECONDS,
)
INDEX_UPDATES = Metric(
    "samsvar_index_updates_total",
    "counter",
    "Updates and notifications that the engagement index took, or failed to store",
    ("result",),
)
IN_WORK = Metric("samsvar_questions_in_work", "gauge", "Questions that are being served now")
CONNECTIONS = Metric(
    "samsvar_open_connections", "gauge", "Open connections of callers", ("listener",)
)
READY = Metric("samsvar_ready", "gauge", "1: the hub can serve; 0: it misses something")
OUTBOX_WAITING = Metric(
    "samsvar_outbox_waiting", "gauge", "Changes of the index that wait for subscribers"
)
OUTBOX_DEAD = Metric(
    "samsvar_outbox_dead_letters", "gauge", "Changes that were given up, and wait for people"
)
OUTBOX_OLDEST = Metric(
    "samsvar_outbox_oldest_seconds", "gauge", "Age of the oldest change that waits"
)
LOG_WAITING = Metric(
    "samsvar_log_waiting", "gauge", "Of the access log: what a log service has not taken yet"
)
LOG_DEAD = Metric(
    "samsvar_log_dead_letters", "gauge", "Of that, what was given up, and waits for people"
)
BROKER_DEAD = Metric(
    "samsvar_broker_dead_letters",
    "gauge",
    "Messages to us that lie at the message broker as dead letters",
    ("exchange",),
)
CATALOGUE_VERSION = Metric(
    "samsvar_catalogue_version", "gauge", "Version of the catalogue in force; 0: none"
)
CATALOGUE_AGE = Metric(
    "samsvar_catalogue_age_seconds", "gauge", "How long ago the catalogue in force was published"
)
CERTIFICATE_LEFT = Metric(
    "samsvar_certificate_left_seconds",
    "gauge",
    "Until a certificate ends: of our listeners, of us as client, of producers as registered",
    ("holder",),
)
BREAKER = Metric(
    "samsvar_breaker_open", "gauge", "1: calls to the producer are held back now", ("producer",)
)
DISABLED = Metric(
    "samsvar_producer_disabled", "gauge", "1: out of service with notice", ("producer",)
)
ALERTS = Metric("samsvar_alerts_open", "gauge", "Alerts that are open, by rule", ("rule",))
UNSIGNED = Metric(
    "samsvar_audit_unsigned_rows", "gauge", "Rows of the access log without a signed head yet"
)
DATABASE_BYTES = Metric("samsvar_database_bytes", "gauge", "Size of the database")
ROUTING_BYTES = Metric(
    "samsvar_routing_log_bytes", "gauge", "Size of the routing log's days that are kept"
)
ROUTING_ROOM = Metric(
    "samsvar_routing_log_room_bytes", "gauge", "How large the routing log's days may be"
)
DISK_FREE = Metric("samsvar_disk_free_bytes", "gauge", "Free on the disk of the data folder")
SPANS = Metric(
    "samsvar_trace_spans_total",
    "counter",
    "Spans that were handed to the collector, or could not be",
    ("result",),
)
INFO = Metric("samsvar_info", "gauge", "Always 1; the label says which release", ("version",))

METRICS: tuple[Metric, ...] = tuple(
    value for value in list(globals().values()) if isinstance(value, Metric)
)
