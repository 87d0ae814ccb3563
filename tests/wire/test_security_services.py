"""Consents and blocks over real TLS: served to a toolkit that is not ours, and asked by a hub of
another that keeps them, or does not answer as it should."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from samsvar.access.words import Block, Consent
from samsvar.errors import FactsUnavailable
from samsvar.fact_ports import Accessing, BlockQuestion, BlockService, ConsentService
from samsvar.model.identifiers import HsaId
from samsvar.outbound.http_client import HttpClient, client_tls
from samsvar.outbound.security_services import MOST_ROWS
from samsvar.security import open_security
from samsvar.settings import ProducerSettings, SecuritySettings, Settings
from samsvar.soap.parsing import REQUEST_LIMITS, parse
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook
from samsvar.store.secrets import open_vault
from tests.bad_producer import Asked, Behaviour, http, misbehaving, saying
from tests.databases import open_database
from tests.hub import CONSUMER, STRANGER, Running, Site, free_port, post, running_hub
from tests.outside import fault_of, rows_about
from tests.security_messages import (
    NUMBER,
    SERVICE,
    actor,
    asked,
    core_of,
    path_of,
    permissions,
    person,
    urn_of,
)
from tests.security_records import (
    ACTION,
    BOARD,
    CLINIC,
    DAY,
    DOCTOR,
    NOW,
    NURSE,
    REGION,
    TOLVAN,
    WARD,
    block,
    consent,
    inner,
    kind_of,
    revoke,
)
from tests.six_sources import SoapClient

pytestmark = pytest.mark.wire

HUB_ID = "SE5565594230-SAMSVAR"
AT_BOARD = Accessing(BOARD, CLINIC, NURSE)
WHO = {"root": TOLVAN.root, "extension": TOLVAN.extension}
TIME = datetime.fromisoformat("2026-11-20T09:00:00")
DONE = {
    "requestDate": TIME,
    "requestedBy": {"employeeId": NURSE},
    "registrationDate": TIME,
    "registeredBy": {"employeeId": NURSE, "assignmentName": "Vård"},
    "reasonText": "Vid besök",
}


@contextlib.asynccontextmanager
async def keeper(folder: Path) -> AsyncIterator[Running]:
    """A hub that keeps consents and blocks, for CONSUMER and for another hub."""
    site = Site(folder)
    settings = site.write(security=f'addresses = ["{SERVICE}", "{REGION}"]')
    lines = permissions([CONSUMER, HUB_ID], SERVICE, REGION)
    site.load_registry(site.registry([], lines))
    async with running_hub(site, settings) as hub:
        yield hub


def every_operation(hub: Running) -> dict[str, Any]:
    """All nine, by a toolkit that knows nothing but the address of each WSDL."""
    site = hub.site

    def call(operation: str, **parts: Any) -> Any:
        client = SoapClient(
            f"{hub.tls}{path_of(operation)}?wsdl", site.consumer, site.authority.certificate
        )
        try:
            return client.call(operation, SERVICE, **parts)
        finally:
            client.close()

    accessing = {"employeeId": NURSE, "careProviderId": REGION, "careUnitId": WARD}
    elsewhere = {"employeeId": DOCTOR, "careProviderId": BOARD, "careUnitId": CLINIC}
    given = {
        "assertionType": "Consent",
        "scope": "NationalLevel",
        "patientId": WHO,
        "careProviderId": REGION,
        "careUnitId": WARD,
        "registrationAction": DONE,
    }
    entity = {
        "informationStartDate": TIME,
        "informationEndDate": TIME,
        "informationCareUnitId": WARD,
        "informationCareProviderId": REGION,
    }
    seen = {"registered": call("RegisterExtendedConsent", assertionId="c-1", **given)}
    call("RegisterExtendedConsent", assertionId="c-2", **given)
    seen["checked"] = call("CheckConsent", accessingActor=accessing, patientId=WHO)
    seen["cancelled"] = call("CancelExtendedConsent", assertionId="c-1", cancellationAction=DONE)
    seen["deleted"] = call("DeleteExtendedConsent", assertionId="c-2", deletionAction=DONE)
    whose = {"careProviderId": REGION, "patientId": WHO}
    seen["history"] = call("GetExtendedConsentsForPatient", getCancelledFlag=True, **whose)
    seen["valid"] = call("GetConsentsForPatient", **whose)
    seen["blocked"] = call(
        "RegisterExtendedBlock",
        blockId="b-1",
        blockType="Outer",
        patientId=WHO,
        informationCareProviderId=REGION,
        excludedInformationTypes=["lak"],
        registerAction=DONE,
        replicationTimeout=0,
    )
    seen["rows"] = call(
        "CheckBlocks",
        accessingActor=elsewhere,
        patientId=WHO,
        informationEntities=[
            {**entity, "rowNumber": 1},
            {**entity, "rowNumber": 2, "informationType": "lak"},
        ],
    )
    seen["blocks"] = call("GetBlocks", patientId=WHO)
    return seen


async def test_a_toolkit_calls_every_operation_by_the_wsdl_that_is_served(tmp_path: Path) -> None:
    async with keeper(tmp_path) as hub:
        seen = await asyncio.to_thread(every_operation, hub)

    for name in ("registered", "cancelled", "deleted", "blocked"):
        assert seen[name].result.resultCode == "OK", name
    checked = seen["checked"].checkResult
    assert (checked.hasConsent, checked.assertionType) == (True, "Consent")
    history = seen["history"].getExtendedConsentsResult.pdlAssertions
    assert [
        (one.pDLAssertion.assertionId, one.cancellationInfo is None, one.deletionInfo is None)
        for one in history
    ] == [("c-1", False, True), ("c-2", True, False)]
    assert history[0].registrationInfo.reasonText == "Vid besök"
    assert history[0].registrationInfo.requestDate == TIME
    assert seen["valid"].getConsentsResult.pdlAssertions == []
    assert [(row.rowNumber, row.status) for row in seen["rows"].checkBlocksResult.checkResults] == [
        (1, "BLOCKED"),
        (2, "OK"),
    ]
    (kept,) = seen["blocks"].blockHeader.blocks
    assert (kept.blockId, kept.blockType, kept.ownerId) == ("b-1", "Outer", CONSUMER)
    assert kept.patientId.extension == NUMBER
    assert [row.sender for row in rows_about(hub.site, TOLVAN)] == [CONSUMER] * 10
    assert NUMBER.encode() not in (tmp_path / "hub.log").read_bytes()


async def test_who_may_not_and_what_is_no_message_meets_a_fault(tmp_path: Path) -> None:
    check = asked("CheckConsent", actor() + person())
    path = path_of("CheckConsent")
    async with keeper(tmp_path) as hub:
        stranger = await post(hub, check, path=path, sender=STRANGER)
        elsewhere = await post(hub, asked("CheckConsent", actor() + person(), "SE-X"), path=path)
        broken = await post(hub, asked("CheckConsent", person()), path=path)
    told = [fault_of(body) for _, _, body in (stranger, elsewhere, broken)]
    assert [one.text.split()[0] for one in told] == ["VP007", "VP004", "VP015"]
    assert not any(NUMBER in f"{one.text}{one.detail}" for one in told)


@contextlib.asynccontextmanager
async def outside(
    folder: Path, producers: ProducerSettings, **told: Any
) -> AsyncIterator[tuple[ConsentService, BlockService]]:
    """Both ports, as a hub with these settings has them."""
    settings = Settings(producers=producers, security=SecuritySettings(**told))
    client = HttpClient(producers, client_tls(producers))
    database = open_database(folder / "asker")
    security = open_security(settings, database, open_vault(database), client, _NoCatalogue())
    assert (security.served.consents, security.served.blocks) == (None, None)
    try:
        yield security.consents, security.blocks
    finally:
        security.close()
        await client.close()
        database.close()


class _NoCatalogue:
    def current(self) -> Any:
        raise AssertionError("nothing outside asks the directory")


def _fill(folder: Path) -> None:
    """What the keeper has: by its own book, while it serves."""
    database = open_database(folder / "data")
    vault = open_vault(database)
    consents, blocks = ConsentBook(database, vault, kind_of), BlockBook(database, vault)
    assert consents.register(consent(), NOW) is None
    assert consents.register(consent(assertion_id="c-2", care_unit=CLINIC), NOW) is None
    assert consents.cancel("c-2", ACTION, NOW) is None
    assert blocks.register(block(start=NOW - DAY, end=NOW), NOW) is None
    assert blocks.register(inner(block_id="b-2"), NOW) is None
    for_ever = datetime.fromisoformat("2199-01-01T00:00:00+00:00")
    assert blocks.revoke("b-2", revoke(end=for_ever, employee=DOCTOR), NOW) is None
    database.close()


async def test_a_second_hub_asks_the_first_over_mutual_tls(tmp_path: Path) -> None:
    async with keeper(tmp_path) as hub:
        await asyncio.to_thread(_fill, tmp_path)
        site = hub.site
        producers = ProducerSettings(
            authority=site.authority.certificate,
            certificate=site.hub.certificate,
            key=site.hub.key,
        )
        urls = {
            "consents": f"{hub.tls}{path_of('CheckConsent')}",
            "blocks": f"{hub.tls}{path_of('CheckBlocks')}",
            "logical_address": SERVICE,
        }
        async with outside(tmp_path, producers, **urls) as (consents, blocks):
            ward, clinic = Accessing(REGION, WARD, NURSE), Accessing(REGION, CLINIC, NURSE)
            stands = [await consents.check(TOLVAN, one, NOW) for one in (ward, clinic)]
            questions = [
                BlockQuestion(REGION, WARD),
                BlockQuestion(REGION, WARD, NOW, NOW),
                BlockQuestion(REGION, WARD, NOW + DAY, NOW + 2 * DAY),
                BlockQuestion(BOARD, CLINIC),
                BlockQuestion(REGION, WARD),
                BlockQuestion(REGION, None),
            ]
            outer = await blocks.check(TOLVAN, AT_BOARD, questions, NOW)
            inside = await blocks.check(TOLVAN, clinic, questions[:1], NOW)
            lifted = Accessing(REGION, CLINIC, DOCTOR)
            opened = await blocks.check(TOLVAN, lifted, questions[:1], NOW)
            many = [
                BlockQuestion(
                    REGION, WARD, NOW - timedelta(hours=hour), NOW - timedelta(hours=hour)
                )
                for hour in range(3 * MOST_ROWS)
            ]
            long_list = await blocks.check(TOLVAN, AT_BOARD, many, NOW)
            nothing = await blocks.check(TOLVAN, AT_BOARD, [], NOW)
            with pytest.raises(FactsUnavailable, match="unit or employee is not known"):
                await consents.check(TOLVAN, Accessing(REGION), NOW)

    assert [one.consent for one in stands] == [Consent.VALID, Consent.NONE]
    assert outer == (
        *(Block.OUTER, Block.OUTER, Block.NONE, Block.NONE, Block.OUTER, Block.UNKNOWN),
    )
    assert (inside, opened, nothing) == ((Block.INNER,), (Block.NONE,), ())
    assert long_list == (*[Block.OUTER] * 25, *[Block.NONE] * (3 * MOST_ROWS - 25))


def told(operation: str, content: str) -> bytes:
    """An answer's envelope."""
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body>'
        f'<r:{operation}Response xmlns:r="{urn_of(operation)}" xmlns:c="{core_of(operation)}">'
        f"{content}</r:{operation}Response></e:Body></e:Envelope>"
    ).encode()


def consent_told(has: str = "true", kind: str = "Consent", code: str = "OK") -> bytes:
    """An answer of a consent service."""
    said = f"<c:assertionType>{kind}</c:assertionType>" if kind else ""
    return told(
        "CheckConsent",
        f"<r:checkResult><c:result><c:resultCode>{code}</c:resultCode></c:result>"
        f"<c:hasConsent>{has}</c:hasConsent>{said}</r:checkResult>",
    )


def blocks_told(*rows: tuple[int, str], code: str = "OK") -> bytes:
    """An answer of a block service."""
    said = "".join(
        f"<c:checkResults><c:status>{status}</c:status><c:rowNumber>{number}</c:rowNumber>"
        "</c:checkResults>"
        for number, status in rows
    )
    return told(
        "CheckBlocks",
        f"<r:checkBlocksResult><c:result><c:resultCode>{code}</c:resultCode></c:result>{said}"
        "</r:checkBlocksResult>",
    )


async def _silent(_asked: Asked, _writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(30)


async def _gone(_asked: Asked, _writer: asyncio.StreamWriter) -> bool:
    return False


FAULT = (
    b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    b"<faultcode>e:Server</faultcode><faultstring>191212121212 finns inte</faultstring>"
    b"</e:Fault></e:Body></e:Envelope>"
)
GOOD_CONSENT, GOOD_BLOCKS = consent_told(), blocks_told((0, "OK"), (1, "BLOCKED"))
BOTH: dict[str, Behaviour] = {
    "slow": _silent,
    "hung up": _gone,
    "a fault": saying(http(FAULT, status="500 Internal Server Error")),
    "a fault with 200": saying(http(FAULT)),
    "not found": saying(http(b"<html/>", status="404 Not Found")),
    "garbage": saying(http(b"<e:Envelope")),
    "nothing": saying(http(b"")),
    "cut short": saying(http(GOOD_BLOCKS[:100], length=len(GOOD_BLOCKS))),
    "not http": saying(b"what?\r\n\r\n"),
    "a doctype": saying(http(b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + GOOD_CONSENT)),
    "another contract's": saying(http(told("GetBlocks", ""))),
    "500 with an answer": saying(http(GOOD_CONSENT, status="500 Internal Server Error")),
}
CONSENTS = {
    "an error": consent_told(code="ERROR"),
    "an old copy": consent_told(code="INVALIDSTATE"),
    "denied": consent_told(code="ACCESSDENIED"),
    "an unknown code": consent_told(code="FINE"),
    "neither true nor false": consent_told(has="maybe"),
    "an unknown kind": consent_told(kind="Wish"),
    "no outcome": told("CheckConsent", ""),
    "two outcomes": told("CheckConsent", "<r:checkResult/>" * 2),
}
BLOCKS = {
    "an error": blocks_told((0, "OK"), (1, "OK"), code="ERROR"),
    "an old copy": blocks_told((0, "OK"), (1, "OK"), code="INVALIDSTATE"),
    "no rows": blocks_told(),
    "a row missing": blocks_told((0, "OK")),
    "a row twice": blocks_told((0, "OK"), (0, "OK")),
    "a row twice, and all": blocks_told((0, "OK"), (1, "OK"), (1, "BLOCKED")),
    "numbers from 1": blocks_told((1, "OK"), (2, "OK")),
    "a negative row": blocks_told((-1, "OK"), (1, "OK")),
    "no number": blocks_told((0, "OK"), (1, "OK")).replace(b">1<", b">x<"),
    "an unknown status": blocks_told((0, "OK"), (1, "FREE")),
}
QUESTIONS = [BlockQuestion(REGION, WARD), BlockQuestion(REGION, CLINIC)]


@contextlib.asynccontextmanager
async def asking(
    folder: Path, behave: Behaviour
) -> AsyncIterator[tuple[ConsentService, BlockService]]:
    """Both services are this one."""
    async with (
        misbehaving(behave) as service,
        outside(
            folder,
            ProducerSettings(),
            consents=f"{service.url}consents",
            blocks=f"{service.url}blocks",
            seconds=0.5,
        ) as ports,
    ):
        yield ports


async def _refused(ask: Callable[[], Any], service: str) -> None:
    with pytest.raises(FactsUnavailable) as raised:
        await ask()
    assert str(raised.value).startswith(f"{service}: ")
    assert NUMBER not in str(raised.value)


@pytest.mark.parametrize("behave", BOTH.values(), ids=BOTH)
async def test_a_service_that_gives_no_answer_gives_no_value(
    tmp_path: Path, behave: Behaviour
) -> None:
    async with asking(tmp_path, behave) as (consents, blocks):
        await _refused(lambda: consents.check(TOLVAN, AT_BOARD, NOW), "the consent service")
        await _refused(lambda: blocks.check(TOLVAN, AT_BOARD, QUESTIONS, NOW), "the block service")


@pytest.mark.parametrize("answer", CONSENTS.values(), ids=CONSENTS)
async def test_a_consent_answer_that_cannot_be_understood_gives_no_value(
    tmp_path: Path, answer: bytes
) -> None:
    async with asking(tmp_path, saying(http(answer))) as (consents, _):
        await _refused(lambda: consents.check(TOLVAN, AT_BOARD, NOW), "the consent service")


@pytest.mark.parametrize("answer", BLOCKS.values(), ids=BLOCKS)
async def test_a_block_answer_that_cannot_be_understood_gives_no_value(
    tmp_path: Path, answer: bytes
) -> None:
    async with asking(tmp_path, saying(http(answer))) as (_, blocks):
        await _refused(lambda: blocks.check(TOLVAN, AT_BOARD, QUESTIONS, NOW), "the block service")


async def test_a_service_that_is_down_gives_no_value(tmp_path: Path) -> None:
    where = f"http://127.0.0.1:{free_port()}/"
    async with outside(tmp_path, ProducerSettings(), consents=where, blocks=where) as ports:
        await _refused(lambda: ports[0].check(TOLVAN, AT_BOARD, NOW), "the consent service")
        await _refused(
            lambda: ports[1].check(TOLVAN, AT_BOARD, QUESTIONS, NOW), "the block service"
        )


@pytest.mark.parametrize(
    ("answer", "stands"),
    [
        (consent_told(), Consent.VALID),
        (consent_told(code="INFO"), Consent.VALID),
        (consent_told(has="1"), Consent.VALID),
        (consent_told(kind="Emergency"), Consent.CANNOT_BE_OBTAINED),
        (consent_told(kind=""), Consent.UNKNOWN),
        (consent_told(has="false", kind=""), Consent.NONE),
        (consent_told(has="0"), Consent.NONE),
    ],
)
async def test_what_a_consent_service_says_is_taken_for_no_more_than_it_says(
    tmp_path: Path, answer: bytes, stands: Consent
) -> None:
    async with asking(tmp_path, saying(http(answer))) as (consents, _):
        assert (await consents.check(TOLVAN, AT_BOARD, NOW)).consent is stands


async def test_rows_come_in_any_order_and_each_is_asked_once(tmp_path: Path) -> None:
    """A row that the service could not check opens nothing."""
    answer = saying(
        http(blocks_told((1, "VALIDATIONERROR"), (2, "OK"), (0, "BLOCKED"), code="INFO"))
    )
    bodies: list[bytes] = []

    async def behave(question: Asked, writer: asyncio.StreamWriter) -> object:
        bodies.append(question.body)
        return await answer(question, writer)

    questions = [
        BlockQuestion(REGION, WARD, information_type="lak"),
        BlockQuestion(REGION, CLINIC, information_type="vko"),
        BlockQuestion(REGION, WARD, information_type="lak"),
        BlockQuestion(BOARD, CLINIC, NOW, NOW + DAY),
    ]
    async with asking(tmp_path, behave) as (_, blocks):
        stands = await blocks.check(TOLVAN, Accessing(REGION, HsaId("U"), NURSE), questions, NOW)

    assert stands == (Block.INNER, Block.UNKNOWN, Block.INNER, Block.NONE)
    (sent,) = bodies
    root = parse(sent, charset="utf-8", limits=REQUEST_LIMITS).root
    texts = {
        name: [one.text for one in root.iter(f"{{{core_of('CheckBlocks')}}}{name}")]
        for name in ("rowNumber", "informationType", "informationStartDate")
    }
    assert texts == {
        "rowNumber": ["0", "1", "2"],
        "informationType": ["lak"],
        "informationStartDate": [*["1900-01-01T00:00:00"] * 2, "2026-11-20T10:00:00"],
    }
