"""``python -m bench.guards``: what breakers, places, the door's bounds and a tail cost where all is
well: microseconds for each call or question, with and without. Run it alone."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from samsvar.clock import SystemClock
from samsvar.guard_ports import Breakers, NoBreakers
from samsvar.guards.breakers import BreakerTable
from samsvar.guards.bulkheads import Bulkheads
from samsvar.guards.lag import LoopLag
from samsvar.guards.rates import SenderRates
from samsvar.inbound.seats import Seats
from samsvar.model.breaker import BreakerRule, Fared
from samsvar.model.catalogue import Producer, ProducerKind, RivtaProfile, RoutingEntry
from samsvar.model.exchange import Call, Peer, Question, Recipient, Reply
from samsvar.model.identifiers import ContractUrn, LogicalAddress, PersonId
from samsvar.observe.log import RoutingLog
from samsvar.observe.tail import Tail, Wanted
from samsvar.ports import Transport

ROUNDS = 100_000
CONTRACT = ContractUrn("urn:riv:a:b:c:GetResponder:1")
PERSON = PersonId("1.2.752.129.2.1.3.1", "191212121212")
PRODUCER = Producer("p", "Kommun", ProducerKind.SOAP, "https://p.example/", "SE1")
_DAY = datetime(2026, 1, 1).astimezone()
RECIPIENT = Recipient(
    LogicalAddress("SE1-A"),
    RoutingEntry(CONTRACT, LogicalAddress("SE1-A"), PRODUCER, RivtaProfile.BP21, _DAY, _DAY),
)


@dataclass
class _Answers:
    """A transport that costs nothing."""

    reply: Reply

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """At once."""
        return self.reply


async def _spent(what: Callable[[], Awaitable[object]]) -> float:
    """Microseconds for each round; the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.perf_counter()
        await what()
        best = min(best, time.perf_counter() - begun)
    return best / ROUNDS * 1e6


async def _breakers(breakers: Breakers) -> None:
    for _ in range(ROUNDS):
        leave = await breakers.admit(PRODUCER, CONTRACT, "-")
        leave.fared(Fared.WELL, PERSON)


async def _transport(transport: Transport, call: Call, question: Question) -> None:
    for _ in range(ROUNDS):
        await transport.ask(call, question, RECIPIENT, 5.0)


async def _door(seats: Seats) -> None:
    peer = Peer(False, True, None, sender_header="SE1-B", address="127.0.0.1")
    for _ in range(ROUNDS):
        seats.refuse_when_full()
        await seats.refuse_when_often(peer)
        with seats.taken():
            pass


async def _log(log: RoutingLog) -> None:
    for number in range(ROUNDS):
        log.emit("decision", "-", receiver="SE1-A", reason="answered", items=1, seconds=0.1)
        if number % 100 == 0:
            log.flush()


async def measured() -> list[tuple[str, float, float]]:
    """What, and microseconds without and with it."""
    clock = SystemClock()
    lag = LoopLag(clock.monotonic, 1.0)
    events = RoutingLog(io.BytesIO())
    table = BreakerTable(BreakerRule(), clock, events, behind=lag.behind)
    bare = _Answers(Reply(()))
    placed = Bulkheads(bare, clock, each=100, together=1000, wait=2.0)
    call: Call = None  # type: ignore[assignment] # nobody looks at it
    question: Question = None  # type: ignore[assignment]
    seats = Seats(500)
    rates = SenderRates(1e6, 10_000_000, clock.monotonic)
    bounded = Seats(500, behind=lag.behind, rates=rates, monotonic=clock.monotonic)
    idle, looked_at = RoutingLog(io.BytesIO()), RoutingLog(io.BytesIO())
    idle.tail, looked_at.tail = Tail(clock.monotonic), Tail(clock.monotonic)
    look = looked_at.tail.look(Wanted(), 500)
    await anext(look)
    alone = await _spent(lambda: _log(events))
    return [
        (
            "circuit breaker, each call",
            await _spent(lambda: _breakers(NoBreakers())),
            await _spent(lambda: _breakers(table)),
        ),
        (
            "places, each call",
            await _spent(lambda: _transport(bare, call, question)),
            await _spent(lambda: _transport(placed, call, question)),
        ),
        (
            "lag and rate, each question",
            await _spent(lambda: _door(seats)),
            await _spent(lambda: _door(bounded)),
        ),
        ("tail, each event, nobody looks on", alone, await _spent(lambda: _log(idle))),
        ("tail, each event, somebody does", alone, await _spent(lambda: _log(looked_at))),
    ]


def main() -> None:
    """Measure, and print."""
    table = Table(title="Microseconds, where all is well")
    for heading in ("What", "Without", "With", "Added"):
        table.add_column(heading, justify="left" if heading == "What" else "right")
    for what, without, with_it in asyncio.run(measured()):
        table.add_row(what, f"{without:.2f}", f"{with_it:.2f}", f"{with_it - without:.2f}")
    Console().print(table)


if __name__ == "__main__":
    main()
