"""Which questions a worker takes: sealed by its hub, for its address, new, and still in time.

**Two clocks.** The hub says when it sent the question, by its own clock, and how many
milliseconds were left. The two machines' clocks may differ by ``tolerance``; so a question may
seem that much older or younger than it is, and is given the most time that it can have: the hub
goes by its own deadline anyway, and merges nothing that comes after it. One that is out of every
bound is not asked, and its hub is told, as the clocks may be to blame. A question is remembered
until it could not be taken any more: the same one again is refused.

Knows keys and times. Knows no broker and no source.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from samsvar.broker.forms import QUESTION_TYPE, QuestionContent, QuestionHeader
from samsvar.broker.keys import KeyPair, PublicKey, public_key
from samsvar.broker.link import Delivery
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import Kind, taken_apart
from samsvar.broker.topology import question_queue
from samsvar.model.identifiers import ContractUrn, LogicalAddress, folded
from samsvar.ports import Clock
from samsvar.worker.sources import Asked

MOST_QUESTION = 2 * 1024 * 1024
_MOST_REMEMBERED = 200_000


class TakenBefore(Refused):
    """The same question again: somebody has copied it, or the broker brings it once more."""

    def __init__(self, number: str) -> None:
        super().__init__("a question that was taken before")
        self.id = number


@dataclass(frozen=True, slots=True)
class Taken:
    """A question that is this worker's to answer."""

    id: str
    asked: Asked
    patience: float
    """Seconds; 0: too late, or the clocks differ."""
    reply: str
    reply_key: PublicKey


class Judge:
    """Opens questions, or refuses them."""

    def __init__(
        self,
        own: KeyPair,
        hubs: Collection[str],
        addresses: Collection[str],
        tolerance: float,
        clock: Clock,
    ) -> None:
        self._own = own
        self._hubs: Mapping[str, PublicKey] = {hub: public_key(hub) for hub in hubs}
        self._addresses = {folded(address) for address in addresses}
        self._tolerance = tolerance
        self._clock = clock
        self._remembered: dict[tuple[str, str], float] = {}

    def taken(self, delivery: Delivery) -> Taken:
        """The question in a message.

        Raises:
            TakenBefore: it is, and we have had it.
            Refused, NotSealed, NotTheForm, CannotOpen: it is none for us, and why.
        """
        if delivery.content_type != QUESTION_TYPE:
            raise Refused("a message of another content type")
        message = taken_apart(Kind.QUESTION, delivery.body, MOST_QUESTION)
        header = QuestionHeader.read(message.header)
        hub = self._hubs.get(header.hub)
        if hub is None:
            raise Refused("a question of a hub that is not ours")
        if folded(header.address) not in self._addresses:
            raise Refused("a question for another address")
        if delivery.queue != question_queue(header.address):
            raise Refused("a question that was put in another address's queue")
        content = QuestionContent.read(message.opened(self._own, hub))
        self._remember(header)
        asked = Asked(LogicalAddress(header.address), ContractUrn(header.contract), content)
        return Taken(
            header.id,
            asked,
            self._patience(header),
            header.reply,
            public_key(content.reply_key),
        )

    def forget(self, taken: Taken) -> None:
        """It was not answered: should the broker bring it once more, it may be taken."""
        for key in [key for key in self._remembered if key[1] == taken.id]:
            del self._remembered[key]

    def _patience(self, header: QuestionHeader) -> float:
        age = self._clock.now().timestamp() - header.sent / 1000
        left = header.left / 1000
        if not -self._tolerance <= age <= left + self._tolerance:
            return 0.0
        return left - max(0.0, age - self._tolerance)

    def _remember(self, header: QuestionHeader) -> None:
        """Only what was sealed by a hub comes here: nobody else can fill the memory."""
        now = self._clock.monotonic()
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered = {key: at for key, at in self._remembered.items() if at > now}
            if len(self._remembered) >= _MOST_REMEMBERED:
                raise Refused("too many questions at once")
        key = (header.hub, header.id)
        until = self._remembered.get(key)
        if until is not None and until > now:
            raise TakenBefore(header.id)
        self._remembered[key] = now + header.left / 1000 + 3 * self._tolerance
