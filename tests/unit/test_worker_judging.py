"""Which questions a worker takes: its hub's, for its address, new, and still in time."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from samsvar.broker.forms import QUESTION_TYPE, NotTheForm, QuestionContent, QuestionHeader
from samsvar.broker.hpke import CannotOpen
from samsvar.broker.keys import KeyPair
from samsvar.broker.link import Delivery
from samsvar.broker.refusals import PAUSE, Refusals, Refused
from samsvar.broker.sealed import Kind, NotSealed, sealed
from samsvar.broker.topology import question_queue
from samsvar.clock import SystemClock
from samsvar.worker.judging import MOST_QUESTION, Judge

HUB, WORKER, STRANGER = KeyPair.new(), KeyPair.new(), KeyPair.new()
ADDRESS = "SE2321000032-PRATOR1"
TOLERANCE = 5.0
REPLY = KeyPair.new()
CONTENT = QuestionContent(
    reply_key=REPLY.public.text,
    correlation_id="c-1",
    instance="TEST",
    sender="SE1-NPO",
    original_consumer=None,
    routing_history=None,
    forwarded=[],
    profile="RIVTABP21",
    soap_action="urn:x:GetCarePlans",
    body="<q>191212121212</q>",
    envelope=None,
)


class TurnedClock(SystemClock):
    """Stands still, and is turned by hand."""

    def __init__(self) -> None:
        self.at = super().now()
        self.since = 10_000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.since

    def turn(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.since += seconds


CLOCK = TurnedClock()


def header(clock: TurnedClock = CLOCK, **changes: object) -> QuestionHeader:
    told = {
        "id": "0" * 32,
        "hub": HUB.public.text,
        "address": ADDRESS,
        "contract": "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "sent": int(clock.now().timestamp() * 1000),
        "left": 10_000,
        "reply": "r" * 32,
    }
    return QuestionHeader.model_validate({**told, **changes})


def delivery(
    told: QuestionHeader, *, sender: KeyPair = HUB, to: KeyPair = WORKER, content: bytes = b""
) -> Delivery:
    body = sealed(
        Kind.QUESTION,
        told.written(),
        content or CONTENT.written(),
        sender=sender,
        receivers=[to.public],
    )
    return Delivery(question_queue(ADDRESS), body, QUESTION_TYPE, False, 1, 1)


def judge(clock: TurnedClock = CLOCK) -> Judge:
    return Judge(WORKER, [HUB.public.text], [ADDRESS], TOLERANCE, clock)


def test_a_question_of_our_hub_is_taken() -> None:
    taken = judge().taken(delivery(header()))
    assert (taken.id, taken.reply, taken.asked.address) == ("0" * 32, "r" * 32, ADDRESS)
    assert taken.asked.content == CONTENT
    assert taken.patience == 10.0
    assert taken.reply_key == REPLY.public


def test_an_address_is_the_same_in_any_case() -> None:
    assert judge().taken(delivery(header(address=ADDRESS.lower()))).id


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (delivery(header(hub=STRANGER.public.text), sender=STRANGER), "hub that is not ours"),
        (delivery(header(address="SE1-OTHER")), "another address"),
        (replace(delivery(header()), queue=question_queue("SE1-OTHER")), "another address's queue"),
        (replace(delivery(header()), content_type="application/json"), "content type"),
        (replace(delivery(header()), content_type="application/x-python-serialize"), "type"),
        (replace(delivery(header()), content_type="application/data"), "content type"),
        (replace(delivery(header()), content_type=None), "content type"),
    ],
)
def test_what_is_not_for_us_is_refused(wrong: Delivery, why: str) -> None:
    with pytest.raises(Refused, match=why):
        judge().taken(wrong)


def test_a_pickle_is_refused_whatever_it_says_it_is() -> None:
    body = pickle.dumps({"body": "x"})
    with pytest.raises(NotSealed):
        judge().taken(replace(delivery(header()), body=body))


def test_an_oversize_question_is_refused() -> None:
    with pytest.raises(NotSealed, match="over"):
        judge().taken(replace(delivery(header()), body=bytes(MOST_QUESTION + 1)))


def test_a_question_that_names_our_hub_but_was_not_sealed_by_it_is_refused() -> None:
    with pytest.raises(CannotOpen):
        judge().taken(delivery(header(), sender=STRANGER))


def test_a_question_for_another_worker_is_refused() -> None:
    with pytest.raises(CannotOpen):
        judge().taken(delivery(header(), to=STRANGER))


def test_an_unknown_version_and_an_unknown_field_are_refused() -> None:
    for told in (b'"v":2', b'"v":1,"more":1'):
        body = header().written().replace(b'"v":1', told)
        message = sealed(
            Kind.QUESTION, body, CONTENT.written(), sender=HUB, receivers=[WORKER.public]
        )
        with pytest.raises(NotTheForm):
            judge().taken(replace(delivery(header()), body=message))


def test_what_is_wrong_with_a_content_is_told_without_what_it_holds() -> None:
    told = CONTENT.written().replace(b'"body":"<q>', b'"body":1,"191212121212":"')
    with pytest.raises(NotTheForm) as refused:
        judge().taken(delivery(header(), content=told))
    assert "1912" not in str(refused.value)


def test_the_same_question_is_taken_once() -> None:
    one = judge()
    first = one.taken(delivery(header()))
    with pytest.raises(Refused, match="taken before"):
        one.taken(delivery(header()))
    one.forget(first)
    assert one.taken(delivery(header())).id, "it could not be answered, and came again"


def test_a_forged_question_cannot_use_up_a_number() -> None:
    one = judge()
    with pytest.raises(CannotOpen):
        one.taken(delivery(header(), sender=STRANGER))
    assert one.taken(delivery(header())).id


def test_a_question_is_not_taken_again_when_it_has_been_forgotten() -> None:
    """By then it is out of time: whoever has kept it has kept it in vain."""
    clock = TurnedClock()
    one, kept = judge(clock), delivery(header(clock))
    one.taken(kept)
    clock.turn(10 + 3 * TOLERANCE + 1)
    assert one.taken(kept).patience == 0


@pytest.mark.parametrize(
    ("ahead", "patience"),
    [
        (0.0, 10.0),
        (4.9, 10.0),
        (-4.9, 10.0),
        (7.0, 8.0),
        (14.9, 0.1),
        (15.2, 0.0),
        (-5.1, 0.0),
        (3600.0, 0.0),
        (-3600.0, 0.0),
    ],
)
def test_clocks_may_differ_by_so_much(ahead: float, patience: float) -> None:
    """``ahead``: our clock's lead, or how long the question took; nobody can tell which."""
    clock = TurnedClock()
    told = header(clock)
    clock.turn(ahead)
    taken = judge(clock).taken(delivery(told))
    assert taken.patience == pytest.approx(patience, abs=0.01)


def test_refusals_are_counted_all_and_told_now_and_then() -> None:
    refusals = Refusals()
    assert [refusals.add("why", now) for now in (0.0, 1.0, PAUSE - 0.1, PAUSE)] == [1, 0, 0, 3]
    assert [refusals.add(f"why {n}", 0.0) for n in range(200)].count(1) <= 101
    assert refusals.total == 204
    assert len(refusals.counts) <= 101
