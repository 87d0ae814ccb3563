"""Sources behind a firewall: workers in processes of their own, over a real RabbitMQ."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from samsvar import __version__
from samsvar.broker.keys import KeyPair
from samsvar.model.exchange import Reason
from samsvar.onboarding.roles import Role
from tests.admin_api import Api, token
from tests.brokers import PRATOR, Broker, Wire, rabbitmq
from tests.hub import Source
from tests.worker_scene import listening, plans_in, scene, until, until_true

pytestmark = [pytest.mark.wire, pytest.mark.slow]


@pytest.fixture
def broker() -> Iterator[Broker]:
    """RabbitMQ."""
    with rabbitmq() as one:
        yield one


async def test_a_worker_answers_as_the_adapter_in_the_hub_would(
    tmp_path: Path, broker: Broker
) -> None:
    """The same records to the byte; and the log says who answered, and of which version."""
    async with scene(tmp_path, broker) as one:
        rows, body = await one.ask()
        through = one.decision()
        one.hub.site.load_registry(
            one.hub.site.registry(
                [Source(PRATOR, one.url, "prator", {"api_key": f"file:{tmp_path}/api-key"})]
            )
        )
        assert one.hub.hub is not None
        await one.hub.hub.renewal.look_for_catalogue()
        same_rows, same_body = await one.ask()
        within = one.decision()
    assert rows == same_rows == [(PRATOR, "DataFromSource", None)]
    assert plans_in(body) == plans_in(same_body)
    assert len(plans_in(body)) == 1
    assert through.detail == f"worker umea-0 {__version__}; {within.detail}"
    assert through.items == within.items == 1


async def test_a_question_that_nobody_takes_fails_at_once(tmp_path: Path, broker: Broker) -> None:
    """Not at its deadline: the broker sends it back."""
    async with scene(tmp_path, broker, 0, keys=(KeyPair.new().public.text,)) as one:
        begun = time.monotonic()
        rows, _ = await one.ask()
        took = time.monotonic() - begun
        decision = one.decision()
        notes = await one.notes()
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert (decision.reason, decision.detail) == (
        Reason.UNREACHABLE,
        "no worker is listening for it",
    )
    assert took < 2
    assert notes == [f"producer p0: no worker is listening for {PRATOR}"]


async def test_a_killed_workers_question_goes_to_another(tmp_path: Path, broker: Broker) -> None:
    """kill -9 with the question in hand: the broker gives it to the next."""
    async with scene(tmp_path, broker, 2, started=1) as one:
        one.knobs.latency = 60.0
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        one.knobs.latency = 0.0
        await asyncio.to_thread(one.workers[1].start)
        one.workers[0].kill()
        rows, body = await asking
        decision = one.decision()
    assert rows == [(PRATOR, "DataFromSource", None)]
    assert len(plans_in(body)) == 1
    assert decision.detail.startswith("worker umea-1 ")


async def test_the_last_workers_question_ends_when_nobody_is_left(
    tmp_path: Path, broker: Broker
) -> None:
    """Not at its deadline, and not as late: no worker is there, and the row says so."""
    async with scene(tmp_path, broker) as one:
        one.knobs.latency = 60.0
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        one.workers[0].kill()
        rows, _ = await asking
        decision = one.decision()
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert (decision.reason, decision.detail) == (
        Reason.UNREACHABLE,
        "its worker is gone, and no other is listening for it",
    )
    assert decision.elapsed is not None
    assert decision.elapsed < 20, "the deadline is 28 s"


async def test_the_last_workers_question_goes_to_one_that_comes_in_time(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is gone with the dead worker, and what was in it: the hub asks anew."""
    monkeypatch.setattr("samsvar.outbound.queue._LOOKS", 1000)  # a loaded machine starts slowly
    async with scene(tmp_path, broker, 2, started=1) as one:
        one.knobs.latency = 60.0
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        one.knobs.latency = 0.0
        one.workers[0].kill()
        await asyncio.to_thread(one.workers[1].start)
        rows, body = await asking
        decision = one.decision()
    assert rows == [(PRATOR, "DataFromSource", None)]
    assert len(plans_in(body)) == 1
    assert decision.detail.startswith("worker umea-1 ")


async def test_a_worker_that_says_nothing_any_more_is_not_waited_for(
    tmp_path: Path, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stands still with the question in hand, and the broker takes it for alive."""
    monkeypatch.setattr("samsvar.broker.worker_table.GONE_AFTER", 8.0)
    async with scene(tmp_path, broker) as one:
        await until_true(lambda: one.notes_are([]))
        one.knobs.latency = 60.0
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        process = one.workers[0].process
        assert process is not None
        process.send_signal(signal.SIGSTOP)
        try:
            rows, _ = await asking
        finally:
            process.send_signal(signal.SIGCONT)
        decision = one.decision()
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert decision.detail == "its worker is gone, and no other is listening for it"


async def test_a_hundred_questions_in_the_hands_of_a_killed_worker_are_answered_by_another_once(
    tmp_path: Path, broker: Broker
) -> None:
    """Unacknowledged at kill -9: RabbitMQ hands them on at once."""
    async with scene(tmp_path, broker, 2, started=1, worker="at_once = 100") as one:
        one.knobs.latency = 60.0
        asking = [asyncio.create_task(one.ask()) for _ in range(100)]
        await until(lambda: one.knobs.calls == 100)
        one.knobs.latency = 0.0
        await asyncio.to_thread(one.workers[1].start)
        one.workers[0].kill()
        answers = await asyncio.gather(*asking)
        await asyncio.to_thread(one.workers[1].stop)  # it answers first, and says so afterwards
        by = one.workers[1].log.read_text().count(": answered, 1 records")
        refused = one.hub.hub.queues.transport.refusals.total if one.hub.hub else -1
    assert [rows for rows, _ in answers] == [[(PRATOR, "DataFromSource", None)]] * 100
    assert {len(plans_in(body)) for _, body in answers} == {1}
    assert by == 100
    assert refused == 0
    assert one.knobs.calls == 200


async def test_an_answer_that_comes_late_is_noted_and_never_merged(
    tmp_path: Path, broker: Broker
) -> None:
    """It was in time when the worker gave it; the way to the hub took too long."""
    wire = Wire()
    await wire.mend()
    through = replace(broker, port=wire.port)
    async with scene(tmp_path, broker, more="timeout = 1.0", hub_broker=through) as one:
        one.knobs.latency = 0.3
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        wire.open.clear()
        rows, body = await asking
        reason = one.decision().reason
        await until(lambda: ": answered, 1 records" in one.workers[0].log.read_text())
        assert "late-answer" not in one.log()
        wire.open.set()
        await until(lambda: "late-answer" in one.log(), 10)
        rows_after, body_after = await one.ask()
    await wire.cut()
    assert rows == [(PRATOR, "NoDataSynchFailed", "504")]
    assert reason is Reason.LATE
    assert plans_in(body) == []
    assert rows_after == [(PRATOR, "DataFromSource", None)]
    assert len(plans_in(body_after)) == 1


async def test_a_worker_whose_clock_is_wrong_says_so(tmp_path: Path, broker: Broker) -> None:
    """It asks the source nothing; the hub is told at once, and readiness names the worker."""
    async with scene(tmp_path, broker) as one:
        one.hold_clocks(-60.0)
        rows, _ = await one.ask()
        decision = one.decision()
        await until_true(lambda: one.notes_hold("its clock is 60 s ahead of ours"))
    assert rows == [(PRATOR, "NoDataSynchFailed", "504")]
    assert one.knobs.calls == 0
    assert "clocks differ" in decision.detail
    assert decision.elapsed is not None
    assert decision.elapsed < 5


async def test_a_hundred_questions_at_once_through_two_workers(
    tmp_path: Path, broker: Broker
) -> None:
    """None is lost, and both take their share."""
    async with scene(tmp_path, broker, 2) as one:
        one.knobs.latency = 0.05
        answers = await asyncio.gather(*(one.ask() for _ in range(100)))
        calls = one.knobs.calls
        for worker in one.workers:
            await asyncio.to_thread(worker.stop)
        by = [
            one.workers[number].log.read_text().count(": answered, 1 records") for number in (0, 1)
        ]
    assert [rows for rows, _ in answers] == [[(PRATOR, "DataFromSource", None)]] * 100
    assert {len(plans_in(body)) for _, body in answers} == {1}
    assert calls == 100
    assert sum(by) == 100
    assert min(by) >= 10


async def test_a_worker_that_is_told_to_stop_finishes_what_it_has(
    tmp_path: Path, broker: Broker
) -> None:
    """SIGTERM: the question in hand is answered, nothing more is taken, and it leaves the table."""
    async with scene(tmp_path, broker) as one:
        await until_true(lambda: one.notes_are([]))
        one.knobs.latency = 1.0
        asking = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        code = await asyncio.to_thread(one.workers[0].stop)
        rows, _ = await asking
        await until_true(lambda: one.notes_hold("no worker is listening"), 2)
        rows_after, _ = await one.ask()
    assert code == 0
    assert rows == [(PRATOR, "DataFromSource", None)]
    assert rows_after == [(PRATOR, "NoDataSynchFailed", "43000")]
    said = one.workers[0].log.read_text().splitlines()
    assert (
        said[-2] == "stopping: 1 questions in work" or said[-3] == "stopping: 1 questions in work"
    )
    assert said[-1] == "stopped: 1 answered, 0 failed, 0 refused"


async def test_a_worker_listens_on_nothing(tmp_path: Path, broker: Broker) -> None:
    """Its sockets are all its own calls outward."""
    async with scene(tmp_path, broker) as one:
        process = one.workers[0].process
        assert process is not None
        assert listening(process.pid) == []
        assert listening(os.getpid()) != [], "this would see it if it did"


async def test_what_is_at_the_source_is_told_as_it_is(tmp_path: Path, broker: Broker) -> None:
    """The source down, and its answer garbage: the same statuses as without a broker between."""
    async with scene(tmp_path, broker) as one:
        one.knobs.refuse = True
        rows, _ = await one.ask()
        refused = one.decision()
        one.knobs.refuse, one.knobs.garbage = False, True
        garbage, _ = await one.ask()
        invalid = one.decision()
        await until_true(lambda: one.notes_hold("its last question ended as invalid"), 8)
    assert rows == garbage == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert refused.reason is Reason.UNREACHABLE
    assert invalid.reason is Reason.INVALID
    assert refused.detail.startswith(f"worker umea-0 {__version__}; ")


async def test_another_persons_records_are_dropped_whole(tmp_path: Path, broker: Broker) -> None:
    """The patient check is the hub's, whoever asks the source."""
    async with scene(tmp_path, broker) as one:
        one.knobs.wrong_patient = True
        rows, body = await one.ask()
        reason = one.decision().reason
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert plans_in(body) == []
    assert reason is Reason.FOREIGN_PATIENT


async def test_operators_see_each_worker_and_how_it_is(tmp_path: Path, broker: Broker) -> None:
    """``/admin/v1/status``: version, adapter, addresses, counts, and its source's last success."""
    async with scene(tmp_path, broker, 2) as one:
        rows, _ = await one.ask()
        one.knobs.refuse = True
        await one.ask()
        operator = Api(one.hub, token(one.hub.site, Role.OPERATOR))

        async def told() -> list[dict[str, Any]]:
            (producer,) = (await operator.get("/status")).body["producers"]
            workers: list[dict[str, Any]] = producer["workers"]
            return workers

        async def counted() -> bool:
            return sum(int(each["answered"] + each["failed"]) for each in await told()) == 2

        await until_true(counted)
        status = (await operator.get("/status")).body
        workers = await told()
    assert rows == [(PRATOR, "DataFromSource", None)]
    assert [each["id"] for each in workers] == ["umea-0", "umea-1"]
    assert {(each["version"], each["adapter"]) for each in workers} == {(__version__, "prator")}
    assert all(each["addresses"] == [PRATOR] for each in workers)
    assert all(abs(each["clock_ahead"]) < 5 for each in workers)
    assert sum(each["last_success"] is not None for each in workers) == 1
    assert any("ended as unreachable" in note for note in status["notes"])
    assert status["missing"] == []
