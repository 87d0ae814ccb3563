"""The body of a search: what it says, and that nothing but a refusal comes of any other."""

from __future__ import annotations

import contextlib
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.fhir.capability import SERVED, Interaction
from samsvar.fhir.mhd import DocumentForm
from samsvar.inbound.fhir.search import read_search
from samsvar.inbound.users.reading import form_in, is_accepted
from samsvar.inbound.users.refusal import Refusal, as_fhir, as_problem
from samsvar.model.care import ContactStatus, PlanStatus, PlanType
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER
from samsvar.tokens import TokenRefused
from tests.care_records import at, small_contact, small_plan

TOLVAN = PersonId(PERSONNUMMER, "191212121212")
SEARCHED = [each.type for each in SERVED if Interaction.SEARCH in each.interactions]
NAMES = sorted({name.name for each in SERVED for name in each.parameters} | {"_include", "x"})


def search(kind: str = "CarePlan", prefers: str = "", **told: str):  # type: ignore[no-untyped-def]
    pairs = [("patient.identifier", TOLVAN.extension)]
    pairs += [(name.replace("__", ":"), value) for name, value in told.items()]
    return read_search(kind, urlencode(pairs), prefers)


@pytest.mark.parametrize(
    ("value", "person"),
    [
        ("191212121212", TOLVAN),
        ("|191212121212", TOLVAN),
        (f"urn:oid:{PERSONNUMMER}|191212121212", TOLVAN),
        (f"{PERSONNUMMER}|191212121212", TOLVAN),
        ("http://electronichealth.se/identifier/personnummer|191212121212", TOLVAN),
        (
            "http://electronichealth.se/identifier/samordningsnummer|194100642398",
            PersonId(SAMORDNINGSNUMMER, "194100642398"),
        ),
    ],
)
@pytest.mark.parametrize(
    "name",
    ["patient.identifier", "patient:identifier", "subject:identifier", "subject.identifier"],
)
def test_whose(name: str, value: str, person: PersonId) -> None:
    assert read_search("CarePlan", urlencode({name: value}), "").person == person


def test_conditions_are_all_held() -> None:
    wanted = search(category="SIP,VP", status="active", date="ge2026-01-01")
    fits = small_plan(type=PlanType.SIP, status=PlanStatus.ESTABLISHED, established=at(2026, 3, 1))

    assert wanted.wants(fits)
    assert not wanted.wants(small_plan(type=PlanType.GP, established=at(2026, 3, 1)))
    assert not wanted.wants(
        small_plan(type=PlanType.SIP, status=PlanStatus.CLOSED, established=at(2026, 3, 1))
    )
    assert not wanted.wants(small_contact())


def test_a_codes_own_system_counts_and_another_does_not() -> None:
    plan = small_plan(type=PlanType.SIP)
    ours = "https://fhir.inera.se/CodeSystem/typeofcareplan-cs"
    assert search(category=f"{ours}|SIP").wants(plan)
    assert not search(category="https://another.example|SIP").wants(plan)


def test_contacts_by_status() -> None:
    booked = small_contact(status=ContactStatus.BOOKED)
    assert search("Encounter", status="planned,finished").wants(booked)
    assert not search("Encounter", status="finished").wants(booked)
    assert search("Encounter", status="unknown").wants(small_contact(status=None))


def test_documents_by_form_and_last_change() -> None:
    wanted = search("DocumentReference", format="text", date="2026-03", status="current")
    assert wanted.forms == (DocumentForm.TEXT,)
    assert wanted.wants(small_plan(last_changed=at(2026, 3, 31)))
    assert not wanted.wants(small_plan(last_changed=at(2026, 4, 1)))


def test_one_source() -> None:
    told = search(_source="urn:oid:1.2.752.129.2.1.4.1#SE2321000131-X")
    assert told.source == "SE2321000131-X"
    with pytest.raises(Refusal, match=r"meta\.source"):
        search(_source="SE2321000131-X")


@given(
    kind=st.sampled_from(SEARCHED),
    pairs=st.lists(
        st.tuples(st.sampled_from(NAMES) | st.text(max_size=20), st.text(max_size=40)), max_size=6
    ),
    prefers=st.sampled_from(["", "handling=strict", "handling=lenient"]) | st.text(max_size=20),
)
def test_any_form_is_read_or_refused(kind: str, pairs: list[tuple[str, str]], prefers: str) -> None:
    with contextlib.suppress(Refusal):
        read = read_search(kind, urlencode(pairs), prefers)
        read.wants(small_plan())
        read.wants(small_contact())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(body: bytes) -> None:
    with contextlib.suppress(Refusal, TokenRefused):
        read_search("CarePlan", form_in(body), "")


@pytest.mark.parametrize(
    ("accepts", "taken"),
    [
        ("*/*", True),
        ("application/fhir+json", True),
        ("application/fhir+json; fhirVersion=4.0", True),
        ("text/html, application/json;q=0.1", True),
        ("application/*;q=0.5", True),
        ("application/fhir+xml", False),
        ("text/html", False),
        ("application/fhir+json;q=0", False),
        ("application/fhir+json; q=0.000", False),
        ("application/fhir+json;q=0.001", True),
        ("", False),
    ],
)
def test_accept(accepts: str, *, taken: bool) -> None:
    assert is_accepted(accepts) is taken


def test_a_number_that_slipped_into_a_text_does_not_leave() -> None:
    """The last net: no text of ours has one."""
    refusal = Refusal(400, "191212121212 is wrong", "19121212-1212", faults=["person 1912121212"])
    for told in (as_fhir(refusal), as_problem(refusal)):
        assert b"1212121212" not in told.body
        assert b"121212-1212" not in told.body
