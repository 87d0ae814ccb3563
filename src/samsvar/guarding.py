"""The guards put together, with what processes share. Knows constructors, and decides nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from samsvar.errors import ResourcesMissing
from samsvar.guards.breakers import BreakerTable
from samsvar.guards.bulkheads import Bulkheads
from samsvar.guards.desk import BreakerDesk
from samsvar.guards.keeper import BreakerKeeper
from samsvar.guards.lag import LoopLag
from samsvar.guards.rates import SenderRates
from samsvar.inbound.seats import Seats
from samsvar.model.breaker import BreakerRule
from samsvar.observe.tail import Tail
from samsvar.ports import Clock, Events, Transport
from samsvar.settings import HubSettings, Settings, read_secret
from samsvar.shared.breakers import RedisBreakers
from samsvar.shared.link import RedisLink, opened
from samsvar.shared.rates import RedisRates
from samsvar.shared.tail import SharedTail
from samsvar.store.breaker_holds import StoredHolds
from samsvar.store.database import Database


@dataclass(frozen=True, slots=True)
class Guards:
    """All guards of one process."""

    settings: Settings
    clock: Clock
    table: BreakerTable
    keeper: BreakerKeeper
    desk: BreakerDesk
    seats: Seats
    lag: LoopLag
    link: RedisLink | None

    def bulkheads(self, transport: Transport) -> Bulkheads:
        """The transport, with places."""
        ours = self.settings.producers
        return Bulkheads(
            transport,
            self.clock,
            each=ours.connections_each,
            together=ours.connections,
            wait=ours.wait_seconds,
        )

    def notes(self) -> list[str]:
        """What somebody who looks at this process's health should know."""
        return self.link.notes() if self.link is not None else []

    def chores(self, tail: Tail) -> Sequence[tuple[str, Coroutine[Any, Any, None]]]:
        """What must go on beside, with what it is called."""
        chores = [("circuit breakers", self.keeper.run()), ("its own lag", self.lag.run())]
        if self.link is not None:
            shared = SharedTail(self.link, tail)
            chores += [
                ("the way to Redis", self.link.run()),
                ("events for other processes", shared.send()),
                ("events of other processes", shared.hear()),
            ]
        return chores

    async def close(self) -> None:
        """Let go of Redis."""
        if self.link is not None:
            await self.link.close()


def open_guards(
    settings: Settings, base: Path, database: Database, clock: Clock, events: Events, lag: LoopLag
) -> Guards:
    """Put them together. Holds are read before the first question comes.

    Raises:
        ResourcesMissing: the holds or the password for Redis cannot be read.
    """
    link = open_link(settings.hub, base, events)
    shared = RedisBreakers(link) if link is not None else None
    rule = settings.breaker
    table = BreakerTable(
        BreakerRule(
            calls=rule.calls,
            seconds=rule.seconds,
            least_calls=rule.least_calls,
            share=rule.share,
            least_persons=rule.least_persons,
            least_seconds=rule.least_seconds,
            open_seconds=rule.open_seconds,
            longest_seconds=rule.longest_seconds,
        ),
        clock,
        events,
        enabled=rule.enabled,
        shared=shared,
        behind=lag.behind,
    )
    book = StoredHolds(database)
    table.hold(book.read(clock.now()))
    keeper = BreakerKeeper(table, book, shared, clock, events, seconds=settings.hub.refresh_seconds)
    loop = asyncio.get_running_loop()
    desk = BreakerDesk(book, clock, table, lambda: loop.call_soon_threadsafe(keeper.hurry))
    limits = settings.limits
    rates = SenderRates(
        limits.sender_per_second,
        limits.sender_burst,
        clock.monotonic,
        RedisRates(link) if link is not None else None,
    )
    seats = Seats(
        limits.questions,
        behind=lag.behind,
        rates=rates,
        events=events,
        monotonic=clock.monotonic,
    )
    return Guards(settings, clock, table, keeper, desk, seats, lag, link)


def open_link(hub: HubSettings, base: Path, events: Events) -> RedisLink | None:
    """The way to Redis; None: there is none.

    Raises:
        ResourcesMissing: the password or the authority cannot be read.
    """
    if hub.redis is None:
        return None
    try:
        password = read_secret(hub.redis_password, base) if hub.redis_password else None
    except LookupError as error:
        raise ResourcesMissing(f"hub.redis_password: {error}") from error
    parts = urlsplit(hub.redis)
    number = "0" if parts.scheme == "unix" else parts.path.strip("/") or "0"
    client = opened(hub.redis, hub.redis_user, password, hub.redis_authority)
    return RedisLink(client, events, number)
