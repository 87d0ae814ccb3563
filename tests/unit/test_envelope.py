"""The envelopes we write: valid by our schemas, read back by our own reader, nothing rebuilt."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.model.catalogue import RivtaProfile, SchemaPolicy
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Reply
from samsvar.model.status import CausingAgent, StatusCode, StatusError, StatusRecord
from samsvar.soap.answer import read_answer
from samsvar.soap.envelope import aggregated, escaped, request_envelope, single
from samsvar.soap.schema import Schema

ROOT = Path(__file__).parents[2]
ANSWERS = ROOT / "tests" / "data" / "answers"
WSDL = ROOT / "wsdl"
BY_FOLDER = {
    contract.folder.name: contract for contract in load_contracts(ROOT / "contracts", WSDL).values()
}
CARE_PLANS = BY_FOLDER["get_care_plans_2"]
SCHEMAS = {name: Schema.load(contract) for name, contract in BY_FOLDER.items()}
HEADERS = xmlschema.XMLSchema10(
    WSDL / "interoperability_headers_1.0/schemas/core_components/interoperability_headers_1.0.xsd"
)
H = "{urn:riv:interoperability:headers:1}"
S = "{http://schemas.xmlsoap.org/soap/envelope/}"
NOON = datetime(2026, 6, 1, 10, 0, 0, tzinfo=UTC)  # 12 in Sweden: summer time

GOOD = StatusRecord("SE2321000131-E000000000001", StatusCode.DATA_FROM_SOURCE, NOON)
LATE = StatusRecord(
    "SE2120001355-E000000000002",
    StatusCode.NO_DATA_SYNCH_FAILED,
    NOON,
    StatusError(CausingAgent.SERVICE_PRODUCER, "504", 'timeout: <27 s & "slow"'),
)
DECLARED = (
    'xmlns:r="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"'
    ' xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3"'
)


def plan(document: str = "d1") -> bytes:
    return (
        f"<r:carePlan {DECLARED}><c:carePlanHeader><c:documentId>{document}</c:documentId>"
        "<c:sourceSystemHSAId>SE2321000131-E000000000001</c:sourceSystemHSAId>"
        "<c:patientId><c:id>191212121212</c:id><c:type>1.2.752.129.2.1.3.1</c:type></c:patientId>"
        "<c:accountableHealthcareProfessional><c:authorTime>20240101120000</c:authorTime>"
        "</c:accountableHealthcareProfessional><c:approvedForPatient>true</c:approvedForPatient>"
        "</c:carePlanHeader><c:carePlanBody/></r:carePlan>"
    ).encode()


def read(contract: ServiceContract, body: bytes) -> Reply:
    """As another hub would read us, with the schema on."""
    return read_answer(
        contract,
        body,
        http_status=200,
        content_type="text/xml; charset=utf-8",
        content_encoding=None,
        schema=SCHEMAS[contract.folder.name],
        policy=SchemaPolicy.DROP,
    )


def header_rows(body: bytes) -> list[dict[str, str]]:
    """The rows of the status header, which is valid by its schema, field by field."""
    header = etree.fromstring(body).find(f"{S}Header/{H}ProcessingStatus")
    assert header is not None
    HEADERS.validate(etree.tostring(header, encoding="unicode"))
    return [
        {etree.QName(leaf).localname: leaf.text or "" for leaf in row.iter() if not len(leaf)}
        for row in header
    ]


def test_a_collected_answer_is_the_national_one_to_the_byte() -> None:
    """The whole of it, once, so that no detail changes unseen."""
    assert aggregated(CARE_PLANS, [b"<one/>", b"<two/>"], [GOOD, LATE]).decode() == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header>'
        '<h:ProcessingStatus xmlns:h="urn:riv:interoperability:headers:1">'
        "<h:ProcessingStatusList>"
        "<h:logicalAddress>SE2321000131-E000000000001</h:logicalAddress>"
        "<h:statusCode>DataFromSource</h:statusCode>"
        "<h:isResponseFromCache>false</h:isResponseFromCache>"
        "<h:isResponseInSynch>true</h:isResponseInSynch>"
        "<h:lastSuccessfulSynch>20260601120000</h:lastSuccessfulSynch>"
        "</h:ProcessingStatusList>"
        "<h:ProcessingStatusList>"
        "<h:logicalAddress>SE2120001355-E000000000002</h:logicalAddress>"
        "<h:statusCode>NoDataSynchFailed</h:statusCode>"
        "<h:isResponseFromCache>false</h:isResponseFromCache>"
        "<h:isResponseInSynch>false</h:isResponseInSynch>"
        "<h:lastSuccessfulSynch/>"
        "<h:lastUnsuccessfulSynch>20260601120000</h:lastUnsuccessfulSynch>"
        "<h:lastUnsuccessfulSynchError><h:causingAgent>service_producer</h:causingAgent>"
        "<h:code>504</h:code><h:text>timeout: &lt;27 s &amp; &quot;slow&quot;</h:text>"
        "</h:lastUnsuccessfulSynchError>"
        "</h:ProcessingStatusList>"
        "</h:ProcessingStatus></s:Header><s:Body>"
        "<r:GetCarePlansResponse"
        ' xmlns:r="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2">'
        "<one/><two/>"
        '<q:result xmlns:q="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"'
        ' xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3">'
        "<c:resultCode>INFO</c:resultCode><c:logId>NA</c:logId>"
        "</q:result></r:GetCarePlansResponse></s:Body></s:Envelope>"
    )


@pytest.mark.parametrize("name", sorted(BY_FOLDER))
@pytest.mark.parametrize("statuses", [[], [GOOD], [LATE], [GOOD, LATE]])
def test_an_answer_without_records_is_valid_and_tells_of_every_source(
    name: str, statuses: list[StatusRecord]
) -> None:
    """The header is there also when nobody was asked; the result only where there is one."""
    contract = BY_FOLDER[name]

    body = aggregated(contract, [], statuses)

    assert read(contract, body).items == ()
    assert [row["logicalAddress"] for row in header_rows(body)] == [
        status.logical_address for status in statuses
    ]
    assert (b"INFO" in body) == (contract.result_element is not None)


@pytest.mark.parametrize(
    ("name", "sample"),
    [
        ("get_care_plans_2", "GetCarePlans_2.0/response.ext.xml"),
        ("get_care_contacts_2", "GetCareContacts_2.0/response.ext.xml"),
        ("get_care_contacts_3", "GetCareContacts_3.0/response.ext.xml"),
    ],
)
def test_three_answers_become_one_with_every_record_as_it_came(name: str, sample: str) -> None:
    contract = BY_FOLDER[name]
    payload = (ANSWERS / sample).read_bytes().partition(b"?>")[2]
    envelope = b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
    one = read(contract, envelope + payload + b"</e:Body></e:Envelope>").items
    records = [
        etree.tostring(record, method="c14n", exclusive=True)
        for record in etree.fromstring(payload).iterchildren(*contract.item_elements)
    ]

    body = aggregated(contract, [item.xml for item in one] * 3, [GOOD, GOOD, LATE])

    merged = etree.fromstring(body).iter(*contract.item_elements)
    assert [etree.tostring(r, method="c14n", exclusive=True) for r in merged] == records * 3
    assert [(i.subject, i.source_system) for i in read(contract, body).items] == [
        (i.subject, i.source_system) for i in one
    ] * 3


def test_a_record_of_ours_stays_what_it_is_when_it_goes_through_another_hub() -> None:
    """Collected twice, as when a region's hub stands behind the national one."""
    once = read(CARE_PLANS, aggregated(CARE_PLANS, [plan()], [GOOD])).items
    twice = read(CARE_PLANS, aggregated(CARE_PLANS, [once[0].xml], [GOOD])).items

    assert etree.tostring(
        etree.fromstring(twice[0].xml), method="c14n", exclusive=True
    ) == etree.tostring(etree.fromstring(plan()), method="c14n", exclusive=True)


@pytest.mark.parametrize(
    ("code", "times"),
    [
        (StatusCode.DATA_FROM_SOURCE, ("20260601120000", None)),
        (StatusCode.DATA_FROM_CACHE, ("20260601120000", None)),
        (StatusCode.DATA_FROM_CACHE_SYNCH_FAILED, ("", "20260601120000")),
        (StatusCode.NO_DATA_SYNCH_FAILED, ("", "20260601120000")),
    ],
)
def test_the_times_follow_the_table_of_codes(
    code: StatusCode, times: tuple[str, str | None]
) -> None:
    (row,) = header_rows(aggregated(CARE_PLANS, [], [StatusRecord("A", code, NOON)]))

    assert (row["lastSuccessfulSynch"], row.get("lastUnsuccessfulSynch")) == times


def test_winter_time_is_one_hour_from_utc() -> None:
    midnight = datetime(2025, 12, 31, 23, 30, 5, tzinfo=UTC)
    status = StatusRecord("A", StatusCode.DATA_FROM_SOURCE, midnight)

    (row,) = header_rows(aggregated(CARE_PLANS, [], [status]))

    assert row["lastSuccessfulSynch"] == "20260101003005"


def test_a_time_without_a_zone_is_refused() -> None:
    naive = StatusRecord("A", StatusCode.DATA_FROM_SOURCE, NOON.replace(tzinfo=None))

    with pytest.raises(ValueError, match="without a zone"):
        aggregated(CARE_PLANS, [], [naive])


@pytest.mark.parametrize("name", sorted(BY_FOLDER))
def test_an_answer_of_one_source_is_an_ordinary_one(name: str) -> None:
    """No status header, and a result, where there is one, that says OK."""
    contract = BY_FOLDER[name]

    body = single(contract, [], "3d813cbb-47fb-42ba-91df-831e1593ac29")

    assert read(contract, body).items == ()
    envelope = etree.fromstring(body)
    assert envelope.find(f"{S}Header") is None
    codes = [leaf.text for leaf in envelope.iter("{*}resultCode", "{*}logId")]
    expected = ["OK", "3d813cbb-47fb-42ba-91df-831e1593ac29"]
    assert codes == (expected if contract.result_element else [])


def test_one_sources_records_are_put_in_as_they_are() -> None:
    body = single(CARE_PLANS, [plan("a"), plan("b")], "l&1")

    assert plan("a") + plan("b") + b"<q:result" in body
    assert len(read(CARE_PLANS, body).items) == 2
    assert b">l&amp;1</c:logId>" in body


@pytest.mark.parametrize(
    ("profile", "element"),
    [
        (RivtaProfile.BP21, "{urn:riv:itintegration:registry:1}LogicalAddress"),
        (RivtaProfile.BP20, "{http://www.w3.org/2005/08/addressing}To"),
    ],
)
def test_a_question_has_its_address_where_the_profile_says(
    profile: RivtaProfile, element: str
) -> None:
    """And its body as it came, to the byte."""
    question = b"<GetCarePlans xmlns=\"urn:q\"><!-- as it came --><a b = '1'/></GetCarePlans >"

    message = request_envelope(profile, "SE2321000131-E000000000001 & co", question)

    envelope = etree.fromstring(message)
    assert [(block.tag, block.text) for block in envelope[0]] == [
        (element, "SE2321000131-E000000000001 & co")
    ]
    assert question in message
    assert [child.tag for child in envelope] == [f"{S}Header", f"{S}Body"]
    assert [child.tag for child in envelope[1]] == ["{urn:q}GetCarePlans"]


@given(st.text())
def test_any_text_can_be_written_and_is_read_back(text: str) -> None:
    """What XML cannot hold is replaced, and everything else is read as it was written."""
    status = StatusRecord(
        text,
        StatusCode.NO_DATA_SYNCH_FAILED,
        NOON,
        StatusError(CausingAgent.OTHER, "43000", text),
    )

    row = etree.fromstring(aggregated(CARE_PLANS, [], [status])).find(f".//{H}ProcessingStatusList")

    assert row is not None
    legal = "".join(
        sign if sign in "\t\n\r" or (sign >= " " and sign not in "\ufffe\uffff") else "\ufffd"
        for sign in text
    )
    assert row.findtext(f"{H}logicalAddress") == legal
    assert row.findtext(f"{H}lastUnsuccessfulSynchError/{H}text") == legal


def test_half_a_character_is_replaced() -> None:
    assert escaped("a\ud800b\x00<") == "a\ufffdb\ufffd&lt;"


@given(st.lists(st.integers(0, 999), max_size=30))
def test_records_in_are_records_out_in_the_same_order(numbers: list[int]) -> None:
    documents = [f"d{number}" for number in numbers]

    body = aggregated(CARE_PLANS, [plan(document) for document in documents], [GOOD, LATE])

    ids = etree.fromstring(body).iter("{*}documentId")
    assert [leaf.text for leaf in ids] == documents
    assert [item.xml.count(b"<c:documentId>") for item in read(CARE_PLANS, body).items] == [
        1 for _ in documents
    ]
