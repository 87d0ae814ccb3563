"""What somebody with access to the broker may try: read, forge, replay, flood, confuse."""

from __future__ import annotations

import asyncio
import pickle
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samsvar.broker.forms import (
    ANNOUNCEMENT_TYPE,
    ANSWER_TYPE,
    QUESTION_TYPE,
    AnswerContent,
    AnswerHeader,
    QuestionContent,
    QuestionHeader,
    RecordsForm,
    WorkerName,
    with_bytes,
)
from samsvar.broker.keys import KeyPair
from samsvar.broker.sealed import Kind, sealed
from samsvar.broker.topology import ANSWERS, MOST_QUESTIONS, QUESTIONS, WORKERS, question_queue
from samsvar.model.exchange import Reason
from samsvar.model.identifiers import folded
from samsvar.worker.judging import MOST_QUESTION
from tests.brokers import PRATOR, Broker, Wire, rabbitmq
from tests.poison import Bad, hooks
from tests.privacy import found
from tests.worker_scene import Scene, plans_in, scene, until, until_true

pytestmark = [pytest.mark.wire, pytest.mark.slow]
ANSWERED = [(PRATOR, "DataFromSource", None)]


@pytest.fixture
def broker() -> Iterator[Broker]:
    """RabbitMQ."""
    with rabbitmq() as one:
        yield one


def publish(
    channel: Any, exchange: str, key: str, body: bytes, content_type: str, **more: Any
) -> None:
    """As an outsider."""
    properties = {"delivery_mode": 1, **more.pop("properties", {})}
    message = channel.prepare_message(
        body, content_type=content_type, properties=properties, **more
    )
    channel.basic_publish(message, exchange=exchange, routing_key=key)


class Spy:
    """Copies of all that goes through an exchange."""

    def __init__(self, channel: Any, exchange: str, key: str) -> None:
        self._channel = channel
        self._name = f"spy.{exchange}.{key}"
        channel.queue_declare(queue=self._name, exclusive=True, auto_delete=False)
        channel.queue_bind(self._name, exchange, key)

    def next(self, seconds: float = 10) -> Any:
        """The next message."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            message = self._channel.basic_get(self._name, no_ack=True)
            if message is not None:
                return message
            time.sleep(0.02)
        raise AssertionError("nothing came")


def reply_key(one: Scene) -> str:
    """The routing key of the hub's answers."""
    assert one.hub.hub is not None
    return one.hub.hub.queues._questions._name.process


def hub_refused(one: Scene) -> dict[str, int]:
    """What the hub has refused, and how often."""
    assert one.hub.hub is not None
    return dict(one.hub.hub.queues.transport.refusals.counts)


async def test_nobody_at_the_broker_can_read_who_is_asked_about(
    tmp_path: Path, broker: Broker
) -> None:
    """All bytes on the wire to the broker, and each message with all that it carries."""
    wire = Wire()
    await wire.mend()
    through = Broker(broker.vhost, port=wire.port)
    with broker.channel() as channel:
        async with scene(tmp_path, through) as one:
            questions = Spy(channel, QUESTIONS, "#")
            answers = Spy(channel, ANSWERS, reply_key(one))
            words = Spy(channel, WORKERS, "")
            rows, body = await one.ask()
            seen = [await asyncio.to_thread(spy.next, 10) for spy in (questions, answers, words)]
    await wire.cut()
    assert rows == ANSWERED
    title = b"carePlan"
    assert title in body
    assert found(body), "the answer itself does hold the number"
    for message in seen:
        told = repr((message.properties, message.delivery_info)).encode() + message.body
        assert found(told) == []
        assert title not in told
        assert b"Prator" not in message.body[200:]
        assert message.properties["delivery_mode"] == 1
        assert 0 < int(message.properties["expiration"]) <= 30_000
    assert len(wire.seen) > 5000
    assert found(bytes(wire.seen)) == []
    assert title not in wire.seen


async def test_a_worker_refuses_what_its_hub_did_not_say(tmp_path: Path, broker: Broker) -> None:
    """Each is counted and dropped; the questions beside them are answered."""
    async with scene(tmp_path, broker) as one:
        worker = one.workers[0]
        stranger = KeyPair.new()
        header = QuestionHeader(
            id="f" * 32,
            hub=stranger.public.text,
            address=PRATOR,
            contract="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
            sent=int(time.time() * 1000),
            left=10_000,
            reply="stolen",
        )
        content = QuestionContent(
            reply_key=stranger.public.text,
            correlation_id="c",
            instance="T",
            sender="SE1",
            original_consumer=None,
            routing_history=None,
            forwarded=[],
            profile="RIVTABP21",
            soap_action="x",
            body="<q/>",
            envelope=None,
        )

        def forged(told: QuestionHeader, sender: KeyPair) -> bytes:
            return sealed(
                Kind.QUESTION,
                told.written(),
                content.written(),
                sender=sender,
                receivers=[worker.keys.public],
            )

        pretender = header.model_copy(update={"hub": worker.hub})
        hostile: list[tuple[bytes, str, str, dict[str, Any]]] = [
            (forged(header, stranger), QUESTION_TYPE, "a question of a hub that is not ours", {}),
            (forged(pretender, stranger), QUESTION_TYPE, "it cannot be opened", {}),
            (pickle.dumps({}), "application/x-python-serialize", "another content type", {}),
            (b"{}", "application/json", "another content type", {}),
            (b"a: 1", "application/x-yaml", "another content type", {}),
            (b"x", "application/data", "another content type", {}),
            (pickle.dumps({}), QUESTION_TYPE, "it is of another kind", {}),
            (b"", QUESTION_TYPE, "it is of another kind", {}),
            (b"SVQ1\xff\xff\xff\xff", QUESTION_TYPE, "it is cut short", {}),
            (bytes(MOST_QUESTION + 1), QUESTION_TYPE, f"it is over {MOST_QUESTION} bytes", {}),
            (b"x", QUESTION_TYPE, "it is of another kind", {"content_encoding": "utf-8"}),
            (
                b"\x1f\x8b" + bytes(64),
                QUESTION_TYPE,
                "it is of another kind",
                {"headers": {"compression": "application/x-gzip"}},
            ),
        ]
        with broker.channel() as channel:
            spy = Spy(channel, QUESTIONS, folded(PRATOR))
            rows, _ = await one.ask()
            captured = spy.next()
            for body, kind, _why, more in hostile:
                publish(channel, QUESTIONS, folded(PRATOR), body, kind, **dict(more))
            publish(
                channel, QUESTIONS, folded(PRATOR), captured.body, QUESTION_TYPE
            )  # a replay, to the letter
            await until(lambda: "a question that was taken before" in worker.log.read_text())
        calls = one.knobs.calls
        rows_after, _ = await one.ask()
        said = worker.log.read_text()
        worker.stop()
        stopped = worker.log.read_text()
    assert rows == rows_after == ANSWERED
    assert calls == 1
    for _body, _kind, why, _more in hostile:
        assert why in said
    assert f"stopped: 2 answered, 0 failed, {len(hostile) + 1} refused" in stopped


async def test_poison_builds_nothing_and_holds_up_no_question(
    tmp_path: Path, broker: Broker
) -> None:
    """Pickles, YAML, JSON with hooks, compressed, 20 MB: to a worker's questions, to a hub's
    answers, to its ears for workers. Each is refused by each, and the next question is answered."""
    trap = tmp_path / "trap"
    async with scene(tmp_path, broker, worker="at_once = 2") as one:
        await until_true(lambda: one.notes_are([]))
        worker = one.workers[0]
        kinds = {
            (QUESTIONS, folded(PRATOR)): QUESTION_TYPE,
            (ANSWERS, reply_key(one)): ANSWER_TYPE,
            (WORKERS, ""): ANNOUNCEMENT_TYPE,
        }
        sent = 0
        with broker.channel() as channel:
            for (exchange, key), own_type in kinds.items():
                bad = hooks(own_type, trap) | {"large": Bad(bytes(20_000_000), own_type)}
                sent = len(bad)
                for each in bad.values():
                    publish(
                        channel,
                        exchange,
                        key,
                        each.body,
                        each.content_type,
                        headers=dict(each.headers),
                    )
        rows, body = await one.ask()
        await until(lambda: sum(hub_refused(one).values()) == 2 * sent)
        worker.stop()
        said = worker.log.read_text()
        counts = hub_refused(one)
    assert rows == ANSWERED
    assert len(plans_in(body)) == 1
    assert not trap.exists()
    assert f"stopped: 1 answered, 0 failed, {sent} refused" in said
    assert counts["a message of another content type"] == 2 * 4
    assert one.knobs.calls == 1


async def test_the_hub_refuses_what_its_worker_did_not_say(tmp_path: Path, broker: Broker) -> None:
    """Forged, foreign and replayed answers, while it waits for the true one."""
    async with scene(tmp_path, broker) as one:
        one.knobs.latency = 1.5
        stranger = KeyPair.new()
        lie = with_bytes(
            AnswerContent(
                worker=WorkerName(id="umea-0", version="0.1.0", adapter="prator"),
                said=RecordsForm(items=[], warnings=[]),
            ),
            b"",
        )
        with broker.channel() as channel:
            questions = Spy(channel, QUESTIONS, "#")
            answers = Spy(channel, ANSWERS, reply_key(one))
            asking = asyncio.create_task(one.ask())
            question = await asyncio.to_thread(questions.next, 10)
            number = question.properties["message_id"]
            to = question.properties["reply_to"]
            for worker in (one.workers[0].keys.public.text, stranger.public.text):
                header = AnswerHeader(id=number, worker=worker).written()
                for receiver in (stranger.public, one.workers[0].keys.public):
                    body = sealed(Kind.ANSWER, header, lie, sender=stranger, receivers=[receiver])
                    publish(channel, ANSWERS, to, body, ANSWER_TYPE)
            publish(channel, ANSWERS, to, question.body, ANSWER_TYPE)
            publish(channel, ANSWERS, to, pickle.dumps({}), "application/x-python-serialize")
            publish(channel, ANSWERS, to, b"SVA1" + bytes(30_000_000), ANSWER_TYPE)
            publish(channel, ANSWERS, to, b"", ANSWER_TYPE)
            publish(channel, WORKERS, "", question.body, QUESTION_TYPE)
            rows, body = await asking
            true = await asyncio.to_thread(_answer_to, answers, number)
            publish(channel, ANSWERS, to, true.body, ANSWER_TYPE)
            await until(lambda: sum(hub_refused(one).values()) == 10)
        counts = hub_refused(one)
        rows_after, _ = await one.ask()
        logged = one.log()
    assert rows == rows_after == ANSWERED
    assert len(plans_in(body)) == 1
    assert counts == {
        "it cannot be opened": 2,
        "an answer of a worker that the registry does not name": 2,
        "it is of another kind": 1,
        "its body is no bytes": 1,
        "a message of another content type": 2,
        "it is over 20971520 bytes": 1,
        "an answer to no question of ours, or to one that has been answered": 1,
    }
    assert logged.count('"message-refused"') == len(counts)


def _answer_to(answers: Spy, number: str) -> Any:
    """The one that the true worker gave: the last of those with the question's number."""
    while True:
        message = answers.next()
        if message.properties.get("message_id") == number:
            return message


async def test_a_worker_that_the_registry_does_not_name_is_not_asked(
    tmp_path: Path, broker: Broker
) -> None:
    """It may stand at the queue and take the question: it cannot read it, and is not listed."""
    named = KeyPair.new().public.text
    async with scene(tmp_path, broker, more="timeout = 1.5", keys=(named,)) as one:
        rows, _ = await one.ask()
        reason = one.decision().reason
        await until(lambda: "it cannot be opened" in one.workers[0].log.read_text())
        await until(lambda: len(hub_refused(one)) > 0, 10)
        refused, notes = hub_refused(one), await one.notes()
    assert rows == [(PRATOR, "NoDataSynchFailed", "504")]
    assert reason is Reason.LATE
    assert list(refused) == ["a word of a worker that the registry does not name"]
    assert notes == [f"producer p0: no worker is listening for {PRATOR}"]
    assert one.knobs.calls == 0


async def test_a_queue_that_is_full_refuses_and_drops_nothing(
    tmp_path: Path, broker: Broker
) -> None:
    """The question comes back at once, and those before it are still there."""
    async with scene(tmp_path, broker, worker="at_once = 1", more="timeout = 6.0") as one:
        one.knobs.latency = 60.0
        first = asyncio.create_task(one.ask())
        await until(lambda: one.knobs.calls == 1)
        with broker.channel() as channel:
            for _ in range(MOST_QUESTIONS):
                publish(channel, QUESTIONS, folded(PRATOR), b"x", QUESTION_TYPE)

            def waiting() -> int:
                _name, count, _readers = channel.queue_declare(
                    queue=question_queue(PRATOR), passive=True
                )
                return int(count)

            await until(lambda: waiting() == MOST_QUESTIONS)
            begun = time.monotonic()
            rows, _ = await one.ask()
            took = time.monotonic() - begun
            decision = one.decision()
            left = waiting()
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
    assert rows == [(PRATOR, "NoDataSynchFailed", "43000")]
    assert decision.reason is Reason.UNREACHABLE
    assert decision.detail == "its queue at the message broker is full"
    assert took < 3
    assert left == MOST_QUESTIONS


async def test_a_queue_that_somebody_made_otherwise_is_not_used(
    tmp_path: Path, broker: Broker
) -> None:
    """The worker says what the broker says, and takes nothing; readiness tells of it."""
    with broker.channel() as channel:
        channel.queue_declare(queue=question_queue(PRATOR), durable=True, auto_delete=False)
        async with scene(tmp_path, broker, started=0) as one:
            await asyncio.to_thread(one.workers[0].start, ready=False)
            await asyncio.to_thread(one.workers[0].until, "PRECONDITION_FAILED")
            await until_true(lambda: one.notes_hold("no worker is listening"))
