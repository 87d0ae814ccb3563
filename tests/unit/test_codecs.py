"""Canonical records as elements of the contracts: read by a person, held to the schemas."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from samsvar.model import plan_text
from samsvar.model.care import (
    CareContact,
    CarePlan,
    Code,
    ContactStatus,
    ContactType,
    DataQuality,
    PlanStatus,
    PlanType,
    Professional,
    QualityCode,
    Signature,
    Unit,
)
from samsvar.model.selection import Selection
from samsvar.model.sharing import LARGEST_ATTACHMENT
from samsvar.soap.codecs import (
    CODECS,
    get_care_contacts_2,
    get_care_contacts_3,
    get_care_plans_2,
)
from samsvar.soap.codecs.structured_plan import NAMESPACE
from tests.care_records import (
    CLINIC,
    DOCTOR,
    HOME_HELP,
    at,
    pdf,
    question,
    small_contact,
    small_plan,
    whole_contact,
    whole_plan,
)
from tests.conftest import Golden

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data" / "codecs"
RESPONDERS: dict[str, tuple[str, str]] = {
    get_care_plans_2.CONTRACT: ("3.0", "GetCarePlansInteraction/GetCarePlansResponder_2.0.xsd"),
    get_care_contacts_3.CONTRACT: (
        "3.0",
        "GetCareContactsInteraction/GetCareContactsResponder_3.0.xsd",
    ),
    get_care_contacts_2.CONTRACT: (
        "2.0",
        "GetCareContactsInteraction/GetCareContactsResponder_2.0.xsd",
    ),
}
TEXT = st.text(max_size=40)
MOMENTS = st.datetimes(
    min_value=at(1900, 1, 2).replace(tzinfo=None), max_value=at(2099, 12, 30).replace(tzinfo=None)
).map(lambda moment: moment.replace(tzinfo=at(2024, 1, 1).tzinfo))


@cache
def schema(contract: str) -> etree.XMLSchema:
    """The contract's schema."""
    version, responder = RESPONDERS[contract]
    folder = ROOT / "wsdl" / f"clinicalprocess_logistics_logistics_{version}"
    return etree.XMLSchema(etree.parse(folder / "schemas" / "interactions" / responder))


@cache
def plan_schema() -> etree.XMLSchema:
    """Our own schema, of the structured plan."""
    return etree.XMLSchema(etree.parse(ROOT / "wsdl" / "samsvar_plan_1" / "plan_1.xsd"))


def checked(contract: str, record: bytes) -> etree._Element:
    """The record, after its schema has been asked about a response that holds it."""
    operation = "GetCarePlansResponse" if "GetCarePlans" in contract else "GetCareContactsResponse"
    core = "urn:riv:clinicalprocess:logistics:logistics:3"
    result = (
        f'<r:result><c:resultCode xmlns:c="{core}">OK</c:resultCode>'
        f'<c:logId xmlns:c="{core}">x</c:logId></r:result>'
    )
    if contract == get_care_contacts_2.CONTRACT:
        result = ""
    response = etree.fromstring(
        f'<r:{operation} xmlns:r="{contract}">'.encode()
        + record
        + f"{result}</r:{operation}>".encode()
    )
    schema(contract).assertValid(response)
    for structured in response.iter(f"{{{NAMESPACE}}}structuredPlan"):
        plan_schema().assertValid(etree.fromstring(etree.tostring(structured)))
    return etree.fromstring(record)


def written(record: CarePlan | CareContact, contract: str) -> etree._Element:
    """The record by the contract's codec, valid."""
    codec = next(codec for codec in CODECS.values() if codec.contract == contract)
    if isinstance(record, CarePlan):
        assert codec.kind == "care_plans"
        return checked(contract, codec.write(record))
    assert codec.kind == "care_contacts"
    return checked(contract, codec.write(record))


def readable(element: etree._Element) -> bytes:
    """Indented, as the golden files are."""
    etree.indent(element)
    return etree.tostring(element, encoding="utf-8", xml_declaration=True) + b"\n"


def texts(element: etree._Element, name: str) -> list[str | None]:
    """The text of every element with the local name."""
    return [found.text for found in element.iter(f"{{*}}{name}")]


def names(element: etree._Element) -> set[str]:
    """The local names of all elements."""
    return {etree.QName(found).localname for found in element.iter()}


@pytest.mark.parametrize(
    ("case", "record", "contract"),
    [
        ("plan_whole", whole_plan(), get_care_plans_2.CONTRACT),
        ("plan_small", small_plan(), get_care_plans_2.CONTRACT),
        ("contact_3_whole", whole_contact(), get_care_contacts_3.CONTRACT),
        ("contact_3_small", small_contact(), get_care_contacts_3.CONTRACT),
        ("contact_2_whole", whole_contact(), get_care_contacts_2.CONTRACT),
        (
            "contact_2_small",
            small_contact(unit=Unit("Avd 31", "SE-U31"), start=at(2024, 4, 1, 11, 30)),
            get_care_contacts_2.CONTRACT,
        ),
    ],
)
def test_a_record_is_written_as_the_contract_has_it(
    golden: Golden, case: str, record: CarePlan | CareContact, contract: str
) -> None:
    """Every field and none of them, in files that a person has read."""
    golden(readable(written(record, contract)), DATA / f"{case}.xml")


def test_the_first_content_is_the_plan_as_text_and_the_pdf_comes_next() -> None:
    """Whatever the order in the source."""
    picture = replace(pdf(), media_type="image/png")
    element = written(
        replace(whole_plan(), attachments=(picture, pdf())), get_care_plans_2.CONTRACT
    )

    assert texts(element, "mediaType") == ["text/plain", "application/pdf", "image/png"]
    first, *_ = texts(element, "value")
    assert base64.b64decode(first or "").decode() == plan_text.render(whole_plan())


@pytest.mark.parametrize(
    ("kind", "title"),
    [
        (PlanType.SIP, "Samordnad individuell plan"),
        (PlanType.GP, "Genomförandeplan"),
        (None, "Plan"),
    ],
)
def test_a_plan_always_has_a_title(kind: PlanType | None, title: str) -> None:
    """The schema can do without, the contract cannot."""
    element = written(small_plan(type=kind), get_care_plans_2.CONTRACT)

    assert texts(element, "documentTitle") == [title]


def test_times_are_swedish_local_time_in_summer_and_winter() -> None:
    """A moment given in another zone is moved, not copied."""
    plan = small_plan(
        established=at(2024, 7, 1, 12).astimezone(tz=None), last_changed=at(2024, 1, 1, 12)
    )
    element = written(plan, get_care_plans_2.CONTRACT)

    assert texts(element, "documentTime") == ["20240701120000"]
    assert texts(element, "authorTime") == ["20240101120000"]


def test_a_local_id_never_stands_where_an_hsa_id_is_meant() -> None:
    """A unit without one takes part by name only, in the structured plan."""
    plan = small_plan(
        participating_units=(HOME_HELP, CLINIC), accountable=Professional(unit=HOME_HELP)
    )
    element = written(plan, get_care_plans_2.CONTRACT)

    assert texts(element, "extension") == [CLINIC.hsa_id]
    assert texts(element, "orgUnitName") == ["Hemtjänst Norr"]
    assert not {name for name in names(element) if name.endswith("UnitHSAId")} - {
        "participatingCareUnitHSAId"
    }
    assert b"HN-7" not in etree.tostring(element)


@pytest.mark.parametrize(
    ("code", "children"),
    [
        (Code("1", "2", "Läkare"), {"code": "1", "codeSystem": "2", "displayName": "Läkare"}),
        (Code("1", None, "Läkare"), {"originalText": "Läkare"}),
        (Code(text="Läk."), {"originalText": "Läk."}),
        (
            Code("1", "2", "Läkare", "Läk."),
            {"code": "1", "codeSystem": "2", "displayName": "Läkare"},
        ),
        (Code("1", "2"), {}),
    ],
)
def test_a_code_stands_with_its_system_and_name_or_its_text_stands_alone(
    code: Code, children: dict[str, str]
) -> None:
    """Never both, and never half a code."""
    element = written(small_plan(accountable=Professional(role=code)), get_care_plans_2.CONTRACT)
    found = [
        {etree.QName(child).localname: child.text for child in role}
        for role in element.iter("{*}healthcareProfessionalRoleCode")
    ]

    assert found == ([children] if children else [])


def test_the_last_signature_stands_in_the_header_and_all_in_the_structured_plan() -> None:
    """The header has room for one."""
    plan = small_plan(
        signatures=(Signature(at(2024, 3, 14), "Bo Berg"), Signature(at(2024, 3, 13), "Eva Ek"))
    )
    element = written(plan, get_care_plans_2.CONTRACT)

    assert texts(element, "legalAuthenticatorName") == ["Bo Berg"]
    assert texts(element, "signature") == ["Bo Berg", "Eva Ek"]


def test_no_plan_tells_that_something_is_withheld() -> None:
    """Not to staff of another care giver: a partial plan looks like any other."""
    whole, part = (get_care_plans_2.write(small_plan(partial=partial)) for partial in (False, True))

    assert whole == part


def test_a_text_over_the_limit_is_cut_between_characters_and_says_so() -> None:
    """The contract embeds 100 KB at most."""
    plan = small_plan(whats_important="å" * LARGEST_ATTACHMENT)
    content = base64.b64decode(texts(written(plan, get_care_plans_2.CONTRACT), "value")[0] or "")

    assert LARGEST_ATTACHMENT - 1 <= len(content) <= LARGEST_ATTACHMENT
    assert content.decode().endswith(
        "å\n\n[Texten är avkortad här. Läs hela planen i källsystemet.]\n"
    )


def test_a_goal_id_with_blanks_is_one_reference() -> None:
    """Goals are named in a list that blanks part."""
    element = written(whole_plan(), get_care_plans_2.CONTRACT)

    assert [goal.get("id") for goal in element.iter(f"{{{NAMESPACE}}}goal")] == ["g1", "mål_2"]
    activities = element.iter(f"{{{NAMESPACE}}}activity")
    assert [activity.get("goal") for activity in activities] == ["g1 mål_2", "mål_2"]


@given(TEXT, TEXT, MOMENTS, st.sampled_from(PlanStatus))
def test_any_text_gives_a_valid_plan(
    title: str, words: str, moment: datetime, status: PlanStatus
) -> None:
    """Also control characters and lone surrogates, which no XML document can hold."""
    plan = replace(whole_plan(), title=title, established=moment, last_changed=moment)
    selected = get_care_plans_2.select([replace(plan, status=status)], question()).records

    for record in selected:
        goal = replace(record.goals[0], text=words, goal_id=words)
        element = written(replace(record, goals=(goal,)), get_care_plans_2.CONTRACT)
        assert len(texts(element, "documentTitle")) == 1


@given(TEXT, MOMENTS, st.sampled_from(ContactType), st.sampled_from(ContactStatus))
def test_any_contact_that_is_selected_is_valid(
    words: str, moment: datetime, kind: ContactType, status: ContactStatus
) -> None:
    """In both versions of the contract."""
    contact = small_contact(
        reason=words, start=moment, type=kind, status=status, unit=CLINIC, status_text=words
    )
    for codec in (get_care_contacts_3, get_care_contacts_2):
        for record in codec.select([contact], question()).records:
            element = written(record, codec.CONTRACT)
            assert texts(element, "documentId") == ["VK-1"]


def test_contacts_carry_nothing_that_the_contract_forbids_in_their_header() -> None:
    """The schema would allow it."""
    forbidden = {
        "documentTitle",
        "documentTime",
        "legalAuthenticator",
        "nullified",
        "careContactId",
    }

    assert names(written(whole_contact(), get_care_contacts_3.CONTRACT)) & forbidden == set()


def test_a_status_without_a_code_is_the_sources_own_word() -> None:
    """In 3.0 as original text; 2.0 has numbers only, and leaves it out."""
    contact = replace(whole_contact(), status=None, status_text="Ankommen")

    newer = written(contact, get_care_contacts_3.CONTRACT)
    assert texts(newer, "originalText") == ["Ankommen"]
    assert "careContactStatus" not in names(written(contact, get_care_contacts_2.CONTRACT))


@pytest.mark.parametrize(
    ("status", "number"),
    [
        (ContactStatus.BOOKED, "1"),
        (ContactStatus.WAITING_LIST, "1"),
        (ContactStatus.CANCELLED_BEFORE, "2"),
        (ContactStatus.ONGOING, "3"),
        (ContactStatus.ON_LEAVE, "3"),
        (ContactStatus.INTERRUPTED, "4"),
        (ContactStatus.FINISHED, "5"),
    ],
)
def test_version_2_has_numbers_for_statuses(status: ContactStatus, number: str) -> None:
    """Eight codes become five numbers; nullified contacts are not sent."""
    element = written(replace(whole_contact(), status=status), get_care_contacts_2.CONTRACT)

    assert texts(element, "careContactStatus") == [number]


def test_version_2_leaves_out_what_it_cannot_express_and_says_so() -> None:
    """A unit without HSA-id or name, and a contact without a start."""
    fits = whole_contact()
    selection = get_care_contacts_2.select(
        [
            fits,
            replace(fits, unit=None),
            replace(fits, unit=HOME_HELP),
            replace(fits, start=None),
        ],
        question(),
    )

    no_unit = DataQuality(
        QualityCode.MISSING_HSA_UNIT,
        "unit",
        "contact left out: version 2.0 wants its unit's HSA-id and name",
    )
    no_start = DataQuality(
        QualityCode.UNPARSED_DATE, "start", "contact left out: version 2.0 wants a start"
    )
    assert selection == Selection((fits,), (no_unit, no_unit, no_start))


@pytest.mark.parametrize(
    "accountable",
    [
        Professional(),
        replace(DOCTOR, hsa_id=None),
        replace(DOCTOR, name=None),
        replace(DOCTOR, unit=HOME_HELP),
    ],
)
def test_version_2_takes_the_professional_whole_or_not_at_all(accountable: Professional) -> None:
    """Half of one would break the schema."""
    contact = replace(whole_contact(), accountable=accountable)

    assert "accountableHealthcareProfessional" not in names(
        written(contact, get_care_contacts_2.CONTRACT)
    )


def test_a_record_of_a_year_that_the_contract_has_no_room_for_is_left_out_and_said() -> None:
    """Its time of registration must stand there, and cannot."""
    plan = small_plan(last_changed=at(1899, 1, 2))
    contact = small_contact(last_changed=at(2100, 1, 2))
    plans = get_care_plans_2.select([plan], question())
    contacts = get_care_contacts_3.select([contact], question())

    def remark(kind: str) -> DataQuality:
        message = f"{kind} left out: no such year"
        return DataQuality(QualityCode.UNPARSED_DATE, "last_changed", message)

    assert (plans.records, plans.quality) == ((), (remark("plan"),))
    assert (contacts.records, contacts.quality) == ((), (remark("contact"),))


def test_remarks_on_what_is_sent_come_with_the_selection() -> None:
    """So that technicians hear of them."""
    remark = DataQuality(QualityCode.TEXT_NOT_SPLIT, "assessment")
    plan, contact = small_plan(quality=(remark,)), small_contact(quality=(remark,))

    assert get_care_plans_2.select([plan], question()).quality == (remark,)
    assert get_care_contacts_3.select([contact], question()).quality == (remark,)
