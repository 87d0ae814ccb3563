"""A RabbitMQ that is hurt: its memory alarm raised, its process killed again and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from samsvar.model.exchange import Reason
from tests.brokers import PRATOR, OwnRabbit
from tests.worker_scene import scene, until, until_true

pytestmark = [pytest.mark.wire, pytest.mark.slow]
ANSWERED = [(PRATOR, "DataFromSource", None)]
FAILED = [(PRATOR, "NoDataSynchFailed", "43000")]


@pytest.fixture
def rabbit(tmp_path: Path) -> Iterator[OwnRabbit]:
    """One that runs."""
    folder = tmp_path / "rabbit"
    folder.mkdir()
    one = OwnRabbit(folder)
    one.start()
    yield one
    one.kill()


async def test_a_broker_that_takes_nothing_holds_nobody_up(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """Its memory alarm: unreachable in a second, and told in readiness; then all is well again."""
    async with scene(tmp_path, rabbit.broker) as one:
        await until_true(lambda: one.notes_are([]))
        await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "absolute", "1MB")
        await asyncio.sleep(1.5)
        times, rows = [], []
        for _ in range(3):
            begun = time.monotonic()
            rows.append((await one.ask())[0])
            times.append(time.monotonic() - begun)
        decision, notes = one.decision(), await one.notes()
        await asyncio.to_thread(rabbit.control, "set_vm_memory_high_watermark", "0.4")
        await until_true(lambda: one.notes_are([]), 20)
        after, _ = await one.ask()
    assert rows == [FAILED] * 3
    assert max(times) < 3
    assert decision.reason is Reason.UNREACHABLE
    assert "memory or disk alarm" in decision.detail
    assert notes == ["message broker: it takes nothing: a memory or disk alarm"]
    assert after == ANSWERED


async def test_a_broker_that_is_killed_under_load_loses_no_question_without_a_word(
    tmp_path: Path, rabbit: OwnRabbit
) -> None:
    """kill -9, twice, questions all the while: each ends as answered or as unreachable or late,
    none hangs, and hub and worker find the broker again by themselves."""
    async with scene(tmp_path, rabbit.broker, more="timeout = 3.0") as one:
        await until_true(lambda: one.notes_are([]))
        one.knobs.latency = 0.02
        ended: list[tuple[tuple[str, str, str | None], float]] = []
        asking = True

        async def consumer() -> None:
            while asking:
                begun = time.monotonic()
                (row,), _ = await one.ask()
                ended.append((row, time.monotonic() - begun))
                await asyncio.sleep(0.02)

        def good() -> int:
            return sum(row == ANSWERED[0] for row, _ in ended)

        consumers = [asyncio.create_task(consumer()) for _ in range(4)]
        back: list[float] = []
        for _ in range(2):
            await asyncio.sleep(1.0)
            await asyncio.to_thread(rabbit.kill)
            await until_true(lambda: one.notes_hold("message broker"), 5)
            await asyncio.to_thread(rabbit.start)
            begun, before = time.monotonic(), good()
            await until(lambda before=before: good() >= before + 10, 30)  # type: ignore[misc]
            back.append(time.monotonic() - begun)
        asking = False
        await asyncio.gather(*consumers)
    rows = {row for row, _ in ended}
    assert {ANSWERED[0], FAILED[0]} <= rows
    assert rows <= {ANSWERED[0], FAILED[0], (PRATOR, "NoDataSynchFailed", "504")}
    assert max(took for _, took in ended) < 6
    assert max(back) < 30, "ten good answers after it listens again"
