"""Update and FindContent: read as sent, refused in its own words, answered by the schema."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from lxml import etree

from samsvar.errors import IndexRequestRefused
from samsvar.model.engagement import Engagement, EngagementFilter, EngagementTransaction
from samsvar.soap.faults import fault_bytes
from samsvar.soap.index_messages import (
    CORE,
    FIND_CONTENT,
    UPDATE,
    check_update,
    find_content_response,
    read_find_content,
    read_update,
    response_envelope,
    update_response,
)

SAMPLES = Path(__file__).parents[1] / "data" / "contracts" / "samples"
OWNER = "5565594230"
TOLVAN = "191212121212"
POST = Engagement(
    resident=TOLVAN,
    service_domain="riv:clinicalprocess:logistics:logistics",
    categorization="cll-cp",
    logical_address="SE2321000131-E000000000001",
    business_object="NA",
    interest="NA",
    source_system="SE2321000131-E000000000001",
    data_controller="SE2321000131",
    owner="SE2321000131",
    most_recent_content="20240312103045",
    creation_time="20240101080000",
    update_time="20240312103100",
)
OTHER = dataclasses.replace(POST, categorization="vko", source_system="SE2120001355-E000000000002")


def sample(name: str) -> etree._Element:
    return etree.fromstring((SAMPLES / name).read_bytes())


def store(*posts: Engagement) -> list[EngagementTransaction]:
    return [EngagementTransaction(delete=False, engagement=post) for post in posts]


def plain(element: etree._Element) -> list[tuple[str, str]]:
    """Names and texts in document order, whatever the prefixes and line breaks."""
    return [(str(e.tag), (e.text or "").strip()) for e in element.iter()]


def refusal(
    *posts: Engagement, address: str | None = OWNER, own: tuple[str, ...] = (OWNER,)
) -> tuple[str, str]:
    with pytest.raises(IndexRequestRefused) as caught:
        check_update(store(*posts), address, own_addresses=own, reserved=["SE-Reserved"])
    return caught.value.ei_code, str(caught.value)


@pytest.mark.parametrize("name", ["max", "ext"])
def test_an_update_is_read_whole_and_what_extends_it_is_passed_over(name: str) -> None:
    transactions = read_update(sample(f"Update_1.0/request.{name}.xml"))

    assert list(transactions) == store(POST, OTHER)


def test_a_minimal_update_has_no_times_and_no_owner() -> None:
    (transaction,) = read_update(sample("Update_1.0/request.min.xml"))

    assert transaction.engagement == dataclasses.replace(
        POST, owner="", most_recent_content=None, creation_time=None, update_time=None
    )


def test_a_delete_is_read_as_one() -> None:
    transactions = read_update(sample("Update_1.0/request.typical-delete.xml"))

    assert [transaction.delete for transaction in transactions] == [True]


@pytest.mark.parametrize(
    "name",
    ["request.min", "request.max", "request.ext", "request.typical", "request.typical-delete"],
)
def test_every_sample_update_is_accepted(name: str) -> None:
    check_update(read_update(sample(f"Update_1.0/{name}.xml")), OWNER, own_addresses=["X", OWNER])


@pytest.mark.parametrize("flag", ["<c:deleteFlag>yes</c:deleteFlag>", "<c:deleteFlag/>", ""])
def test_an_unclear_delete_flag_is_refused_not_guessed(flag: str) -> None:
    body = etree.fromstring(
        f'<u:Update xmlns:u="{UPDATE}" xmlns:c="{CORE}"><u:engagementTransaction>{flag}'
        "</u:engagementTransaction></u:Update>"
    )

    with pytest.raises(
        IndexRequestRefused, match="deleteFlag of EngagementTransaction #1"
    ) as caught:
        read_update(body)
    assert caught.value.ei_code == "EI001"


def test_a_transaction_without_engagement_lacks_its_first_field() -> None:
    body = etree.fromstring(
        f'<u:Update xmlns:u="{UPDATE}" xmlns:c="{CORE}"><u:engagementTransaction>'
        "<c:deleteFlag>1</c:deleteFlag></u:engagementTransaction></u:Update>"
    )

    with pytest.raises(IndexRequestRefused, match=r'field "registeredResident.*" is missing'):
        check_update(read_update(body), OWNER, own_addresses=[OWNER])


_INVALID = "The payload does not validate, error messge: "


@pytest.mark.parametrize(
    ("change", "code", "text"),
    [
        (
            {"source_system": " SE-A"},
            "EI004",
            'mandatory field "sourceSystem" contains white space in beginning or end',
        ),
        ({"categorization": "\t"}, "EI004", 'mandatory field "categorization" contains white'),
        (
            {"resident": ""},
            "EI004",
            'mandatory field "registeredResidentIdentification" is missing',
        ),
        ({"service_domain": ""}, "EI004", 'mandatory field "serviceDomain" is missing'),
        ({"categorization": ""}, "EI004", 'mandatory field "categorization" is missing'),
        ({"logical_address": ""}, "EI004", 'mandatory field "logicalAddress" is missing'),
        ({"business_object": ""}, "EI004", '"businessObjectInstanceIdentifier" is missing'),
        ({"interest": ""}, "EI004", 'mandatory field "clinicalProcessInterestId" is missing'),
        ({"source_system": ""}, "EI004", 'mandatory field "sourceSystem" is missing'),
        ({"data_controller": ""}, "EI004", 'mandatory field "dataController" is missing'),
        ({"resident": "1" * 33}, "EI004", 'Field "registeredResidentIdentification" is to long'),
        ({"service_domain": "x" * 256}, "EI004", 'Field "serviceDomain" is to long'),
        ({"categorization": "x" * 256}, "EI004", 'Field "categorization" is to long'),
        ({"logical_address": "x" * 65}, "EI004", 'Field "logicalAddress" is to long'),
        ({"business_object": "x" * 129}, "EI004", '"businessObjectInstanceIdentifier" is to long'),
        ({"interest": "x" * 129}, "EI004", 'Field "clinicalProcessInterestId" is to long'),
        ({"source_system": "x" * 65}, "EI004", 'Field "sourceSystem" is to long'),
        ({"data_controller": "x" * 65}, "EI004", 'Field "dataController" is to long'),
        ({"most_recent_content": "2" * 15}, "EI004", 'Field "mostRecentContent" is to long'),
        (
            {"most_recent_content": "20240231120000"},
            "EI004",
            '"mostRecentContent" is not according',
        ),
        ({"most_recent_content": "2024031210304"}, "EI004", 'format "YYYYMMDDhhmmss"'),
        ({"creation_time": "20240101250000"}, "EI004", 'Field "creationTime" is not according'),
        ({"resident": "19121212-121"}, "EI004", '"[0-9]{8}[0-9A-Zptf]{4}"'),
        ({"resident": "1912121212"}, "EI004", "expected format"),
    ],
)
def test_a_field_that_cannot_be_is_refused_by_name(
    change: dict[str, str], code: str, text: str
) -> None:
    found = refusal(OTHER, dataclasses.replace(POST, **change))

    assert found[0] == code
    assert found[1].startswith(_INVALID)
    assert text in found[1]
    assert "1212" not in found[1]


@pytest.mark.parametrize(
    ("field", "code", "name"),
    [("logical_address", "EI005", "logicalAddress"), ("source_system", "EI006", "sourceSystem")],
)
def test_reserved_addresses_are_refused_by_number(field: str, code: str, name: str) -> None:
    post = dataclasses.replace(POST, **{field: "se-reserved"})

    assert refusal(OTHER, post) == (
        code,
        f"The {name} in EngagementTransaction #2 is reserved and not allowed, hsa-id: SE-Reserved",
    )


def test_the_same_key_twice_is_refused_even_with_another_owner_or_time() -> None:
    again = dataclasses.replace(POST, owner="x", most_recent_content=None)
    third = dataclasses.replace(POST, categorization="x")

    assert refusal(third, POST, OTHER, again) == (
        "EI002",
        "EngagementTransaction #2 and #4 have the same key. That is not allowed. "
        "See rule for Update-R1 in service contract",
    )


def test_a_thousand_are_taken_and_one_more_or_none_are_not() -> None:
    posts = [dataclasses.replace(POST, business_object=str(n)) for n in range(1001)]
    check_update(store(*posts[:1000]), OWNER, own_addresses=[OWNER])

    technical = "A technical error has occurred, error message: The request contains "
    assert refusal(*posts) == (
        "EI000",
        technical
        + "more than 1000 engagements. Maximum number of engagements per request is 1000.",
    )
    assert refusal() == (
        "EI000",
        technical + "less than 1 engagements. Minium number of engagements per request is 1.",
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("SE-WRONG", "SE-WRONG"),
        (None, "missing"),
        ("", "missing"),
        ("191212121212", "***"),
        ("<b>", "?b?"),
    ],
)
def test_an_update_for_another_index_is_refused_first_of_all(given: str | None, said: str) -> None:
    assert refusal(address=given, own=(OWNER, "SE-ALTERNATIVE")) == (
        "EI003",
        f"Invalid routing. Logical address is {said} but the owner is {OWNER}. "
        "They must be the same. See rule for Update-R7 in service contract",
    )


@pytest.mark.parametrize("address", [OWNER, "se-alternative"])
def test_each_of_the_own_addresses_is_taken(address: str) -> None:
    check_update(store(POST), address, own_addresses=[OWNER, "SE-ALTERNATIVE"])


def test_without_own_addresses_any_is_taken() -> None:
    check_update(store(POST), None, own_addresses=[])


def test_the_first_fault_in_the_order_of_the_index_is_the_one_told() -> None:
    """Too many beat duplicates, duplicates beat blanks, blanks beat reserved, and so on."""
    blank = dataclasses.replace(POST, source_system="x ")
    reserved = dataclasses.replace(POST, source_system="SE-RESERVED", logical_address="")
    missing = dataclasses.replace(POST, interest="")
    long = dataclasses.replace(POST, logical_address="x" * 65)
    odd = dataclasses.replace(POST, most_recent_content="x")

    assert refusal(blank, blank)[0] == "EI002"
    assert "white space" in refusal(odd, long, missing, reserved, blank)[1]
    assert refusal(long, missing, reserved)[0] == "EI006"
    assert "is missing" in refusal(long, missing)[1]
    assert "is to long" in refusal(odd, long)[1]


@pytest.mark.parametrize("name", ["max", "ext"])
def test_a_find_content_is_read_whole(name: str) -> None:
    assert read_find_content(sample(f"FindContent_1.0/request.{name}.xml")) == EngagementFilter(
        resident=TOLVAN,
        service_domain="riv:clinicalprocess:logistics:logistics",
        categorization="cll-cp",
        logical_address="SE2321000131-E000000000001",
        business_object="NA",
        interest="NA",
        source_system="SE2321000131-E000000000001",
        data_controller="SE2321000131",
        owner="SE2321000131",
        most_recent_content="20240312103045",
    )


def test_what_is_not_asked_for_limits_nothing() -> None:
    domain = "riv:clinicalprocess:logistics:logistics"
    body = etree.fromstring(
        f'<f:FindContent xmlns:f="{FIND_CONTENT}"><f:registeredResidentIdentification>{TOLVAN}'
        f"</f:registeredResidentIdentification><f:serviceDomain>{domain}</f:serviceDomain>"
        "<f:categorization/></f:FindContent>"
    )

    assert read_find_content(body) == EngagementFilter(TOLVAN, domain)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ("", "registeredResidentIdentification is mandatory but missing"),
        ("<f:serviceDomain>x</f:serviceDomain>", "registeredResidentIdentification is mandatory"),
        (
            "<f:registeredResidentIdentification>191212121212"
            "</f:registeredResidentIdentification><f:serviceDomain/>",
            "serviceDomain is mandatory but missing",
        ),
        (
            "<f:registeredResidentIdentification>191212121212"
            "</f:registeredResidentIdentification><f:serviceDomain>x</f:serviceDomain>"
            "<f:mostRecentContent>yesterday</f:mostRecentContent>",
            "mostRecentContent is not according to the format",
        ),
    ],
)
def test_a_find_content_that_asks_for_nobody_is_refused(fields: str, text: str) -> None:
    body = etree.fromstring(f'<f:FindContent xmlns:f="{FIND_CONTENT}">{fields}</f:FindContent>')

    with pytest.raises(IndexRequestRefused) as caught:
        read_find_content(body)

    assert caught.value.ei_code == "EI000"
    assert str(caught.value).startswith(f"A technical error has occurred, error message: {text}")


def test_the_answers_are_those_of_the_contract() -> None:
    assert plain(etree.fromstring(update_response())) == plain(
        sample("Update_1.0/response.min.xml")
    )
    assert plain(etree.fromstring(update_response("Begäran har behandlats."))) == plain(
        sample("Update_1.0/response.max.xml")
    )
    assert plain(etree.fromstring(find_content_response([]))) == plain(
        sample("FindContent_1.0/response.min.xml")
    )
    assert plain(etree.fromstring(find_content_response([POST, OTHER]))) == plain(
        sample("FindContent_1.0/response.max.xml")
    )


def test_a_post_without_times_has_none_in_the_answer() -> None:
    bare = dataclasses.replace(POST, most_recent_content=None, creation_time=None, update_time=None)

    names = [etree.QName(e).localname for e in etree.fromstring(find_content_response([bare]))[0]]

    assert names == [
        "registeredResidentIdentification",
        "serviceDomain",
        "categorization",
        "logicalAddress",
        "businessObjectInstanceIdentifier",
        "clinicalProcessInterestId",
        "sourceSystem",
        "dataController",
        "owner",
    ]


def test_text_from_others_stays_text_in_the_answer() -> None:
    sly = dataclasses.replace(POST, business_object='</c:x><evil a="b">&amp;')

    answer = etree.fromstring(response_envelope(find_content_response([sly])))

    assert answer.findtext(f".//{{{CORE}}}businessObjectInstanceIdentifier") == sly.business_object
    assert answer.find(".//evil") is None


def test_the_fault_is_the_one_that_senders_look_for() -> None:
    with pytest.raises(IndexRequestRefused) as caught:
        check_update(store(POST, POST), OWNER, own_addresses=[OWNER])
    fault = etree.fromstring(fault_bytes(caught.value, "samsvar"))

    assert fault.findtext(".//faultstring") == (
        "EI002: EngagementTransaction #1 and #2 have the same key. That is not allowed. "
        "See rule for Update-R1 in service contract"
    )
