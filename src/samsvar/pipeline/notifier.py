"""The notifier: takes news out of the outbox and has it delivered, for as long as the hub runs.

One task for each subscriber, so that none waits for another; at most one message at a time to
each, so that what is told of a post comes in order. A message that cannot be delivered is tried
again later and later; one that is refused is halved until the change that is at fault stands
alone, and that one rests, is tried again, and becomes a dead letter after a few tries, while the
others go on. Who cannot be reached for long enough
loses nothing: what waits becomes dead letters too, to be sent again by people. A message broker
that cannot be used, or that takes no more, is nobody's failure: nothing is given up for that.

At least once: if the hub dies between the subscriber's OK and its own note of it, the message is
sent again; telling twice that a post is as it is changes nothing. Each message is a row of the
access log before it leaves: index posts are personal data.

Knows the order of these things. Knows no SQL, no message and no network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from samsvar.errors import CatalogueUnavailable, HubError, NotRouted, WayBlocked
from samsvar.model.engagement import Notification
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import CorrelationId, HsaId, LogicalAddress
from samsvar.pipeline.sending import Turn, pause_after
from samsvar.pipeline.subscribers import are_there, way_to
from samsvar.ports import AccessLog, CatalogueSource, Clock, Deliverer, Events, Outbox
from samsvar.soap.index_messages import PROCESS_NOTIFICATION


@dataclass(frozen=True, slots=True)
class Habits:
    """How often, how long, how many."""

    most: int = 1000
    """Changes in one message (kR1)."""
    attempts: int = 60
    """Failures in a row after which all that waits becomes dead letters."""
    refusals: int = 5
    """Refusals of one change after which it becomes a dead letter."""
    patience: float = 20.0
    """Seconds for one message."""
    first_pause: float = 1.0
    longest_pause: float = 300.0
    blocked_pause: float = 5.0
    """Between two tries while the way itself cannot be used."""
    few: int = 100
    """Where fewer changes than that wait, more are let come before the next message."""
    gathering: float = 0.1
    """Seconds for that."""
    look_every: float = 0.25
    """Seconds between two looks into the outbox."""
    renew_every: float = 5.0
    """Seconds between two renewals of the lease."""
    rest: float = 5.0
    """Seconds after the outbox itself could not be used."""


class Notifier:
    """One for each hub process; of those with one database, one delivers."""

    def __init__(
        self,
        outbox: Outbox,
        deliverer: Deliverer,
        catalogue: CatalogueSource,
        access_log: AccessLog,
        events: Events,
        clock: Clock,
        *,
        own: str,
        habits: Habits | None = None,
    ) -> None:
        """``own``: the logical address of our index, in whose name subscribers are told."""
        self._outbox = outbox
        self._deliverer = deliverer
        self._catalogue = catalogue
        self._access_log = access_log
        self._events = events
        self._clock = clock
        self._own = HsaId(own)
        self._habits = habits or Habits()
        self._at_work: dict[LogicalAddress, asyncio.Task[None]] = {}
        self._turn = Turn(outbox, clock, self._habits.renew_every)
        self._why_blocked: dict[LogicalAddress, str] = {}

    async def run(self) -> None:
        """Until cancelled. Nothing ends it but that: what goes wrong is told, and tried again."""
        try:
            while True:
                try:
                    await self._look()
                    pause = self._habits.look_every
                except Exception as error:  # noqa: BLE001 - it must outlive whatever this was
                    await self._stop_work()
                    self._events.emit("error", "-", **_told(error))
                    pause = self._habits.rest
                await asyncio.sleep(pause)
        finally:
            await self._stop_work()
            await self._turn.end()

    def notes(self) -> list[str]:
        """What those who look after the hub should know."""
        return [
            f"news of the index for {subscriber} waits: {why}"
            for subscriber, why in sorted(self._why_blocked.items())
        ]

    async def _look(self) -> None:
        """See for whom something waits, and set a task on it."""
        for subscriber, task in list(self._at_work.items()):
            if task.done():
                del self._at_work[subscriber]
                task.result()
        if not self._is_on():
            return
        if not await self._turn.hold():
            await self._stop_work()
            return
        for subscriber, failures in await self._outbox.due(self._clock.now()):
            if subscriber not in self._at_work:
                work = self._deliver_all(subscriber, failures)
                self._at_work[subscriber] = asyncio.create_task(work)

    def _is_on(self) -> bool:
        try:
            return are_there(self._catalogue.current())
        except CatalogueUnavailable:
            return False

    async def _stop_work(self) -> None:
        tasks = list(self._at_work.values())
        self._at_work.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _deliver_all(self, subscriber: LogicalAddress, failures: int) -> None:
        """Message after message, until nothing waits or one does not get through."""
        size = self._habits.most
        while batch := await self._outbox.batch(subscriber, size, self._clock.now()):
            correlation_id = _correlation_id(batch)
            try:
                refusal = await self._deliver(subscriber, batch, correlation_id)
            except WayBlocked as error:
                await self._blocked(subscriber, failures, correlation_id, error)
                return
            except HubError as error:
                await self._fail(subscriber, failures + 1, correlation_id, error)
                return
            self._why_blocked.pop(subscriber, None)
            if refusal is None:
                few = self._habits.few
                waiting = await self._outbox.delivered(subscriber, batch, few)
                failures, size = 0, min(self._habits.most, size * 2)
                if waiting < few:  # a message costs more than a change in it
                    await asyncio.sleep(self._habits.gathering)
            elif len(batch) > 1:
                size = len(batch) // 2
            else:
                await self._refused(subscriber, batch[0], correlation_id, refusal)
                size = self._habits.most

    async def _deliver(
        self, subscriber: LogicalAddress, batch: Sequence[Notification], correlation_id: str
    ) -> str | None:
        now = self._clock.now()
        entry, why_not = way_to(subscriber, self._catalogue.current(), now)
        if entry is None:
            raise NotRouted(why_not)
        begun = self._clock.monotonic()
        decision = Decision(
            subscriber,
            Reason.ANSWERED,
            "changes of the index on their way to a subscriber",
            items=len(batch),
            producer=entry.producer.id,
        )
        await self._access_log.append(
            QuestionRecord(
                correlation_id=CorrelationId(correlation_id),
                at=now,
                sender=self._own,
                original_consumer=None,
                contract=PROCESS_NOTIFICATION,
                logical_address=subscriber,
                subject=None,
                verdict=Verdict.ANSWERED,
                fault=None,
                fault_detail="",
                catalogue_version=self._catalogue.current().version,
                elapsed=0.0,
                decisions=(decision,),
            )
        )
        refusal = await self._deliverer.deliver(entry, batch, correlation_id, self._habits.patience)
        self._events.emit(
            "index-notified",
            correlation_id,
            receiver=subscriber,
            producer=entry.producer.id,
            reason="answered" if refusal is None else "refused",
            detail=refusal,
            items=len(batch),
            seconds=self._clock.monotonic() - begun,
        )
        return refusal

    async def _blocked(
        self, subscriber: LogicalAddress, failures: int, correlation_id: str, error: HubError
    ) -> None:
        """Nothing is known against the subscriber: soon again, for ever; told of once."""
        reason = str(error)
        await self._outbox.put_off(
            subscriber, failures, self._in(self._habits.blocked_pause), f"{error.code}: {reason}"
        )
        if self._why_blocked.get(subscriber) == reason:
            return
        self._why_blocked[subscriber] = reason
        self._events.emit(
            "index-notify-failed",
            correlation_id,
            receiver=subscriber,
            reason=error.code,
            detail=f"{reason}; tried again every {self._habits.blocked_pause:g} s",
        )

    async def _fail(
        self, subscriber: LogicalAddress, failures: int, correlation_id: str, error: HubError
    ) -> None:
        """Nobody can know what became of the message: again later, or give up."""
        reason = f"{error.code}: {error}"
        if failures >= self._habits.attempts:
            count = await self._outbox.bury(subscriber, None, reason)
            self._events.emit(
                "index-dead-letters",
                correlation_id,
                receiver=subscriber,
                items=count,
                detail=reason,
            )
            return
        pause = self._pause(failures)
        await self._outbox.put_off(subscriber, failures, self._in(pause), reason)
        self._events.emit(
            "index-notify-failed",
            correlation_id,
            receiver=subscriber,
            reason=error.code,
            detail=f"{error}; failure {failures} in a row, again in {pause:g} s",
        )

    async def _refused(
        self,
        subscriber: LogicalAddress,
        change: Notification,
        correlation_id: str,
        refusal: str,
    ) -> None:
        """One change, and the subscriber will not have it: later, or never."""
        refusals = change.refusals + 1
        if refusals < self._habits.refusals:
            await self._outbox.refused(change.number, self._in(self._pause(refusals)))
            return
        await self._outbox.bury(subscriber, change.number, refusal)
        self._give_up(subscriber, correlation_id, 1, refusal)

    def _give_up(
        self, subscriber: LogicalAddress, correlation_id: str, count: int, reason: str
    ) -> None:
        self._events.emit(
            "index-dead-letters", correlation_id, receiver=subscriber, items=count, detail=reason
        )

    def _pause(self, failures: int) -> float:
        return pause_after(failures, self._habits.first_pause, self._habits.longest_pause)

    def _in(self, seconds: float) -> datetime:
        return self._clock.now() + timedelta(seconds=seconds)


def _correlation_id(batch: Sequence[Notification]) -> str:
    """That of the message that caused it all, or a new one if there were several."""
    causes = {each.correlation_id for each in batch}
    return causes.pop() if len(causes) == 1 else str(uuid4())


def _told(error: Exception) -> dict[str, str]:
    if isinstance(error, HubError):
        return {"detail": f"news of the index waits: {error}"}
    return {"detail": "news of the index waits", "error_type": type(error).__name__}
