"""What is said of a message that breaks its schema, and that nothing else is let out."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from lxml import etree

from samsvar.soap.base64_text import is_base64
from samsvar.soap.parsing import parse_trusted
from samsvar.soap.schema import MAX_FAULTS, Schema
from tests.contract_facts import DATA, wsdl_of

SCHEMA = Schema.of_wsdl(wsdl_of("GetCarePlans_2.0"))
CORE = "{urn:riv:clinicalprocess:logistics:logistics:3}"
NUMBER = "191212121212"
PATIENT = f"<patientId><c:id>{NUMBER}</c:id><c:type>1.2.752.129.2.1.3.1</c:type></patientId>"
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def element(text: str, tmp_path: Path) -> etree._Element:
    (tmp_path / "message.xml").write_text(text, "utf-8")
    return parse_trusted(tmp_path / "message.xml").getroot()


def request(children: str, tmp_path: Path) -> etree._Element:
    return element(
        '<GetCarePlans xmlns="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"'
        f' xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3" {XSI}>{children}</GetCarePlans>',
        tmp_path,
    )


def response() -> etree._Element:
    return parse_trusted(DATA / "samples/GetCarePlans_2.0/response.typical.xml").getroot()


@pytest.mark.parametrize(
    ("children", "said"),
    [
        (
            "",
            "GetCarePlans: element missing at the end; expected here: careUnitHSAId, patientId",
        ),
        (
            PATIENT + PATIENT,
            "GetCarePlans/patientId[2]: unexpected element, or one before it is missing; "
            "expected here: datePeriod, sourceSystemHSAId, careContactId",
        ),
        (
            f"<p{NUMBER}/>{PATIENT}",
            "GetCarePlans/*: unexpected element, or one before it is missing; "
            "expected here: careUnitHSAId, patientId",
        ),
        (
            f"{PATIENT}<datePeriod><c:start>{NUMBER}</c:start><c:end>20240101</c:end></datePeriod>",
            "GetCarePlans/datePeriod/start: value not of the allowed form",
        ),
        (
            PATIENT.replace("<patientId>", f'<patientId a{NUMBER}="{NUMBER}">'),
            "GetCarePlans/patientId: unknown attribute",
        ),
        (
            PATIENT.replace("<c:type>", f"{NUMBER}<c:type>"),
            "GetCarePlans/patientId: text not allowed between elements",
        ),
        (
            PATIENT.replace("</c:id>", f"<p{NUMBER}/></c:id>"),
            "GetCarePlans/patientId/id: element not allowed inside a simple value",
        ),
        (
            PATIENT + '<sourceSystemHSAId xsi:nil="true"/>',
            "GetCarePlans/sourceSystemHSAId: xsi:nil not allowed",
        ),
        (
            PATIENT.replace("<patientId>", f'<patientId xsi:type="c:T{NUMBER}">'),
            "GetCarePlans/patientId: unknown xsi:type",
        ),
        (
            PATIENT + '<e xmlns="urn:example:extension"/><careContactId>1</careContactId>',
            "GetCarePlans/careContactId: unexpected element after an extension",
        ),
    ],
)
def test_a_fault_says_where_and_what_in_fixed_words(
    children: str, said: str, tmp_path: Path
) -> None:
    """Names come from the schema, never from the message: even a tag may hold a number."""
    faults = SCHEMA.check_request(request(children, tmp_path))

    assert [str(fault) for fault in faults] == [said]


def test_another_element_is_no_request_of_the_contract(tmp_path: Path) -> None:
    faults = SCHEMA.check_request(element(f"<p{NUMBER}/>", tmp_path))

    assert [str(fault) for fault in faults] == ["*: not this contract's GetCarePlans"]


def test_a_response_is_no_request() -> None:
    faults = SCHEMA.check_request(response())

    assert [str(fault) for fault in faults] == [
        "GetCarePlansResponse: not this contract's GetCarePlans"
    ]


def test_no_more_faults_are_told_than_anybody_reads(tmp_path: Path) -> None:
    units = "<careUnitHSAId a='1'/>" * (MAX_FAULTS + 5)

    faults = SCHEMA.check_request(request(units + PATIENT, tmp_path))

    assert [fault.path for fault in faults] == [
        f"GetCarePlans/careUnitHSAId[{number}]" for number in range(1, MAX_FAULTS + 1)
    ]


def test_an_element_is_checked_where_it_stands_with_the_prefixes_in_scope(tmp_path: Path) -> None:
    """A prefix that only the envelope binds still counts, in names and in xsi:type."""
    envelope = element(
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:r="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2" '
        f'xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3" {XSI}><e:Body><r:GetCarePlans>'
        f'<r:patientId xsi:type="c:PersonIdType"><c:id>{NUMBER}</c:id><c:type>1</c:type>'
        "</r:patientId></r:GetCarePlans></e:Body></e:Envelope>",
        tmp_path,
    )
    before = etree.tostring(envelope)
    body_child = envelope[0][0]

    assert SCHEMA.check_request(body_child) == ()
    body_child[0].set("extra", "1")
    assert [str(fault) for fault in SCHEMA.check_request(body_child)] == [
        "GetCarePlans/patientId: unknown attribute"
    ]
    del body_child[0].attrib["extra"]
    assert etree.tostring(envelope) == before


def test_a_schema_location_in_a_message_is_not_followed(tmp_path: Path) -> None:
    """Were it read, the extension would be known, and its text no number."""
    (tmp_path / "trap.xsd").write_text(
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:trap">'
        '<xs:element name="e" type="xs:int"/></xs:schema>',
        "utf-8",
    )
    asked = request(
        f'{PATIENT}<t:e xmlns:t="urn:trap" xsi:schemaLocation='
        f'"urn:trap {(tmp_path / "trap.xsd").as_uri()}">no number</t:e>',
        tmp_path,
    )
    asked.set(
        "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation",
        f"urn:trap {(tmp_path / 'trap.xsd').as_uri()}",
    )

    assert SCHEMA.check_request(asked) == ()


BASE64 = ("", " ", "QUJD", "QUI=", "QQ==", " QU JD\r\n\tQUJD ", "QUI =", "QQ= =")
NOT_BASE64 = ("=", "====", "Q=JD", "QUJ", "QUJ=", "QR==", "QUJD=", "QUJD====", "QUI=QUI=")
STRANGE = ("å", "-_-_", "QUJD!", "QU!D", "QUJD\u00a0")


@pytest.mark.parametrize("text", BASE64 + NOT_BASE64)
def test_base64_is_judged_as_the_full_schema_does(text: str) -> None:
    """Groups of four, padding at the end, and no stray bits before it."""
    message = response()
    value = message.find(f".//{CORE}value")
    assert value is not None
    value.text = text
    plain = etree.XMLSchema(
        parse_trusted(wsdl_of("GetCarePlans_2.0").parent / "GetCarePlansResponder_2.0.xsd")
    )

    right = text in BASE64
    assert (plain.validate(message), is_base64(text)) == (right, right)
    assert (SCHEMA.check_response(message) == ()) is right


@pytest.mark.parametrize("text", STRANGE)
def test_signs_outside_the_alphabet_are_refused_though_libxml2_steps_over_them(text: str) -> None:
    message = response()
    value = message.find(f".//{CORE}value")
    assert value is not None
    value.text = text

    assert [str(fault).rpartition("/")[2] for fault in SCHEMA.check_response(message)] in (
        ["value: value not base64"],
        ["value: value not of the allowed type"],
    )


def test_a_document_cut_in_two_by_an_element_is_refused() -> None:
    message = response()
    value = message.find(f".//{CORE}value")
    assert value is not None
    etree.SubElement(value, "extra")

    assert [str(fault) for fault in SCHEMA.check_response(message)] == [
        "GetCarePlansResponse/carePlan/carePlanBody/content/value: "
        "element not allowed inside a simple value"
    ]


def test_threads_do_not_read_each_others_faults() -> None:
    """One schema, two threads: each is told of its own message, every time."""

    def told(path: str) -> list[str]:
        message = response()
        value = message.find(f".//{CORE}{path}")
        assert value is not None
        value.text = "x" * 40
        return [fault.path.rpartition("/")[2] for fault in SCHEMA.check_response(message)]

    asked = ["authorTime", "documentTime"] * 100
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(told, asked))

    assert answers == [[path] for path in asked]


def test_a_large_document_is_let_through() -> None:
    message = response()
    value = message.find(f".//{CORE}value")
    assert value is not None
    value.text = base64.encodebytes(bytes(range(256)) * 4096).decode("ascii")

    assert SCHEMA.check_response(message) == ()
    value.text += "#"
    assert [fault.reason for fault in SCHEMA.check_response(message)] == ["value not base64"]
