"""Plans and contacts as FHIR: held to HL7's structure, and read by a person in golden files."""

from __future__ import annotations

import hashlib
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from samsvar.fhir.attachments import attachment_binary
from samsvar.fhir.bundle import searchset
from samsvar.fhir.care_plan import STATUS as PLAN_STATUS
from samsvar.fhir.datatypes import instant, period, system_uri
from samsvar.fhir.encounter import STATUS as CONTACT_STATUS
from samsvar.fhir.goal import STATUS as GOAL_STATUS
from samsvar.fhir.ids import distinct, keyed_ids
from samsvar.fhir.labels import LEGAL_BASIS, Frame
from samsvar.fhir.plan_refs import plan_refs
from samsvar.fhir.plan_resources import Resources, contact_resources, plan_resources
from samsvar.fhir.service_request import STATUS as ACTIVITY_STATUS
from samsvar.model.care import (
    Activity,
    ActivityStatus,
    CareContact,
    CarePlan,
    Closing,
    Code,
    Contact,
    ContactStatus,
    ContactType,
    Existence,
    Goal,
    GoalKind,
    GoalStatus,
    LegalBasis,
    PlanStatus,
    Professional,
    Provenance,
    Signature,
    TreatmentLimitation,
    Unit,
)
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.status import CausingAgent, StatusCode, StatusError, StatusRecord
from samsvar.simulation import demo_data
from samsvar.simulation.people import person
from samsvar.simulation.producer_records import written_contact_3, written_plan
from samsvar.soap.codecs import get_care_contacts_3, get_care_plans_2
from tests.care_records import (
    ELDERLY,
    FAMILY,
    SUBJECT,
    at,
    small_contact,
    small_plan,
    whole_contact,
    whole_plan,
)
from tests.conftest import Golden
from tests.fhir_validity import assert_valid, references_in, resources_in, texts_in
from tests.generated_records import CONTACTS, PLANS
from tests.shown import shareable_part

DATA = Path(__file__).parents[1] / "data" / "fhir"
FRAME = Frame(keyed_ids(b"a key for tests and nothing else"))
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ANYTHING = st.text(max_size=30)
STATUSES = (
    StatusRecord("SE2321000131-E000000000001", StatusCode.DATA_FROM_SOURCE, at(2024, 4, 1)),
    StatusRecord(
        "SE2129999989-LIFECARE1",
        StatusCode.NO_DATA_SYNCH_FAILED,
        at(2024, 4, 1),
        StatusError(CausingAgent.SERVICE_PRODUCER, "504", "timeout: no whole answer in 20 s"),
    ),
)


def url(kind: str, resource_id: str) -> str:
    """Where this server has it."""
    return f"https://samsvar.example/fhir/{kind}/{resource_id}"


def readable(resource: Any) -> bytes:
    """Indented, as the golden files are."""
    return orjson.dumps(resource, option=orjson.OPT_INDENT_2) + b"\n"


def bundle_of(resources: Resources) -> dict[str, Any]:
    """A searchset of one record and all that belongs to it."""
    return searchset([resources.main], resources.included, STATUSES, url)


def all_of(resources: Resources) -> list[dict[str, Any]]:
    """Main and included."""
    return [resources.main, *resources.included]


def assert_sound(resources: Resources, subject: PersonId) -> None:
    """Valid, all references lead somewhere, and the number stands only as an identifier."""
    everything = all_of(resources)
    for each in everything:
        assert_valid(each)
    names = {f"{each['resourceType']}/{each['id']}" for each in everything}
    assert len(names) == len(everything)
    assert {each for each in references_in(everything) if each[0] != "#"} <= names
    for path, text in texts_in(everything):
        if subject.extension in text:
            assert path[-2:] == ("identifier", "value")


@pytest.mark.parametrize(
    ("case", "resources"),
    [
        ("plan_whole", plan_resources(whole_plan(), FRAME, url)),
        ("plan_small", plan_resources(small_plan(), FRAME, url)),
        ("contact_whole", contact_resources(whole_contact(), FRAME)),
        ("contact_small", contact_resources(small_contact(), FRAME)),
    ],
)
def test_a_record_becomes_what_a_person_has_read(
    golden: Golden, case: str, resources: Resources
) -> None:
    """Every field and none of them, as the answer to a search that one source kept silent at."""
    bundle = bundle_of(resources)
    assert_valid(bundle)
    assert_sound(resources, SUBJECT)
    golden(readable(bundle), DATA / f"{case}.json")


@SLOW
@given(PLANS)
def test_any_plan_is_valid(plan: CarePlan) -> None:
    """Whatever a source could say."""
    assert_sound(plan_resources(plan, FRAME, url), plan.subject)


@SLOW
@given(CONTACTS)
def test_any_contact_is_valid(contact: CareContact) -> None:
    """Whatever a source could say."""
    assert_sound(contact_resources(contact, FRAME), contact.subject)


@SLOW
@given(ANYTHING, ANYTHING)
def test_any_text_at_all_is_valid(words: str, name: str) -> None:
    """Also control characters, lone surrogates, blanks alone and ids that say nothing."""
    odd = replace(
        whole_plan(),
        title=words,
        narrative=name,
        language=words,
        care_contact_id=name,
        accountable=Professional(name, words, Code(text=name), Unit(words, name)),
        signatures=(Signature(at(2024, 3, 12), name, words, words), Signature(at(2024, 3, 13))),
        participating_units=(Unit(name), Unit(None, words)),
        whats_important=words,
        activities=(
            Activity(
                words,
                name,
                code=Code(name, words, words, words),
                goal_ids=(words, name),
                responsible_unit=Unit(name, words),
                responsible_person=words,
                timing_text=name,
                social_service_type=words,
            ),
        ),
        provenance=Provenance(LegalBasis.HSL, True, words, name),
        replaces=(words, name),
        goals=(
            Goal(name, GoalKind.SHARED, words, parent_goal_id=words),
            Goal(name, GoalKind.PATIENT_OWN, name, evaluation=words),
        ),
        contacts=(Contact(name=words, type_code=name, type_text="Närstående", phone=name),),
    )
    for each in all_of(plan_resources(odd, FRAME, url)):
        assert_valid(each)


def test_every_record_of_the_simulated_producers_is_valid() -> None:
    """Read from what they send."""
    spaces = (
        'xmlns="urn:riv:clinicalprocess:logistics:logistics:{}:{}" '
        'xmlns:c="urn:riv:clinicalprocess:logistics:logistics:3"'
    )
    seen = 0
    for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
        for number, plans in holdings.plans.items():
            for held in plans:
                xml = written_plan(holdings.hsa_id, held, person(number))
                opened = f"<carePlan {spaces.format('GetCarePlansResponder', 2)}>"
                plan = get_care_plans_2.read(xml.replace("<carePlan>", opened).encode())
                resources = plan_resources(plan, FRAME, url)
                assert_sound(resources, plan.subject)
                assert "Upprättad" in resources.main["text"]["div"] or plan.narrative
                assert resources.main["status"] == "active"
                seen += 1
        for number, contacts in holdings.contacts.items():
            for visit in contacts:
                xml = written_contact_3(holdings.hsa_id, visit, person(number))
                opened = f"<careContact {spaces.format('GetCareContactsResponder', 3)}>"
                contact = get_care_contacts_3.read(xml.replace("<careContact>", opened).encode())
                assert_sound(contact_resources(contact, FRAME), contact.subject)
                seen += 1
    assert seen == 13


def test_every_status_has_one_in_fhir() -> None:
    """A new word of the model fails here until it has one."""
    assert set(PLAN_STATUS) == set(PlanStatus)
    assert set(GOAL_STATUS) == set(GoalStatus)
    assert set(ACTIVITY_STATUS) == set(ActivityStatus)
    assert set(CONTACT_STATUS) == set(ContactStatus)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (PlanStatus.PLANNING, "draft"),
        (PlanStatus.ESTABLISHED, "active"),
        (PlanStatus.FOLLOW_UP, "active"),
        (PlanStatus.CLOSED, "completed"),
        (PlanStatus.INTERRUPTED, "revoked"),
        (PlanStatus.ENTERED_IN_ERROR, "entered-in-error"),
        (PlanStatus.UNKNOWN, "unknown"),
    ],
)
def test_the_status_of_a_plan(status: PlanStatus, expected: str) -> None:
    """As the information model has it; the finer word stands beside."""
    main = plan_resources(small_plan(status=status), FRAME, url).main

    assert main["status"] == expected
    assert {"url": "urn:samsvar:fhir:plan-status", "valueCode": status.value} in main["extension"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ContactType.VISIT, "AMB"),
        (ContactType.PHONE, "VR"),
        (ContactType.EPISODE, "IMP"),
        (ContactType.DAY_CARE, "SS"),
        (ContactType.OTHER, "OTH"),
        (None, "UNK"),
    ],
)
def test_the_class_of_a_contact_is_never_guessed(kind: ContactType | None, code: str) -> None:
    """The standard wants one."""
    assert contact_resources(small_contact(type=kind), FRAME).main["class"]["code"] == code


def test_times_carry_the_offset_of_sweden_also_in_the_hour_that_comes_twice() -> None:
    """Summer, winter, and both times of half past two."""
    twice = datetime(2024, 10, 27, 2, 30, tzinfo=STOCKHOLM)

    assert instant(at(2024, 7, 1, 12)) == "2024-07-01T12:00:00+02:00"
    assert instant(at(2024, 1, 1, 12)) == "2024-01-01T12:00:00+01:00"
    assert instant(twice) == "2024-10-27T02:30:00+02:00"
    assert instant(twice.replace(fold=1)) == "2024-10-27T02:30:00+01:00"
    assert instant(at(1870, 1, 1, 12)).endswith("+00:00")


def test_a_period_never_ends_before_it_begins() -> None:
    """per-1: the source's mistake is not passed on as a broken resource."""
    assert period(date(2024, 3, 1), date(2024, 2, 1)) == {"start": "2024-03-01", "end": None}
    assert period(None, date(2024, 2, 1)) == {"start": None, "end": "2024-02-01"}


@pytest.mark.parametrize(
    ("system", "uri"),
    [
        ("1.2.752.116.1.3.2.1.4", "urn:oid:1.2.752.116.1.3.2.1.4"),
        ("2.16.840.1.113883.6.96", "http://snomed.info/sct"),
        ("https://example.se/cs", "https://example.se/cs"),
        ("KVÅ", None),
        ("1.2.752 116", None),
        (None, None),
    ],
)
def test_a_code_system_is_a_uri_or_nothing(system: str | None, uri: str | None) -> None:
    """A name is no system."""
    assert system_uri(system) == uri


def test_ids_are_stable_opaque_and_different() -> None:
    """Without the key nobody can try numbers against them."""
    ids = keyed_ids(b"x" * 32)

    assert ids("CarePlan", "SE1", "191212121212") == ids("CarePlan", "SE1", "191212121212")
    assert ids("a", "bc") != ids("ab", "c")
    assert ids("CarePlan", "SE1", "1") != keyed_ids(b"y" * 32)("CarePlan", "SE1", "1")
    assert re.fullmatch(r"[a-z2-7]{52}", ids("\ud800", ""))
    with pytest.raises(ValueError, match="32 bytes"):
        keyed_ids(b"short")
    assert len(set(distinct(["a", "a", "", "", "b"]))) == 5
    assert distinct(["a", "b"]) == ("a", "b")


def test_a_plan_number_that_is_a_persons_number_is_in_no_id_and_no_address() -> None:
    """Some sources number plans so."""
    plan = replace(whole_plan(), plan_id=f"SIP-{SUBJECT.extension}")
    bundle = bundle_of(plan_resources(plan, FRAME, url))
    for path, text in texts_in(bundle):
        if SUBJECT.extension in text:
            assert path[-2:] == ("identifier", "value")


def labels(resource: dict[str, Any], system: str) -> list[str]:
    """The codes of one system among the security labels."""
    return [each["code"] for each in resource["meta"]["security"] if each["system"] == system]


def test_each_resource_says_under_which_law_it_was_written() -> None:
    """And the plan, whose text shows all of them, says all."""
    resources = plan_resources(whole_plan(), FRAME, url)
    home_help, training = resources.of("ServiceRequest")

    assert labels(home_help, LEGAL_BASIS) == ["SOL_ELDERLY"]
    assert labels(training, LEGAL_BASIS) == ["HSL"]
    assert set(labels(resources.main, LEGAL_BASIS)) == {"HSL", "SOL_ELDERLY"}


@pytest.mark.parametrize("protected", [True, False])
def test_a_protected_identity_makes_everything_restricted(protected: bool) -> None:
    """Skyddade personuppgifter."""
    resources = plan_resources(whole_plan(), replace(FRAME, protected_identity=protected), url)
    confidentiality = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
    for each in all_of(resources):
        assert labels(each, confidentiality) == ["R" if protected else "N"]


@pytest.mark.parametrize("approved", [True, False])
def test_what_the_person_may_not_see_is_labelled(approved: bool) -> None:
    """The care giver's own decision (menprövning)."""
    resources = plan_resources(small_plan(approved_for_patient=approved), FRAME, url)

    assert bool(labels(resources.main, "urn:samsvar:cs:disclosure")) is not approved
    assert {"url": "urn:samsvar:fhir:approved-for-patient", "valueBoolean": approved} in (
        resources.main["extension"]
    )


@pytest.mark.parametrize(
    ("exists", "flags", "said"),
    [(Existence.YES, 1, ["YES"]), (Existence.NO, 0, ["NO"]), (Existence.UNKNOWN, 0, [])],
)
def test_a_decision_on_level_of_care_is_told_to_exist_and_no_more(
    exists: Existence, flags: int, said: list[str]
) -> None:
    """UNKNOWN is not NO, and neither is a Flag."""
    plan = small_plan(treatment_limitation=TreatmentLimitation(exists, date(2023, 6, 1)))
    resources = plan_resources(plan, FRAME, url)

    assert len(resources.of("Flag")) == flags
    assert [
        each["valueCode"]
        for each in resources.main["extension"]
        if each["url"] == "urn:samsvar:fhir:treatment-limitation"
    ] == said


def test_blocks_can_be_tried_by_each_owner_of_a_part() -> None:
    """Author is the unit, custodian the care giver; one Provenance for each owner."""
    own, *others = plan_resources(whole_plan(), FRAME, url).of("Provenance")

    assert {
        agent["type"]["coding"][0]["code"]: agent["who"]["identifier"]["value"]
        for agent in own["agent"]
    } == {"author": "SE2321000131-E000000000101", "custodian": "SE2321000131-E000000000010"}
    assert len(own["signature"]) == 2
    assert [each["who"]["identifier"]["value"] for other in others for each in other["agent"]] == [
        "SE2321000131-E000000000010",
        ELDERLY.owner,
    ]


def test_the_persons_own_goal_is_the_persons_to_the_letter() -> None:
    """expressedBy, and the words."""
    own, other = plan_resources(whole_plan(), FRAME, url).of("Goal")

    assert own["description"]["text"] == "Jag vill kunna gå till affären själv"
    assert own["expressedBy"]["identifier"]["value"] == SUBJECT.extension
    assert "expressedBy" not in other
    assert other["extension"][0]["valueReference"] == {"reference": f"Goal/{own['id']}"}


def test_somebody_close_to_the_person_is_no_member_of_staff() -> None:
    """In the source's own words."""
    plan = small_plan(
        contacts=(Contact("Dag Dahl", type_text="Närstående"), Contact("Eva Ek", type_code="1"))
    )
    (team,) = plan_resources(plan, FRAME, url).of("CareTeam")

    assert [each["resourceType"] for each in team["contained"]] == [
        "RelatedPerson",
        "PractitionerRole",
    ]


def test_nothing_that_was_taken_out_of_the_plan_is_in_the_output() -> None:
    """Each part in turn is withheld with a word of its own, and the word is nowhere."""
    whole = whole_plan()
    word = "hemligt"
    withheld = {
        "needs": (replace(whole.needs[0], text=word, provenance=FAMILY),),
        "goals": (replace(whole.goals[0], text=word, provenance=FAMILY),),
        "activities": (replace(whole.activities[0], text=word, provenance=FAMILY),),
        "contacts": (replace(whole.contacts[0], name=word, provenance=FAMILY),),
        "follow_ups": (replace(whole.follow_ups[0], text=word, provenance=FAMILY),),
        "closing": Closing(date(2024, 1, 1), evaluation=word, provenance=FAMILY),
        "assessment": replace(whole.assessment, situation=word, provenance=FAMILY)
        if whole.assessment
        else None,
    }
    for name, part in withheld.items():
        plan = replace(whole, narrative=f"Planen säger {word}.", **{name: part})  # type: ignore[arg-type]
        shown = readable(bundle_of(plan_resources(plan, FRAME, url))).decode()
        assert word in shown, name
        cut = shareable_part(plan)
        assert cut is not None
        left = readable(bundle_of(plan_resources(cut, FRAME, url))).decode()
        assert word not in left, name
        assert FAMILY.owner is not None
        assert FAMILY.owner not in left, name


def test_a_file_is_fetched_whole_from_the_address_that_the_plan_gives() -> None:
    """Size and hash are those of the bytes."""
    plan = whole_plan()
    refs = plan_refs(plan, FRAME)
    (reference,) = plan_resources(plan, FRAME, url).of("DocumentReference")
    binary = attachment_binary(plan, 0, refs)
    attachment = reference["content"][0]["attachment"]

    assert_valid(binary)
    assert attachment["url"] == url("Binary", binary["id"])
    assert b64decode(binary["data"]) == plan.attachments[0].content
    assert attachment["size"] == len(plan.attachments[0].content)
    digest = hashlib.sha1(plan.attachments[0].content).digest()
    assert attachment["hash"] == b64encode(digest).decode()


def test_a_file_that_the_source_only_links_to_has_no_address_here() -> None:
    """The link would go round the access decision."""
    plan = whole_plan()
    linked = replace(plan, attachments=(replace(plan.attachments[0], content=b"", size=0),))
    (reference,) = plan_resources(linked, FRAME, url).of("DocumentReference")

    assert_valid(reference)
    assert set(reference["content"][0]["attachment"]) == {"contentType", "language", "title"}


def test_a_text_is_shown_and_never_run() -> None:
    """Every word comes from outside."""
    plan = small_plan(narrative='<script>alert(1)</script> & "så"\n\nrad 1\nrad 2')
    div = plan_resources(plan, FRAME, url).main["text"]["div"]

    assert div == (
        '<div xmlns="http://www.w3.org/1999/xhtml"><p>&lt;script&gt;alert(1)&lt;/script&gt; '
        "&amp; &quot;så&quot;</p><p>rad 1<br/>rad 2</p></div>"
    )


def test_a_foreign_plan_says_that_nobody_knows_its_law() -> None:
    """Until somebody who knows the owner has said it."""
    plan = small_plan(provenance=Provenance(LegalBasis.UNKNOWN, True, "SE1", "SE2"))

    assert labels(plan_resources(plan, FRAME, url).main, LEGAL_BASIS) == ["UNKNOWN"]


def test_every_resource_tells_its_source_and_when_it_was_changed() -> None:
    """With the offset."""
    for each in all_of(plan_resources(whole_plan(), FRAME, url)):
        assert each["meta"]["source"] == ("urn:oid:1.2.752.129.2.1.4.1#SE2321000131-E000000000001")
        assert each["meta"]["lastUpdated"] == "2024-03-12T10:30:00+01:00"
        assert len(list(resources_in(each))) == 1 + len(each.get("contained", []))
