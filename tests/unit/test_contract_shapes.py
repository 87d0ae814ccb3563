"""Contracts of other shapes than the packaged ones: read, judged and written as theirs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.contracts.adding import Wishes, incoming
from samsvar.contracts.package import open_package
from samsvar.errors import (
    MalformedRequest,
    ProducerAnswerInvalid,
    ProducerResultError,
    ProducerSaidNo,
)
from samsvar.model.catalogue import SchemaPolicy
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Reply
from samsvar.model.identifiers import PersonId
from samsvar.soap.answer import read_answer
from samsvar.soap.envelope import aggregated, invalid_request, single
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from samsvar.soap.rivta import BODY
from samsvar.soap.schema import Schema
from samsvar.soap.values import judge
from tests.packages import (
    AGREEMENTS,
    AIDS,
    ANOTHER,
    CASES,
    CATEGORY,
    CONTACTS,
    PACKAGES,
    TOLVAN,
    VISITS,
    Case,
    answer,
)

PERSONNUMMER = "1.2.752.129.2.1.3.1"
SAMORDNINGSNUMMER = "1.2.752.129.2.1.3.3"
SOURCE = "SE2129999997-EX1"
EVERY = pytest.mark.parametrize("case", CASES, ids=lambda case: case.operation)
Contracts = Mapping[str, ServiceContract]


@pytest.fixture(scope="module")
def contracts(tmp_path_factory: pytest.TempPathFactory) -> Contracts:
    """The made-up contracts, taken in."""
    data: Path = tmp_path_factory.mktemp("data")
    for case in CASES:
        package = open_package(PACKAGES / case.folder)
        with incoming(package, data, Wishes(categorization=CATEGORY), "5565594230") as coming:
            coming.check(coming.proposal.toml(answered=False))
            coming.move_in()
    return {str(urn): one for urn, one in load_contracts(data / "contracts", data / "wsdl").items()}


def read(contract: ServiceContract, body: bytes, policy: SchemaPolicy = SchemaPolicy.DROP) -> Reply:
    """A source's answer, as the hub reads it."""
    return read_answer(
        contract,
        body,
        http_status=200,
        content_type="text/xml; charset=utf-8",
        content_encoding=None,
        schema=Schema.load(contract),
        policy=policy,
    )


def faults_of(contract: ServiceContract, message: bytes) -> list[str]:
    """How an answer that we wrote breaks its schema."""
    root = parse(message, charset="utf-8", limits=ANSWER_LIMITS).root
    (response,) = root.iterfind(f"{BODY}/{contract.response_element}")
    return [str(fault) for fault in Schema.load(contract).check_response(response)]


def spelled(record: bytes) -> str:
    """One text whatever prefixes and declarations it has."""
    return etree.canonicalize(record.decode(), rewrite_prefixes=True)


@EVERY
def test_each_record_says_whose_it_is_and_where_it_is_from(
    case: Case, contracts: Contracts
) -> None:
    contract = contracts[case.urn]

    reply = read(contract, answer(case, SOURCE))

    assert [item.element for item in reply.items] == list(contract.item_elements)
    for item in reply.items:
        assert item.subject == PersonId(PERSONNUMMER, TOLVAN)
        assert item.source_system == SOURCE


@EVERY
def test_what_the_hub_writes_follows_the_schema_with_and_without_records(
    case: Case, contracts: Contracts
) -> None:
    contract = contracts[case.urn]
    records = [item.xml for item in read(contract, answer(case, SOURCE)).items]

    assert faults_of(contract, aggregated(contract, [], [])) == []
    assert faults_of(contract, aggregated(contract, records, [])) == []
    assert faults_of(contract, single(contract, records, "log-1")) == []
    assert faults_of(contract, single(contract, [], "log-1")) == []
    written = aggregated(contract, records, [])
    again = [item.xml for item in read(contract, written).items]
    assert list(map(spelled, again)) == list(map(spelled, records))


def test_a_container_that_may_be_left_out_is_left_out_when_it_would_be_empty(
    contracts: Contracts,
) -> None:
    contract = contracts[VISITS.urn]
    optional = replace(contract, container_required=False)

    assert b"visits" in aggregated(contract, [], [])
    assert b"visits" not in aggregated(optional, [], [])
    assert b"visits" in aggregated(optional, [b"<x/>"], [])


def test_two_containers_are_no_answer_even_where_the_schema_is_not_asked(
    contracts: Contracts,
) -> None:
    """The records of the second would pass by every check."""
    body = answer(VISITS, SOURCE)
    start, end = body.index(b"<visits>"), body.index(b"</visits>") + len(b"</visits>")
    doubled = body[:end] + body[start:end] + body[end:]

    with pytest.raises(ProducerAnswerInvalid, match="more than one element that holds"):
        read(contracts[VISITS.urn], doubled, SchemaPolicy.OFF)


def test_an_answer_without_its_optional_container_has_no_records(contracts: Contracts) -> None:
    body = answer(VISITS, SOURCE)
    start, end = body.index(b"<visits>"), body.index(b"</visits>") + len(b"</visits>")

    reply = read(contracts[VISITS.urn], body[:start] + body[end:], SchemaPolicy.OFF)

    assert reply.items == ()


def test_a_result_beside_the_records_in_their_container_is_read_and_written_there(
    contracts: Contracts,
) -> None:
    contract = contracts[AGREEMENTS.urn]
    failed = answer(AGREEMENTS, SOURCE).replace(
        b"<c:resultCode>OK</c:resultCode>",
        b"<c:resultCode>ERROR</c:resultCode><c:resultText>Arkivet vilar</c:resultText>",
    )
    start, end = failed.index(b"<agreement "), failed.index(b"</agreement>") + len(b"</agreement>")

    with pytest.raises(ProducerResultError, match="result ERROR: Arkivet vilar") as alone:
        read(contract, failed[:start] + failed[end:])
    with pytest.raises(ProducerResultError) as contradicting:
        read(contract, failed)

    assert alone.value.raw is not None
    assert contradicting.value.raw is None
    written = aggregated(contract, [b"<record/>"], [])
    container, result, record = (
        written.index(part) for part in (b"agreements ", b"resultCode>INFO", b"<record/>")
    )
    assert container < result < record
    assert (
        faults_of(contract, invalid_request(contract, "log-1", "Frågan bryter mot en regel.")) == []
    )


def test_a_result_after_the_records_of_its_container_is_written_after_them(
    contracts: Contracts,
) -> None:
    contract = replace(contracts[AGREEMENTS.urn], result_first=False, container_required=False)

    written = aggregated(contract, [b"<record/>"], [])

    assert written.index(b"<record/>") < written.index(b"resultCode>INFO")
    assert b"agreements " in aggregated(contract, [], [])  # it holds the result


def test_a_code_of_a_contracts_own_is_no_answer(contracts: Contracts) -> None:
    body = answer(AGREEMENTS, SOURCE).replace(b">OK<", b">NOT_ALLOWED<")

    with pytest.raises(ProducerAnswerInvalid, match="none of OK, INFO and ERROR"):
        read(contracts[AGREEMENTS.urn], body)


def test_another_persons_record_of_the_second_kind_is_seen(contracts: Contracts) -> None:
    body = answer(AIDS, SOURCE)
    place = body.rindex(TOLVAN.encode())

    reply = read(
        contracts[AIDS.urn], body[:place] + ANOTHER.encode() + body[place + len(ANOTHER) :]
    )

    assert [item.subject == PersonId(PERSONNUMMER, TOLVAN) for item in reply.items] == [
        True,
        False,
    ]


def test_a_result_before_the_records_is_read_and_written_there(contracts: Contracts) -> None:
    contract = contracts[CONTACTS.urn]
    failed = answer(CONTACTS, SOURCE).replace(
        b"<resultCode>OK</resultCode><resultText/>",
        b"<resultCode>ERROR</resultCode><resultText>Arkivet vilar</resultText>",
    )
    start = failed.index(b"<fixedContact>")
    end = failed.index(b"</fixedContact>") + len(b"</fixedContact>")

    with pytest.raises(ProducerResultError, match="result ERROR: Arkivet vilar") as alone:
        read(contract, failed[:start] + failed[end:])
    with pytest.raises(ProducerSaidNo) as contradicting:
        read(contract, failed)

    assert alone.value.raw is not None
    assert contradicting.value.raw is None  # records beside an ERROR go on to nobody
    written = aggregated(contract, [b"<record/>"], [])
    assert written.index(b"resultCode>INFO") < written.index(b"<record/>")
    refused = invalid_request(contract, "log-1", "Frågan bryter mot en regel.")
    assert faults_of(contract, refused) == []
    assert "Frågan bryter mot en regel." in refused.decode()


@pytest.mark.parametrize(
    ("number", "root"),
    [(TOLVAN, PERSONNUMMER), ("194100642398", SAMORDNINGSNUMMER)],
)
def test_a_plain_number_tells_by_its_form_whose_it_is(
    number: str, root: str, contracts: Contracts
) -> None:
    contract = contracts[VISITS.urn]
    request = etree.Element(contract.request_element)
    etree.SubElement(request, contract.subject_id_path[0]).text = number

    subject, source = judge(request, contract)
    (item,) = read(contract, answer(VISITS, SOURCE, number)).items

    assert subject == PersonId(root, number)
    assert source is None
    assert item.subject == subject


def test_a_plain_number_of_no_known_form_is_refused_without_being_quoted(
    contracts: Contracts,
) -> None:
    contract = contracts[VISITS.urn]
    request = etree.Element(contract.request_element)
    etree.SubElement(request, contract.subject_id_path[0]).text = "191212121213"

    with pytest.raises(MalformedRequest, match="personId: no kind of person number") as caught:
        judge(request, contract)

    assert "1912" not in str(caught.value)


def test_a_contract_may_fix_whose_number_it_is(contracts: Contracts) -> None:
    """Then the number's form is not asked: a samordningsnummer is no personnummer."""
    contract = replace(contracts[VISITS.urn], subject_root=PERSONNUMMER)
    request = etree.Element(contract.request_element)
    place = etree.SubElement(request, contract.subject_id_path[0])
    place.text = TOLVAN

    assert judge(request, contract)[0] == PersonId(PERSONNUMMER, TOLVAN)
    place.text = "194100642398"
    with pytest.raises(MalformedRequest):
        judge(request, contract)
    (item,) = read(contract, answer(VISITS, SOURCE)).items
    assert item.subject == PersonId(PERSONNUMMER, TOLVAN)
