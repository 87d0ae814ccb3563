"""Thin covers around ports, which tell the metrics what passes and change nothing of it.

Each span of a question that a port can see is begun and ended here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from samsvar.model.engagement import (
    NOBODY,
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Origin,
    UpdateCounts,
)
from samsvar.model.exchange import Call, Question, QuestionRecord, Recipient, Reply
from samsvar.ports import AccessLog, Clock, EngagementIndex, Events, Transport
from samsvar.span_ports import Spans
from samsvar.watch.metrics import Metrics


class MeasuredLog:
    """An access log whose rows are counted once they are durable."""

    def __init__(self, inner: AccessLog, metrics: Metrics, clock: Clock, spans: Spans) -> None:
        self._inner = inner
        self._metrics = metrics
        self._clock = clock
        self._spans = spans

    async def append(self, record: QuestionRecord) -> None:
        """As the inner one does."""
        metrics, begun, durable = self._metrics, self._clock.monotonic(), False
        metrics.audit_waiting += 1
        try:
            with self._spans.span("audit"):
                await self._inner.append(record)
            durable = True
        finally:
            metrics.audit_waiting -= 1
            metrics.audit_seconds.add(self._clock.monotonic() - begun)
            if not durable:
                metrics.audit_failures.add()
            metrics.question(record)
            self._spans.ended(record)


class MeasuredIndex:
    """An engagement index whose work is timed."""

    def __init__(
        self, inner: EngagementIndex, metrics: Metrics, clock: Clock, spans: Spans
    ) -> None:
        self._inner = inner
        self._metrics = metrics
        self._clock = clock
        self._spans = spans

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """As the inner one does."""
        begun, result = self._clock.monotonic(), "failed"
        try:
            with self._spans.span("index"):
                found = await self._inner.find(wanted)
            result = "found" if found else "nothing"
            return found
        finally:
            self._metrics.index_finds.add((result,))
            self._metrics.index_seconds.add(self._clock.monotonic() - begun)

    async def update(
        self,
        transactions: Sequence[EngagementTransaction],
        owner: str,
        now: datetime,
        audience: Audience = NOBODY,
    ) -> UpdateCounts:
        """As the inner one does."""
        result = "failed"
        try:
            counts = await self._inner.update(transactions, owner, now, audience)
            result = "stored"
            return counts
        finally:
            self._metrics.index_updates.add((result,))

    async def receive(
        self,
        transactions: Sequence[EngagementTransaction],
        own: str,
        now: datetime,
        audience: Audience = NOBODY,
        origin: Origin | None = None,
    ) -> UpdateCounts:
        """As the inner one does."""
        result = "failed"
        try:
            counts = await self._inner.receive(transactions, own, now, audience, origin)
            result = "stored"
            return counts
        finally:
            self._metrics.index_updates.add((result,))


class MeasuredTransport:
    """A transport whose calls have a span each. (How they ended is counted from the record.)"""

    def __init__(self, inner: Transport, spans: Spans) -> None:
        self._inner = inner
        self._spans = spans

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """As the inner one does."""
        entry = recipient.entry
        named = {"samsvar.producer": entry.producer.id} if entry else {}
        with self._spans.span("call", **named):
            return await self._inner.ask(call, question, recipient, patience)


class CountedEvents:
    """The routing log, its lines counted by event."""

    def __init__(self, inner: Events, metrics: Metrics) -> None:
        self._inner = inner
        self._metrics = metrics

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """As the inner one does."""
        self._inner.emit(action, correlation_id, **fields)
        self._metrics.events.add((action,))
        if action == "refused-handshake":
            self._metrics.handshakes.add()
        elif action == "security" and correlation_id == "-":
            self._metrics.security.add()


_log: type[AccessLog] = MeasuredLog  # interface guard
_index: type[EngagementIndex] = MeasuredIndex  # interface guard
_transport: type[Transport] = MeasuredTransport  # interface guard
_events: type[Events] = CountedEvents  # interface guard
