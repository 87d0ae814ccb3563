"""Where live answers and their departure are noticed: two thin covers around ports.

Knows ``Transport`` and ``Events`` and passes everything through unchanged.
"""

from __future__ import annotations

from samsvar.bench.live import Conformance
from samsvar.model.exchange import Call, Question, Recipient, Reply
from samsvar.ports import Events, Transport
from samsvar.soap.codecs import CODECS, written


class NoticedTransport:
    """A transport whose answers are put aside, one in so many, after they have been read."""

    def __init__(self, inner: Transport, conformance: Conformance) -> None:
        self._inner = inner
        self._conformance = conformance

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """As the inner one does."""
        reply = await self._inner.ask(call, question, recipient, patience)
        entry = recipient.entry
        if entry is not None:
            self._conformance.noticed(
                call.correlation_id,
                entry.producer.id,
                question,
                recipient.logical_address,
                items=lambda: _as_sent(question, reply),
            )
        return reply


def _as_sent(question: Question, reply: Reply) -> tuple[bytes, ...]:
    """An adapter's records as the contract has them: whole, since they are judged, not sent."""
    codec = CODECS.get(question.contract.urn)
    return tuple(
        written(codec, item.record) if codec is not None and item.record is not None else item.xml
        for item in reply.items
    )


class NoticedEvents:
    """The routing log, which also tells when an answer has gone."""

    def __init__(self, inner: Events, conformance: Conformance) -> None:
        self._inner = inner
        self._conformance = conformance

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        """As the inner one does."""
        self._inner.emit(action, correlation_id, **fields)
        if action == "resp-out":
            self._conformance.gone(correlation_id)


_: type[Transport] = NoticedTransport  # interface guard
_events: type[Events] = NoticedEvents  # interface guard
