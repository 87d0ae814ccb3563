"""ProcessNotification: read, judged and written as the contract says; answers told apart."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from lxml import etree

from samsvar.errors import (
    IndexRequestRefused,
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerUnreachable,
)
from samsvar.model.engagement import EngagementTransaction
from samsvar.soap.faults import fault_bytes
from samsvar.soap.index_messages import (
    PROCESS_NOTIFICATION,
    check_notification,
    notification,
    notification_response,
    read_notification,
    response_envelope,
)
from samsvar.soap.notification_answer import read_notification_answer
from samsvar.soap.schema import Schema
from tests.contract_facts import wsdl_of

SAMPLES = Path(__file__).parents[1] / "data" / "contracts" / "samples" / "ProcessNotification_1.0"
SCHEMA = Schema.of_wsdl(wsdl_of("ProcessNotification_1.0"))
XML = "text/xml; charset=utf-8"


def sample(name: str) -> tuple[EngagementTransaction, ...]:
    return read_notification(etree.fromstring((SAMPLES / name).read_bytes()))


@pytest.mark.parametrize("name", ["request.max.xml", "request.ext.xml", "request.typical.xml"])
def test_a_sample_is_read_accepted_and_written_again_as_it_was(name: str) -> None:
    transactions = sample(name)
    check_notification(transactions)

    written = etree.fromstring(notification(transactions))

    assert SCHEMA.check_request(written) == ()
    assert read_notification(written) == transactions


def test_a_deletion_and_odd_signs_survive_being_written() -> None:
    (post, *_) = [each.engagement for each in sample("request.max.xml")]
    odd = dataclasses.replace(post, business_object="<&\"'> \u00e5", update_time=None)
    transactions = (EngagementTransaction(delete=True, engagement=odd),)

    assert read_notification(etree.fromstring(notification(transactions))) == transactions


def test_our_answer_follows_the_schema_and_is_understood_by_ourselves() -> None:
    assert SCHEMA.check_response(etree.fromstring(notification_response())) == ()
    answer = response_envelope(notification_response())
    assert read_notification_answer(200, XML, answer) is None


def test_the_owner_must_be_named_and_is_part_of_the_key() -> None:
    (first, *_) = sample("request.max.xml")
    post = first.engagement

    def judged(*owners: str) -> None:
        check_notification(
            [EngagementTransaction(False, dataclasses.replace(post, owner=each)) for each in owners]
        )

    judged("SE1", "SE2")
    with pytest.raises(IndexRequestRefused, match="same key") as twice:
        judged("SE1", "SE1")
    with pytest.raises(IndexRequestRefused, match='"owner" is missing') as missing:
        judged("")
    with pytest.raises(IndexRequestRefused, match='"owner" contains white space') as blank:
        judged("SE1 ")
    assert [caught.value.ei_code for caught in (twice, missing, blank)] == [
        "EI002",
        "EI004",
        "EI004",
    ]


def test_a_reserved_name_is_refused() -> None:
    transactions = sample("request.typical.xml")
    name = transactions[0].engagement.source_system

    with pytest.raises(IndexRequestRefused, match="EngagementTransaction #1 is reserved"):
        check_notification(transactions, reserved=[name])


def answer(content: str) -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f"{content}</s:Body></s:Envelope>"
    ).encode()


def result(code: str) -> bytes:
    return answer(
        f'<n:ProcessNotificationResponse xmlns:n="{PROCESS_NOTIFICATION}">'
        f"<n:ResultCode>{code}</n:ResultCode></n:ProcessNotificationResponse>"
    )


@pytest.mark.parametrize("code", ["OK", "INFO", " OK "])
def test_it_has_taken_it(code: str) -> None:
    assert read_notification_answer(200, XML, result(code)) is None


@pytest.mark.parametrize("code", ["EI001", "EI002", "EI004", "EI005", "EI006"])
def test_a_fault_about_what_was_sent_is_a_refusal(code: str) -> None:
    said = fault_bytes(IndexRequestRefused(code, "191212121212 is not to our liking"), "X")

    refusal = read_notification_answer(500, XML, said)

    assert refusal == f"it answered with the fault {code}"


def test_an_error_in_the_result_is_a_refusal() -> None:
    assert read_notification_answer(200, XML, result("ERROR")) == "it answered ResultCode ERROR"


def test_too_much_at_once_is_a_refusal_so_that_less_is_sent() -> None:
    assert read_notification_answer(413, "text/plain", b"too large") is not None


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (503, b"", ProducerUnreachable),
        (404, b"<html/>", ProducerUnreachable),
        (200, b" ", ProducerAnswerInvalid),
        (200, b"<not xml", ProducerAnswerInvalid),
        (200, answer("<other/>"), ProducerAnswerInvalid),
        (200, answer(""), ProducerAnswerInvalid),
        (200, result("MAYBE"), ProducerAnswerInvalid),
        (500, result("OK"), ProducerAnswerInvalid),
        (500, fault_bytes(IndexRequestRefused("EI000", "database"), "X"), ProducerFault),
        (500, fault_bytes(IndexRequestRefused("EI003", "address"), "X"), ProducerFault),
        (500, fault_bytes(ValueError("191212121212"), "X"), ProducerFault),
    ],
)
def test_anything_else_says_nothing_of_the_changes(
    status: int, body: bytes, error: type[ProducerError]
) -> None:
    with pytest.raises(error) as caught:
        read_notification_answer(status, XML, body)

    assert "191212121212" not in str(caught.value)
