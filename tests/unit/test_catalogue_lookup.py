"""What the catalogue answers: the order of the steps, the case of the keys, the ends of periods."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.model.catalogue import (
    CallPermission,
    Producer,
    ProducerKind,
    RivtaProfile,
    RoutingEntry,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.identifiers import ContractUrn, HsaId, LogicalAddress

PLANS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
CONTACTS = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3")
SENDER = HsaId("SE-CONSUMER")
START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
TREE = {"unit": "Clinic", "clinic": "Region", "loop-a": "loop-b", "loop-b": "loop-a"}


def producer(name: str) -> Producer:
    return Producer(name, name, ProducerKind.SOAP, f"https://{name}.example/", "SE2321000131")


def entry(address: str, name: str = "p", contract: ContractUrn = PLANS) -> RoutingEntry:
    return RoutingEntry(
        contract, LogicalAddress(address), producer(name), RivtaProfile.BP21, START, END
    )


def permission(address: str, sender: HsaId = SENDER) -> CallPermission:
    return CallPermission(sender, PLANS, LogicalAddress(address), START, END)


def catalogue(routes: Sequence[str] = (), permissions: Sequence[str] = ()) -> Catalogue:
    return Catalogue(
        version=7,
        entries=tuple(entry(address, f"at-{address}") for address in routes),
        permissions=tuple(permission(address) for address in permissions),
        contracts=frozenset({PLANS}),
        parents=TREE,
    )


@pytest.mark.parametrize(
    ("routes", "asked", "found", "trace"),
    [
        (["unit", "clinic", "SE", "*"], "UNIT", ["unit"], "UNIT"),
        (["clinic", "region", "SE", "*"], "unit", ["clinic"], "unit,(parent),Clinic"),
        (["region", "SE", "*"], "unit", ["region"], "unit,(parent),Clinic,Region"),
        (["SE", "*"], "unit", ["SE"], "unit,(parent),Clinic,Region,SE"),
        (["*"], "receiver-2", ["*"], "receiver-2,(parent),SE,(default),*"),
        ([], "receiver-2", [], "receiver-2,(parent),SE,(default),*"),
        (["*"], "SE", ["*"], "SE,(default),*"),
        (["*"], "loop-a", ["*"], "loop-a,(parent),loop-b,SE,(default),*"),
        (["receiver-3"], "receiver-2#receiver-3", ["receiver-3"], "(leaf),receiver-3"),
        (["receiver-2"], "receiver-2#receiver-3", ["receiver-2"], "(leaf),receiver-3,receiver-2"),
        (["receiver-1"], "receiver-1#x#X#y", ["receiver-1"], "(leaf),y,X,receiver-1"),
        (["*", "SE", "clinic"], "unit#unit", [], "(leaf),unit"),
        (["*"], "unit#*", [], "(leaf),unit"),
        (["*"], "#", [], ""),
    ],
)
def test_a_route_is_looked_for_at_the_address_then_above_it_then_by_default(
    routes: list[str], asked: str, found: list[str], trace: str
) -> None:
    lookup = catalogue(routes=routes).routes(PLANS, LogicalAddress(asked), NOW)

    assert ([e.logical_address for e in lookup.entries], lookup.trace) == (found, trace)


@pytest.mark.parametrize(
    ("permissions", "asked", "found", "trace"),
    [
        (["unit", "*", "clinic"], "Unit", "unit", "Unit"),
        (["*", "clinic"], "unit", "*", "unit,(default),*"),
        (["clinic", "SE"], "unit", "clinic", "unit,(default),*,(parent),Clinic"),
        (["SE"], "receiver-1", "SE", "receiver-1,(default),*,(parent),SE"),
        ([], "receiver-1", None, "receiver-1,(default),*,(parent),SE"),
        (["receiver-2"], "receiver-2#receiver-3", "receiver-2", "(leaf),receiver-3,receiver-2"),
        (["receiver-3", "a"], "a#b#receiver-3", None, "Invalid parameters"),
        (["a"], "a#b#A", "a", "(leaf),A"),
        (["*", "SE"], "a#b", None, "(leaf),b,a"),
    ],
)
def test_a_permission_is_looked_for_at_the_address_then_by_default_then_above_it(
    permissions: list[str], asked: str, found: str | None, trace: str
) -> None:
    lookup = catalogue(permissions=permissions).permission(
        SENDER, PLANS, LogicalAddress(asked), NOW
    )

    address = lookup.permission and lookup.permission.logical_address
    assert (address, lookup.trace) == (found, trace)


def test_another_sender_or_another_contract_opens_nothing() -> None:
    book = catalogue(routes=["*"], permissions=["*"])
    address = LogicalAddress("unit")

    assert book.permission(HsaId("SE-OTHER"), PLANS, address, NOW).permission is None
    assert book.permission(SENDER, CONTACTS, address, NOW).permission is None
    assert book.routes(CONTACTS, address, NOW).entries == ()
    assert (book.knows(PLANS), book.knows(CONTACTS)) == (True, False)


def test_case_is_ignored_in_sender_and_contract_too() -> None:
    book = catalogue(routes=["*"], permissions=["*"])
    shouted = ContractUrn(PLANS.upper())

    assert book.knows(shouted)
    assert book.routes(shouted, LogicalAddress("UNIT"), NOW).entries
    assert book.permission(HsaId("se-consumer"), shouted, LogicalAddress("x"), NOW).permission


@pytest.mark.parametrize(
    ("at", "valid"),
    [
        (START - timedelta(microseconds=1), False),
        (START, True),
        (END, True),
        (END + timedelta(microseconds=1), False),
    ],
)
def test_a_period_holds_both_its_ends(at: datetime, valid: bool) -> None:
    book = catalogue(routes=["unit"], permissions=["unit"])
    address = LogicalAddress("unit")

    assert bool(book.routes(PLANS, address, at).entries) is valid
    assert bool(book.permission(SENDER, PLANS, address, at).permission) is valid
    assert book.addresses(PLANS, at) == ((address,) if valid else ())


def test_an_expired_route_lets_the_search_go_on() -> None:
    expired = dataclasses.replace(entry("unit", "old"), valid_to=START)
    book = Catalogue(1, (expired, entry("*", "default")), (), frozenset({PLANS}))

    found = book.routes(PLANS, LogicalAddress("unit"), NOW)

    assert [e.producer.id for e in found.entries] == ["default"]


def test_two_routes_in_the_same_period_are_both_shown() -> None:
    book = Catalogue(1, (entry("unit", "a"), entry("UNIT", "b")), (), frozenset({PLANS}))

    found = book.routes(PLANS, LogicalAddress("Unit"), NOW)

    assert [e.producer.id for e in found.entries] == ["a", "b"]


PLACES = ["unit", "clinic", "region", "SE", "*"]


@given(routed=st.sets(st.sampled_from(PLACES)), permitted=st.sets(st.sampled_from(PLACES)))
def test_exact_beats_parent_and_default_whatever_else_there_is(
    routed: set[str], permitted: set[str]
) -> None:
    book = catalogue(routes=sorted(routed), permissions=sorted(permitted))
    address = LogicalAddress("unit")

    route = [e.logical_address for e in book.routes(PLANS, address, NOW).entries]
    allowed = book.permission(SENDER, PLANS, address, NOW).permission

    assert route == [p for p in PLACES if p in routed][:1]
    order = ["unit", "*", "clinic", "region", "SE"]
    expected = next((p for p in order if p in permitted), None)
    assert (allowed and allowed.logical_address) == expected


def test_the_catalogue_does_not_change_with_what_it_was_made_of() -> None:
    tree = {"unit": "clinic"}
    book = Catalogue(1, (entry("clinic"),), (), frozenset({PLANS}), tree)
    tree.clear()

    assert book.routes(PLANS, LogicalAddress("unit"), NOW).entries
    assert dict(book.parents) == {"unit": "clinic"}
