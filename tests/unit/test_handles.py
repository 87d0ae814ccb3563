"""Handles: only this hub makes them, only their user can use them, and only for a while."""

from __future__ import annotations

import re
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.inbound.users.handles import LENGTH, HandleRefused, Handles
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import LOCAL_NUMBER, PERSONNUMMER
from samsvar.model.user import User, UserKind
from samsvar.simulation import PEOPLE

KEY = bytes(range(32))
NOW = 1_795_000_000
SOURCE = "SE2321000131-E000000000001"
FHIR_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")

people = st.sampled_from([PersonId(each.root, each.number) for each in PEOPLE])
texts = st.text(max_size=80)
users = st.builds(
    lambda issuer, subject: User(kind=UserKind.STAFF, issuer=issuer, subject=subject, assurance=3),
    st.text(max_size=40),
    st.text(max_size=40),
)
VERA = User(kind=UserKind.STAFF, issuer="https://idp.example", subject="vera", assurance=3)
TOLVAN = PersonId(PERSONNUMMER, "191212121212")


def handle(user: User = VERA, until: int = NOW + 60, *parts: str) -> str:
    return Handles(KEY).ids(user, TOLVAN, until)("CarePlan", SOURCE, *(parts or ("p1",)))


@given(person=people, user=users, source=texts, record=texts, ends=st.integers(1, 2**31))
def test_its_user_gets_back_what_it_stands_for(
    person: PersonId, user: User, source: str, record: str, ends: int
) -> None:
    handles = Handles(KEY)
    made = handles.ids(user, person, NOW + ends)("CarePlan", source, record)

    assert FHIR_ID.fullmatch(made)
    opened = handles.opened(made, user, NOW)
    assert (opened.person, opened.until) == (person, NOW + ends)
    assert handles.is_from(opened, source)
    assert not handles.is_from(opened, f"{source}-2")
    # made again for the same time it is the same: what was read can be found by it
    assert handles.ids(user, person, opened.until)("CarePlan", source, record) == made


@given(one=users, other=users)
def test_nobody_else_can_use_it(one: User, other: User) -> None:
    if (one.issuer, one.subject) == (other.issuer, other.subject):
        return
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(handle(one), other, NOW)


def test_issuer_and_subject_do_not_run_into_one_another() -> None:
    one = User(kind=UserKind.STAFF, issuer="ab", subject="c", assurance=3)
    other = User(kind=UserKind.STAFF, issuer="a", subject="bc", assurance=3)
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(handle(one), other, NOW)


@given(after=st.floats(0, 1e6))
def test_it_ends_on_time(after: float) -> None:
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(handle(until=NOW), VERA, NOW + after)


@given(place=st.integers(0, LENGTH - 1), character=st.sampled_from(digits + ascii_letters))
def test_changed_in_one_place_it_opens_nothing(place: int, character: str) -> None:
    made = handle()
    changed = made[:place] + character + made[place + 1 :]
    if changed == made:
        return
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(changed, VERA, NOW)


@given(
    st.one_of(
        st.text(max_size=70),
        st.text(alphabet=digits + ascii_letters, min_size=LENGTH, max_size=LENGTH),
    )
)
def test_what_nobody_made_opens_nothing(guess: str) -> None:
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(guess, VERA, NOW)


def test_another_hubs_opens_nothing() -> None:
    with pytest.raises(HandleRefused):
        Handles(bytes(32)).opened(handle(), VERA, NOW)


def test_two_records_and_two_times_have_two_handles() -> None:
    made = {handle(), handle(VERA, NOW + 61), handle(VERA, NOW + 60, "p2"), handle(VERA, NOW, "p1")}
    assert len(made) == 4


def test_a_sources_own_number_has_no_room_and_gives_ids_that_open_nothing() -> None:
    local = PersonId(LOCAL_NUMBER, "SE2321000131-X " + "9" * 40)
    made = Handles(KEY).ids(VERA, local, NOW + 60)("CarePlan", SOURCE, "p1")

    assert FHIR_ID.fullmatch(made)
    with pytest.raises(HandleRefused):
        Handles(KEY).opened(made, VERA, NOW)


def test_a_key_of_another_length_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Handles(b"short")
