"""Reports that take long: waited for, fetched by an id that nobody can make up, and forgotten."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from samsvar.errors import ResourcesMissing
from samsvar.pipeline.report_queue import QueueFull, QueueHabits, ReportQueue, State
from samsvar.store.secrets import PersonVault

WHAT = ("se-sender", "se-giver", "1.2.3", "191212121212", "2026-01-01", "2026-02-01")
OTHER = ("se-other", *WHAT[1:])
KEYED = PersonVault(b"k" * 32).keyed_hash_of


class Hand:
    """A clock that is moved, and reports that end when they are let."""

    def __init__(self) -> None:
        self.seconds = 1_780_000_000.0
        self.gate = threading.Event()
        self.made = 0

    def now(self) -> float:
        return self.seconds

    def report(self) -> str:
        self.gate.wait(10)
        self.made += 1
        return f"report {self.made}"


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
async def queue(hand: Hand) -> AsyncIterator[ReportQueue[str]]:
    made: ReportQueue[str] = ReportQueue(KEYED, hand.now, QueueHabits(at_once=1, most=3))
    yield made
    hand.gate.set()
    await made.close()


async def test_a_quick_report_is_given_at_once_and_not_kept(
    queue: ReportQueue[str], hand: Hand
) -> None:
    hand.gate.set()
    for number in (1, 2):
        waited = await queue.wait(WHAT, hand.report, 5)
        assert (waited.state, waited.made) == (State.READY, f"report {number}")


async def test_a_slow_report_is_computed_once_and_fetched_later(
    queue: ReportQueue[str], hand: Hand
) -> None:
    assert (await queue.wait(WHAT, hand.report, 0.05)).state is State.RUNNING
    assert (await queue.wait(OTHER, hand.report, 0.05)).state is State.QUEUED
    hand.gate.set()
    assert (await queue.wait(WHAT, hand.report, 5)).made == "report 1"
    assert (await queue.wait(OTHER, hand.report, 5)).made == "report 2"


def test_an_id_is_good_for_what_it_was_given_for_in_every_hub_and_for_a_while(hand: Hand) -> None:
    one: ReportQueue[str] = ReportQueue(KEYED, hand.now)
    another: ReportQueue[str] = ReportQueue(KEYED, hand.now)
    foreign: ReportQueue[str] = ReportQueue(PersonVault(b"x" * 32).keyed_hash_of, hand.now)
    given = one.new_id(WHAT)
    assert len(given) == 36
    assert another.is_genuine(given, WHAT)
    assert not another.is_genuine(given, OTHER)
    assert not foreign.is_genuine(given, WHAT)
    for changed in (
        "",
        "x" * 36,
        given[:-1],
        given[:-1] + "0" * (given[-1] != "0") + "1",
        "å" * 36,
    ):
        assert not one.is_genuine(changed, WHAT)
    later = f"{int(given[:8], 16) + 1:08x}{given[8:]}"
    assert not one.is_genuine(later, WHAT)
    hand.seconds += 901
    assert not one.is_genuine(given, WHAT)


async def test_no_more_than_so_many_wait(queue: ReportQueue[str], hand: Hand) -> None:
    for number in range(3):
        await queue.wait((str(number),), hand.report, 0)
    with pytest.raises(QueueFull):
        await queue.wait(WHAT, hand.report, 0)


async def test_the_oldest_that_nobody_came_for_makes_room(
    queue: ReportQueue[str], hand: Hand
) -> None:
    for number in range(3):
        await queue.wait((str(number),), hand.report, 0)
    hand.gate.set()
    await _until(lambda: hand.made == 3)
    assert (await queue.wait(WHAT, hand.report, 5)).made == "report 4"


async def test_what_nobody_came_for_is_made_anew(queue: ReportQueue[str], hand: Hand) -> None:
    await queue.wait(WHAT, hand.report, 0)
    hand.gate.set()
    await _until(lambda: hand.made == 1)
    hand.seconds += 901
    assert (await queue.wait(WHAT, hand.report, 5)).made == "report 2"


async def test_a_report_that_fails_fails_for_who_waits_and_is_tried_anew(
    queue: ReportQueue[str], hand: Hand
) -> None:
    def broken() -> str:
        raise ResourcesMissing("the access log cannot be read")

    with pytest.raises(ResourcesMissing):
        await queue.wait(WHAT, broken, 5)
    hand.gate.set()
    assert (await queue.wait(WHAT, hand.report, 5)).made == "report 1"


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - a thread does it
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.02)  # and its task hears of it
