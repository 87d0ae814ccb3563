"""The registry's own services: what they tell, to whom, and what they refuse."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import xmlschema
from lxml import etree

from samsvar import __version__
from samsvar.clock import SystemClock
from samsvar.errors import (
    CatalogueUnavailable,
    MalformedRequest,
    NoRoute,
    NotPermitted,
    RegistryRequestRefused,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Verdict
from samsvar.pipeline.registry_service import serve_registry
from samsvar.soap.faults import fault_bytes
from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import REQUEST_LIMITS, parse
from samsvar.soap.registry_messages import ADDRESSEES, PING, SUPPORTED
from tests.contract_facts import DATA, wsdl_of
from tests.registry_questions import (
    CONTACTS,
    DOMAIN,
    REGISTRY_1,
    REGISTRY_2,
    addressees,
    asked,
    book,
    ping,
    supported,
)
from tests.world import CONSUMER, HUB, PLANS, FixedCatalogue, Stage, call, stage

FACTS = {
    ADDRESSEES: "GetLogicalAddresseesByServiceContract_2.0",
    SUPPORTED: "GetSupportedServiceContracts_2.0",
    PING: "PingForConfiguration_1.0",
}


def world_with(catalogue: Catalogue | None = None) -> Stage:
    made = stage({})
    fixed = FixedCatalogue(catalogue or book(SystemClock().now()))
    return replace(made, world=replace(made.world, catalogue=fixed))


async def answer(document: bytes, at: Stage | None = None) -> etree._Element:
    """The response element, held to its schema."""
    served = await serve_registry(call(document), (at or world_with()).world)
    root = parse(served, charset="utf-8", limits=REQUEST_LIMITS).root
    (element,) = root[0]
    contract = etree.QName(element).namespace
    assert contract is not None
    schema = read_interaction(wsdl_of(FACTS[contract])).schema  # type: ignore[index] # a str
    xmlschema.XMLSchema10(str(schema)).validate(etree.tostring(element, encoding="unicode"))
    return element


def rows(element: etree._Element) -> list[tuple[str, list[tuple[str, list[str]]]]]:
    """Address, and each filter's domain and categorizations."""
    named = f"{{{ADDRESSEES}}}"
    return [
        (
            record.findtext(f"{named}logicalAddress") or "",
            [
                (
                    one.findtext(f"{named}serviceDomain") or "",
                    [name.text or "" for name in one.iter(f"{named}categorization")],
                )
                for one in record.iter(f"{named}filter")
            ],
        )
        for record in element.iter(f"{named}logicalAddressRecord")
    ]


@pytest.mark.parametrize("header", [REGISTRY_1, REGISTRY_2])
async def test_a_consumer_is_told_whom_it_may_call_today_with_filters(header: str) -> None:
    """By either header namespace; what has ended or not begun is not told."""
    element = await answer(asked(addressees(), header=header))

    assert rows(element) == [
        ("SE1-A", [(DOMAIN, ["cll-cp", "vko"])]),
        ("SE1-B", [(DOMAIN, []), ("riv:x", [])]),
    ]


@pytest.mark.parametrize("kind", ["registry1", "registry2"])
async def test_the_national_sample_is_answered(kind: str) -> None:
    """For a contract that nobody may call here: an empty list, no fault."""
    name = f"GetLogicalAddresseesByServiceContract2.request.{kind}-header.xml"
    document = (DATA / "samples" / "_soap" / name).read_bytes()

    assert rows(await answer(document)) == []


async def test_names_are_compared_without_regard_to_case() -> None:
    element = await answer(asked(addressees(CONSUMER.lower(), PLANS.upper())))

    assert [address for address, _ in rows(element)] == ["SE1-A", "SE1-B"]


@pytest.mark.parametrize(
    ("consumer", "contracts"),
    [
        (None, [CONTACTS, PLANS]),
        ("", [CONTACTS, PLANS]),
        (CONSUMER, [CONTACTS, PLANS]),
        ("se-other", [CONTACTS, PLANS]),
        ("SE-NOBODY", []),
    ],
)
async def test_an_address_is_told_by_which_contracts_it_may_be_called(
    consumer: str | None, contracts: list[str]
) -> None:
    """Each once; a permission at ``*`` counts, since it opens the address."""
    element = await answer(asked(supported("se1-a", consumer)))

    found = [one.text for one in element.iter(f"{{{REGISTRY_2}}}ServiceContractNamespace")]
    assert found == contracts


@pytest.mark.parametrize("address", ["SE1-OVER", "SE1-TO-COME"])
async def test_a_permission_that_is_not_in_force_supports_nothing(address: str) -> None:
    element = await answer(asked(supported(address, CONSUMER)))

    assert len(element) == 0


async def test_a_ping_tells_version_time_and_catalogue() -> None:
    element = await answer(asked(ping()))

    named = f"{{{PING}}}"
    assert element.findtext(f"{named}version") == __version__
    assert re.fullmatch(r"20[0-9]{12}", element.findtext(f"{named}pingDateTime") or "")
    assert [
        (one.findtext(f"{named}name"), one.findtext(f"{named}value"))
        for one in element.iter(f"{named}configuration")
    ] == [("Applikation", "samsvar"), ("catalogueVersion", "7")]


EMPTY = [
    (addressees(None), "ServiceConsumerHsaId must not be empty or null"),
    (addressees(""), "ServiceConsumerHsaId must not be empty or null"),
    (addressees(" "), "ServiceConsumerHsaId must not be empty or null"),
    (addressees(CONSUMER, None), "ServiceContractNamespece must not be empty or null"),
    (addressees(CONSUMER, ""), "ServiceContractNamespece must not be empty or null"),
    (supported(None, CONSUMER), "LogicalAddress must not be empty or null"),
    (supported("", CONSUMER), "LogicalAddress must not be empty or null"),
    (ping("", HUB), "ServiceContractNamespece must not be empty or null"),
    (ping(PLANS, ""), "LogicalAddress must not be empty or null"),
]


@pytest.mark.parametrize(("body", "text"), EMPTY)
async def test_a_mandatory_field_that_is_empty_is_refused_as_the_national_catalogue_does(
    body: str, text: str
) -> None:
    with pytest.raises(RegistryRequestRefused) as caught:
        await answer(asked(body))

    fault = fault_bytes(caught.value, "SAMSVAR").decode()
    assert f"<faultstring>{text}</faultstring>" in fault
    assert "<faultcode>SOAP-ENV:Client</faultcode>" in fault
    assert "<detail>" not in fault


async def test_a_field_that_stands_twice_is_refused() -> None:
    twice = addressees().replace(
        "<r:serviceConsumerHsaId>",
        "<r:serviceConsumerHsaId>X</r:serviceConsumerHsaId><r:serviceConsumerHsaId>",
        1,
    )

    with pytest.raises(MalformedRequest, match="serviceConsumerHsaId more than once"):
        await answer(asked(twice))


async def test_another_element_of_the_same_namespace_is_refused() -> None:
    body = addressees().replace("GetLogicalAddresseesByServiceContract ", "Other ", 1)
    body = body.replace("</r:GetLogicalAddresseesByServiceContract>", "</r:Other>")

    with pytest.raises(MalformedRequest, match="request of its contract"):
        await answer(asked(body))


async def test_who_has_no_permission_for_the_service_itself_is_refused() -> None:
    document = asked(addressees())
    caller = call(document, sender="SE-OTHER")

    with pytest.raises(NotPermitted):
        await serve_registry(caller, world_with().world)


async def test_another_platforms_registry_is_not_answered_for() -> None:
    with pytest.raises(NoRoute):
        await answer(asked(addressees(), address="SE-ELSEWHERE"))


async def test_without_a_catalogue_there_is_no_answer() -> None:
    """Never an empty list: that would mean that nothing may be called."""

    class Nothing:
        """No catalogue."""

        def current(self) -> Catalogue:
            """None."""
            raise CatalogueUnavailable("none")

    made = world_with()
    with pytest.raises(CatalogueUnavailable):
        await serve_registry(call(asked(ping())), replace(made.world, catalogue=Nothing()))


async def test_each_question_is_a_row_of_the_access_log() -> None:
    """Refusals too."""
    made = world_with()
    await answer(asked(addressees()), made)
    with pytest.raises(RegistryRequestRefused):
        await answer(asked(addressees("")), made)

    assert [(row.contract, row.verdict, row.fault) for row in made.log.records] == [
        (ADDRESSEES, Verdict.ANSWERED, None),
        (ADDRESSEES, Verdict.REFUSED, "TAK"),
    ]
    assert {row.catalogue_version for row in made.log.records} == {7}
