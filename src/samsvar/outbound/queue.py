"""Producers behind the message broker: the question goes to whichever worker takes it first.

Seals each question for the workers that the registry names, waits for the one answer that opens
with the question's own key, and reads it as if it had come from an adapter in this process, or
over HTTP. A question whose last worker has died with it is given to whoever has come since, or ends
as unreachable: nobody waits for the dead. What comes for a question that nobody waits for any more
is counted, and never merged.
Knows no broker's ways: ``broker.link`` does. Long, for a question's whole way stands here.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from samsvar.broker.forms import (
    ANNOUNCEMENT_TYPE,
    ANSWER_TYPE,
    QUESTION_TYPE,
    AnnouncementContent,
    AnnouncementHeader,
    AnswerContent,
    AnswerHeader,
    NotTheForm,
    split_bytes,
)
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair, PublicKey, public_key
from samsvar.broker.link import Delivery, Link, NotPublished, QueueFull, Unroutable
from samsvar.broker.refusals import Refusals, Refused
from samsvar.broker.sealed import Kind, NotSealed, Sealed, taken_apart
from samsvar.broker.topology import QUESTIONS, WORKERS, question_queue
from samsvar.broker.worker_table import WorkerTable
from samsvar.errors import NotRouted, ProducerUnreachable, WayBlocked
from samsvar.model.exchange import Call, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn, folded
from samsvar.observe.masking import masked
from samsvar.outbound.soap import LARGE
from samsvar.outbound.worker_answer import reply_from
from samsvar.outbound.worker_question import HubName, sealed_question
from samsvar.ports import CatalogueSource, Clock, Events, Transport
from samsvar.soap.answer import ResponseCheck

MOST_ANNOUNCEMENT = 128 * 1024
_MOST_REMEMBERED = 5000
_LOOK_AFTER = 1.0
"""Seconds that a question is out before anybody looks whether its workers are still there."""
_PATIENCE = 5.0
_LOOKS = 3
"""Looks in a row that find nobody, after which it ends: one that has lost its connection comes back
sooner than that."""
_GONE = "its worker is gone, and no other is listening for it"
_NOBODYS = "an answer to no question of ours, or to one that has been answered"


@dataclass(slots=True)
class _Asked:
    number: str
    keys: KeyPair
    workers: Mapping[str, PublicKey]
    answer: asyncio.Future[tuple[AnswerContent, bytes]]
    correlation_id: str
    address: str
    until: float
    """When nobody waits for it any more."""
    known: frozenset[str]
    """The starts of workers that were known to be there when it was sent."""
    sent: float
    """When it was given to the broker, the last time."""
    message: bytes = field(default=b"", repr=False)
    """Empty: it need not be given to another any more."""
    missed: int = 0
    """Looks in a row that found nobody."""

    looked: tuple[frozenset[str], int] = (frozenset(), 0)
    """Who was there, by their own word and by the broker's, when it was last thought lost."""

    def may_be_lost(self, there: frozenset[str], readers: int) -> bool:
        """A queue without readers is gone, with all that was in it. Where it has fewer than there
        should be, or none but such as have come since, one has died, and the queue may have been
        gone between."""
        looked, self.looked = self.looked, (there, readers)
        fewer = readers < len(there) or readers <= len(there - self.known)
        return not readers or (fewer and looked != self.looked)

    def fail(self, why: str) -> None:
        """No answer will come."""
        if not self.answer.done():
            self.answer.set_exception(WayBlocked(why))


class QueueTransport:
    """Asks producers of kind ``worker``; hears the workers' announcements."""

    def __init__(
        self,
        name: HubName,
        checks: Mapping[ContractUrn, ResponseCheck],
        catalogue: CatalogueSource,
        events: Events,
        clock: Clock,
        *,
        most_answer: int,
        tolerance: float,
        by_table: bool,
    ) -> None:
        """``by_table``: the broker does not say when nobody listens, so the workers' own word
        must do."""
        self._name = name
        self._checks = checks
        self._catalogue = catalogue
        self._events = events
        self._clock = clock
        self._most_answer = most_answer
        self._by_table = by_table
        self._asked: dict[str, _Asked] = {}
        self._given_up: OrderedDict[str, tuple[str, str]] = OrderedDict()
        self._opening: set[asyncio.Task[None]] = set()
        self._link: Link | None = None
        self.refusals = Refusals()
        self.workers = WorkerTable(tolerance)

    def use(self, link: Link) -> None:
        """The connection that questions go by; ``took`` is told what it brings."""
        self._link = link

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """What a worker beside the source answers.

        Raises:
            WayBlocked: nobody listens, or the broker cannot be used: asking costs no time then, and
                nothing is known of the source.
            ProducerUnreachable: no question can reach it so, or its workers do not keep up.
            ProducerError: what the worker found at the source, or what is wrong with its answer.
        """
        entry = recipient.entry
        if entry is None:
            raise NotRouted("no route leads to this address")
        link = self._link
        if link is None:
            raise WayBlocked("no message broker is set up")
        if masked(recipient.logical_address) != recipient.logical_address:
            # By a route for every address: what may be a person's number names no queue.
            raise ProducerUnreachable("no worker can have such an address")
        keys = entry.producer.workers
        if self._by_table and not self.workers.boots(recipient.logical_address, keys):
            raise WayBlocked("no worker is listening for it")
        number, milliseconds = secrets.token_hex(16), max(1, int(patience * 1000))
        now = self._clock.monotonic()
        asked = _Asked(
            number,
            KeyPair.new(),
            {key: public_key(key) for key in keys},
            asyncio.get_running_loop().create_future(),
            call.correlation_id,
            recipient.logical_address,
            until=now + patience,
            known=self.workers.boots(recipient.logical_address, keys),
            sent=now,
        )
        self._asked[number] = asked
        try:
            try:
                asked.message = sealed_question(
                    self._name,
                    number,
                    call,
                    question,
                    recipient,
                    reply_key=asked.keys.public,
                    workers=list(asked.workers.values()),
                    sent=self._clock.now(),
                    left=milliseconds,
                )
            except ValueError:
                # The reason may quote what the consumer sent.
                raise ProducerUnreachable("the question does not fit into a message") from None
            await self._publish(link, asked)
            content, rest = await asked.answer
        except asyncio.CancelledError:
            self._given_up[number] = (call.correlation_id, recipient.logical_address)
            if len(self._given_up) > _MOST_REMEMBERED:
                self._given_up.popitem(last=False)
            raise
        finally:
            del self._asked[number]
            if not asked.answer.cancel() and not asked.answer.cancelled():
                asked.answer.exception()  # it was told twice that the broker is gone
        return await reply_from(
            content, rest, call, question, recipient, self._checks.get(question.contract.urn)
        )

    async def _publish(self, link: Link, asked: _Asked) -> None:
        left = asked.until - self._clock.monotonic()
        try:
            await link.publish(
                QUESTIONS,
                folded(asked.address),
                asked.message,
                content_type=QUESTION_TYPE,
                milliseconds=max(1, int(left * 1000)),
                properties={"message_id": asked.number, "reply_to": self._name.process},
            )
        except Unroutable:
            raise WayBlocked("no worker is listening for it") from None
        except QueueFull as error:
            raise ProducerUnreachable(str(error)) from None
        except NotPublished as error:
            raise WayBlocked(str(error)) from None

    def lost(self) -> None:
        """The connection is gone, and with it the queue that answers would have come to."""
        self.workers.deaf(self._clock.monotonic())
        for asked in self._asked.values():
            asked.fail("the message broker was lost before it answered")

    def took(self, delivery: Delivery) -> None:
        """A message has come: an answer, or a worker's word that it is there."""
        try:
            if delivery.queue.startswith(f"{WORKERS}."):
                self._heard(delivery)
            else:
                self._answered(delivery)
        except (Refused, NotSealed, NotTheForm, CannotOpen) as error:
            # Told apart from each other, as all of them say what is wrong and none says whose.
            self._refuse(str(error))

    async def look_for_the_gone(self) -> None:
        """Forget the workers that have been silent, and let nobody wait for one that has died: the
        question goes to another, if there is one, and ends otherwise."""
        gone = self.workers.gone(self._clock.monotonic())
        for one in gone:
            self._events.emit("worker-gone", "-", detail=one.name, version=one.said.worker.version)
        link = self._link
        if link is None or not link.connected:
            return
        for address, questions in self._long_out().items():
            readers = None if self._by_table else await self._readers(link, address)
            for asked in questions:
                there = self.workers.boots(address, asked.workers)
                if asked.known and not there:
                    asked.fail(_GONE)
                elif (
                    any(one.listens(address, asked.workers) for one in gone)
                    if readers is None
                    else asked.may_be_lost(there, readers)
                ):
                    await self._ask_again(link, asked)

    def _long_out(self) -> dict[str, list[_Asked]]:
        now = self._clock.monotonic()
        found: dict[str, list[_Asked]] = {}
        for asked in self._asked.values():
            if asked.message and now - asked.sent >= _LOOK_AFTER:
                found.setdefault(asked.address, []).append(asked)
        return found

    async def _readers(self, link: Link, address: str) -> int | None:
        """How many have its queue; None: not known."""
        with contextlib.suppress(NotPublished, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                return await link.readers(question_queue(address))
        return None

    async def _ask_again(self, link: Link, asked: _Asked) -> None:
        """The same message: a worker that has had it does not take it twice."""
        if asked.answer.done():
            return
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._publish(link, asked)
        except (ProducerUnreachable, TimeoutError):
            asked.missed += 1
            if asked.missed >= _LOOKS:
                asked.fail(_GONE)
        else:
            asked.sent, asked.missed = self._clock.monotonic(), 0

    def _answered(self, delivery: Delivery) -> None:
        message = _parts(delivery, Kind.ANSWER, ANSWER_TYPE, self._most_answer)
        header = AnswerHeader.read(message.header)
        asked = self._asked.get(header.id)
        if asked is None:
            given_up = self._given_up.pop(header.id, None)
            if given_up is None:
                raise Refused(_NOBODYS)
            correlation_id, address = given_up
            self._events.emit("late-answer", correlation_id, receiver=address)
            return
        worker = asked.workers.get(header.worker)
        if worker is None:
            raise Refused("an answer of a worker that the registry does not name")
        if len(message.content) > LARGE:
            # In a thread, so that one big answer does not hold up the others.
            asked.message = b""
            task = asyncio.create_task(self._opened_beside(message, asked, worker))
            self._opening.add(task)
            task.add_done_callback(self._opening.discard)
        else:
            _hand_over(asked, _opened(message, asked.keys, worker))

    async def _opened_beside(self, message: Sealed, asked: _Asked, worker: PublicKey) -> None:
        try:
            _hand_over(asked, await asyncio.to_thread(_opened, message, asked.keys, worker))
        except (Refused, NotTheForm, CannotOpen) as error:
            self._refuse(str(error))

    def _heard(self, delivery: Delivery) -> None:
        message = _parts(delivery, Kind.ANNOUNCEMENT, ANNOUNCEMENT_TYPE, MOST_ANNOUNCEMENT)
        header = AnnouncementHeader.read(message.header)
        if not self._catalogue.current().names_worker(header.worker):
            raise Refused("a word of a worker that the registry does not name")
        said = AnnouncementContent.read(message.opened(self._name.keys, public_key(header.worker)))
        new = self.workers.take(header, said, self._clock.now(), self._clock.monotonic())
        if new is not None:
            self._events.emit("worker-seen", "-", detail=new.name, version=said.worker.version)

    def _refuse(self, reason: str) -> None:
        if times := self.refusals.add(reason, self._clock.monotonic()):
            self._events.emit("message-refused", "-", detail=reason, items=times)


def _opened(message: Sealed, keys: KeyPair, worker: PublicKey) -> tuple[AnswerContent, bytes]:
    form, rest = split_bytes(message.opened(keys, worker))
    return AnswerContent.read(form), rest


def _hand_over(asked: _Asked, answer: tuple[AnswerContent, bytes]) -> None:
    if asked.answer.done():
        raise Refused(_NOBODYS)
    asked.answer.set_result(answer)


def _parts(delivery: Delivery, kind: Kind, content_type: str, most: int) -> Sealed:
    if delivery.content_type != content_type:
        raise Refused("a message of another content type")
    return taken_apart(kind, delivery.body, most)


_: type[Transport] = QueueTransport  # interface guard
