"""Records of other hubs' access logs, taken from the message broker to be delivered.

A message is settled when its records are in the database: from there they go to the log service,
each once, however often it came. So the broker's queues are empty while the service is down.
Knows the messages, and not the service.
"""

from __future__ import annotations

from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.forms import NotTheForm
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair
from samsvar.broker.link import Delivery
from samsvar.broker.log_records import entry_of, opened_records
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import NotSealed
from samsvar.errors import HubError
from samsvar.inbound.broker_queue import QueueReader, senders
from samsvar.pipeline.log_ports import LogInbox
from samsvar.ports import Clock, Events


class BrokerLog(QueueReader):
    """Takes records, as long as the hub runs."""

    def __init__(
        self,
        inbox: LogInbox,
        end: DurableEnd,
        events: Events,
        clock: Clock,
        keys: KeyPair,
        *,
        address: str,
        hubs: tuple[str, ...],
    ) -> None:
        """``hubs``: "HSA-id public-key" of each whose records are delivered."""
        super().__init__(end, events, "access log of other hubs")
        self._inbox = inbox
        self._clock = clock
        self._keys = keys
        self._address = address
        self._hubs = senders(hubs)

    async def _is_done(self, delivery: Delivery) -> bool:
        """Settled, or refused. False: the database cannot be written; try again."""
        try:
            told = opened_records(
                delivery.body,
                delivery.content_type,
                own=self._keys,
                address=self._address,
                senders=self._hubs,
            )
        except (Refused, NotSealed, NotTheForm, CannotOpen) as error:
            self.refuse(delivery, str(error))
            return True
        # Whose log it is says the key, not the message.
        entries = [entry_of(one, told.sender) for one in told.content.records]
        try:
            await self._inbox.take(told.content.receiver, entries, self._clock.now())
        except HubError as error:
            self.wait(str(error), sender=told.sender)
            return False
        self.settle(delivery)
        return True

    def _tell_refused(
        self, correlation_id: str, sender: str | None, detail: str, items: int | None
    ) -> None:
        self._events.emit(
            "access-log-message-refused", correlation_id, sender=sender, detail=detail, items=items
        )

    def _tell_waits(self, correlation_id: str, sender: str, detail: str) -> None:
        self._events.emit("access-log-message-waits", correlation_id, sender=sender, detail=detail)
