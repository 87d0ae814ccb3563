"""Producers behind the message broker: the question goes to whichever worker takes it first.

Seals each question for the workers that the registry names, waits for the one answer that opens
with the question's own key, and reads it as if it had come from an adapter in this process, or
over HTTP. What comes for a question that nobody waits for any more is counted, and never merged.
Knows no broker's ways: ``broker.link`` does.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

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
from samsvar.broker.topology import QUESTIONS, WORKERS
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
_NOBODYS = "an answer to no question of ours, or to one that has been answered"


@dataclass(frozen=True, slots=True)
class _Asked:
    keys: KeyPair
    workers: Mapping[str, PublicKey]
    answer: asyncio.Future[tuple[AnswerContent, bytes]]
    correlation_id: str
    address: str


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
        if self._by_table and not self.workers.listen(recipient.logical_address, keys):
            raise WayBlocked("no worker is listening for it")
        number, milliseconds = secrets.token_hex(16), max(1, int(patience * 1000))
        asked = _Asked(
            KeyPair.new(),
            {key: public_key(key) for key in keys},
            asyncio.get_running_loop().create_future(),
            call.correlation_id,
            recipient.logical_address,
        )
        self._asked[number] = asked
        try:
            try:
                message = sealed_question(
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
            try:
                await link.publish(
                    QUESTIONS,
                    folded(recipient.logical_address),
                    message,
                    content_type=QUESTION_TYPE,
                    milliseconds=milliseconds,
                    properties={"message_id": number, "reply_to": self._name.process},
                )
            except Unroutable:
                raise WayBlocked("no worker is listening for it") from None
            except QueueFull as error:
                raise ProducerUnreachable(str(error)) from None
            except NotPublished as error:
                raise WayBlocked(str(error)) from None
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

    def lost(self) -> None:
        """The connection is gone, and with it the queue that answers would have come to."""
        for asked in self._asked.values():
            if not asked.answer.done():
                asked.answer.set_exception(
                    WayBlocked("the message broker was lost before it answered")
                )

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

    def look_for_the_gone(self) -> None:
        """Forget the workers that have been silent, and say so."""
        for one in self.workers.gone(self._clock.monotonic()):
            self._events.emit("worker-gone", "-", detail=one.name, version=one.said.worker.version)

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
