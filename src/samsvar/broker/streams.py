"""Which streams of lasting messages a hub has, by its settings."""

from __future__ import annotations

from samsvar.broker.durable import INDEX_NEWS, LOG_RECORDS, Stream
from samsvar.settings import Settings


def sent_streams(settings: Settings) -> tuple[Stream, ...]:
    """What it may send."""
    return (INDEX_NEWS, LOG_RECORDS) if settings.audit.store_log_through else (INDEX_NEWS,)


def received_streams(settings: Settings) -> dict[Stream, str]:
    """What it is sent, and at which of its addresses."""
    found = {}
    if settings.index.receive_from_broker:
        found[INDEX_NEWS] = settings.index.address
    if settings.audit.store_log_for:
        found[LOG_RECORDS] = settings.hub.addresses[0]
    return found
