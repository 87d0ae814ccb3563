"""Which transport reaches a producer is a line in the registry; the walk does not know.

Writes ``req-out`` and ``resp-in``, once for all kinds of transport.
"""

from __future__ import annotations

from collections.abc import Mapping

from samsvar.errors import ProducerError
from samsvar.model.catalogue import ProducerKind
from samsvar.model.exchange import Call, Question, Recipient, Reply
from samsvar.ports import Clock, Events, Transport


class Dispatch:
    """A transport made of one transport for each kind of producer."""

    def __init__(
        self, transports: Mapping[ProducerKind, Transport], events: Events, clock: Clock
    ) -> None:
        self._transports = transports
        self._events = events
        self._clock = clock

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """Carry the question to the recipient by its kind's transport."""
        entry = recipient.entry
        assert entry is not None
        producer = entry.producer
        begun = self._clock.monotonic()
        self._events.emit(
            "req-out",
            call.correlation_id,
            sender=call.sender,
            receiver=recipient.logical_address,
            contract=question.contract.urn,
            producer=producer.id,
            url=producer.address,
        )
        outcome, items = "cancelled", 0
        try:
            reply = await self._transports[producer.kind].ask(call, question, recipient, patience)
            outcome, items = "answered", len(reply.items)
        except ProducerError as error:
            outcome = error.code
            raise
        finally:
            self._events.emit(
                "resp-in",
                call.correlation_id,
                receiver=recipient.logical_address,
                producer=producer.id,
                reason=outcome,
                items=items,
                seconds=self._clock.monotonic() - begun,
            )
        return reply


_: type[Transport] = Dispatch  # interface guard
