"""The log shipper: takes what staff has seen from the access log to the log service.

Rows wait in an outbox that was written with them, so that the service may be down for as long as
it is: no answer waits for it, and nothing is lost. It is tried again later and later; a message
broker between that cannot be used is nobody's failure, and is tried again soon. What other hubs
have given us becomes dead letters after enough failures in a row, our own rows never do. A message
is taken whole or not at all; one that is refused is halved until the row at fault stands alone.
That one rests, is tried again, and becomes a dead letter after a few tries.

At least once: if the hub dies between the service's OK and its own note of it, the same records are
sent once more with the same ids. The service then refuses them as known, which counts as delivered:
so does any refusal of a row alone that was sent before by a call of which nobody knows the end.

Knows the order of these things. Knows no SQL, no message and no network.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from samsvar.errors import HubError, ProducerError, WayBlocked
from samsvar.model.log_entry import LogRefusal, Shipment
from samsvar.pipeline.log_ports import LogOutbox, LogService
from samsvar.pipeline.sending import Turn, pause_after
from samsvar.ports import Clock, Events

MOST_RECORDS = 500
"""In one call, as the contract has it."""


@dataclass(frozen=True, slots=True)
class ShippingHabits:
    """How often and how long."""

    most: int = MOST_RECORDS
    refusals: int = 5
    """Refusals of one row after which it becomes a dead letter."""
    attempts: int | None = None
    """Failures in a row after which what waits for a receiver becomes dead letters; None: never."""
    patience: float = 20.0
    """Seconds for one call."""
    first_pause: float = 1.0
    longest_pause: float = 300.0
    blocked_pause: float = 5.0
    """Between two tries while the way itself cannot be used."""
    look_every: float = 1.0
    """Seconds between two looks into the outbox."""
    renew_every: float = 5.0
    """Seconds between two renewals of the lease."""


class LogShipper:
    """One for each hub process; of those with one database, one sends."""

    def __init__(
        self,
        outbox: LogOutbox,
        service: LogService,
        events: Events,
        clock: Clock,
        habits: ShippingHabits | None = None,
        *,
        whose: str = "access log",
        to: str = "the log service",
    ) -> None:
        """``whose`` and ``to``: what is sent, and where, in words for people."""
        self._whose = whose
        self._to = to
        self._outbox = outbox
        self._service = service
        self._events = events
        self._clock = clock
        self._habits = habits or ShippingHabits()
        self._turn = Turn(outbox, clock, self._habits.renew_every)
        self._failures: dict[str, tuple[int, float, str]] = {}
        """By receiver: failures in a row, not before this moment, and why."""

    async def run(self) -> None:
        """Until cancelled. Nothing ends it but that: what goes wrong is told, and tried again."""
        try:
            while True:
                pause = self._habits.look_every
                try:
                    await self.look()
                except HubError as error:
                    self._events.emit("error", "-", detail=f"{self._whose}: it waits: {error}")
                    pause = self._habits.renew_every
                except Exception as error:  # noqa: BLE001 - it must outlive whatever this was
                    self._events.emit(
                        "error",
                        "-",
                        detail=f"{self._whose}: it waits",
                        error_type=type(error).__name__,
                    )
                    pause = self._habits.renew_every
                await asyncio.sleep(pause)
        finally:
            await self._turn.end()

    def notes(self) -> list[str]:
        """What those who look after the hub should know."""
        return [
            f"{self._whose}: {self._to} has not taken {receiver or 'records'}'s for {count}"
            f" {'try' if count == 1 else 'tries'} in a row: {why}"
            for receiver, (count, _, why) in sorted(self._failures.items())
        ]

    async def look(self) -> None:
        """Send what is due, if this process is the one who does.

        Raises:
            HubError: the outbox cannot be used.
        """
        if not await self._turn.hold():
            self._failures.clear()  # theirs to tell
            return
        now = self._clock.monotonic()
        due = await self._outbox.due(self._clock.now())
        ready = [one for one in due if self._failures.get(one, (0, now, ""))[1] <= now]
        # All at once: one whose log cannot be reached must not hold up the others.
        await asyncio.gather(*(self._send_all(one) for one in ready))

    async def _send_all(self, receiver: str) -> None:
        """Call after call, until nothing waits or one does not get through."""
        size = self._habits.most
        while batch := await self._outbox.batch(receiver, size, self._clock.now()):
            if not await self._turn.hold():
                return
            if batch[0].cannot:
                await self._give_up(receiver, batch[0], batch[0].cannot)
                continue
            try:
                refusal = await self._send(receiver, batch)
            except ProducerError as error:
                await self._fail(receiver, error)
                return
            self._failures.pop(receiver, None)
            if refusal is not None:
                # None of them was taken, so those that were never sent before are as they were.
                await self._outbox.sent(batch, uncertain=False)
            if refusal is None or (len(batch) == 1 and _has_it(batch[0], refusal)):
                await self._outbox.delivered(batch)
                size = self._habits.most
            elif len(batch) > 1:
                size = max(1, sum(len(each.entries) for each in batch) // 2)
            else:
                await self._refused(receiver, batch[0], refusal)
                size = self._habits.most

    async def _send(self, receiver: str, batch: Sequence[Shipment]) -> LogRefusal | None:
        """All records of these rows: one call, or several for one row of very many records."""
        await self._outbox.sent(batch, uncertain=True)
        entries = [entry for shipment in batch for entry in shipment.entries]
        begun = self._clock.monotonic()
        refusal = None
        for first in range(0, len(entries), self._habits.most):
            some = entries[first : first + self._habits.most]
            refused = await self._service.store(receiver, some, self._habits.patience)
            refusal = refusal or refused
        self._events.emit(
            "access-log-sent",
            "-",
            receiver=receiver,
            reason="answered" if refusal is None else "refused",
            detail=refusal.text if refusal else None,
            items=len(entries),
            seconds=self._clock.monotonic() - begun,
        )
        return refusal

    async def _fail(self, receiver: str, error: ProducerError) -> None:
        before, _, why = self._failures.get(receiver, (0, 0.0, ""))
        blocked = isinstance(error, WayBlocked)
        count = before + 1
        if not blocked and self._habits.attempts is not None and count >= self._habits.attempts:
            await self._give_up_all(receiver, f"{error.code}: {error}")
            return
        pause = self._habits.blocked_pause if blocked else self._pause(count)
        self._failures[receiver] = (count, self._clock.monotonic() + pause, str(error))
        if blocked and why == str(error):
            return
        self._events.emit(
            "access-log-send-failed",
            "-",
            receiver=receiver,
            reason=error.code,
            detail=f"{error}; failure {count} in a row, again in {pause:g} s",
        )

    async def _refused(self, receiver: str, shipment: Shipment, refusal: LogRefusal) -> None:
        refusals = shipment.refusals + 1
        if refusals >= self._habits.refusals:
            await self._give_up(receiver, shipment, refusal.text)
            return
        until = self._clock.now() + timedelta(seconds=self._pause(refusals))
        await self._outbox.refused(shipment.sequence, until, refusal.text)

    async def _give_up(self, receiver: str, shipment: Shipment, reason: str) -> None:
        await self._outbox.bury(shipment.sequence, reason)
        self._events.emit(
            "access-log-dead-letter",
            "-",
            receiver=receiver,
            items=1,
            detail=f"row {shipment.sequence}: {reason}",
        )

    async def _give_up_all(self, receiver: str, reason: str) -> None:
        self._failures.pop(receiver, None)
        count = await self._outbox.bury_all(receiver, reason)
        self._events.emit(
            "access-log-dead-letter", "-", receiver=receiver, items=count, detail=reason
        )

    def _pause(self, failures: int) -> float:
        return pause_after(failures, self._habits.first_pause, self._habits.longest_pause)


def _has_it(shipment: Shipment, refusal: LogRefusal) -> bool:
    return refusal.duplicate or shipment.uncertain
