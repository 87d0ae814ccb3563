"""Records of the contracts as canonical ones: what was written comes back, and what cannot be
read is refused by its place."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from samsvar.errors import RecordUnreadable
from samsvar.model.care import (
    OID_ROLE,
    Attachment,
    CareContact,
    CarePlan,
    Code,
    ContactStatus,
    ContactType,
    LegalBasis,
    PlanStatus,
    PlanType,
    Professional,
    Provenance,
    QualityCode,
    Signature,
    Unit,
)
from samsvar.simulation import demo_data
from samsvar.simulation.people import person
from samsvar.simulation.producer_records import written_contact_2, written_contact_3, written_plan
from samsvar.soap.codecs import get_care_contacts_2, get_care_contacts_3, get_care_plans_2
from samsvar.soap.parsing import ANSWER_LIMITS, parse
from samsvar.soap.slices import cut
from tests.care_records import CLINIC, SUBJECT, at, small_contact, small_plan, whole_plan
from tests.generated_records import CONTACTS, CONTACTS_OF_VERSION_2, PLANS
from tests.shown import shareable_part

ANSWERS = Path(__file__).parents[1] / "data" / "answers"
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def records(answer: Path, name: str) -> list[bytes]:
    """The records of an answer, cut out as the hub cuts them."""
    parsed = parse(answer.read_bytes(), charset=None, limits=ANSWER_LIMITS)
    found = list(parsed.root.iter(f"{{*}}{name}"))
    parent = found[0].getparent()
    assert parent is not None
    return list(cut(parsed.data, parent, found))


def without_remarks(record: CarePlan | CareContact) -> CarePlan | CareContact:
    """Remarks are the reader's own."""
    return replace(record, quality=())


@SLOW
@given(PLANS)
def test_what_a_plan_says_comes_back_as_it_was_written(plan: CarePlan) -> None:
    """Header, body and extension together hold all that a plan can say."""
    assert without_remarks(get_care_plans_2.read(get_care_plans_2.write(plan))) == plan


@SLOW
@given(CONTACTS)
def test_what_a_contact_says_comes_back_as_it_was_written(contact: CareContact) -> None:
    """All but the law, which the contract has no place for."""
    assert without_remarks(get_care_contacts_3.read(get_care_contacts_3.write(contact))) == contact


@SLOW
@given(CONTACTS_OF_VERSION_2)
def test_what_an_older_contact_says_comes_back_as_it_was_written(contact: CareContact) -> None:
    """Of what that version can hold at all."""
    assert without_remarks(get_care_contacts_2.read(get_care_contacts_2.write(contact))) == contact


def test_reading_forgets_what_no_field_carries_and_nothing_more() -> None:
    """Local unit ids and addresses of units that are only named; the second time nothing."""
    once = get_care_plans_2.read(get_care_plans_2.write(whole_plan()))
    twice = get_care_plans_2.read(get_care_plans_2.write(once))

    assert once == twice
    assert once.participating_units == (
        Unit(CLINIC.name, CLINIC.hsa_id),
        Unit("Hemtjänst Norr"),
    )
    assert once.goals[1].goal_id == "mål_2"
    assert replace(once, participating_units=(), goals=(), activities=(), contacts=()) == replace(
        whole_plan(), participating_units=(), goals=(), activities=(), contacts=()
    )


def test_a_plan_of_a_producer_that_speaks_the_contract_is_read_whole() -> None:
    """The recorded answer of two sources; one has its plan as text, the other as a link."""
    sip, gp = (
        get_care_plans_2.read(record)
        for record in records(
            ANSWERS / "GetCarePlans_2.0" / "response.typical-aggregated.xml", "carePlan"
        )
    )

    assert sip == CarePlan(
        plan_id="SIP-2024-0001",
        source_system="SE2321000131-E000000000001",
        subject=SUBJECT,
        status=PlanStatus.UNKNOWN,
        last_changed=at(2024, 3, 12, 10, 30).replace(second=45),
        type=PlanType.SIP,
        title="Samordnad individuell plan",
        established=at(2024, 3, 12, 10, 15),
        accountable=Professional(
            "Anna Andersson",
            "SE2321000131-P000000000007",
            Code(
                "201011",
                OID_ROLE,
                "Distriktsläkare/Specialist allmänmedicin",
                system_name="KV Befattning",
            ),
            CLINIC,
            "SE2321000131-E000000000101",
            "SE2321000131-E000000000010",
        ),
        signatures=(
            Signature(at(2024, 3, 12, 11), "Anna Andersson", "SE2321000131-P000000000007"),
        ),
        approved_for_patient=True,
        care_contact_id="VK-2024-000123",
        participating_units=(
            Unit(hsa_id="SE2321000131-E000000000101"),
            Unit(hsa_id="SE2120001355-E000000000102"),
        ),
        narrative=sip.narrative,
        provenance=Provenance(
            LegalBasis.UNKNOWN,
            marked_for_sharing=True,
            owner="SE2321000131-E000000000010",
            owner_unit="SE2321000131-E000000000101",
            recorded_at=at(2024, 3, 12, 10, 30).replace(second=45),
        ),
        quality=sip.quality,
    )
    assert sip.narrative is not None
    assert sip.narrative.startswith("Samordnad individuell plan\n\nVad är viktigt")
    assert [remark.code for remark in sip.quality] == [QualityCode.STATUS_UNMAPPED]
    assert gp.attachments == (
        Attachment("content-1", "application/pdf", b"", 0, True, gp.provenance),
    )
    assert gp.accountable.role == Code(text="Biståndshandläggare")
    assert QualityCode.ATTACHMENT_UNREADABLE in {remark.code for remark in gp.quality}


def test_a_foreign_record_is_not_shared_before_somebody_decides_its_law() -> None:
    """The header says whose it is, not under which law it was written."""
    (record, *_) = records(ANSWERS / "GetCarePlans_2.0" / "response.typical.xml", "carePlan")

    assert not get_care_plans_2.read(record).provenance.shareable


def test_every_plan_and_contact_of_the_simulated_producers_is_read() -> None:
    """Title, status, text and owner as they hold them."""
    plans = contacts = 0
    for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
        namespaces = (
            'xmlns="urn:riv:clinicalprocess:logistics:logistics:{}" '
            'xmlns:c="urn:riv:clinicalprocess:logistics:logistics:{}"'
        )
        for number, held in holdings.plans.items():
            for plan in held:
                xml = written_plan(holdings.hsa_id, plan, person(number)).replace(
                    "<carePlan>",
                    f"<carePlan {namespaces.format('GetCarePlansResponder:2', 3)}>",
                )
                read = get_care_plans_2.read(xml.encode())
                plans += 1
                assert (read.plan_id, read.title, read.narrative, read.type) == (
                    plan.document_id,
                    plan.title,
                    plan.text,
                    plan.kind,
                )
                assert read.status in (PlanStatus.ESTABLISHED, PlanStatus.FOLLOW_UP)
                assert read.provenance.owner == plan.care_giver
                assert not read.quality
        for number, seen in holdings.contacts.items():
            for contact in seen:
                third = get_care_contacts_3.read(
                    written_contact_3(holdings.hsa_id, contact, person(number))
                    .replace(
                        "<careContact>",
                        f"<careContact {namespaces.format('GetCareContactsResponder:3', 3)}>",
                    )
                    .encode()
                )
                second = get_care_contacts_2.read(
                    written_contact_2(holdings.hsa_id, contact, person(number))
                    .replace(
                        "<careContact>",
                        f"<careContact {namespaces.format('GetCareContactsResponder:2', 2)}>",
                    )
                    .encode()
                )
                contacts += 1
                assert third == second
                assert third.type is ContactType.VISIT
                assert third.status == contact.status_code
                assert third.reason == contact.reason
    assert (plans, contacts) == (6, 7)


@pytest.mark.parametrize("kind", ["min", "max", "ext"])
def test_every_recorded_answer_is_read_or_refused_by_a_place(kind: str) -> None:
    """Also those that hold everything twice that may be twice, and elements nobody knows."""
    for folder, name, codec in (
        ("GetCarePlans_2.0", "carePlan", get_care_plans_2),
        ("GetCareContacts_3.0", "careContact", get_care_contacts_3),
        ("GetCareContacts_2.0", "careContact", get_care_contacts_2),
    ):
        path = ANSWERS / folder / f"response.{kind}.xml"
        if not path.exists() or f"{name}>".encode() not in path.read_bytes():
            continue
        for record in records(path, name):
            try:
                read = codec.read(record)
            except RecordUnreadable as error:
                assert re.match(r"carePlan|careContact", str(error)), error  # noqa: PT017
            else:
                assert read.provenance.legal_basis is LegalBasis.UNKNOWN


def broken(plan: CarePlan, path: str, text: str | None) -> bytes:
    """The plan with the text of one element changed, or without the element."""
    root = etree.fromstring(get_care_plans_2.write(plan))
    (found,) = root.xpath(path, namespaces={"c": get_care_plans_2.CORE, "s": "urn:samsvar:plan:1"})
    if text is None:
        found.getparent().remove(found)
    else:
        found.text = text
    return etree.tostring(root)


SECRET = "19121212-1212"


@pytest.mark.parametrize(
    ("path", "text", "place"),
    [
        ("//c:authorTime", None, "carePlanHeader/accountableHealthcareProfessional/authorTime"),
        ("//c:authorTime", SECRET, "authorTime is not written YYYYMMDDhhmmss"),
        ("//c:authorTime", "20230231101500", "authorTime is no such day or time"),
        (
            "//c:accountableHealthcareProfessional",
            None,
            "accountableHealthcareProfessional is missing",
        ),
        ("//c:documentId", " ", "carePlanHeader/documentId is empty"),
        ("//c:documentTime", SECRET, "documentTime"),
        ("//c:approvedForPatient", SECRET, "approvedForPatient is neither true nor false"),
        ("//c:patientId/c:type", None, "patientId/type is missing"),
        ("//c:content[1]/c:value", "å" + SECRET, "content/value is not base64"),
        ("//c:typeOfCarePlanEnum", SECRET, "typeOfCarePlanEnum is none of its list"),
        ("//s:goal[2]/s:status", SECRET, "structuredPlan/goal[2]/status is none of its list"),
        ("//s:goal[2]/s:targetDate", SECRET, "goal[2]/targetDate is not written YYYYMMDD"),
    ],
)
def test_what_cannot_be_read_is_named_by_its_place_and_never_by_its_value(
    path: str, text: str | None, place: str
) -> None:
    """The text goes to logs and status rows."""
    with pytest.raises(RecordUnreadable) as caught:
        get_care_plans_2.read(broken(whole_plan(), path, text))

    assert place in str(caught.value)
    assert SECRET not in str(caught.value)
    assert SUBJECT.extension not in str(caught.value)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"<carePlan>",
        b"<carePlan/>",
        b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        get_care_contacts_3.write(small_contact()),
    ],
)
def test_what_is_no_plan_is_refused(record: bytes) -> None:
    """Through the one door for XML, which takes no DOCTYPE."""
    with pytest.raises(RecordUnreadable):
        get_care_plans_2.read(record)


def test_two_of_what_may_be_once_is_refused() -> None:
    """The second patient could be the one that a consumer shows."""
    xml = get_care_plans_2.write(small_plan())
    start, end = xml.index(b"<core:patientId>"), xml.index(b"</core:patientId>") + 17
    with pytest.raises(RecordUnreadable, match="patientId is there more than once"):
        get_care_plans_2.read(xml[:end] + xml[start:end] + xml[end:])


def test_a_contact_that_names_no_author_is_refused_in_the_older_version_too() -> None:
    """That contract may leave it out; its first rule is that such a record is not shown."""
    contact = small_contact(unit=CLINIC, start=at(2024, 3, 12))
    with pytest.raises(RecordUnreadable, match="accountableHealthcareProfessional is missing"):
        get_care_contacts_2.read(get_care_contacts_2.write(contact))


def test_the_hour_that_spring_leaves_out_is_an_hour_later_and_said_so() -> None:
    """No clock has shown it."""
    plan = get_care_plans_2.read(broken(small_plan(), "//c:documentTime", "20240331023000"))

    assert plan.established == at(2024, 3, 31, 3, 30)
    assert [remark.code for remark in plan.quality] == [
        QualityCode.MISSING_HSA_UNIT,
        QualityCode.DATE_FALLBACK,
    ]


def test_the_autumn_hour_is_the_first_of_the_two() -> None:
    """Summer time."""
    plan = get_care_plans_2.read(broken(small_plan(), "//c:documentTime", "20241027023000"))

    assert plan.established is not None
    assert plan.established.isoformat() == "2024-10-27T02:30:00+02:00"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("Status: Upprättad", PlanStatus.ESTABLISHED),
        ("status:uppföljning pågår ", PlanStatus.FOLLOW_UP),
        ("Status: Makulerad", PlanStatus.ENTERED_IN_ERROR),
        ("Status: nästan klar", PlanStatus.UNKNOWN),
        ("Planens status: Upprättad", PlanStatus.UNKNOWN),
    ],
)
def test_a_foreign_text_tells_its_status_in_its_first_line_or_not_at_all(
    line: str, status: PlanStatus
) -> None:
    """In our words; nothing is made of other ones."""
    root = etree.fromstring(get_care_plans_2.write(small_plan()))
    root.remove(root[-1])  # the extension
    (value,) = root.xpath("//c:value", namespaces={"c": get_care_plans_2.CORE})
    value.text = base64.b64encode(f"{line}\n\nMer text.".encode()).decode()

    assert get_care_plans_2.read(etree.tostring(root)).status is status


def test_a_nullified_record_is_not_valid_whatever_else_it_says() -> None:
    """It must not be sent at all."""
    root = etree.fromstring(get_care_plans_2.write(whole_plan()))
    (approved,) = root.xpath("//c:approvedForPatient", namespaces={"c": get_care_plans_2.CORE})
    nullified = etree.Element(f"{{{get_care_plans_2.CORE}}}nullified")
    nullified.text = "true"
    approved.addnext(nullified)

    assert get_care_plans_2.read(etree.tostring(root)).status is PlanStatus.ENTERED_IN_ERROR


def test_a_status_that_is_not_of_the_list_is_kept_in_the_sources_words() -> None:
    """Nothing is guessed from it."""
    contact = get_care_contacts_3.read(
        get_care_contacts_3.write(small_contact(status_text="ombokad"))
    )

    assert (contact.status, contact.status_text) == (None, "ombokad")


def test_a_law_that_nobody_knows_is_unknown_and_never_shared() -> None:
    """An element of a later version, or a wrong one."""
    xml = get_care_plans_2.write(whole_plan()).replace(b'"SOL_ELDERLY"', b'"SOL_FUTURE"')
    plan = get_care_plans_2.read(xml)

    assert plan.needs[0].provenance.legal_basis is LegalBasis.UNKNOWN
    assert not plan.needs[0].provenance.shareable


def test_a_description_that_does_not_match_the_files_marks_none_of_them() -> None:
    """A marking must not slip to another file."""
    xml = get_care_plans_2.write(whole_plan())
    start = xml.index(b"<core:content>", xml.index(b"<core:content>") + 1)
    end = xml.index(b"</core:content>", start) + len(b"</core:content>")
    plan = get_care_plans_2.read(xml[:end] + xml[start:end] + xml[end:])

    assert [attachment.attachment_id for attachment in plan.attachments] == [
        "content-2",
        "content-3",
    ]
    assert not any(attachment.provenance.shareable for attachment in plan.attachments)


def test_the_sources_own_text_does_not_leave_when_something_is_withheld() -> None:
    """It may show what was withheld."""
    plan = replace(whole_plan(), narrative="Allt om planen.")
    assert (shareable_part(plan) or plan).narrative == "Allt om planen."

    hidden = replace(plan, needs=(replace(plan.needs[0], provenance=Provenance()),))
    part = shareable_part(hidden)
    assert part is not None
    assert part.narrative is None


def test_a_waiting_list_is_a_booking_in_the_older_version() -> None:
    """It has one number for both."""
    contact = small_contact(
        unit=CLINIC,
        start=at(2024, 3, 12),
        status=ContactStatus.WAITING_LIST,
        accountable=Professional("A", "SE1", None, CLINIC, "SE2", "SE3"),
    )
    read = get_care_contacts_2.read(get_care_contacts_2.write(contact))

    assert read.status is ContactStatus.BOOKED
