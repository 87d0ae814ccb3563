"""Consents and blocks as services: what they answer, what they refuse, what is logged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xmlschema
from lxml import etree

from samsvar.clock import SystemClock
from samsvar.errors import FactsUnavailable, MalformedRequest, NoRoute, NotPermitted
from samsvar.model.catalogue import CallPermission
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.exchange import Verdict
from samsvar.model.identifiers import ContractUrn, LogicalAddress
from samsvar.outbound.http_client import HttpClient
from samsvar.pipeline.security_service import serve_security
from samsvar.ports import SecurityServices
from samsvar.security import open_security
from samsvar.settings import Settings
from samsvar.soap.faults import fault_bytes
from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import REQUEST_LIMITS, parse
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook
from samsvar.store.database import Database
from samsvar.store.secrets import open_vault
from samsvar.store.security import StoredBlocks, StoredConsents
from tests import databases
from tests.contract_facts import wsdl_of
from tests.databases import open_database
from tests.security_messages import (
    NUMBER,
    OPERATIONS,
    SERVICE,
    actor,
    asked,
    block,
    check_blocks,
    core_of,
    ending,
    person,
    registration,
    row,
    urn_of,
)
from tests.security_records import BOARD, CLINIC, DOCTOR, NURSE, REGION, TOLVAN, WARD, kind_of
from tests.world import CONSUMER, FixedCatalogue, Stage, call, stage

OTHER = "SE2129999963-STRANGER"


@cache
def schema_of(operation: str) -> xmlschema.XMLSchema10:
    version = f"{OPERATIONS[operation][1]}.0"
    return xmlschema.XMLSchema10(str(read_interaction(wsdl_of(f"{operation}_{version}")).schema))


@dataclass
class Served:
    """The services over books in a database of their own."""

    stage: Stage
    database: Database
    consents: ConsentBook
    blocks: BlockBook

    async def ask(
        self, operation: str, content: str, *, address: str = SERVICE, sender: str = CONSUMER
    ) -> etree._Element:
        """The response element, held to its schema."""
        document = asked(operation, content, address)
        served = await serve_security(call(document, sender=sender), self.stage.world)
        root = parse(served, charset="utf-8", limits=REQUEST_LIMITS).root
        (element,) = root[0]
        assert etree.QName(element).localname == f"{operation}Response"
        schema_of(operation).validate(etree.tostring(element, encoding="unicode"))
        return element

    async def code(self, operation: str, content: str, **how: str) -> str:
        """Its result code."""
        element = await self.ask(operation, content, **how)
        return element.findtext(f".//{{{core_of(operation)}}}resultCode") or ""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    database = open_database(tmp_path)
    vault = open_vault(database)
    consents, blocks = ConsentBook(database, vault, kind_of), BlockBook(database, vault)
    stored_consents, stored_blocks = StoredConsents(consents), StoredBlocks(blocks)
    checks = _checks(database)
    made = stage(
        {}, rules=lambda rules: replace(rules, security_addresses=(SERVICE.lower(), REGION.lower()))
    )
    now = SystemClock().now()
    period = (now - timedelta(days=1), now + timedelta(days=1))
    permissions = tuple(
        CallPermission(CONSUMER, ContractUrn(urn_of(name)), LogicalAddress(address), *period)
        for name in OPERATIONS
        for address in (SERVICE, REGION, "SE-ELSEWHERE")
    )
    catalogue = Catalogue(7, (), permissions, frozenset(one.contract for one in permissions), {})
    world = replace(
        made.world,
        catalogue=FixedCatalogue(catalogue),
        security=SecurityServices(stored_consents, stored_blocks, checks),
    )
    yield Served(replace(made, world=world), database, consents, blocks)
    stored_consents.close()
    stored_blocks.close()
    database.close()


def _checks(database: Database) -> dict[ContractUrn, Callable[[Any], Sequence[Any]]]:
    client: HttpClient = None  # type: ignore[assignment] # nothing is asked outside
    empty = FixedCatalogue(Catalogue(1, (), (), frozenset(), {}))
    security = open_security(Settings(), database, open_vault(database), client, empty)
    security.close()
    return dict(security.served.checks)


def texts(element: etree._Element, *names: str) -> list[str]:
    """The texts of all elements with one of these names, in order."""
    return [one.text or "" for one in element.iter("*") if etree.QName(one).localname in names]


async def test_a_consent_is_registered_checked_listed_and_ended(served: Served) -> None:
    check = actor() + person()
    assert texts(await served.ask("CheckConsent", check), "hasConsent") == ["false"]
    more = (
        f"<r:employeeId>{NURSE}</r:employeeId><r:startDate>2026-01-01T00:00:00</r:startDate>"
        "<r:endDate>2199-12-31T23:59:59</r:endDate>" + person("195101151818", "r:representedBy")
    )
    given = registration(more=more, reason="Vid besök &amp; &lt;samtal&gt;")
    for _ in range(2):  # sent twice is done once
        assert await served.code("RegisterExtendedConsent", given) == "OK"

    found = await served.ask("CheckConsent", check)
    assert texts(found, "hasConsent", "assertionType") == ["true", "Consent"]
    other = await served.ask("CheckConsent", actor(employee=DOCTOR) + person())
    assert texts(other, "hasConsent", "assertionType") == ["false"]

    wanted = f"<r:careProviderId>{REGION}</r:careProviderId>{person()}"
    listed = await served.ask("GetConsentsForPatient", wanted)
    assert texts(listed, "assertionId", "employeeId", "startDate", "endDate", "ownerId") == [
        *("c-1", NURSE, "2026-01-01T00:00:00", "2199-12-31T23:59:59", CONSUMER)
    ]
    no_history = f"{wanted}<r:getCancelledFlag>false</r:getCancelledFlag>"
    shown = await served.ask("GetExtendedConsentsForPatient", no_history)
    assert texts(shown, "reasonText") == ["Vid besök & <samtal>"]
    assert texts(shown, "extension") == [NUMBER, "195101151818"]
    assert texts(shown, "requestDate", "registrationDate") == [
        "2026-11-20T09:00:00",
        "2026-11-20T09:01:00",
    ]
    assert texts(shown, "assignmentName") == ["Vård & behandling"]

    for _ in range(2):
        assert await served.code("CancelExtendedConsent", ending("Cancel")) == "OK"
    assert texts(await served.ask("CheckConsent", check), "hasConsent") == ["false"]
    assert texts(await served.ask("GetConsentsForPatient", wanted), "assertionId") == []
    gone = await served.ask("GetExtendedConsentsForPatient", no_history)
    assert texts(gone, "assertionId") == []
    history = f"{wanted}<r:getCancelledFlag>1</r:getCancelledFlag>"
    kept = await served.ask("GetExtendedConsentsForPatient", history)
    names = [etree.QName(one).localname for one in kept.iter("*")]
    assert ("cancellationInfo" in names, "deletionInfo" in names) == (True, False)
    assert await served.code("DeleteExtendedConsent", ending("Delete")) == "OK"
    kept = await served.ask("GetExtendedConsentsForPatient", history)
    assert "deletionInfo" in [etree.QName(one).localname for one in kept.iter("*")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (registration(number="191212121213"), "VALIDATION_ERROR"),
        (registration(assertion_id=""), "VALIDATION_ERROR"),
        (registration(unit=""), "VALIDATION_ERROR"),
        (registration(more="<r:endDate>2001-01-01T00:00:00</r:endDate>"), "VALIDATION_ERROR"),
        (registration(more="<r:startDate>12026-01-01T00:00:00</r:startDate>"), "VALIDATION_ERROR"),
        (registration(more=f"<r:employeeId>{DOCTOR}</r:employeeId>"), "VALIDATION_ERROR"),
        (registration(kind="Emergency"), "OK"),
        (registration(kind="Emergency", giver=BOARD), "ACCESSDENIED"),
        (registration(kind="Emergency", giver="SE-NOBODY"), "ACCESSDENIED"),
        (registration(giver=BOARD), "OK"),
    ],
)
async def test_a_consent_that_may_not_be_is_answered_with_a_code(
    served: Served, content: str, code: str
) -> None:
    """For an omsorgsgivare there are consents, and no emergency."""
    element = await served.ask("RegisterExtendedConsent", content)
    assert texts(element, "resultCode") == [code]
    assert (code == "OK") == (texts(element, "resultText") == [])


async def test_an_id_is_used_once_and_what_is_ended_stays_ended(served: Served) -> None:
    assert await served.code("CancelExtendedConsent", ending("Cancel", "nobody")) == "NOTFOUND"
    assert await served.code("RegisterExtendedConsent", registration()) == "OK"
    other = registration(unit=CLINIC)
    assert await served.code("RegisterExtendedConsent", other) == "ALREADYEXISTS"
    assert await served.code("DeleteExtendedConsent", ending("Delete")) == "OK"
    assert await served.code("CancelExtendedConsent", ending("Cancel")) == "INVALIDSTATE"
    assert await served.code("RegisterExtendedConsent", registration()) == "INVALIDSTATE"


async def test_an_emergency_is_told_apart_from_a_consent(served: Served) -> None:
    await served.ask("RegisterExtendedConsent", registration(kind="Emergency"))
    found = await served.ask("CheckConsent", actor() + person())
    assert texts(found, "hasConsent", "assertionType") == ["true", "Emergency"]


async def test_a_consent_in_the_hour_that_comes_twice_is_the_shorter_one(served: Served) -> None:
    """It ends the first time that the clock shows half past two, and begins the second time."""
    more = "<r:endDate>2099-10-25T02:30:00</r:endDate>"
    assert await served.code("RegisterExtendedConsent", registration(more=more)) == "OK"
    (kept,) = served.consents.of_person(TOLVAN)
    assert kept.end is not None
    assert f"{kept.end:%Y-%m-%d %H:%M%z}" == "2099-10-25 00:30+0000"
    wanted = f"<r:careProviderId>{REGION}</r:careProviderId>{person()}"
    listed = await served.ask("GetConsentsForPatient", wanted)
    assert texts(listed, "endDate") == ["2099-10-25T02:30:00"]


async def test_blocks_are_registered_and_rows_are_checked(served: Served) -> None:
    period = (
        "<r:informationStartDate>2026-01-01T00:00:00</r:informationStartDate>"
        "<r:informationEndDate>2026-01-31T23:59:59</r:informationEndDate>"
    )
    excluded = "<r:excludedInformationTypes>LAK</r:excludedInformationTypes>"
    given = block(period=period, excluded=excluded)
    for _ in range(2):
        assert await served.code("RegisterExtendedBlock", given) == "OK"

    rows = (
        row(7),
        row(0, giver=BOARD),
        row(3, start="2026-02-01T00:00:00", end="2026-02-02T00:00:00"),
        row(2, start="2025-12-01T00:00:00", end="2026-01-01T00:00:00"),
        row(-1, kind="lak"),
        row(5, kind="upp"),
        row(6, kind="vko"),
    )
    element = await served.ask("CheckBlocks", check_blocks(*rows))
    assert texts(element, "resultCode") == ["OK"]
    assert texts(element, "rowNumber", "status") == [
        *("BLOCKED", "7", "OK", "0", "OK", "3", "BLOCKED", "2", "OK", "-1"),
        *("BLOCKED", "5", "BLOCKED", "6"),
    ]
    own = await served.ask("CheckBlocks", check_blocks(row(0), giver=REGION))
    assert texts(own, "status") == ["OK"]


async def test_a_row_with_a_fault_makes_the_answer_info_in_the_words_of_the_page(
    served: Served,
) -> None:
    rows = (row(0), row(1, end="2025-01-01T00:00:00"), row(2, unit=""), row(4), row(4))
    element = await served.ask("CheckBlocks", check_blocks(*rows))
    assert texts(element, "resultCode", "resultText") == [
        "INFO",
        "Informationsresurs(er) innehåller valideringsfel",
    ]
    assert texts(element, "status") == ["OK", *["VALIDATIONERROR"] * 4]
    wrong = await served.ask("CheckBlocks", actor(unit="") + person() + row(0))
    assert texts(wrong, "resultCode", "status") == ["VALIDATIONERROR"]
    wrong = await served.ask("CheckBlocks", actor() + person("191212121213") + row(0))
    assert texts(wrong, "resultCode", "status") == ["VALIDATIONERROR"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (block(kind="Inner"), "VALIDATIONERROR"),
        (
            block(kind="Inner", unit=f"<r:informationCareUnitId>{WARD}</r:informationCareUnitId>"),
            "OK",
        ),
        (
            block(unit=f"<r:informationCareUnitId>{WARD}</r:informationCareUnitId>"),
            "VALIDATIONERROR",
        ),
        (
            block(excluded="<r:excludedInformationTypes>vko</r:excludedInformationTypes>"),
            "VALIDATIONERROR",
        ),
        (block(timeout=-2), "VALIDATIONERROR"),
        (block(timeout=-1), "OK"),
        (block(number="191212121213"), "VALIDATIONERROR"),
        (
            block(more='<x:representedBy xmlns:x="urn:x"><x:id>1</x:id></x:representedBy>'),
            "ACCESSDENIED",
        ),
        (block(more='<x:other xmlns:x="urn:x"/>'), "OK"),
    ],
)
async def test_a_block_that_may_not_be_is_answered_with_a_code(
    served: Served, content: str, code: str
) -> None:
    """The last but one: somebody asks in the child's place, which no guardian may (CZ11)."""
    assert await served.code("RegisterExtendedBlock", content) == code
    assert len(served.blocks.of_person(TOLVAN)) == (code == "OK")


async def test_blocks_in_force_are_got_with_what_is_needed_to_ask_on(served: Served) -> None:
    unit = f"<r:informationCareUnitId>{WARD}</r:informationCareUnitId>"
    excluded = "".join(
        f"<r:excludedInformationTypes>{one}</r:excludedInformationTypes>" for one in ("upp", "lak")
    )
    await served.ask("RegisterExtendedBlock", block(kind="Inner", unit=unit, excluded=excluded))
    await served.ask("RegisterExtendedBlock", block("b-2", giver=BOARD))

    everything = await served.ask("GetBlocks", "")
    assert texts(everything, "blockId") == ["b-1", "b-2"]
    assert texts(everything, "infoTypeId", "infoTypeDescription") == [
        *("lak", "Läkemedel", "upp", "Uppmärksamhetsinformation")
    ]
    theirs = await served.ask(
        "GetBlocks", f"{person()}<r:careProviderIds>{BOARD}</r:careProviderIds>"
    )
    assert texts(theirs, "blockId") == ["b-2"]
    (following,) = texts(everything, "nextCreatedOnOrAfter")
    assert texts(everything, "latestCancellation") == ["1970-01-01T01:00:00"]
    since = f"<r:createdOnOrAfter>{following}</r:createdOnOrAfter>"
    assert texts(await served.ask("GetBlocks", since), "blockId") == ["b-1", "b-2"]
    later = "<r:createdOnOrAfter>2199-01-01T00:00:00</r:createdOnOrAfter>"
    assert texts(await served.ask("GetBlocks", later), "blockId") == []


async def test_at_a_care_givers_address_only_its_own_is_reached(served: Served) -> None:
    for giver, number in ((REGION, "1"), (BOARD, "2")):
        content = registration(f"c-{number}", giver=giver)
        assert await served.code("RegisterExtendedConsent", content) == "OK"
        await served.ask("RegisterExtendedBlock", block(f"b-{number}", giver=giver))
    at = {"address": REGION}
    denied = "ACCESSDENIED"
    wanted = f"<r:careProviderId>{BOARD}</r:careProviderId>{person()}"
    for operation, content in (
        ("RegisterExtendedConsent", registration("c-3", giver=BOARD)),
        ("CancelExtendedConsent", ending("Cancel", "c-2")),
        ("DeleteExtendedConsent", ending("Delete", "c-2")),
        ("GetConsentsForPatient", wanted),
        ("GetExtendedConsentsForPatient", f"{wanted}<r:getCancelledFlag>1</r:getCancelledFlag>"),
        ("CheckConsent", actor(giver=BOARD) + person()),
        ("RegisterExtendedBlock", block("b-3", giver=BOARD)),
        ("GetBlocks", f"<r:careProviderIds>{BOARD}</r:careProviderIds>"),
    ):
        assert await served.code(operation, content, **at) == denied, operation
    assert texts(await served.ask("GetBlocks", "", **at), "blockId") == ["b-1"]
    assert await served.code("CancelExtendedConsent", ending("Cancel"), **at) == "OK"
    rows = await served.ask("CheckBlocks", check_blocks(row(0), giver="SE-THIRD"), **at)
    assert texts(rows, "status") == ["BLOCKED"]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_whoever_may_not_call_is_refused_and_every_call_is_logged(
    served: Served, operation: str
) -> None:
    content = {
        "CheckConsent": actor() + person(),
        "RegisterExtendedConsent": registration(),
        "CancelExtendedConsent": ending("Cancel"),
        "DeleteExtendedConsent": ending("Delete"),
        "GetConsentsForPatient": f"<r:careProviderId>{REGION}</r:careProviderId>{person()}",
        "GetExtendedConsentsForPatient": f"<r:careProviderId>{REGION}</r:careProviderId>{person()}"
        "<r:getCancelledFlag>true</r:getCancelledFlag>",
        "CheckBlocks": check_blocks(row(0)),
        "GetBlocks": person(),
        "RegisterExtendedBlock": block(),
    }[operation]
    await served.ask("RegisterExtendedConsent", registration())
    served.stage.log.records.clear()

    with pytest.raises(NotPermitted):
        await served.ask(operation, content, sender=OTHER)
    with pytest.raises(NoRoute):
        await served.ask(operation, content, address="SE-ELSEWHERE")
    with pytest.raises(MalformedRequest, match="does not follow its schema"):
        await served.ask(operation, "<r:nothing/>")
    await served.ask(operation, content)

    logged = served.stage.log.records
    assert [one.verdict for one in logged] == [*[Verdict.REFUSED] * 3, Verdict.ANSWERED]
    assert {one.contract for one in logged} == {urn_of(operation)}
    assert logged[3].subject == TOLVAN
    assert logged[3].sender == CONSUMER
    assert logged[3].logical_address == SERVICE
    assert not any(NUMBER in str(one) for one in served.stage.events.events)


async def test_what_is_kept_elsewhere_is_not_served_here(served: Served) -> None:
    world = replace(served.stage.world, security=SecurityServices())
    for operation, content in (("CheckConsent", actor() + person()), ("GetBlocks", "")):
        with pytest.raises(NoRoute):
            await serve_security(call(asked(operation, content)), world)


async def test_a_book_that_cannot_be_read_is_a_fault_without_a_person(served: Served) -> None:
    databases.tamper(
        served.database.folder,
        *(f"ALTER TABLE {table} RENAME TO {table}_gone" for table in ("consent", "block")),
    )
    for operation, content in (
        ("CheckConsent", actor() + person()),
        ("RegisterExtendedConsent", registration()),
        ("CheckBlocks", check_blocks(row(0))),
    ):
        with pytest.raises(FactsUnavailable) as raised:
            await served.ask(operation, content)
        fault = fault_bytes(raised.value, "TEST")
        assert b"VP012" in fault
        assert NUMBER.encode() not in fault
    assert {one.verdict for one in served.stage.log.records} == {Verdict.FAILED}


async def test_changes_are_told_to_the_routing_log(served: Served) -> None:
    await served.ask("RegisterExtendedConsent", registration())
    await served.ask("RegisterExtendedConsent", registration(unit=CLINIC))
    await served.ask("CancelExtendedConsent", ending("Cancel"))
    await served.ask("DeleteExtendedConsent", ending("Delete"))
    await served.ask("RegisterExtendedBlock", block())
    told = [(name, fields["detail"]) for name, fields in served.stage.events.events]
    assert told == [
        ("consent-changed", "registered"),
        ("consent-changed", "not registered: EXISTS"),
        ("consent-changed", "ended"),
        ("consent-changed", "nullified"),
        ("block-changed", "registered"),
    ]
