"""Places, rates and lag: bounded, fair, and none lost on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import (
    ForeignPatient,
    NotRouted,
    ProducerAnswerInvalid,
    ProducerBusy,
    ProducerError,
    ProducerFault,
    ProducerResultError,
    ProducerTimedOut,
    ProducerUnreachable,
    RecordUnreadable,
    SchemaBroken,
    WayBlocked,
)
from samsvar.guards.breakers import BreakerTable
from samsvar.guards.bulkheads import Bulkheads
from samsvar.guards.lag import LoopLag
from samsvar.guards.rates import SenderRates
from samsvar.inbound.http import HttpRefused
from samsvar.inbound.seats import Seats
from samsvar.model.breaker import BreakerRule, Fared, State
from samsvar.model.exchange import Call, Peer, Question, Reason, Recipient, Reply
from samsvar.pipeline import run
from samsvar.pipeline.health import fared
from tests.world import PLANS, TOLVAN, MemoryEvents, call, record, stage


class Gate:
    """A transport whose calls wait until they are let through."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.inside = self.most = 0

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """Wait."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await self.open.wait()
        finally:
            self.inside -= 1
        return Reply(())


def recipients() -> dict[str, Recipient]:
    """Two, each with a producer of its own."""
    entries = stage({"A": [], "B": []}).world.catalogue.current().entries
    return {one.logical_address: Recipient(one.logical_address, one) for one in entries}


QUESTION = Question(stage({}).world.contracts[PLANS], TOLVAN, None, b"", b"")


async def asking(made: Bulkheads, name: str, patience: float = 5.0) -> Reply:
    """One question to that source."""
    return await made.ask(call(), QUESTION, recipients()[name], patience)


async def test_so_many_at_once_and_the_rest_wait_their_turn() -> None:
    """Three of five; then all five have had theirs, and nothing is kept of them."""
    gate = Gate()
    made = Bulkheads(gate, SystemClock(), each=3, together=10, wait=2.0)
    tasks = [asyncio.create_task(asking(made, "A")) for _ in range(5)]
    await asyncio.sleep(0.05)
    assert gate.inside == 3
    gate.open.set()
    await asyncio.gather(*tasks)
    assert gate.most == 3
    assert made.taken == (0, {})


async def test_who_finds_no_place_in_time_is_told_so_and_the_others_are_not_asked_to_wait() -> None:
    """A hangs; B answers at once."""
    gate, free = Gate(), Gate()
    free.open.set()

    class Both:
        async def ask(self, *arguments: object) -> Reply:
            recipient = arguments[2]
            assert isinstance(recipient, Recipient)
            return await (gate if recipient.logical_address == "A" else free).ask(*arguments)  # type: ignore[arg-type]

    made = Bulkheads(Both(), SystemClock(), each=2, together=10, wait=0.1)
    tasks = [asyncio.create_task(asking(made, "A")) for _ in range(2)]
    await asyncio.sleep(0.01)
    with pytest.raises(ProducerBusy, match="not asked: busy, it has 2 questions unanswered"):
        await asking(made, "A")
    assert await asking(made, "B") == Reply(())
    gate.open.set()
    await asyncio.gather(*tasks)
    assert made.taken == (0, {})


async def test_all_sources_together_have_a_bound_too() -> None:
    """Two places; the third is told that the hub is busy."""
    gate = Gate()
    made = Bulkheads(gate, SystemClock(), each=2, together=2, wait=0.1)
    tasks = [asyncio.create_task(asking(made, name)) for name in "AB"]
    await asyncio.sleep(0.01)
    with pytest.raises(ProducerBusy, match="the hub is busy with other sources"):
        await asking(made, "A")
    gate.open.set()
    await asyncio.gather(*tasks)
    assert made.taken == (0, {})


async def test_waiting_is_bounded_by_the_questions_own_time_and_by_a_number() -> None:
    """Two places, four who wait; the seventh need not wait to be told."""
    gate = Gate()
    made = Bulkheads(gate, SystemClock(), each=2, together=10, wait=60.0)
    tasks = [asyncio.create_task(asking(made, "A")) for _ in range(6)]
    await asyncio.sleep(0.01)
    async with asyncio.timeout(0.05):
        with pytest.raises(ProducerBusy):
            await asking(made, "A")
    for task in tasks[2:]:
        task.cancel()
    await asyncio.gather(*tasks[2:], return_exceptions=True)
    async with asyncio.timeout(0.5):
        with pytest.raises(ProducerBusy):
            await asking(made, "A", patience=0.1)
    gate.open.set()
    await asyncio.gather(*tasks[:2])
    assert made.taken == (0, {})


async def test_no_place_is_lost_however_a_call_ends() -> None:
    """Cancelled, given a place and cancelled in the same moment, or broken."""
    gate = Gate()
    made = Bulkheads(gate, SystemClock(), each=1, together=1, wait=5.0)
    for _ in range(20):
        tasks = [asyncio.create_task(asking(made, "A")) for _ in range(3)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0)
        tasks[1].cancel()
        tasks[2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert made.taken == (0, {})


async def test_a_sender_has_so_many_a_second_and_some_in_hand() -> None:
    """Three at once, then one each half second; others are not touched."""
    now = 100.0
    rates = SenderRates(2.0, 3, lambda: now)

    waits = [await rates.wait("a") for _ in range(5)]

    assert waits == [0, 0, 0, 0.5, 0.5]
    assert await rates.wait("b") == 0
    now += 0.5
    assert [await rates.wait("a") for _ in range(2)] == [0, 0.5]
    now += 60
    assert [await rates.wait("a") for _ in range(4)] == [0, 0, 0, 0.5]


async def test_what_processes_share_counts_and_what_cannot_be_known_is_counted_here() -> None:
    """None: it is away."""

    class Shared:
        told: float | None = 1.5

        async def wait(self, who: str, interval: float, burst: int) -> float | None:
            return self.told

    shared = Shared()
    rates = SenderRates(1.0, 1, lambda: 0.0, shared)
    assert await rates.wait("a") == 1.5
    shared.told = None
    assert [await rates.wait("a") for _ in range(2)] == [0, 1.0]


async def test_a_refusal_says_when_to_come_back_and_is_told_once_a_second() -> None:
    """503 for SOAP, another status where the door knows better."""
    events, now = MemoryEvents(), 0.0
    seats = Seats(1, rates=SenderRates(0.2, 1, lambda: 0.0), events=events, monotonic=lambda: now)
    peer = Peer(False, True, None, sender_header="SE1-A", address="127.0.0.1")
    await seats.refuse_when_often(peer)
    for status in (503, 429):
        with pytest.raises(HttpRefused) as refused:
            await seats.refuse_when_often(peer, status)
        assert refused.value.status == status
        assert refused.value.headers == {"retry-after": "5"}
    await seats.refuse_when_often(replace(peer, sender_header="SE1-B"))
    with seats.taken(), pytest.raises(HttpRefused, match="too many questions at once"):
        seats.refuse_when_full()
    seats.refuse_when_full()
    now = 1.0
    with seats.taken(), pytest.raises(HttpRefused):
        seats.refuse_when_full()
    assert events.events == [
        ("questions-refused", {"reason": "too often", "items": 1}),
        ("questions-refused", {"reason": "too often", "items": 1}),
        ("questions-refused", {"reason": "full", "items": 2}),
    ]


async def test_a_loop_that_is_late_twice_is_behind_and_a_stumble_is_not() -> None:
    """Refused before anything is read."""
    now = 10.0
    lag = LoopLag(lambda: now, 0.5)
    seats = Seats(10, behind=lag.behind)

    lag.ticked(3.0)
    assert not lag.behind()
    lag.ticked(3.0)
    assert lag.behind()
    with pytest.raises(HttpRefused, match="behind with its work"):
        seats.refuse_when_full()
    lag.ticked(0.0)
    assert not lag.behind()


async def test_lag_is_measured_in_the_loop_that_has_it() -> None:
    """Blocked twice, it is behind; then it has caught up."""
    import time

    lag = LoopLag(SystemClock().monotonic, 0.2)
    chore = asyncio.create_task(lag.run())
    await asyncio.sleep(0)
    for _ in range(2):
        time.sleep(0.5)  # noqa: ASYNC251 - that is the illness
        await asyncio.sleep(0.01)
        assert lag.seconds > 0.2
    assert lag.behind()
    await asyncio.sleep(0.4)
    assert not lag.behind()
    chore.cancel()


PRODUCER = recipients()["A"].entry.producer  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("error", "given", "elapsed", "how"),
    [
        (ProducerTimedOut("x"), 20.0, 20.0, Fared.ILL),
        (ProducerTimedOut("x"), 1.0, 1.0, Fared.NEITHER),
        (ProducerTimedOut("no connection"), 4.0, 2.0, Fared.ILL),
        (ProducerUnreachable("x"), 0.1, 0.1, Fared.ILL),
        (WayBlocked("x"), 0.1, 0.1, Fared.NEITHER),
        (ProducerAnswerInvalid("x"), 5.0, 0.1, Fared.ILL),
        (ProducerFault("x"), 5.0, 0.1, Fared.ILL),
        (ProducerFault("x", ours=True), 5.0, 0.1, Fared.WELL),
        (ProducerResultError("x"), 5.0, 0.1, Fared.WELL),
        (SchemaBroken("x"), 5.0, 0.1, Fared.WELL),
        (RecordUnreadable("x"), 5.0, 0.1, Fared.WELL),
        (ProducerBusy("x"), 5.0, 0.1, Fared.NEITHER),
        (NotRouted("x"), 5.0, 0.1, Fared.NEITHER),
    ],
)
def test_only_what_is_the_producers_own_doing_is_ill(
    error: ProducerError, given: float, elapsed: float, how: Fared
) -> None:
    """And only in a fair time."""
    assert fared(error, PRODUCER, given, elapsed, 5.0) is how


def test_a_limit_of_its_own_is_a_fair_time() -> None:
    """Whoever registered it has said so."""
    limited = replace(PRODUCER, timeout=0.3)
    assert fared(ProducerTimedOut("x"), limited, 0.3, 0.3, 5.0) is Fared.ILL
    assert fared(ProducerTimedOut("x"), limited, 0.2, 0.2, 5.0) is Fared.NEITHER


def table(events: MemoryEvents, **more: object) -> BreakerTable:
    """Breakers that open at the third ill call."""
    rule = BreakerRule(least_calls=3, least_persons=1, least_seconds=0.0, open_seconds=60.0)
    return BreakerTable(rule, SystemClock(), events, **more)  # type: ignore[arg-type]


async def test_a_question_to_an_open_breaker_has_a_reason_a_row_and_takes_no_time() -> None:
    """The others answer; explain says why."""
    made = stage({"A": [record("A")], "B": ProducerUnreachable("connection refused")})
    changes: list[tuple[str, State]] = []
    breakers = table(made.events, watch=lambda who, _, state: changes.append((who, state)))
    world = replace(made.world, breakers=breakers)
    for _ in range(3):
        await run(call(), world)

    answer = await run(call(), world)

    assert answer.items == (b"<plan from='A'/>",)
    assert made.transport.asked.count("B") == 3
    error = answer.statuses[1].error
    assert error is not None
    assert error.text.startswith("not asked: temporarily out of service until 20")
    decision = made.log.records[-1].decisions[1]
    assert (decision.reason, decision.elapsed) == (Reason.BREAKER_OPEN, None)
    assert changes == [("p-B", State.OPEN)]
    assert [name for name, _ in made.events.events if name == "breaker-opened"] == [
        "breaker-opened"
    ]


async def test_a_hub_that_is_behind_itself_calls_nobody_ill() -> None:
    """It cannot tell who was late."""
    made = stage({"B": ProducerUnreachable("connection refused")})
    world = replace(made.world, breakers=table(made.events, behind=lambda: True))
    for _ in range(10):
        await run(call(), world)
    assert made.transport.asked == ["B"] * 10


async def test_a_bug_of_ours_gives_the_probe_back() -> None:
    """An exception that is nobody's failure, in the one question that tries."""
    made = stage({"B": ValueError("ours")})
    breakers = table(made.events)
    breakers._rule = replace(breakers._rule, open_seconds=0.0)
    made.transport.answers = {"B": ProducerUnreachable("x")}
    world = replace(made.world, breakers=breakers)
    for _ in range(3):
        await run(call(), world)
    made.transport.answers = {"B": ValueError("ours")}
    with pytest.raises(ValueError, match="ours"):
        await run(call(), world)
    made.transport.answers = {"B": [record("B")]}
    assert (await run(call(), world)).items == (b"<plan from='B'/>",)
    (standing,) = breakers.standings()
    assert standing.state is State.CLOSED


async def test_a_foreign_patient_shuts_it_off_for_this_contract() -> None:
    """Its answer is dropped, and it is not asked again; the hold waits to be written."""
    made = stage({"B": [replace(record("B"), subject=None)]})
    breakers = table(made.events)
    world = replace(made.world, breakers=breakers)
    answer = await run(call(), world)
    assert answer.items == ()
    await run(call(), world)
    assert made.transport.asked == ["B"]
    (hold,) = breakers.to_keep
    assert (hold.producer, hold.contract, hold.open, hold.until) == ("p-B", PLANS, True, None)
    assert ForeignPatient.code in made.log.records[0].security[0]
