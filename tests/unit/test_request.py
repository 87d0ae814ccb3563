"""Reading an envelope, and judging the question inside it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.errors import ConsumerError, MalformedRequest, NotUnderstood, VersionMismatch
from samsvar.model.catalogue import RivtaProfile
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Question
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.parsing import UPDATE_LIMITS
from samsvar.soap.request import SchemaFault, read_message, understand

ROOT = Path(__file__).parents[2]
URN = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"
TOLVAN = "<c:id>191212121212</c:id><c:type>1.2.752.129.2.1.3.1</c:type>"
PERSON = f"<u:patientId>{TOLVAN}</u:patientId>"
ADDRESS = "<r:LogicalAddress>5565594230</r:LogicalAddress>"


@pytest.fixture(scope="module")
def contract() -> ServiceContract:
    return load_contracts(ROOT / "contracts", ROOT / "wsdl")[ContractUrn(URN)]


def envelope(header: str = ADDRESS, inside: str = PERSON, body_attributes: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:r="urn:riv:itintegration:registry:1"'
        ' xmlns:r2="urn:riv:infrastructure:itintegration:registry:2"'
        ' xmlns:w="http://www.w3.org/2005/08/addressing"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xmlns:u="{URN}" xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3">'
        f"<s:Header>{header}</s:Header><s:Body><u:GetCarePlans {body_attributes}>{inside}"
        "</u:GetCarePlans></s:Body></s:Envelope>"
    ).encode()


def addressed(header: str) -> tuple[RivtaProfile, str | None]:
    message = read_message(envelope(header), "utf-8")
    return message.profile, message.logical_address


def follows(_element: etree._Element) -> tuple[SchemaFault, ...]:
    """A schema that lets everything through: what is left are our own rules."""
    return ()


def ask(contract: ServiceContract, inside: str) -> Question:
    return understand(read_message(envelope(inside=inside), "utf-8"), contract, follows)


def refusal(contract: ServiceContract, inside: str) -> str:
    with pytest.raises(MalformedRequest) as caught:
        ask(contract, inside)
    return str(caught.value)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (ADDRESS, (RivtaProfile.BP21, "5565594230")),
        ("<r2:LogicalAddress>X</r2:LogicalAddress>", (RivtaProfile.BP21, "X")),
        ("<w:To>SE-A</w:To>", (RivtaProfile.BP20, "SE-A")),
        (f"<w:To>SE-A</w:To>{ADDRESS}", (RivtaProfile.BP21, "5565594230")),
        ("<w:To>SE-A</w:To><r:LogicalAddress/>", (RivtaProfile.BP21, None)),
        ("<r:LogicalAddress> A B </r:LogicalAddress>", (RivtaProfile.BP21, " A B ")),
        ("<r:LogicalAddress>A<!-- -->B</r:LogicalAddress>", (RivtaProfile.BP21, "AB")),
        ("<r:LogicalAddress> \n\t</r:LogicalAddress>", (RivtaProfile.BP21, None)),
        ("<r:Actor/>", (RivtaProfile.BP21, None)),
        ("", (RivtaProfile.BP21, None)),
    ],
)
def test_the_address_is_the_registrys_element_else_to_and_is_never_trimmed(
    header: str, expected: tuple[RivtaProfile, str | None]
) -> None:
    assert addressed(header) == expected


@pytest.mark.parametrize(
    "header",
    [
        ADDRESS * 2,
        "<w:To>A</w:To><w:To>B</w:To>",
        "<r:LogicalAddress>A<x/></r:LogicalAddress>",
        f"<r:LogicalAddress>{'A' * 257}</r:LogicalAddress>",
        ADDRESS + "<w:Action/>" * 32,
        f"text{ADDRESS}",
        f"{ADDRESS}text",
        f'<w:Action s:mustUnderstand="true"/>{ADDRESS}',
        f'<w:Action s:mustUnderstand="wrong" s:actor="urn:other"/>{ADDRESS}',
    ],
)
def test_a_header_that_can_be_read_in_two_ways_is_refused(header: str) -> None:
    with pytest.raises(MalformedRequest):
        read_message(envelope(header), "utf-8")


@pytest.mark.parametrize(
    "block",
    [
        '<w:Action s:mustUnderstand="1"/>',
        '<w:Action s:mustUnderstand="1" s:actor=""/>',
        '<w:Action s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"/>',
        '<w:To s:mustUnderstand="1">SE-A</w:To>',
    ],
)
def test_a_mandatory_block_for_us_that_is_not_read_is_not_understood(block: str) -> None:
    """To beside LogicalAddress included: nobody is told that it was followed."""
    with pytest.raises(NotUnderstood):
        read_message(envelope(block + ADDRESS), "utf-8")


@pytest.mark.parametrize(
    "header",
    [
        '<r:LogicalAddress s:mustUnderstand="1">A</r:LogicalAddress>',
        '<w:To s:mustUnderstand="1">A</w:To>',
        f'<w:Action s:mustUnderstand="1" s:actor="urn:other"/>{ADDRESS}',
        f'<w:Action s:mustUnderstand="0"/>{ADDRESS}',
    ],
)
def test_a_mandatory_block_that_is_read_or_anothers_is_no_hindrance(header: str) -> None:
    assert addressed(header)[1] is not None


def test_of_several_faults_version_comes_first_and_client_last() -> None:
    bad = envelope('<w:A s:mustUnderstand="1"/><w:B s:mustUnderstand="x"/>text')

    with pytest.raises(NotUnderstood):
        read_message(bad, "utf-8")
    with pytest.raises(VersionMismatch):
        read_message(bad.replace(b"schemas.xmlsoap.org/soap/envelope/", b"other"), "utf-8")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<s:Body>", "<s:Body/><s:Body>"),
        ("<s:Body>", "<s:Body>text"),
        ("<s:Body>", "<s:Body><u:Second/>"),
        ("<s:Body>", '<s:Body s:encodingStyle="urn:x">'),
        ("<s:Body>", '<s:Body s:actor="urn:x">'),
        ("</s:Body>", "</s:Body><u:After/>"),
        ("<u:patientId>", '<u:patientId s:encodingStyle="urn:x">'),
        ("<u:patientId>", '<u:patientId xsi:nil = "true">'),
        (f' xmlns:u="{URN}"', f' xmlns:u="{URN}" xmlns:i="http://www.w3.org/2001/XInclude"'),
        ("<s:Header>", "<s:Header/><s:Header>"),
    ],
)
def test_an_envelope_that_is_not_plain_is_refused(old: str, new: str) -> None:
    document = envelope(inside=PERSON + ("<i:include/>" if "XInclude" in new else ""))

    with pytest.raises(MalformedRequest):
        read_message(document.replace(old.encode(), new.encode(), 1), "utf-8")


def test_another_type_on_the_request_is_refused_but_one_deeper_is_the_schemas() -> None:
    with pytest.raises(MalformedRequest):
        read_message(envelope(body_attributes='xsi:type="c:IIType"'), "utf-8")

    inside = PERSON.replace("<u:patientId>", '<u:patientId xsi:type="c:PersonIdType">')
    assert read_message(envelope(inside=inside), "utf-8").contract == URN


def test_an_update_may_be_larger_than_a_question() -> None:
    document = envelope(inside=PERSON + "<u:careContactId>c-1</u:careContactId>" * 1_900) + (
        b" " * 131_072
    )

    assert read_message(document, "utf-8", UPDATE_LIMITS).local_name == "GetCarePlans"
    with pytest.raises(MalformedRequest):
        read_message(document, "utf-8")


def test_neither_message_nor_question_prints_the_person(contract: ServiceContract) -> None:
    message = read_message(envelope(), "utf-8")
    question = understand(message, contract, follows)

    assert question.subject.extension == "191212121212"
    assert question.envelope == message.data
    assert "191212121212" not in repr(message) + repr(question)


def test_schema_faults_are_told_with_their_places_and_no_more_than_five(
    contract: ServiceContract,
) -> None:
    @dataclass(frozen=True)
    class Fault:
        path: str
        reason: str

    def check(_element: etree._Element) -> list[Fault]:
        return [Fault(f"GetCarePlans/x[{number}]", "unexpected") for number in range(1, 9)]

    with pytest.raises(MalformedRequest) as caught:
        understand(read_message(envelope(), "utf-8"), contract, check)

    assert "GetCarePlans/x[1]: unexpected; " in str(caught.value)
    assert "x[5]: unexpected." in str(caught.value)
    assert "x[6]" not in str(caught.value)


def test_another_request_than_the_contracts_is_refused(contract: ServiceContract) -> None:
    document = envelope().replace(b"u:GetCarePlans", b"u:GetCareThings")

    with pytest.raises(ConsumerError, match="request of its contract"):
        understand(read_message(document, "utf-8"), contract, follows)


@pytest.mark.parametrize(
    ("start", "end", "told"),
    [
        ("20240101", "20231231", "datePeriod: start is after end."),
        ("20230230", "20231231", "datePeriod/start: no such day"),
        ("20230101", "20231301", "datePeriod/end: no such day"),
        ("20٢٣0101", "20231231", "datePeriod/start: not written"),
        ("20230101Z", "20231231", "datePeriod/start: not written"),
        ("2023-01-01", "20231231", "datePeriod/start: not written"),
    ],
)
def test_a_period_that_cannot_be_is_refused_with_its_place(
    contract: ServiceContract, start: str, end: str, told: str
) -> None:
    period = f"<u:datePeriod><c:start>{start}</c:start><c:end>{end}</c:end></u:datePeriod>"

    text = refusal(contract, PERSON + period)

    assert text.startswith(told)
    assert start not in text


def test_a_period_of_one_leap_day_is_a_period(contract: ServiceContract) -> None:
    period = "<u:datePeriod><c:start>20240229</c:start><c:end>20240229</c:end></u:datePeriod>"
    foreign = "<x:start xmlns:x='urn:x'>any text</x:start></u:datePeriod>"

    assert ask(contract, PERSON + period).source_filter is None
    assert ask(contract, PERSON + period.replace("</u:datePeriod>", foreign)).subject.extension


@pytest.mark.parametrize("name", ["careUnitHSAId", "sourceSystemHSAId", "careContactId"])
def test_identifiers_have_a_length_a_number_and_no_control_characters(
    contract: ServiceContract, name: str
) -> None:
    longest = 64 if name.endswith("HSAId") else 255

    def given(text: str, times: int = 1) -> str:
        return PERSON + f"<u:{name}>{text}</u:{name}>" * times

    assert ask(contract, given("S" * longest)).subject.extension
    assert ask(contract, given("S", 1_000)).subject.extension
    assert refusal(contract, given("S" * (longest + 1))) == (
        f"{name}: longer than {longest} characters."
    )
    assert refusal(contract, given("S", 1_001)) == f"{name}: more than 1000 of them."
    assert refusal(contract, given("S&#10;S")) == f"{name}: holds a control character."


@pytest.mark.parametrize(("text", "limits"), [("SE-A", "SE-A"), ("", None), ("  ", None)])
def test_an_empty_source_filter_limits_nothing(
    contract: ServiceContract, text: str, limits: str | None
) -> None:
    inside = f"{PERSON}<u:sourceSystemHSAId>{text}</u:sourceSystemHSAId>"

    assert ask(contract, inside).source_filter == limits


def test_a_person_without_number_or_of_unknown_type_is_refused(contract: ServiceContract) -> None:
    assert refusal(contract, "") == "patientId/id: the person's number or its type is missing."
    assert "type is not an OID" in refusal(contract, PERSON.replace("1.2.752", "9.9.999"))
    assert "check digit" in refusal(contract, PERSON.replace("121212<", "121213<"))
