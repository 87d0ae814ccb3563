"""Every bad request of the catalogue is refused as its row says, and every good one passes.

Driven through what stands between the bytes and the pipeline: label, envelope, question. Rows
that are decided elsewhere are named with the reason.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from lxml import etree

from samsvar.contracts import load_contracts
from samsvar.errors import AddressMissing, ConsumerError, MalformedRequest
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import Question
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.faults import fault_bytes, row_of
from samsvar.soap.media_type import MediaTypeRefused, charset_of
from samsvar.soap.parsing import REQUEST_LIMITS, XmlRefused, parse
from samsvar.soap.request import read_message, understand
from samsvar.soap.schema import Schema

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "data" / "badinputs"
GET_CARE_PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")

DECIDED_ELSEWHERE = {
    "HTTP-09": "Content-Encoding is the door's",
    "HTTP-11": "Content-Encoding is the door's",
    "HTTP-15": "who may speak for another is the pipeline's",
    "SOAP-27": "that no route leads there is the pipeline's",
    "SOAP-39": "that no route leads there is the pipeline's",
}


@dataclass(frozen=True)
class Row:
    """One request of the catalogue."""

    id: str
    expected: str
    body: bytes
    content_type: str


def rows() -> list[Row]:
    with (FOLDER / "index.csv").open(encoding="utf-8", newline="") as file:
        return [
            Row(
                row["id"],
                row["expected"],
                (FOLDER / row["file"]).read_bytes(),
                row["content_type"],
            )
            for row in csv.DictReader(file)
            if row["kind"] == "request"
        ]


ROWS = rows()
TRIED = [row for row in ROWS if row.id not in DECIDED_ELSEWHERE]


@pytest.fixture(scope="module")
def contract() -> ServiceContract:
    return load_contracts(ROOT / "contracts", ROOT / "wsdl")[GET_CARE_PLANS]


@pytest.fixture(scope="module")
def schema(contract: ServiceContract) -> Schema:
    return Schema.load(contract)


def ask(row: Row, contract: ServiceContract, schema: Schema) -> Question:
    """What the door and the first stage do, in their order."""
    try:
        charset = charset_of(row.content_type)
    except XmlRefused as error:
        raise MalformedRequest(str(error)) from error
    message = read_message(row.body, charset)
    if message.logical_address is None:
        raise AddressMissing("")
    return understand(message, contract, schema.check_request)


def verdict(row: Row, contract: ServiceContract, schema: Schema) -> tuple[str, bytes]:
    """In the words of the catalogue, with what the consumer would see."""
    if len(row.body) > REQUEST_LIMITS.size:
        return "H413", b""
    try:
        ask(row, contract, schema)
    except MediaTypeRefused:
        return "H415", b""
    except ConsumerError as error:
        told = f"F-{row_of(error).faultcode}"
        if ":" in row.expected:
            told += f":{row_of(error).code}"
        return told, fault_bytes(error, "TEST")
    return "OK", b""


@pytest.mark.parametrize("row", TRIED, ids=[row.id for row in TRIED])
def test_each_row_of_the_catalogue_ends_as_it_says(
    row: Row, contract: ServiceContract, schema: Schema
) -> None:
    told, _ = verdict(row, contract, schema)

    assert told == row.expected


@pytest.mark.parametrize("row", TRIED, ids=[row.id for row in TRIED])
def test_no_refusal_repeats_what_was_sent(
    row: Row, contract: ServiceContract, schema: Schema
) -> None:
    """Neither the number nor any text of the document stands in the fault."""
    _, fault = verdict(row, contract, schema)
    sent = re.findall(rb"<c:(?:id|start|end)>([^<]{5,})<", row.body)
    sent += re.findall(rb"(?:SYSTEM|href=|schemaLocation=)\s*[\"']([^\"']{5,})", row.body)

    assert all(value not in fault for value in [*sent, b"191212121212", b"passwd", b"urn:x"])


def test_the_catalogue_is_whole_and_what_is_left_out_is_in_it() -> None:
    ids = {row.id for row in ROWS}

    assert len(ROWS) >= 100
    assert DECIDED_ELSEWHERE.keys() < ids


@pytest.mark.parametrize("row_id", ["GOOD-01", "GOOD-03", "GOOD-05", "GOOD-07", "GOOD-13"])
def test_however_it_is_written_it_is_the_same_question(
    row_id: str, contract: ServiceContract, schema: Schema
) -> None:
    """UTF-16, default namespaces, CDATA and character references change nothing that counts."""
    (row,) = (row for row in ROWS if row.id == row_id)

    question = ask(row, contract, schema)

    assert (question.subject.root, question.subject.extension) == (
        "1.2.752.129.2.1.3.1",
        "191212121212",
    )
    assert question.source_filter is None
    assert schema.check_request(_alone(question.body)) == ()
    assert "191212121212" not in repr(question)


def test_only_the_real_body_counts(contract: ServiceContract, schema: Schema) -> None:
    """A Body inside a header, as in signature wrapping, is not read."""
    (row,) = (row for row in ROWS if row.id == "SOAP-37")

    assert ask(row, contract, schema).subject.extension == "191212121212"


def test_to_is_never_routed_on_beside_a_logical_address() -> None:
    (row,) = (row for row in ROWS if row.id == "SOAP-31")

    assert read_message(row.body, "utf-8").logical_address == "5565594230"


def _alone(document: bytes) -> etree._Element:
    """The bytes parsed by themselves: they must carry the namespaces that they need."""
    return parse(document, charset="utf-8", limits=REQUEST_LIMITS).root
