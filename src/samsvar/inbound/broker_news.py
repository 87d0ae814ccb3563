"""News of other indexes, taken from the message broker and walked as if it had come over SOAP.

What is told of a person comes in order, as it goes by one queue; the index passes over what it has
taken before. Knows the walk, and not the broker's ways.
"""

from __future__ import annotations

from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.forms import NotTheForm
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair
from samsvar.broker.link import Delivery
from samsvar.broker.news import News, opened_news
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import NotSealed
from samsvar.contracts.served import settled
from samsvar.errors import ConsumerError, HubError, MalformedRequest, RoutingLoop
from samsvar.inbound.broker_queue import QueueReader, senders
from samsvar.model.catalogue import RivtaProfile
from samsvar.model.engagement import Origin
from samsvar.model.exchange import Call, Peer
from samsvar.model.identifiers import CorrelationId
from samsvar.pipeline.index_service import serve_index
from samsvar.ports import World
from samsvar.soap.index_messages import PROCESS_NOTIFICATION
from samsvar.soap.parsing import UPDATE_LIMITS
from samsvar.soap.request import Message, read_message

_SECONDS = 20.0


class BrokerNews(QueueReader):
    """Takes news, as long as the hub runs."""

    def __init__(
        self,
        world: World,
        end: DurableEnd,
        keys: KeyPair,
        *,
        address: str,
        tellers: tuple[str, ...],
    ) -> None:
        """``tellers``: "HSA-id public-key" of each who may tell."""
        super().__init__(end, world.events, "news of other indexes")
        self._world = world
        self._keys = keys
        self._address = address
        self._tellers = senders(tellers)

    async def _is_done(self, delivery: Delivery) -> bool:
        """Settled, or refused. False: nobody's fault but ours; try again."""
        try:
            news = opened_news(
                delivery.body,
                delivery.content_type,
                own=self._keys,
                address=self._address,
                senders=self._tellers,
            )
        except (Refused, NotSealed, NotTheForm, CannotOpen) as error:
            self.refuse(delivery, str(error))
            return True
        try:
            await serve_index(self._call(news), settled(self._world))
        except (ConsumerError, RoutingLoop) as error:
            self._never(delivery, news, f"{error.code}: {error}")
        except HubError as error:
            why = f"{error.code}: {error}"
            self.wait(why, correlation_id=news.content.correlation_id, sender=news.sender)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it was, it must not stop the others
            self._never(delivery, news, f"unforeseen {type(error).__name__}")
        else:
            self.settle(delivery)
        return True

    def _call(self, news: News) -> Call:
        clock, content = self._world.clock, news.content
        message: Message | ConsumerError
        try:
            message = read_message(content.envelope.encode(), "utf-8", UPDATE_LIMITS)
        except ConsumerError as error:
            message = error
        read = message if isinstance(message, Message) else None
        if read is not None and read.contract != PROCESS_NOTIFICATION:
            message = MalformedRequest("The message is no ProcessNotification.")
        now = clock.monotonic()
        return Call(
            correlation_id=CorrelationId(content.correlation_id),
            peer=Peer(
                secure=False,
                trusted=True,
                certificate=None,
                sender_header=news.sender,
                address="message broker",
            ),
            contract=PROCESS_NOTIFICATION,
            logical_address=read.logical_address if read else None,
            profile=read.profile if read else RivtaProfile.BP21,
            original_consumer=None,
            routing_history=content.history,
            forwarded=(),
            message=message,
            received=now,
            deadline=now + _SECONDS,
            received_at=clock.now(),
            origin=Origin(news.sender, tuple(content.numbers), tuple(content.moments)),
        )

    def _never(self, delivery: Delivery, news: News, why: str) -> None:
        self.refuse(
            delivery,
            f"message {news.id}: {why}",
            correlation_id=news.content.correlation_id,
            sender=news.sender,
            items=news.count,
        )

    def _tell_refused(
        self, correlation_id: str, sender: str | None, detail: str, items: int | None
    ) -> None:
        self._events.emit(
            "index-news-refused", correlation_id, sender=sender, detail=detail, items=items
        )

    def _tell_waits(self, correlation_id: str, sender: str, detail: str) -> None:
        self._events.emit("index-news-waits", correlation_id, sender=sender, detail=detail)
