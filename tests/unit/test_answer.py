"""What a producer's answer becomes: records as they came, or one error that says who must act."""

from __future__ import annotations

import csv
import gzip
import random
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerError,
    ProducerFault,
    ProducerResultError,
    ProducerUnreachable,
    SchemaBroken,
)
from samsvar.model.catalogue import SchemaPolicy
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Reply
from samsvar.model.identifiers import PersonId
from samsvar.soap.answer import ResponseCheck, read_answer
from samsvar.soap.foreign_text import shown
from samsvar.soap.schema import Schema

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
CONTRACTS = load_contracts(ROOT / "contracts", ROOT / "wsdl")
BY_FOLDER = {contract.folder.name: contract for contract in CONTRACTS.values()}
CARE_PLANS = BY_FOLDER["get_care_plans_2"]
SCHEMAS = {name: Schema.load(contract) for name, contract in BY_FOLDER.items()}
TOLVAN = PersonId("1.2.752.129.2.1.3.1", "191212121212")
XML = "text/xml; charset=utf-8"
C = "{urn:riv:clinicalprocess:logistics:logistics:3}"
R = "{urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2}"

_interface_guard: type[ResponseCheck] = Schema


def read(
    body: bytes,
    *,
    contract: ServiceContract = CARE_PLANS,
    status: int = 200,
    content_type: str | None = XML,
    encoding: str | None = None,
    policy: SchemaPolicy = SchemaPolicy.DROP,
    with_schema: bool = True,
) -> Reply:
    return read_answer(
        contract,
        body,
        http_status=status,
        content_type=content_type,
        content_encoding=encoding,
        schema=SCHEMAS[contract.folder.name] if with_schema else None,
        policy=policy,
    )


def refused(body: bytes, **circumstances: object) -> tuple[type[ProducerError], str]:
    """The kind and the words of the error that the answer ends in."""
    with pytest.raises(ProducerError) as caught:
        read(body, **circumstances)  # type: ignore[arg-type]
    return type(caught.value), str(caught.value)


def plan(person: str = "191212121212", source: str = "SE2321000016-2X4B", more: str = "") -> str:
    return (
        "<u:carePlan><c:carePlanHeader><c:documentId>d1</c:documentId>"
        f"<c:sourceSystemHSAId>{source}</c:sourceSystemHSAId>"
        f"<c:patientId><c:id>{person}</c:id><c:type>1.2.752.129.2.1.3.1</c:type></c:patientId>"
        "<c:accountableHealthcareProfessional><c:authorTime>20240101120000</c:authorTime>"
        "</c:accountableHealthcareProfessional><c:approvedForPatient>true</c:approvedForPatient>"
        f"</c:carePlanHeader><c:carePlanBody/>{more}</u:carePlan>"
    )


OK = "<u:result><c:resultCode>OK</c:resultCode><c:logId>l1</c:logId></u:result>"


def message(inside: str, header: str = "") -> bytes:
    return (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:u="urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2"'
        ' xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3">'
        f"<s:Header>{header}</s:Header><s:Body>{inside}</s:Body></s:Envelope>"
    ).encode()


def response(*records: str, result: str = OK) -> bytes:
    inside = "".join(records) + result
    return message(f"<u:GetCarePlansResponse>{inside}</u:GetCarePlansResponse>")


def fault(text: str) -> bytes:
    return message(
        f"<s:Fault><faultcode>s:Server</faultcode><faultstring>{text}</faultstring></s:Fault>"
    )


def canonical(xml: bytes) -> bytes:
    return etree.tostring(etree.fromstring(xml), method="c14n", exclusive=True)


# --- the collection of bad answers -------------------------------------------------------------

INVALID, FAULT, RESULT = ProducerAnswerInvalid, ProducerFault, ProducerResultError

#: how each row of index.csv ends: the error, or what is found for the pipeline to judge
ENDS: dict[str, tuple[type[ProducerError], str] | str] = {
    "RSP-01": "good",
    "RSP-03": "foreign patient",
    "RSP-05": "foreign patient",
    "RSP-07": "foreign source",
    "RSP-09": (
        SchemaBroken,
        "breaks its schema at GetCarePlansResponse: element missing at the end;",
    ),
    "RSP-11": (RESULT, "result ERROR: TECHNICAL_ERROR"),
    "RSP-13": (FAULT, "SOAP fault: fel"),
    "RSP-15": (FAULT, "SOAP fault: its text is not fit to be shown"),
    "RSP-17": (INVALID, "no SOAP message: the Content-Type is not text/xml"),
    "RSP-19": (INVALID, "no SOAP message: the Content-Type is not text/xml"),
    "RSP-21": (INVALID, "XML that is refused: not well-formed XML"),
    "RSP-23": (INVALID, "XML that is refused: carries a DOCTYPE"),
    "RSP-25": (INVALID, "the answer is not this contract's"),
    "RSP-27": (INVALID, "XML that is refused: not in the encoding that its label names"),
    "RSP-29": "good",
    "RSP-31": (INVALID, "the envelope does not hold one Body and nothing after it"),
    "RSP-33": (INVALID, "a header block that must be understood is not"),
    "RSP-35": "foreign patient",
    "RSP-37": (INVALID, "no SOAP message: the Content-Type is not text/xml"),
    "RSP-39": (INVALID, "compressed, though that was not asked for"),
    "RSP-41": (INVALID, "HTTP status 307"),
    "RSP-43": (INVALID, "HTTP status 500 with a message that is no fault"),
    "RSP-45": (FAULT, "SOAP fault: x"),
    "RSP-47": (INVALID, "more than one result"),
}


def rows() -> list[dict[str, str]]:
    with (DATA / "badinputs" / "index.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == "response"]


def test_every_row_of_the_collection_has_its_end() -> None:
    assert sorted(ENDS) == sorted(row["id"] for row in rows())


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_a_bad_answer_ends_as_the_collection_says(row: dict[str, str]) -> None:
    """DataFromSource: every record is the asked person's, from the asked source. Else an error,
    or a record that the next stage knows for a stranger."""
    extra = dict(line.split(": ", 1) for line in row["extra_headers"].split("|") if line)
    end = ENDS[row["id"]]

    def answer() -> Reply:
        return read(
            (DATA / "badinputs" / row["file"]).read_bytes(),
            status=int(extra.get(":status", 200)),
            content_type=row["content_type"] or None,
            encoding=extra.get("Content-Encoding"),
        )

    if isinstance(end, tuple):
        with pytest.raises(ProducerError) as caught:
            answer()
        assert (type(caught.value), str(caught.value)[: len(end[1])]) == end
        assert row["expected"] == "P-NoDataSynchFailed"
        return
    items = answer().items
    persons = {item.subject for item in items} == {TOLVAN}
    sources = {item.source_system for item in items} == {"SE2321000016-2X4B"}
    assert (persons, sources) == {
        "good": (True, True),
        "foreign patient": (False, True),
        "foreign source": (True, False),
    }[end]
    assert (row["expected"] == "P-DataFromSource") == (end == "good")


def test_the_one_stranger_among_many_is_told_apart() -> None:
    items = read((DATA / "badinputs" / "responses" / "RSP-35.xml").read_bytes()).items

    assert [n for n, item in enumerate(items, 1) if item.subject != TOLVAN] == [121]


# --- records -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(BY_FOLDER))
@pytest.mark.parametrize("kind", ["ext", "max", "min"])
def test_the_records_of_a_sample_say_what_they_said(name: str, kind: str) -> None:
    """Unknown extensions included: each record, read alone, is the record in the message."""
    contract = BY_FOLDER[name]
    folder = {
        "get_care_plans_2": "GetCarePlans_2.0",
        "get_care_contacts_2": "GetCareContacts_2.0",
        "get_care_contacts_3": "GetCareContacts_3.0",
    }[name]
    sample = (DATA / "answers" / folder / f"response.{kind}.xml").read_bytes()
    payload = sample.partition(b"?>")[2]
    records = etree.fromstring(payload).findall(contract.item_elements[0])

    reply = read(message("").replace(b"<s:Body>", b"<s:Body>" + payload), contract=contract)

    assert [canonical(item.xml) for item in reply.items] == [
        etree.tostring(record, method="c14n", exclusive=True) for record in records
    ]
    assert {item.subject for item in reply.items} <= {TOLVAN}


def test_the_answer_itself_is_kept_as_it_came() -> None:
    body = (
        "\ufeff".encode() + (DATA / "answers" / "GetCarePlans.response.producer.xml").read_bytes()
    )

    reply = read(body, policy=SchemaPolicy.WARN)

    assert (reply.raw, len(reply.items), reply.warnings) == (body, 1, ())


def test_an_answer_in_utf_16_gives_records_in_utf_8() -> None:
    body = response(plan(more='<x:e xmlns:x="urn:x">å</x:e>')).decode()

    reply = read(body.encode("utf-16"), content_type="text/xml; charset=utf-16")

    assert [item.xml.count("å".encode()) for item in reply.items] == [1]


def test_comments_and_cdata_are_passed_on_and_do_not_hide_the_person() -> None:
    more = '<x:e xmlns:x="urn:x"><![CDATA[</u:carePlan>]]><!-- kvar --></x:e>'
    body = response(plan("1912<!-- x -->12121212", more=more))

    (item,) = read(body).items

    assert item.subject == TOLVAN
    assert more.encode() in item.xml


@pytest.mark.parametrize(
    "person",
    [
        "191212121212</c:id><c:id>198112189876",
        "191212121212<c:id>198112189876</c:id>",
        "",
    ],
)
def test_a_person_who_cannot_be_told_for_certain_is_nobody(person: str) -> None:
    """Also where the schema is not asked, nobody can hide behind the right number."""
    (item,) = read(response(plan(person)), policy=SchemaPolicy.OFF).items

    assert item.subject is None


def test_a_second_header_hides_neither_person_nor_source() -> None:
    first = plan()
    header = first[first.index("<c:carePlanHeader>") : first.index("<c:carePlanBody/>")]

    (item,) = read(response(plan(more=header)), policy=SchemaPolicy.OFF).items

    assert (item.subject, item.source_system) == (None, None)


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20))
)
@example(["]]>", "<u:carePlan>", "&"])
def test_records_in_are_records_out_in_the_same_order(texts: list[str]) -> None:
    def marked(text: str) -> str:
        quoted = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f'<x:e xmlns:x="urn:x">{quoted}</x:e>'

    body = response(*(plan(more=marked(text)) for text in texts))

    reply = read(body)

    assert [etree.fromstring(item.xml).findtext("{urn:x}e") for item in reply.items] == texts
    assert [item.subject for item in reply.items] == [TOLVAN] * len(texts)


# --- policy and result -------------------------------------------------------------------------

BROKEN = response(plan().replace("20240101120000", "1 januari"))


@pytest.mark.parametrize("with_schema", [True, False])
def test_a_schema_fault_is_judged_by_the_producers_policy(with_schema: bool) -> None:
    """Dropped, told or not looked at; without a schema there is nothing to judge by."""
    place = "GetCarePlansResponse/carePlan/carePlanHeader/accountableHealthcareProfessional/"
    told = f"{place}authorTime: value not of the allowed form"

    if with_schema:
        assert refused(BROKEN) == (SchemaBroken, f"breaks its schema at {told}")
    else:
        assert len(read(BROKEN, with_schema=False).items) == 1
    warned = read(BROKEN, policy=SchemaPolicy.WARN, with_schema=with_schema)
    assert (len(warned.items), warned.warnings) == (1, (told,) if with_schema else ())
    off = read(BROKEN, policy=SchemaPolicy.OFF, with_schema=with_schema)
    assert (len(off.items), off.warnings) == (1, ())


def test_a_missing_result_is_a_schema_fault_also_without_a_schema() -> None:
    body = response(plan(), result="")

    assert refused(body, with_schema=False) == (
        SchemaBroken,
        "breaks its schema at GetCarePlansResponse: no result",
    )
    assert read(body, with_schema=False, policy=SchemaPolicy.WARN).warnings == (
        "GetCarePlansResponse: no result",
    )
    assert len(read(body, policy=SchemaPolicy.OFF).items) == 1


@pytest.mark.parametrize("policy", list(SchemaPolicy))
def test_result_error_is_a_failure_under_every_policy(policy: SchemaPolicy) -> None:
    body = (DATA / "answers" / "GetCarePlans.response.invalid-request.xml").read_bytes()

    assert refused(body, policy=policy) == (
        ProducerResultError,
        "result ERROR: INVALID_REQUEST: sourceSystemHSAId måste anges och vara lika med "
        "logisk adress när careContactId anges.",
    )


@pytest.mark.parametrize("code", ["", "<c:resultCode>ok</c:resultCode>", "<c:resultCode/>"])
def test_a_result_that_says_nothing_known_is_not_taken_for_ok(code: str) -> None:
    body = response(plan(), result=f"<u:result>{code}<c:logId>l</c:logId></u:result>")

    assert refused(body, policy=SchemaPolicy.OFF) == (
        ProducerAnswerInvalid,
        "the result's code is none of OK, INFO and ERROR",
    )


def test_a_contract_without_result_needs_none() -> None:
    contract = BY_FOLDER["get_care_contacts_2"]
    empty = f'<r:GetCareContactsResponse xmlns:r="{contract.urn}"/>'

    assert read(message(empty), contract=contract).items == ()


# --- transport and envelope --------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500])
def test_a_fault_is_a_fault_whatever_the_status(status: int) -> None:
    body = (DATA / "answers" / "fault.server.technical.http500.xml").read_bytes()

    with pytest.raises(ProducerFault) as caught:
        read(body, status=status)

    assert str(caught.value) == (
        "SOAP fault: Informationshämtning med GetCarePlans från SE2321000131-E000000000001 "
        "misslyckades. Ange loggid 3d813cbb-47fb-42ba-91df-831e1593ac29 vid felsökning."
    )
    assert caught.value.raw == body
    assert "191212121212" not in repr(caught.value)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (100, ProducerAnswerInvalid),
        (202, ProducerAnswerInvalid),
        (204, ProducerAnswerInvalid),
        (302, ProducerAnswerInvalid),
        (401, ProducerAnswerInvalid),
        (403, ProducerAnswerInvalid),
        (404, ProducerAnswerInvalid),
        (429, ProducerUnreachable),
        (502, ProducerUnreachable),
        (503, ProducerUnreachable),
        (504, ProducerUnreachable),
    ],
)
def test_another_http_status_is_named_and_its_body_never_read(
    status: int, error: type[ProducerError]
) -> None:
    assert refused(response(plan()), status=status) == (error, f"HTTP status {status}")


@pytest.mark.parametrize(
    ("body", "content_type", "encoding", "words"),
    [
        (b"", XML, None, "an empty body"),
        (b" \r\n", None, None, "an empty body"),
        (b"Hello World!", XML, None, "XML that is refused: not well-formed XML (line 1)"),
        (response(), "text/xml; charset=iso-8859-1", None, "no SOAP message: the charset"),
        (response(), "application/soap+xml", None, "no SOAP message: the Content-Type"),
        (gzip.compress(response()), XML, "gzip", "compressed"),
        (gzip.compress(response()), XML, None, "XML that is refused"),
        (b"<a/>", XML, None, "no SOAP 1.1 envelope"),
        (
            response().replace(b"http://schemas.xmlsoap.org/soap/", b"http://www.w3.org/2003/05/"),
            XML,
            None,
            "no SOAP 1.1 envelope",
        ),
        (message(""), XML, None, "the Body holds 0 elements, one expected"),
        (message("<u:a/><u:b/>"), XML, None, "the Body holds 2 elements, one expected"),
        (
            message("<u:a/>").replace(b"s:Body", b"s:Header"),
            XML,
            None,
            "the envelope does not hold",
        ),
    ],
)
def test_what_is_no_answer_is_told_in_words(
    body: bytes, content_type: str | None, encoding: str | None, words: str
) -> None:
    kind, text = refused(body, content_type=content_type, encoding=encoding)

    assert (kind, text[: len(words)]) == (ProducerAnswerInvalid, words)


def test_a_500_that_cannot_be_read_says_so() -> None:
    assert refused(b"<html>", status=500, content_type="text/html") == (
        ProducerAnswerInvalid,
        "HTTP status 500, and no SOAP message: the Content-Type is not text/xml",
    )


@pytest.mark.parametrize("label", [None, "text/xml", "TEXT/XML ;charset=UTF-8"])
@pytest.mark.parametrize("encoding", [None, "", "identity", "Identity"])
def test_the_labels_that_producers_use_are_read(label: str | None, encoding: str | None) -> None:
    assert len(read(response(plan()), content_type=label, encoding=encoding).items) == 1


@pytest.mark.parametrize(
    ("attributes", "read_anyway"),
    [
        ('s:mustUnderstand="0"', True),
        ('s:mustUnderstand="1" s:actor="urn:somebody:else"', True),
        ("", True),
        ('s:mustUnderstand="1"', False),
        ('s:mustUnderstand="true" s:actor=""', False),
        ('s:mustUnderstand="1" s:actor="http://schemas.xmlsoap.org/soap/actor/next"', False),
    ],
)
def test_only_a_mandatory_header_for_us_stops_an_answer(attributes: str, read_anyway: bool) -> None:
    inside = f"<u:GetCarePlansResponse>{OK}</u:GetCarePlansResponse>"
    body = message(inside, f'<x:h xmlns:x="urn:x" {attributes}/>')

    if read_anyway:
        assert read(body).items == ()
    else:
        assert refused(body) == (
            ProducerAnswerInvalid,
            "a header block that must be understood is not",
        )


def test_an_answer_that_would_swell_is_refused() -> None:
    """A record of ten bytes with a kilobyte of declarations each: two hundred megabytes out."""
    body = response("<u:carePlan/>" * 20_000).replace(
        b" xmlns:u", b' xmlns:long="urn:' + b"x" * 4000 + b'" xmlns:u', 1
    )

    assert refused(body, policy=SchemaPolicy.OFF) == (
        ProducerAnswerInvalid,
        "the records cannot be cut out: too large namespace declarations for so many records",
    )


# --- words of others ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "fel",
        "VP009 Fel vid kontakt med tjänsteproducenten.",
        "Timeout efter 27000 ms mot SE2321000131-E000000000001 (försök 2 av 3)",
        "ORA-12541: TNS:no listener 2024-03-12",
        "loggid 7c9e6679-7425-40de-944b-e07fc1f90ae7",
    ],
)
def test_words_that_help_are_shown(text: str) -> None:
    assert shown(f" {text}\n") == text


@pytest.mark.parametrize(
    "number",
    [
        "191212121212",
        "1212121212",
        "121212-1212",
        "121212+1212",
        "19121212-1212",
        "19121212 1212",
        "1912 12 12 - 12 12",
        "1912.12.12/1212",
        "1912_1212_1212",
        "１９１２１２１２１２１２",
        "196408633234",
        "19121212-T212",
        "121212T212",
        "191212121A2B",
        "SE191212-1212",
        "SE2321000131-191212121212",
        "SE1912121212-E1",
        "19121212-1212-4123-8123-07fc1f90ae7a",
        "7c9e6679-7425-40de-944b-191212121212",
        "x191212121212x",
    ],
)
def test_words_with_what_may_be_a_persons_number_are_not_shown(number: str) -> None:
    assert shown(f"Patienten {number} finns inte") is None


@pytest.mark.parametrize(
    "text", [None, "", " \n", "a" * 201, "a" * 100_000, "rad\x00", "\x1b[31mröd", "dold\u202etxet"]
)
def test_words_that_cannot_be_shown_are_not_shown(text: str | None) -> None:
    assert shown(text) is None


def test_words_are_shown_on_one_line() -> None:
    assert shown("ett\r\n  två\ttre") == "ett två tre"


@given(
    st.sampled_from(["191212121212", "196408233234", "197010632391", "1212121212"]),
    st.lists(st.sampled_from(["", "-", " ", "+", ".", " - ", "/"]), min_size=11, max_size=11),
    st.text(max_size=30),
    st.text(max_size=30),
)
def test_no_spelling_of_a_number_comes_through(
    number: str, between: list[str], before: str, after: str
) -> None:
    spelled = "".join(digit + gap for digit, gap in zip(number, [*between, ""], strict=False))

    kind, text = refused(fault(_quoted(f"{before}{spelled}{after}")))

    assert kind in (ProducerFault, ProducerAnswerInvalid)
    assert number not in re.sub(r"\D", "", text)


def _quoted(text: str) -> str:
    """What XML cannot hold is left out, the rest escaped."""
    kept = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t")
    return kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def test_broken_answers_end_in_a_producers_error_and_quote_nothing() -> None:
    """Two thousand answers with pieces cut, doubled and swapped: never another kind of error."""
    chance = random.Random(1)
    good = (DATA / "answers" / "GetCarePlans.response.producer.xml").read_bytes()
    for _ in range(2000):
        a, b, c = sorted(chance.sample(range(len(good)), 3))
        broken = chance.choice([good[:a] + good[b:], good[:b] + good[a:], good[:a] + good[b:c]])
        try:
            items = read(broken, policy=SchemaPolicy.OFF).items
        except ProducerError as error:
            assert "19121212" not in str(error)  # noqa: PT017
        else:
            assert [canonical(item.xml) for item in items] == [
                etree.tostring(record, method="c14n", exclusive=True)
                for record in etree.fromstring(broken).iterfind(f".//{R}carePlan")
            ]
