"""The watcher: counts, judges, opens and closes alerts, sees to it that they are told.

Of all processes on one database one watches: the holder of a lease. Everything it knows is in the
database, so another takes over where it stopped. What goes wrong here stops no question.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from samsvar.errors import CatalogueUnavailable, HubError
from samsvar.model.catalogue import Producer
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.ports import CatalogueSource, Clock, Events
from samsvar.watch.alerts import (
    Alert,
    Book,
    Channel,
    Message,
    QuietHours,
    Undelivered,
    changes,
    next_attempt,
    told_from,
)
from samsvar.watch.house_rules import HouseFigures, of_house
from samsvar.watch.judging import Finding, Picture, of_producers

DELIVER_SECONDS = 5.0
_MOST_AT_ONCE = 20
_LAST_SECONDS = 12.0


class Figures(Protocol):
    """What is stored of producers and of the hub. Raises ResourcesMissing if it cannot be read."""

    def hold(self, now: datetime) -> bool:
        """Become, or stay, the one who watches."""

    def count(self, own_addresses: Collection[str]) -> int:
        """Add the next rows of the access log; how many they were."""

    def pictures(self, producers: Mapping[str, bool], now: datetime) -> Mapping[str, Picture]:
        """What is known of each producer; true: it is out of service with notice."""

    def house(self, now: datetime) -> HouseFigures:
        """What is known of the hub."""

    def tidy(self, now: datetime) -> None:
        """Forget what is too old."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How an operator wants it."""

    every: float = 30.0
    quiet: QuietHours | None = None
    off: frozenset[str] = frozenset()
    """Rules that do not count."""


class Watcher:
    """One for each process; one of them works."""

    def __init__(
        self,
        figures: Figures,
        book: Book,
        channels: Mapping[str, Channel],
        catalogue: CatalogueSource,
        events: Events,
        clock: Clock,
        *,
        own_addresses: Collection[str],
        habits: Habits,
    ) -> None:
        self._figures = figures
        self._book = book
        self._channels = channels
        self._catalogue = catalogue
        self._events = events
        self._clock = clock
        self._own = own_addresses
        self._habits = habits
        self.latest: HouseFigures | None = None
        """As seen last, by whichever process this is."""
        self.open_ones: Sequence[Alert] = ()
        self._tidied: str | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._habits.every)
            await self._guarded(self._look_beside)

    async def deliver(self) -> None:
        """Tell until cancelled. What is being told then is told to its end, and noted: else a
        hub that starts again would tell it once more."""
        while True:
            await asyncio.sleep(min(DELIVER_SECONDS, self._habits.every))
            telling = asyncio.ensure_future(self._guarded(self.tell))
            try:
                await asyncio.shield(telling)
            except asyncio.CancelledError:
                await asyncio.wait({telling}, timeout=_LAST_SECONDS)
                raise

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except HubError as error:
            self._events.emit("error", "-", detail=f"the watcher goes on later: {error}")
        except Exception as error:  # noqa: BLE001 - a bug here must not end the watching
            self._events.emit("error", "-", error_type=type(error).__name__)

    async def _look_beside(self) -> None:
        now = self._clock.now()
        opened, closed = await asyncio.to_thread(self.look, now)
        for alert in opened:
            self._events.emit(
                "alert-opened",
                "-",
                producer=alert.subject,
                reason=alert.rule,
                detail=alert.reason.english,
            )
        for alert in closed:
            self._events.emit(
                "alert-closed",
                "-",
                producer=alert.subject,
                reason=alert.rule,
                detail=alert.closed_reason.english,
            )

    def look(self, now: datetime) -> tuple[Sequence[Alert], Sequence[Alert]]:
        """Count, judge, keep what has changed; what that is. Waits for the disk.

        Raises:
            ResourcesMissing: something cannot be read or kept; nothing was changed.
        """
        house = self.latest = self._figures.house(now)
        self.open_ones = self._book.open_ones()
        if not self._figures.hold(now):
            return (), ()
        while self._figures.count(self._own):
            pass
        findings = list(of_house(house))
        if (catalogue := self._in_force()) is not None:
            producers = _producers(catalogue, now)
            findings += of_producers(self._figures.pictures(producers, now))
        wanted = [one for one in findings if one.rule not in self._habits.off]
        opened, closed = changes(wanted, self.open_ones, now, _new_id)
        if catalogue is None:  # nothing is known of producers: nothing is said of them
            closed = [one for one in closed if (one.rule, one.subject) in _places(findings)]
        for alert in (*opened, *closed):
            fresh = ([alert], []) if alert.closed is None else ([], [alert])
            self._book.change(*fresh, told_from(alert, now, self._habits.quiet))
        if opened or closed:
            self.open_ones = self._book.open_ones()
        if self._tidied != (today := f"{now:%Y-%m-%d}"):
            self._figures.tidy(now)
            self._tidied = today
        return opened, closed

    async def tell(self) -> None:
        """Deliver what is due. One channel that fails holds up no other."""
        if not self._channels:
            return
        now = self._clock.now()
        if not await asyncio.to_thread(self._figures.hold, now):
            return
        due = await asyncio.to_thread(self._book.due, now, _MOST_AT_ONCE)
        await asyncio.gather(*(self._tell_one(message) for message in due))

    async def _tell_one(self, message: Message) -> None:
        channel = self._channels.get(message.channel) or _NoChannel()
        now = self._clock.now()
        try:
            await channel.deliver(message)
        except Undelivered as error:
            lost = isinstance(channel, _NoChannel)
            until = None if lost else next_attempt(message.attempts + 1, now)
            await asyncio.to_thread(self._book.put_off, message, until, str(error))
            again = f"again at {until:%H:%M:%S}" if until else "given up"
            self._events.emit(
                "alert-undelivered",
                "-",
                producer=message.alert.subject,
                reason=message.alert.rule,
                detail=f"{message.channel}: {error}; {again}",
            )
            return
        await asyncio.to_thread(self._book.delivered, message, now)

    def _in_force(self) -> Catalogue | None:
        try:
            return self._catalogue.current()
        except CatalogueUnavailable:
            return None


class _NoChannel:
    """Of a message that was kept when there was a channel."""

    async def deliver(self, _message: Message) -> None:
        """It cannot be.

        Raises:
            Undelivered: always.
        """
        raise Undelivered("no such channel is set up any more")


def _producers(catalogue: Catalogue, now: datetime) -> dict[str, bool]:
    found: dict[str, Producer] = {entry.producer.id: entry.producer for entry in catalogue.entries}
    return {name: one.out_of_service(now) is not None for name, one in found.items()}


def _places(findings: Sequence[Finding]) -> set[tuple[str, str]]:
    return {(one.rule, one.subject) for one in findings}


def _new_id() -> str:
    return secrets.token_hex(6)
