"""A worker at work: takes questions from the broker, asks the source, answers, tells how it is.

A question is settled with the broker when its answer is on its way, so that a worker that dies
leaves it to another: also when the broker has brought it once more meanwhile. What is not for us
is counted, settled and dropped. Nothing about a person is printed. Knows the order of these
things; judging and asking are done elsewhere.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from samsvar import __version__
from samsvar.broker.forms import (
    ANNOUNCEMENT_TYPE,
    ANSWER_TYPE,
    AnnouncementContent,
    AnnouncementHeader,
    AnswerContent,
    AnswerHeader,
    FailureForm,
    NotTheForm,
    RecordsForm,
    WorkerName,
    with_bytes,
)
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair, PublicKey, public_key
from samsvar.broker.link import Delivery, Link, NotPublished, Unroutable
from samsvar.broker.refusals import Refusals, Refused
from samsvar.broker.sealed import Kind, NotSealed, sealed
from samsvar.broker.topology import ANSWERS, WORKERS
from samsvar.broker.worker_table import EVERY
from samsvar.errors import AdapterBroke, ProducerError, ProducerTimedOut
from samsvar.observe.masking import masked
from samsvar.outbound.soap import LARGE
from samsvar.ports import Clock
from samsvar.worker.config import WorkerSettings
from samsvar.worker.judging import Judge, Taken, TakenBefore
from samsvar.worker.sources import Said, SourceBeside

_ANSWER_LIVES = 30_000
_WORD_LIVES = 10_000
_MOST_TEXT = 300
_CLOCKS = "timeout: it came too late to its worker, or their clocks differ"


@dataclass(slots=True)
class _Counts:
    answered: int = 0
    failed: int = 0
    last_success: int | None = None
    note: str = ""


class Answering:
    """The work of one worker process. Make it in a running loop; ``run`` until told to stop."""

    def __init__(
        self,
        settings: WorkerSettings,
        keys: KeyPair,
        source: SourceBeside,
        judge: Judge,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._source = source
        self._judge = judge
        self._clock = clock
        self._say = say
        self._hubs = tuple(map(public_key, settings.hubs))
        self._name = WorkerName(id=settings.id, version=__version__, adapter=source.name)
        self._boot = secrets.token_hex(16)
        self._number = 0
        self._counts = _Counts()
        self._refusals = Refusals()
        self._places = asyncio.Semaphore(settings.at_once)
        self._work: set[asyncio.Task[None]] = set()
        self._again: dict[str, Delivery | None] = {}
        """Questions in work, and the one time more that the broker has brought each."""
        self._link: Link | None = None

    async def run(self, link: Link, told: asyncio.Event) -> None:
        """Work until told; then finish what is in work, and let go."""
        self._link = link
        link.start()
        announcing = asyncio.create_task(self._announce_often(link))
        try:
            await told.wait()
            self._say(f"stopping: {len(self._work)} questions in work")
            link.pause()
            if self._work:
                await asyncio.wait(self._work, timeout=self._settings.drain_seconds)
            await self._announce(link, leaving=True)
        finally:
            announcing.cancel()
            for task in self._work:
                task.cancel()
            await asyncio.gather(announcing, *self._work, return_exceptions=True)
            await link.stop()
            self._say(
                f"stopped: {self._counts.answered} answered, {self._counts.failed} failed,"
                f" {self._refusals.total} refused"
            )

    def took(self, delivery: Delivery) -> None:
        """A message has come."""
        link = self._link
        if link is None:
            return
        try:
            taken = self._judge.taken(delivery)
        except (Refused, NotSealed, NotTheForm, CannotOpen) as error:
            if not self._is_kept(delivery, error):
                link.settle(delivery)
            reason = str(error)
            if times := self._refusals.add(reason, self._clock.monotonic()):
                self._say(f"refused {times}: {reason}")
            return
        self._again[taken.id] = None
        task = asyncio.create_task(self._work_on(link, delivery, taken))
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def turned(self, connected: bool, reason: str) -> None:
        """The broker was reached, or lost."""
        if connected:
            self._say(f"connected; takes questions for {', '.join(self._settings.addresses)}")
        else:
            self._say(f"not connected: {reason}")

    def _is_kept(self, delivery: Delivery, error: Exception) -> bool:
        """One more of a question in work is settled with it: Redis brings it again while it is in
        work for long, and would forget it; then nobody had it if we died."""
        if not isinstance(error, TakenBefore) or error.id not in self._again:
            return False
        before = self._again[error.id]
        if before is None or before.tag == delivery.tag:
            self._again[error.id] = delivery
            return True
        return False

    async def _work_on(self, link: Link, delivery: Delivery, taken: Taken) -> None:
        answered = False
        try:
            answered = await self._answer(link, taken)
        finally:
            again = self._again.pop(taken.id, None)
            if answered:
                for each in filter(None, (delivery, again)):
                    link.settle(each)

    async def _answer(self, link: Link, taken: Taken) -> bool:
        """Whether it is on its way, or nobody waits for it."""
        begun = self._clock.monotonic()
        said, rest = await self._said(taken)
        content = AnswerContent(worker=self._name, said=said)
        header = AnswerHeader(id=taken.id, worker=self._keys.public.text)
        outcome = f"{said.code}: {said.text}" if isinstance(said, FailureForm) else "answered"
        if isinstance(said, RecordsForm):
            outcome += f", {len(said.items)} records"
        whole = with_bytes(content, rest)
        if len(whole) > LARGE:
            message = await asyncio.to_thread(self._sealed, header, whole, taken.reply_key)
        else:
            message = self._sealed(header, whole, taken.reply_key)
        try:
            await link.publish(
                ANSWERS,
                taken.reply,
                message,
                content_type=ANSWER_TYPE,
                milliseconds=_ANSWER_LIVES,
                properties={"message_id": taken.id},
            )
        except Unroutable:
            outcome += "; its hub has gone"
        except NotPublished as error:
            self._judge.forget(taken)
            self._say(f"{_named(taken)}: {outcome}; not sent: {error}")
            return False
        took = self._clock.monotonic() - begun
        self._say(f"{_named(taken)}: {outcome}, {took * 1000:.0f} ms")
        return True

    async def _said(self, taken: Taken) -> Said | tuple[FailureForm, bytes]:
        if taken.patience <= 0:
            return self._failed(ProducerTimedOut(_CLOCKS)), b""
        try:
            async with asyncio.timeout(taken.patience):
                async with self._places:  # the broker counts for each address by itself
                    said = await self._source.ask(taken.asked, taken.patience)
        except TimeoutError:
            late = ProducerTimedOut("timeout: its source gave no whole answer")
            return self._failed(late), b""
        except ProducerError as error:
            return self._failed(error), b""
        except Exception as error:  # noqa: BLE001 - one question's loss, as in the hub
            # The type only: text and traceback may quote the person's record.
            broke = AdapterBroke(f"the worker raised {type(error).__name__}")
            return self._failed(broke), b""
        self._counts.answered += 1
        self._counts.last_success = int(self._clock.now().timestamp() * 1000)
        self._counts.note = ""
        return said

    def _failed(self, error: ProducerError) -> FailureForm:
        self._counts.failed += 1
        self._counts.note = f"its last question ended as {error.code}"
        return FailureForm(code=error.code, text=masked(str(error))[:_MOST_TEXT])

    def _sealed(self, header: AnswerHeader, content: bytes, to: PublicKey) -> bytes:
        return sealed(Kind.ANSWER, header.written(), content, sender=self._keys, receivers=[to])

    async def _announce_often(self, link: Link) -> None:
        while True:
            if link.connected:
                await self._announce(link)
            await asyncio.sleep(EVERY if link.connected else 0.1)

    async def _announce(self, link: Link, *, leaving: bool = False) -> None:
        self._number += 1
        header = AnnouncementHeader(
            worker=self._keys.public.text,
            boot=self._boot,
            number=self._number,
            sent=int(self._clock.now().timestamp() * 1000),
        )
        content = AnnouncementContent(
            worker=self._name,
            addresses=list(self._settings.addresses),
            leaving=leaving,
            in_work=len(self._work),
            answered=self._counts.answered,
            failed=self._counts.failed,
            refused=self._refusals.total,
            last_success=self._counts.last_success,
            note=self._counts.note,
        )
        message = sealed(
            Kind.ANNOUNCEMENT,
            header.written(),
            content.written(),
            sender=self._keys,
            receivers=self._hubs,
        )
        try:
            await link.publish(
                WORKERS,
                "",
                message,
                content_type=ANNOUNCEMENT_TYPE,
                milliseconds=_WORD_LIVES,
                properties={"message_id": f"{self._boot}-{self._number}"},
            )
        except NotPublished:
            return  # no hub is there, or the broker is not: the next word will tell


def _named(taken: Taken) -> str:
    contract = taken.asked.contract.split(":")
    name = ":".join(contract[-2:])
    return f"{masked(taken.asked.content.correlation_id)} {name} {taken.asked.address}"
