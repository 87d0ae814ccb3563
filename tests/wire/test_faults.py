"""Each fault that a consumer can meet, provoked over a socket: code, text, detail, headers.

The Swedish texts stand here once more, to the letter: consumers compare them. Three codes cannot
be met: VP001 (without an address it is VP003), VP005 (the hub makes both profiles) and, since the
registry refuses such routes, VP006 and VP010; that it refuses them is shown here.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from samsvar.model.exchange import Verdict
from samsvar.registry import RegistryInvalid
from samsvar.simulation import Knobs, producer, running
from samsvar.simulation.authority import Identity
from samsvar.simulation.producer import Canned, Holdings
from samsvar.store.sqlite import FILE_NAME
from tests.hub import (
    CONSUMER,
    HUB,
    STRANGER,
    Running,
    Site,
    Source,
    free_port,
    post,
    running_hub,
    status_rows,
)
from tests.outside import SeenFault, fault_of, rows_of, rows_so_far
from tests.world import PLANS, TOLVAN, envelope

pytestmark = [pytest.mark.wire, pytest.mark.asyncio(loop_scope="module")]

GOOD, FORBIDDEN = "SE2120000001-GOOD", "SE2120000001-FORBIDDEN"
DEAD, LATE, HTML = "SE2120000001-DEAD", "SE2120000001-LATE", "SE2120000001-HTML"
TEXTS = {
    "VP002": "Fel i klientcertifikat. Saknas, är av felaktig typ, eller är felaktigt utformad.",
    "VP003": "Logisk adressat (ReceiverId) saknas i RivHeadern i inkommande meddelande.",
    "VP004": "Det finns inget vägval i tjänsteadresseringskatalogen som matchar anropets logiska"
    " adressat (ReceiverId) och tjänstekontrakt. Kontrollera uppgifterna i anropet och vid behov,"
    " beställ konfigurering i aktuell tjänsteplattform.",
    "VP007": "Tjänstekonsumenten saknar behörighet att anropa den logiska adressaten via detta"
    " tjänstekontrakt. Kontrollera uppgifterna och vid behov, tillse att det beställs"
    " konfiguration i aktuell tjänsteplattform.",
    "VP008": "Internt fel i tjänsteplattformen. Ingen kontakt med tjänsteadresseringskatalogen."
    " Informera tjänsteplattformsförvaltningen.",
    "VP009": "Fel vid kontakt med tjänsteproducenten.",
    "VP011": "Anrop har gjorts utanför TLS vilket ej är tillåtet. Tjänstekonsumenten ska alltid"
    " använda TLS för säker kommunikation.",
    "VP012": "Internt fel i tjänsteplattformen. Nödvändiga resurser saknas för att VP skall"
    " fungera.",
    "VP013": "Enligt tjänsteplattformens konfiguration saknar tjänstekonsumenten rätt att använda"
    " headern x-rivta-original-serviceconsumer-hsaid. Kontakta"
    " tjänsteplattformsförvaltningen.",
    "VP014": "Anropsförmedlingen för den logiska adressaten har givit upphov till rundgång mellan"
    " tjänsteplattformar. Rapportera felet till tjänsteplattformsförvaltningen.",
    "VP015": "Anrop ej korrekt utformat och kan därför inte behandlas.",
}
#: all others are Client; VP007 is Server on the national platform, and retries look at it
SERVER = {"VP007", "VP008", "VP009", "VP012", "VP014"}
BROKEN = b"<broken"
OTHER_CONTRACT = "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:9"
OF_ANOTHER = {"x-rivta-original-serviceconsumer-hsaid": "SE2129999963-OTHER"}
LOOPED = {"x-rivta-routing-history": "SE2129999963-FIRST # test"}


def told(code: str, detail: str) -> SeenFault:
    """The fault as it must be, to the letter."""
    side = "Server" if code in SERVER else "Client"
    return SeenFault(side, f"{code} [SAMSVAR] {TEXTS[code]}", detail)


def _not_permitted(sender: str, address: str) -> str:
    return (
        f"Authorization missing for serviceNamespace: {PLANS}, receiverId: {address},"
        f" senderId: {sender}"
    )


def _no_route(contract: str, address: str) -> str:
    return (
        f"No receiverId (logical address) found for serviceNamespace: {contract},"
        f" receiverId: {address}"
    )


@dataclass(frozen=True)
class Case:
    """A question that must be refused, and how."""

    id: str
    code: str
    detail: str
    body: bytes = field(default_factory=envelope)
    sender: str | None = CONSUMER
    headers: dict[str, str] = field(default_factory=dict)


_UNADDRESSED = envelope().replace(b"LogicalAddress", b"Elsewhere")
_UNREADABLE = "The request could not be read properly. "
_ORIGINAL = "Sender is not approved to set header x-rivta-original-serviceconsumer-hsaid."
_NOBODY = "No certificate found: neither a client certificate nor x-vp-sender-id"
_LOOP = "the routing history already names this platform"

CASES = [
    Case("nobody says who asks", "VP002", _NOBODY, sender=None),
    Case(
        "a sender that is no HSA-id",
        "VP002",
        "x-vp-sender-id is not an HSA-id: letters, digits and -",
        sender="SE 1; drop",
    ),
    Case(
        "no address",
        "VP003",
        "No receiverId (logical address) found in message header.",
        _UNADDRESSED,
    ),
    Case(
        "an unknown address",
        "VP004",
        _no_route(PLANS, "SE2120000001-UNKNOWN"),
        envelope("SE2120000001-UNKNOWN"),
    ),
    Case(
        "an unknown contract",
        "VP004",
        _no_route(OTHER_CONTRACT, GOOD),
        envelope(GOOD).replace(PLANS.encode(), OTHER_CONTRACT.encode()),
    ),
    Case(
        "a blank in the address",
        "VP004",
        _no_route(PLANS, f"{GOOD} ") + ". Whitespace detected in incoming request!",
        envelope(f"{GOOD} "),
    ),
    Case(
        "no permission at a source",
        "VP007",
        _not_permitted(CONSUMER, FORBIDDEN),
        envelope(FORBIDDEN),
    ),
    Case("no permission at the hub", "VP007", _not_permitted(STRANGER, HUB), sender=STRANGER),
    Case("another's name", "VP013", _ORIGINAL, headers=OF_ANOTHER),
    Case("a loop", "VP014", _LOOP, headers=LOOPED),
    # What is wrong in several ways: the order of the checks decides (compat 4.2).
    Case("loop before broken XML", "VP014", _LOOP, BROKEN, headers=LOOPED),
    Case("nobody before broken XML", "VP002", _NOBODY, BROKEN, sender=None),
    Case(
        "no address before no permission",
        "VP003",
        "No receiverId (logical address) found in message header.",
        _UNADDRESSED,
        sender=STRANGER,
    ),
    Case(
        "no route before no permission",
        "VP004",
        _no_route(PLANS, "SE2120000001-UNKNOWN"),
        envelope("SE2120000001-UNKNOWN"),
        sender=STRANGER,
    ),
    Case("another's name before no address", "VP013", _ORIGINAL, _UNADDRESSED, headers=OF_ANOTHER),
]


@dataclass
class Stage:
    """A hub with sources that fail in their own ways, and what the good one was asked."""

    hub: Running
    good: Canned


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    site = Site(tmp_path_factory.mktemp("hub"))
    settings = site.write()
    good = Canned()
    html = Canned(b"<html>busy</html>", 200, {"Content-Type": "text/html"})
    async with (
        running(producer.application(Holdings(GOOD), canned=good)) as good_url,
        running(producer.application(Holdings(LATE), Knobs(latency=5))) as late_url,
        running(producer.application(Holdings(HTML), canned=html)) as html_url,
    ):
        sources = [
            Source(GOOD, good_url),
            Source(FORBIDDEN, good_url, permitted=False),
            Source(DEAD, f"http://127.0.0.1:{free_port()}/"),
            Source(LATE, late_url, extra="timeout = 0.2"),
            Source(HTML, html_url),
        ]
        site.load_registry(site.registry(sources))
        await site.index(TOLVAN.extension, [GOOD])
        async with running_hub(site, settings) as hub:
            yield Stage(hub, good)


async def refused(
    hub: Running,
    body: bytes,
    correlation_id: str,
    *,
    sender: str | None = CONSUMER,
    headers: dict[str, str] | None = None,
    identity: Identity | None = None,
) -> SeenFault:
    """The fault that comes back, labelled as every fault must be."""
    status, lines, answer = await post(
        hub,
        body,
        sender=sender,
        headers={"x-skltp-correlation-id": correlation_id, **(headers or {})},
        identity=identity,
    )
    assert status == 500
    assert lines["content-type"] == "text/xml; charset=utf-8"
    assert lines["x-skltp-correlation-id"] == correlation_id
    return fault_of(answer)


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
async def test_the_consumer_is_told_what_to_change(stage: Stage, case: Case) -> None:
    """Fault, label and one row in the access log; no source hears of it."""
    stage.good.asked.clear()
    correlation_id = case.id.replace(" ", "-").replace("'", "")

    fault = await refused(
        stage.hub, case.body, correlation_id, sender=case.sender, headers=case.headers
    )

    (record,) = rows_of(stage.hub.site, correlation_id)
    assert fault == told(case.code, "" if case.code == "VP014" else case.detail)
    assert (record.fault, record.fault_detail) == (case.code, case.detail)
    assert record.verdict == (Verdict.FAILED if case.code == "VP014" else Verdict.REFUSED)
    assert stage.good.asked == []


async def test_a_message_that_cannot_be_read_is_vp015(stage: Stage) -> None:
    """The detail begins as the national platform's, and quotes nothing."""
    fault = await refused(stage.hub, b"<broken 191212121212", "unreadable")

    assert fault == told("VP015", fault.detail or "")
    assert (fault.detail or "").startswith(_UNREADABLE)
    assert "1912" not in (fault.detail or "")


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        (
            DEAD,
            "Error connecting to service producer. Exception information: connection refused",
        ),
        (
            HTML,
            "Error connecting to service producer. Exception information: no SOAP message:"
            " the Content-Type is not text/xml",
        ),
    ],
)
async def test_a_source_that_gives_no_answer_is_vp009(
    stage: Stage, address: str, detail: str
) -> None:
    fault = await refused(stage.hub, envelope(address), f"direct-{address}")

    (record,) = rows_of(stage.hub.site, f"direct-{address}")
    assert fault == told("VP009", detail)
    assert (record.verdict, record.fault) == (Verdict.FAILED, "VP009")
    assert [decision.logical_address for decision in record.decisions] == [address]


async def test_a_source_that_is_late_is_vp009_with_the_word_timeout(stage: Stage) -> None:
    fault = await refused(stage.hub, envelope(LATE), "direct-late")

    (record,) = rows_of(stage.hub.site, "direct-late")
    assert fault == told("VP009", fault.detail or "")
    assert (fault.detail or "").startswith("Timeout when waiting on response from producer.")
    assert [decision.reason for decision in record.decisions] == ["late"]


async def test_a_certificate_that_names_nobody_or_several_is_vp002(stage: Stage) -> None:
    """Mutual TLS lets them in; whom they name decides. Without one there is no call at all."""
    authority = stage.hub.site.authority
    nobody = authority.client("nobody", [])
    two = authority.client("two", [STRANGER, CONSUMER])
    opening = (
        "No sender ID (SERIALNUMBER) found in certificate. The subject must have exactly one;"
        " this one has "
    )

    faults = [
        await refused(stage.hub, body, f"vp002-{number}", identity=identity)
        for number, (identity, body) in enumerate(
            [(nobody, envelope()), (two, envelope()), (two, BROKEN)]
        )
    ]

    assert faults == [
        told("VP002", opening + "0"),
        told("VP002", opening + "2"),
        told("VP002", opening + "2"),
    ]
    assert [rows_of(stage.hub.site, f"vp002-{number}")[0].sender for number in range(3)] == (
        [None] * 3
    )


async def test_no_certificate_is_no_connection_and_leaves_no_row(stage: Stage) -> None:
    before = rows_so_far(stage.hub.site)
    context = ssl.create_default_context(cafile=str(stage.hub.site.authority.certificate))

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as session:
        with pytest.raises(aiohttp.ClientError):
            await session.post(f"{stage.hub.tls}/vp/x", data=envelope())

    assert rows_so_far(stage.hub.site) == before


async def test_a_name_forged_inside_another_attribute_is_not_read(stage: Stage) -> None:
    """The organisation ends in what a printed name would show as CONSUMER's serial number."""
    forged = stage.hub.site.authority.client(
        "forged", [STRANGER], organisation=f"x, SERIALNUMBER={CONSUMER}"
    )

    fault = await refused(stage.hub, envelope(), "forged-name", identity=forged)

    assert fault == told("VP007", _not_permitted(STRANGER, HUB))


async def test_a_forged_sender_header_over_tls_is_ignored_and_noted(stage: Stage) -> None:
    """Neither does it lend rights, nor does it take them."""
    stranger = stage.hub.site.authority.client("stranger", [STRANGER])
    noted = ("x-vp-sender-id was sent where it does not count; it was ignored",)

    fault = await refused(
        stage.hub,
        envelope(),
        "lent",
        headers={"x-vp-sender-id": CONSUMER, "x-vp-instance-id": "TEST"},
        identity=stranger,
    )
    status, _, body = await post(
        stage.hub,
        envelope(),
        headers={"x-vp-sender-id": STRANGER, "x-skltp-correlation-id": "taken"},
        identity=stage.hub.site.consumer,
    )

    (lent,), (taken,) = rows_of(stage.hub.site, "lent"), rows_of(stage.hub.site, "taken")
    assert fault == told("VP007", _not_permitted(STRANGER, HUB))
    assert (status, status_rows(body)) == (200, [(GOOD, "DataFromSource", None)])
    assert [(lent.sender, lent.security), (taken.sender, taken.security)] == [
        (STRANGER, noted),
        (CONSUMER, noted),
    ]


async def test_plain_text_on_a_listener_that_is_not_trusted_is_vp011(tmp_path: Path) -> None:
    """Before anything else is looked at."""
    site = Site(tmp_path)
    settings = site.write(trusted=False)
    site.load_registry(site.registry([]))
    async with running_hub(site, settings) as hub:
        faults = [
            await refused(hub, body, "plain", headers=headers)
            for body, headers in ((envelope(), {}), (BROKEN, LOOPED))
        ]

    detail = (
        "Caller was not on the white list of accepted IP-addresses.  IP-address: 127.0.0.1."
        " HTTP header that caused checking: x-vp-sender-id"
    )
    assert faults == [told("VP011", detail)] * 2


async def test_without_a_registry_every_question_is_vp008(tmp_path: Path) -> None:
    """The hub lives, says that it is not ready, and refuses; who asks is still judged first."""
    site = Site(tmp_path)
    settings = site.write()
    async with running_hub(site, settings) as hub:
        fault = await refused(hub, envelope(), "no-catalogue")
        unknown = await refused(hub, envelope(), "no-catalogue-nobody", sender=None)
        async with hub.client() as session, session.get(f"{hub.plain}/health/ready") as answer:
            ready = answer.status, await answer.json()

    assert fault == told(
        "VP008",
        "No contact with TAK at startup, and no local cache to fallback on, not possible to"
        " route call. no catalogue has been loaded: publish a registry",
    )
    assert unknown == told("VP002", _NOBODY)
    assert ready == (
        503,
        {"status": "down", "missing": ["catalogue: no registry has been loaded"]},
    )


@pytest.mark.sqlite
async def test_without_its_access_log_the_hub_gives_nothing_out(tmp_path: Path) -> None:
    """VP012: what a source answers stays inside as long as no row can tell who got it."""
    site = Site(tmp_path)
    settings = site.write()
    source = Canned()
    async with running(producer.application(Holdings(GOOD), canned=source)) as url:
        site.load_registry(site.registry([Source(GOOD, url)]))
        async with running_hub(site, settings) as hub:
            database = settings.hub.data / FILE_NAME
            database.rename(database.with_suffix(".away"))
            fault = await refused(hub, envelope(GOOD), "unlogged")
            database.with_suffix(".away").rename(database)
            status, _, _ = await post(hub, envelope(GOOD))

    assert fault.code == "Server"
    assert fault.text == f"VP012 [SAMSVAR] {TEXTS['VP012']}"
    assert (fault.detail or "").startswith(
        "Server problem, VP does not have all necessary resources to operate."
    )
    assert rows_of(site, "unlogged") == []
    assert status == 200


@pytest.mark.parametrize(
    ("more", "place"),
    [
        (
            f'[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "{GOOD.lower()}"\n'
            'producer = "p1"\nprofile = "RIVTABP20"\n',
            "overlaps",
        ),
        (
            '[[producer]]\nid = "empty"\ntitle = "x"\nkind = "soap"\naddress = ""\nowner = "SE1"\n',
            "address",
        ),
        (
            f'[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "{GOOD}-2"\n'
            'producer = "p1"\nprofile = "RIVTABP22"\n',
            "profile",
        ),
    ],
    ids=["VP006: two routes", "VP010: no URL", "VP005: an unknown profile"],
)
async def test_a_catalogue_that_would_give_these_faults_is_not_published(
    tmp_path: Path, more: str, place: str
) -> None:
    """Two routes to one address, whatever their case or profile; a producer without a URL."""
    site = Site(tmp_path)
    site.write()
    sources = [Source(GOOD, "http://127.0.0.1:1024/a"), Source(DEAD, "http://127.0.0.1:1024/b")]

    with pytest.raises(RegistryInvalid) as refusal:
        site.load_registry(site.registry(sources, more))

    (fault,) = refusal.value.faults
    assert place in str(fault)
