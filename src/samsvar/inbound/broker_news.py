"""News of other indexes, taken from the message broker and walked as if it had come over SOAP.

One message of a queue at a time: what is told of a person comes in order. A message is settled
when its effect is durable; the index passes over what it has taken before. What can never be
taken goes to the dead letters at once; while the hub itself cannot take anything, the message
waits, and those behind it. Knows the walk, and not the broker's ways.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.forms import NotTheForm
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair, PublicKey, public_key
from samsvar.broker.link import Delivery
from samsvar.broker.news import News, opened_news
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import NotSealed
from samsvar.contracts.served import settled
from samsvar.errors import ConsumerError, HubError, MalformedRequest, RoutingLoop
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
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0


class BrokerNews:
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
        self._world = world
        self._end = end
        self._keys = keys
        self._address = address
        self._tellers = _by_key(tellers)
        self._waiting: dict[str, asyncio.Queue[Delivery]] = {}
        self._work: dict[str, asyncio.Task[None]] = {}
        self._why = ""
        """Why nothing can be taken now."""

    def took(self, delivery: Delivery) -> None:
        """A message has come."""
        if delivery.queue not in self._waiting:
            waiting = self._waiting[delivery.queue] = asyncio.Queue()
            self._work[delivery.queue] = asyncio.create_task(self._all_of(waiting))
        self._waiting[delivery.queue].put_nowait(delivery)

    def notes(self) -> list[str]:
        """What does not work, for readiness."""
        return (
            [f"news of other indexes waits at the message broker: {self._why}"]
            if (self._why)
            else []
        )

    async def close(self) -> None:
        """Finish nothing more: what was not settled comes again."""
        for task in self._work.values():
            task.cancel()
        await asyncio.gather(*self._work.values(), return_exceptions=True)

    async def _all_of(self, waiting: asyncio.Queue[Delivery]) -> None:
        while True:
            delivery = await waiting.get()
            try:
                await self._until_done(delivery)
            except Exception as error:  # noqa: BLE001 - whatever it was, it must not end this
                self._why = f"unforeseen {type(error).__name__}"
                self._world.events.emit(
                    "error", "-", detail="news of other indexes waits", error_type=self._why
                )

    async def _until_done(self, delivery: Delivery) -> None:
        pause = _FIRST_PAUSE
        # An earlier connection's comes again, perhaps to another hub.
        while delivery.connection == self._end.number and not await self._is_done(delivery):
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

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
            self._refuse(delivery, "-", str(error))
            return True
        correlation_id = news.content.correlation_id
        try:
            await serve_index(self._call(news), settled(self._world))
        except (ConsumerError, RoutingLoop) as error:
            self._refuse(delivery, correlation_id, f"{error.code}: {error}", news)
        except HubError as error:
            self._wait(correlation_id, f"{error.code}: {error}", news)
            return False
        except Exception as error:  # noqa: BLE001 - whatever it was, it must not stop the others
            self._refuse(delivery, correlation_id, f"unforeseen {type(error).__name__}", news)
        else:
            self._why = ""
            self._end.settle(delivery)
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

    def _refuse(
        self, delivery: Delivery, correlation_id: str, why: str, news: News | None = None
    ) -> None:
        self._end.refuse(delivery)
        self._why = ""
        self._world.events.emit(
            "index-news-refused",
            correlation_id,
            sender=news.sender if news else None,
            detail=f"message {news.id}: {why}" if news else why,
            items=len(news.content.numbers) if news else None,
        )

    def _wait(self, correlation_id: str, why: str, news: News) -> None:
        if why != self._why:
            self._world.events.emit(
                "index-news-waits", correlation_id, sender=news.sender, detail=why
            )
        self._why = why


def _by_key(tellers: tuple[str, ...]) -> Mapping[str, tuple[str, PublicKey]]:
    told = (teller.split(" ") for teller in tellers)
    return {key: (name, public_key(key)) for name, key in told}
