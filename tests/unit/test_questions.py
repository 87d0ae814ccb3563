"""Requests of the three contracts, read as canonical questions."""

from __future__ import annotations

import re
from datetime import date

import pytest

from samsvar.errors import MalformedRequest
from samsvar.model.care import CareQuery
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.codecs import (
    CODECS,
    get_care_contacts_2,
    get_care_contacts_3,
    get_care_plans_2,
)
from tests.care_records import SOURCE, SUBJECT

SHAPES = {
    get_care_plans_2.CONTRACT: ("GetCarePlans", 3, "datePeriod"),
    get_care_contacts_3.CONTRACT: ("GetCareContacts", 3, "datePeriod"),
    get_care_contacts_2.CONTRACT: ("GetCareContacts", 2, "timePeriod"),
}
EACH = pytest.mark.parametrize("contract", SHAPES)


def request(contract: str, *, before: str = "", after: str = "", person: str = "") -> bytes:
    """A request of the contract; ``P`` stands for its period's name."""
    operation, version, period = SHAPES[ContractUrn(contract)]
    core = f"urn:riv:clinicalprocess:logistics:logistics:{version}"
    person = person or "<c:id>191212121212</c:id><c:type>1.2.752.129.2.1.3.1</c:type>"
    return (
        f'<r:{operation} xmlns:r="{contract}" xmlns:c="{core}">{before}'
        f"<r:patientId>{person}</r:patientId>"
        f"{after.replace('r:P', f'r:{period}')}</r:{operation}>"
    ).encode()


def read(contract: str, body: bytes) -> CareQuery:
    """By the contract's codec, asked of SOURCE."""
    return CODECS[ContractUrn(contract)].read_query(body, SOURCE)


def period(start: str, end: str) -> str:
    """The period's element, its name left open."""
    return f"<r:P><c:start>{start}</c:start><c:end>{end}</c:end></r:P>"


@EACH
def test_the_smallest_request_asks_for_everything_about_the_person(contract: str) -> None:
    """Of the address that it is put to."""
    assert read(contract, request(contract)) == CareQuery(SUBJECT, SOURCE)


@EACH
def test_every_filter_is_read(contract: str) -> None:
    """Repeated ones too; the source is named in another case than the address."""
    body = request(
        contract,
        before="<r:careUnitHSAId>SE-U1</r:careUnitHSAId><r:careUnitHSAId>SE-U2</r:careUnitHSAId>",
        after=period("20240229", "20241231")
        + f"<r:sourceSystemHSAId>{SOURCE.lower()}</r:sourceSystemHSAId>"
        + "<r:careContactId>VK-1</r:careContactId><r:careContactId>VK-2</r:careContactId>",
    )

    assert read(contract, body) == CareQuery(
        SUBJECT,
        SOURCE,
        period_start=date(2024, 2, 29),
        period_end=date(2024, 12, 31),
        care_units=("SE-U1", "SE-U2"),
        contact_ids=("VK-1", "VK-2"),
    )


def test_care_givers_are_asked_for_in_contacts_3() -> None:
    """The only one of the three that has the filter."""
    contract = get_care_contacts_3.CONTRACT
    body = request(contract, before="<r:careGiverHSAId>SE-G1</r:careGiverHSAId>")

    assert read(contract, body).care_givers == ("SE-G1",)


@EACH
def test_an_empty_filter_asks_for_nothing_less(contract: str) -> None:
    """It is a form's field that nobody filled."""
    body = request(contract, before="<r:careUnitHSAId/>", after="<r:sourceSystemHSAId/>")

    assert read(contract, body) == CareQuery(SUBJECT, SOURCE)


@EACH
@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"after": period("20230231", "20230301")}, "P/start is no day of the calendar"),
        ({"after": period("20230201", "2023-03-01")}, "P/end must be written YYYYMMDD"),
        ({"after": "<r:P/>"}, "P/start must be written YYYYMMDD"),
        ({"after": period("20230302", "20230301")}, "P ends before it starts"),
        (
            {"after": "<r:sourceSystemHSAId>SE-OTHER</r:sourceSystemHSAId>"},
            "sourceSystemHSAId is not the logical address asked",
        ),
        (
            {"after": "<r:careContactId>VK-1</r:careContactId>"},
            "careContactId needs sourceSystemHSAId: give it",
        ),
        ({"person": "<c:id>191212121212</c:id>"}, "patientId must have id and type"),
    ],
)
def test_what_the_contract_calls_an_invalid_request_is_refused(
    contract: str, parts: dict[str, str], message: str
) -> None:
    """The text says what is wrong, and repeats no value."""
    expected = re.sub(r"^P\b", SHAPES[ContractUrn(contract)][2], message)

    with pytest.raises(MalformedRequest) as refused:
        read(contract, request(contract, **parts))

    assert str(refused.value) == expected


def test_a_request_of_another_contract_is_refused() -> None:
    """Version 3 is no version 2."""
    with pytest.raises(MalformedRequest, match="no GetCareContacts of this contract"):
        read(get_care_contacts_2.CONTRACT, request(get_care_contacts_3.CONTRACT))


def test_what_is_no_xml_is_refused_without_quoting_it() -> None:
    """The message is ours, not the parser's."""
    with pytest.raises(MalformedRequest) as refused:
        read(get_care_plans_2.CONTRACT, b"<a>191212121212")

    assert str(refused.value) == "the request cannot be read as XML"
