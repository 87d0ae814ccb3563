"""A worker's answer as a reply: what is believed of it, and what never becomes a question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from samsvar.broker.forms import (
    ANSWER_TYPE,
    AnswerContent,
    AnswerHeader,
    FailureForm,
    QuestionContent,
    QuestionHeader,
    RecordForm,
    RecordsForm,
    WorkerName,
    with_bytes,
)
from samsvar.broker.keys import KeyPair, public_key
from samsvar.broker.link import Delivery, NotPublished, QueueFull, Unroutable
from samsvar.broker.records import written
from samsvar.broker.sealed import Kind, sealed, taken_apart
from samsvar.clock import SystemClock
from samsvar.errors import (
    AdapterBroke,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerTimedOut,
    ProducerUnreachable,
    WayBlocked,
)
from samsvar.model.care import Attachment, CareContact, CarePlan
from samsvar.model.catalogue import Producer, ProducerKind, RivtaProfile, RoutingEntry
from samsvar.model.exchange import Call, Item, Peer, Question, Recipient, Reply
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    HsaId,
    LogicalAddress,
    PersonId,
)
from samsvar.outbound.queue import QueueTransport
from samsvar.outbound.worker_question import HubName
from samsvar.soap.codecs import get_care_plans_2
from tests.care_records import SOURCE, STRANGER, SUBJECT, at, small_contact, small_plan, whole_plan
from tests.unit.test_adapted import body, contract

WORKER, HUB = KeyPair.new(), KeyPair.new()
NAME = WorkerName(id="umea-1", version="9.9", adapter="prator")
Said = RecordsForm | FailureForm


class Quiet:
    """A routing log that keeps the names of events."""

    def __init__(self) -> None:
        self.actions: list[str] = []

    def emit(self, action: str, correlation_id: str, **_: object) -> None:
        assert correlation_id
        self.actions.append(action)


class Nothing:
    """A catalogue that is not asked."""

    def current(self) -> Any:
        raise AssertionError


class Answering:
    """In the place of a broker with a worker behind it: answers when a question is published."""

    def __init__(self, transport: QueueTransport, said: Said, error: Exception | None) -> None:
        self._transport = transport
        self._said = said
        self._error = error
        self.questions: list[tuple[QuestionHeader, QuestionContent]] = []

    async def publish(self, _exchange: str, _key: str, message: bytes, **_more: object) -> None:
        """Take it as the worker would."""
        if self._error is not None:
            raise self._error
        parts = taken_apart(Kind.QUESTION, message, 10**6)
        header = QuestionHeader.read(parts.header)
        asked = QuestionContent.read(parts.opened(WORKER, HUB.public))
        self.questions.append((header, asked))
        content = AnswerContent(worker=NAME, said=self._said)
        answer = sealed(
            Kind.ANSWER,
            AnswerHeader(id=header.id, worker=WORKER.public.text).written(),
            with_bytes(content, b""),
            sender=WORKER,
            receivers=[public_key(asked.reply_key)],
        )
        self._transport.took(Delivery("samsvar.answers.x", answer, ANSWER_TYPE, False, 1, 1))


CALL = Call(
    correlation_id=CorrelationId("c1"),
    peer=Peer(secure=False, trusted=True, certificate=None),
    contract=ContractUrn(get_care_plans_2.CONTRACT),
    logical_address=LogicalAddress("5565594230"),
    profile=RivtaProfile.BP21,
    original_consumer=None,
    routing_history=None,
    forwarded=(("x-rivta-test", "1"),),
    message=None,
    received=0.0,
    deadline=30.0,
    received_at=at(2024, 3, 1),
    sender=HsaId("SE1-NPO"),
)


async def ask(
    said: Said,
    *,
    error: Exception | None = None,
    urn: str = get_care_plans_2.CONTRACT,
    address: str = SOURCE,
    change: Callable[[Call], Call] = lambda call: call,
) -> Reply:
    """One question to a worker that says that."""
    producer = Producer(
        "p1", "x", ProducerKind.WORKER, "worker:p1", "SE1", workers=(WORKER.public.text,)
    )
    where = LogicalAddress(address)
    entry = RoutingEntry(
        ContractUrn(urn), where, producer, RivtaProfile.BP21, at(2020, 1, 1), at(2030, 1, 1)
    )
    transport = QueueTransport(
        HubName("TEST", HUB),
        {},
        Nothing(),
        Quiet(),
        SystemClock(),
        most_answer=10**7,
        tolerance=5.0,
        by_table=False,
    )
    link: Any = Answering(transport, said, error)
    transport.use(link)
    question = Question(contract(urn), SUBJECT, None, body(urn), b"")
    return await transport.ask(change(CALL), question, Recipient(where, entry), 5.0)


def form(record: CarePlan | CareContact, /, **changes: object) -> RecordForm:
    """As a worker sends it."""
    told = {
        "root": record.subject.root,
        "extension": record.subject.extension,
        "source": record.source_system,
        "record": written(record),
    }
    return RecordForm.model_validate({**told, **changes})


def records(*items: RecordForm, warnings: tuple[str, ...] = ()) -> RecordsForm:
    return RecordsForm(items=list(items), warnings=list(warnings))


async def refused(said: Said, **how: Any) -> ProducerError:
    """The error that comes instead of a reply."""
    with pytest.raises(ProducerError) as caught:
        await ask(said, **how)
    return caught.value


async def test_records_come_as_an_adapter_would_have_given_them() -> None:
    reply = await ask(records(form(whole_plan()), form(small_plan()), warnings=("A", "A", "B")))
    assert reply.items == (
        Item(b"", SUBJECT, SOURCE, record=whole_plan()),
        Item(b"", SUBJECT, SOURCE, record=small_plan()),
    )
    assert reply.warnings == ("A", "B")
    assert reply.by == "worker umea-1 9.9"


async def test_a_large_answer_comes_whole() -> None:
    """It is opened beside the loop."""
    plan = replace(
        small_plan(), attachments=(Attachment("a", "application/pdf", bytes(range(256)) * 20_000),)
    )
    reply = await ask(records(form(plan)))
    assert reply.items == (Item(b"", SUBJECT, SOURCE, record=plan),)


async def test_another_persons_record_keeps_no_content() -> None:
    """Even if the worker sent it: it is there to be found, and the answer dropped."""
    stranger = replace(small_plan(), subject=STRANGER)
    reply = await ask(records(form(stranger)))
    assert reply.items == (Item(b"", STRANGER, SOURCE),)


@pytest.mark.parametrize(
    "one",
    [
        form(replace(small_plan(), subject=STRANGER), extension=SUBJECT.extension),
        form(small_plan(), source="SE1-OTHER"),
        form(small_plan(), record={"plan_id": "x"}),
        form(small_plan(), record={**written(small_plan()), "more": 1}),
        form(small_contact()),
    ],
    ids=["another person inside", "another source inside", "too little", "too much", "a contact"],
)
async def test_a_record_that_is_not_what_it_was_sent_as_costs_the_answer(one: RecordForm) -> None:
    error = await refused(records(form(small_plan()), one))
    assert isinstance(error, ProducerAnswerInvalid)
    assert error.by == "worker umea-1 9.9"
    assert SUBJECT.extension not in str(error)


async def test_a_failure_is_the_same_error_as_it_was_there() -> None:
    for kind in (ProducerTimedOut, ProducerUnreachable, ProducerFault, AdapterBroke):
        error = await refused(FailureForm(code=kind.code, text="timeout: it said so"))
        assert type(error) is kind
        assert str(error) == "timeout: it said so"
        assert error.by == "worker umea-1 9.9"


async def test_an_unknown_failure_is_our_adapters_and_a_number_in_it_is_not_shown() -> None:
    assert isinstance(await refused(FailureForm(code="disabled", text="x")), AdapterBroke)
    late = await refused(FailureForm(code="late", text="19121212-1212 is late"))
    assert str(late) == "timeout: at its worker"


async def test_nobody_and_no_broker_are_a_way_that_is_blocked_and_a_full_queue_is_not() -> None:
    """The first two tell nothing of the source."""
    nobody = await refused(records(), error=Unroutable("x"))
    gone = await refused(records(), error=NotPublished("the message broker was lost: x"))
    full = await refused(records(), error=QueueFull("its queue is full"))
    assert (type(nobody), str(nobody)) == (WayBlocked, "no worker is listening for it")
    assert (type(gone), str(gone)) == (WayBlocked, "the message broker was lost: x")
    assert (type(full), str(full)) == (ProducerUnreachable, "its queue is full")
    assert {nobody.code, gone.code, full.code} == {"unreachable"}


async def test_what_may_be_a_persons_number_names_no_queue() -> None:
    """A route for every address lets a consumer choose the name."""
    error = await refused(records(), address="191212121212")
    assert isinstance(error, ProducerUnreachable)
    assert "1912" not in str(error)


@pytest.mark.parametrize(
    "change",
    [
        lambda call: replace(call, sender=HsaId("S" * 400)),
        lambda call: replace(call, routing_history="h" * 5000),
    ],
)
async def test_what_does_not_fit_costs_one_source_and_is_not_repeated(
    change: Callable[[Call], Call],
) -> None:
    error = await refused(records(), change=change)
    assert str(error) == "the question does not fit into a message"


def test_a_question_shows_nothing_of_itself() -> None:
    """Forms are printed by accident too."""
    shown = repr(form(small_plan())) + repr(records(form(small_plan())))
    assert SUBJECT.extension not in shown
    assert PersonId(SUBJECT.root, SUBJECT.extension) == SUBJECT
