"""GetAccessLogsForPatient over the wire, asked by zeep from the WSDL that the hub serves: who has
read, what is queued and fetched, what is refused; and that each call is itself a row."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import xmlschema
import zeep
from lxml import etree

from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import HsaId
from samsvar.simulation.server import running as serving
from samsvar.soap.interaction import read_interaction
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.access_report import AccessReport
from samsvar.store.secrets import open_vault
from tests.contract_facts import wsdl_of
from tests.databases import open_database
from tests.hub import CONSUMER, HUB, STRANGER, Running, Site, post, running_hub
from tests.log_service import LogKeeper
from tests.registry_questions import asked
from tests.unit.test_store_access_log import CITIZEN, NURSE, TOLVAN, disclosed, record

pytestmark = pytest.mark.wire

URN = "urn:riv:informationsecurity:auditing:log:GetAccessLogsForPatientResponder:2"
CORE = "urn:riv:informationsecurity:auditing:log:2"
PATH = "/vp/informationsecurity/auditing/log/GetAccessLogsForPatient/2/rivtabp21"
GIVER = str(NURSE.care_giver)
OTHER = "SE2321000016-OTHER"
MORE = f"""
[[contract]]
urn = "{URN}"
title = "Åtkomstrapport"

[[permission]]
consumer = "{CONSUMER}"
contract = "GetAccessLogsForPatient 2"
logical_address = "{HUB}"

[[permission]]
consumer = "{CONSUMER}"
contract = "GetAccessLogsForPatient 2"
logical_address = "{GIVER}"
"""
SCHEMA = xmlschema.XMLSchema10(str(read_interaction(wsdl_of("GetAccessLogsForPatient_2.0")).schema))
MOMENT = datetime(2026, 6, 1, 14, 0)  # noqa: DTZ001 - Swedish time, as the contract has it
DAY = ("2026-06-01T00:00:00", "2026-06-01T23:59:59")


@contextlib.asynccontextmanager
async def a_hub(folder: Path, *records: QuestionRecord, audit: str = "") -> AsyncIterator[Running]:
    """One whose log has these rows."""
    site = Site(folder)
    settings = site.write(log=f"[audit]\n{audit}")
    site.load_registry(site.registry([], MORE))
    database = open_database(settings.hub.data)
    log = SqlAccessLog(database, open_vault(database))
    await asyncio.gather(*(log.append(one) for one in records))
    await log.close()
    database.close()
    async with running_hub(site, settings) as hub:
        yield hub


def body(*, number: str = TOLVAN.extension, days: tuple[str, str] = DAY, queued: str = "") -> str:
    more = f"<r:queuedReportId>{queued}</r:queuedReportId>" if queued else ""
    return (
        f'<r:GetAccessLogsForPatient xmlns:r="{URN}" xmlns:c="{CORE}"><r:patientId>'
        f"<c:root>{TOLVAN.root}</c:root><c:extension>{number}</c:extension></r:patientId>"
        f"<r:fromDate>{days[0]}</r:fromDate><r:toDate>{days[1]}</r:toDate>{more}"
        "</r:GetAccessLogsForPatient>"
    )


async def answer(
    hub: Running, document: str, *, address: str = GIVER, sender: str = CONSUMER
) -> etree._Element:
    """The accessLogsResult, held to its schema."""
    status, _, told = await post(hub, asked(document, address=address), path=PATH, sender=sender)
    assert status == 200, told
    element = next(etree.fromstring(told).iterfind("{*}Body/*"))
    SCHEMA.validate(etree.tostring(element, encoding="unicode"))
    return element[0]


def result(element: etree._Element) -> tuple[str, str | None, int]:
    """Code, id of a queued report, number of accesses."""
    code = element.findtext(f".//{{{CORE}}}resultCode") or ""
    queued = element.findtext(f".//{{{CORE}}}queuedReportId")
    return code, queued, len(element.findall(f".//{{{CORE}}}accessLog"))


def client(url: str) -> Any:
    """A toolkit that knows nothing but the address."""
    session = requests.Session()
    session.trust_env = False
    session.headers["x-vp-sender-id"] = CONSUMER
    transport = zeep.Transport(session=session)  # type: ignore[no-untyped-call]
    return zeep.Client(f"{url}?wsdl", transport=transport)  # type: ignore[no-untyped-call]


async def test_a_toolkit_is_told_who_has_read_by_the_wsdl_that_is_served(tmp_path: Path) -> None:
    """Staff alone: of one care giver at its address, of all at the hub's."""
    other = replace(disclosed(4), user=replace(NURSE, care_giver=HsaId(OTHER)))
    rows = (record(1), disclosed(2), disclosed(3, CITIZEN), other)

    def ask(base: str, address: str) -> Any:
        return (
            client(base + PATH)
            .service.GetAccessLogsForPatient(
                patientId={"root": TOLVAN.root, "extension": TOLVAN.extension},
                fromDate=MOMENT,
                toDate=MOMENT,
                _soapheaders={"LogicalAddress": address},
            )
            .accessLogsResult
        )

    async with a_hub(tmp_path, *rows) as hub:
        one = await asyncio.to_thread(ask, hub.plain, GIVER)
        everybody = await asyncio.to_thread(ask, hub.plain, HUB)

    assert one.reportResult.result.resultCode == "OK"
    assert [log.careProviderId for log in one.accesssLogs.accessLog] == [GIVER, GIVER]
    (first, _) = one.accesssLogs.accessLog
    assert (first.careUnitId, first.userId, first.purpose, first.resourceType) == (
        NURSE.care_unit,
        NURSE.hsa_id,
        "Vård och behandling",
        "Vård- och omsorgsplan SIP",
    )
    assert first.accessDate == MOMENT
    assert {log.careProviderId for log in everybody.accesssLogs.accessLog} == {GIVER, OTHER}

    database = open_database(tmp_path / "data", read_only=True)
    latest = AccessLogReader(database, open_vault(database)).latest(2)
    database.close()
    assert [(q.record.contract, q.record.subject, q.record.sender) for q in latest] == [
        (URN, TOLVAN, CONSUMER)
    ] * 2


async def test_what_is_asked_wrongly_is_said(tmp_path: Path) -> None:
    async with a_hub(tmp_path, disclosed(1)) as hub:
        nobody = await answer(hub, body(number="199001012385"))
        impossible = await answer(hub, body(number="191212121213"))
        backwards = await answer(hub, body(days=(DAY[1], DAY[0])))
        unknown = await answer(hub, body(queued="6b8ff1c2-000000000000000000000000000"))
        aggregated = await answer(hub, body(queued="x"), address=HUB)
        zoned = await answer(hub, body(days=("2026-06-01T12:00:00Z", "2026-06-01T12:00:00Z")))
        broken = await post(hub, asked(body(days=("today", DAY[1])), address=GIVER), path=PATH)
        stranger = await post(hub, asked(body(), address=GIVER), path=PATH, sender=STRANGER)
        elsewhere = await post(hub, asked(body(), address=OTHER), path=PATH)

    assert result(nobody) == ("OK", None, 0)
    for refused in (impossible, backwards, aggregated):
        assert result(refused) == ("VALIDATION_ERROR", None, 0)
    assert result(unknown)[0] == "REPORT_NOT_FOUND"
    assert result(zoned) == ("OK", None, 2)
    assert broken[0] == 500
    assert b"<faultstring>VP015 [" in broken[2]
    assert b"today" not in broken[2]
    for refused_call in (stranger, elsewhere):
        assert refused_call[0] == 500
        assert b"<faultstring>VP007 [" in refused_call[2]


async def test_too_large_a_report_is_refused(tmp_path: Path) -> None:
    rows = [disclosed(number) for number in range(3)]  # each is two accesses
    async with a_hub(tmp_path, *rows, audit="report_rows = 5") as hub:
        assert result(await answer(hub, body())) == ("MAX_QUERY_RESULT_EXCEEDED", None, 0)


@pytest.mark.slow
async def test_a_slow_report_is_queued_and_fetched_by_its_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three are asked for, two are computed at once. An id is good for its own question only."""
    slow = asyncio.Event()
    loop = asyncio.get_running_loop()
    found = AccessReport.by_staff

    def waits(self: AccessReport, *asked: Any) -> Any:
        asyncio.run_coroutine_threadsafe(slow.wait(), loop).result(20)
        return found(self, *asked)

    monkeypatch.setattr(AccessReport, "by_staff", waits)
    async with a_hub(tmp_path, disclosed(1), audit="report_seconds = 0.2") as hub:
        code, report, _ = result(await answer(hub, body()))
        assert code == "REPORT_IN_PROCESS"
        assert report is not None
        assert result(await answer(hub, body(), address=HUB))[:2] == ("REPORT_IN_PROCESS", None)
        last = ("2026-06-01T00:00:00", "2026-06-02T00:00:00")
        queued = await answer(hub, body(days=last))
        assert result(queued)[0] == "REPORT_ON_QUEUE"
        assert int(queued.findtext(f".//{{{CORE}}}queueTime") or 0) >= 1
        assert result(await answer(hub, body(queued=report)))[:2] == ("REPORT_IN_PROCESS", report)
        assert result(await answer(hub, body(queued=report, days=last)))[0] == "REPORT_NOT_FOUND"
        slow.set()
        await asyncio.sleep(0.2)
        assert result(await answer(hub, body(queued=report))) == ("OK", None, 2)
        assert result(await answer(hub, body(), address=HUB)) == ("OK", None, 2)


async def test_a_hub_tells_its_log_service_and_says_when_it_cannot(tmp_path: Path) -> None:
    """What waited from before it started, too. It is ready all the while."""
    keeper = LogKeeper(down=True)

    async def notes(hub: Running) -> list[str]:
        async with hub.client() as session, session.get(f"{hub.plain}/health/ready") as told:
            assert told.status == 200
            found: list[str] = (await told.json()).get("notes", [])
            return found

    async with serving(keeper.application()) as url:
        site = Site(tmp_path)
        settings = site.write(log=f'[audit]\nstore_log = "{url}/StoreLog/2/rivtabp21"')
        site.load_registry(site.registry([], MORE))
        database = open_database(settings.hub.data)
        log = SqlAccessLog(database, open_vault(database), ships=True)
        await log.append(disclosed(1))
        await log.close()
        database.close()
        async with running_hub(site, settings) as hub:
            async with asyncio.timeout(15):
                while not await notes(hub):  # noqa: ASYNC110 - it is asked over HTTP
                    await asyncio.sleep(0.1)
            assert (await notes(hub))[0].startswith(
                f"access log: the log service has not taken {GIVER}"
            )
            assert result(await answer(hub, body())) == ("OK", None, 2)
            keeper.down = False
            async with asyncio.timeout(15):
                while await notes(hub):  # noqa: ASYNC110 - the same
                    await asyncio.sleep(0.1)
    assert (len(keeper.kept), keeper.faults, keeper.addresses) == (2, [], [GIVER])
    lines = (tmp_path / "hub.log").read_text()
    assert "access-log-send-failed" in lines
    assert "access-log-sent" in lines
