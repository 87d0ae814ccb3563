"""The test bench against simulators: all is well with a sound one, and each rule can be broken."""

from __future__ import annotations

import socket
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime

import pytest

from samsvar.bench.checks import CHECKS
from samsvar.bench.model import Outcome, Report, Severity
from samsvar.bench.target import Target, TlsIdentity
from samsvar.clock import SystemClock
from samsvar.model.engagement import (
    NOBODY,
    Audience,
    Engagement,
    EngagementFilter,
    EngagementTransaction,
    Origin,
    UpdateCounts,
)
from samsvar.simulation import demo_data
from samsvar.simulation.authority import TestAuthority
from samsvar.simulation.broken_rules import BEHAVIOUR, TEXT
from samsvar.simulation.server import Tls
from tests.bench_targets import (
    ALL,
    CONTACTS_2,
    CONTACTS_3,
    KNOWN,
    PLANS,
    UNKNOWN,
    Files,
    files,
    hospital,
    hurried,
    report,
    run_against,
    target,
)
from tests.hub import free_port

pytestmark = pytest.mark.wire


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """One authority for all tests here."""
    return files(tmp_path_factory.mktemp("bench"))


#: check -> the simulator's rule that breaks it, and a contract that shows it
BREAKS = {
    "MSG-01": ("redirects", PLANS),
    "MSG-02": ("label", PLANS),
    "MSG-03": ("latin-1", PLANS),
    "MSG-04": ("compressed", CONTACTS_2),
    "MSG-05": ("soap-1.2", CONTACTS_3),
    "MSG-06": ("doctype", PLANS),
    "MSG-07": ("must-understand", PLANS),
    "MSG-08": ("cookie", PLANS),
    "MSG-09": ("closes-connections", PLANS),
    "MSG-10": ("refuses-extensions", CONTACTS_3),
    "MSG-11": ("refuses-headers", PLANS),
    "MSG-12": ("refuses-many-headers", PLANS),
    "MSG-13": ("refuses-other-actions", CONTACTS_3),
    "MSG-14": ("refuses-other-actions", PLANS),
    "MSG-15": ("refuses-prefixes", PLANS),
    "MSG-16": ("wrong-wsdl", PLANS),
    "FLT-01": ("broken-xml-answered", PLANS),
    "FLT-02": ("unknown-operation-answered", PLANS),
    "FLT-03": ("no-person-answered", PLANS),
    "FLT-04": ("doctype-taken", CONTACTS_2),
    "FLT-05": ("fault-with-200", PLANS),
    "FLT-06": ("fault-as-html", PLANS),
    "FLT-07": ("fault-children-qualified", PLANS),
    "FLT-08": ("fault-code-odd", PLANS),
    "FLT-09": ("fault-names-person", PLANS),
    "ASK-01": ("knows-nobody", PLANS),
    "ASK-02": ("fault-for-unknown", CONTACTS_2),
    "ASK-03": ("new-ids", PLANS),
    "ASK-04": ("refuses-own-source", PLANS),
    "ASK-05": ("takes-other-source", PLANS),
    "ASK-06": ("takes-contact-without-source", CONTACTS_2),
    "ASK-07": ("contact-filter-ignored", PLANS),
    "ASK-08": ("contact-filter-ignored", CONTACTS_3),
    "ASK-09": ("start-left-out", PLANS),
    "ASK-10": ("end-left-out", CONTACTS_3),
    "ASK-11": ("single-day-empty", PLANS),
    "ASK-12": ("period-ignored", CONTACTS_2),
    "ASK-13": ("unit-filter-ignored", CONTACTS_3),
    "ASK-14": ("unit-filter-ignored", PLANS),
    "ASK-15": ("giver-lost", CONTACTS_3),
    "ASK-16": ("giver-filter-ignored", CONTACTS_3),
    "ASK-17": ("any-address", PLANS),
    "RES-01": ("info", PLANS),
    "RES-02": ("log-id", CONTACTS_3),
    "RES-03": ("error-code-with-ok", PLANS),
    "REC-01": ("field-order", CONTACTS_2),
    "REC-02": ("other-person", PLANS),
    "REC-03": ("other-source", CONTACTS_3),
    "REC-04": ("same-document-id", CONTACTS_2),
    "REC-05": ("hyphen-in-number", PLANS),
    "REC-06": ("no-approval", CONTACTS_3),
    "REC-07": ("nullified", CONTACTS_2),
    "REC-08": ("no-title", PLANS),
    "REC-09": ("title-of-contact", CONTACTS_3),
    "REC-10": ("impossible-day", PLANS),
    "REC-11": ("zone", CONTACTS_3),
    "REC-12": ("future", PLANS),
    "REC-13": ("no-owner", CONTACTS_2),
    "REC-14": ("no-org-unit", PLANS),
    "REC-15": ("odd-hsa-id", CONTACTS_2),
    "REC-16": ("code-and-text", CONTACTS_3),
    "REC-17": ("code-without-system", CONTACTS_3),
    "REC-18": ("other-contact-code", CONTACTS_3),
    "REC-19": ("other-status-code", CONTACTS_3),
    "REC-20": ("gender-as-text", CONTACTS_3),
    "REC-21": ("no-times", CONTACTS_3),
    "REC-22": ("end-before-start", CONTACTS_2),
    "REC-23": ("value-and-reference", PLANS),
    "REC-24": ("media-type", PLANS),
    "REC-25": ("too-big", PLANS),
    "REC-26": ("text-in-latin-1", PLANS),
    "REC-27": ("false-pdf", PLANS),
    "REC-28": ("content-id", PLANS),
    "REC-29": ("no-content", PLANS),
    "REC-30": ("no-kind", PLANS),
    "REC-31": ("local-unit", PLANS),
    "LOAD-01": ("very-slow", PLANS),
    "LOAD-02": ("slow", PLANS),
    "LOAD-03": ("loses-parallel", PLANS),
}


def outcomes(one: Report, check: str) -> set[Outcome]:
    """How a check ended, in all contracts."""
    return {result.judgement.outcome for result in one.results if result.id == check}


def expected(check: str) -> Outcome:
    """What a broken rule of this check becomes."""
    (severity,) = (one.severity for one in CHECKS if one.id == check)
    return Outcome.FAIL if severity is Severity.MUST else Outcome.WARN


async def test_a_sound_producer_passes_every_check(certificates: Files) -> None:
    """Of every area, with mutual TLS, and with an index that says the same."""
    async with hospital(tls=certificates.server) as url:
        one = target(url.replace("127.0.0.1", "localhost"), certificates.identity)
        told = await report(replace(one, index=SmallIndex({KNOWN.extension})))
    wrong = [(result.key, result.judgement) for result in told.results if not _well(result)]
    assert wrong == []
    assert {result.id for result in told.results} == {check.id for check in CHECKS}
    assert told.passed


def _well(result: object) -> bool:
    return getattr(result, "judgement").outcome is Outcome.PASS  # noqa: B009


@pytest.mark.parametrize("check", [each.id for each in CHECKS])
async def test_each_check_finds_its_broken_rule(check: str, certificates: Files) -> None:
    """FAIL where the rule is a must, WARN where it is advice. A check that nothing can break is
    no check: it fails here."""
    if check in BREAKS:
        rule, contract = BREAKS[check]
        change = hurried if check.startswith("LOAD-0") and "slow" in rule else _as_it_is
        told = await run_against(rule, contracts=(contract,), change=change)
    else:
        async with ODD[check](certificates) as one:
            told = await report(one)
    assert outcomes(told, check) == {expected(check)}


def _as_it_is(one: Target) -> Target:
    return one


def test_no_rule_of_the_simulator_is_left_unfound() -> None:
    """Each knob breaks a check; what is only used together with others is named here."""
    besides = {"odd-person-type", "error-names-person", "unknown-field", "knows-everybody"}
    assert {rule for rule, _ in BREAKS.values()} | besides == {*BEHAVIOUR, *TEXT}


@pytest.mark.parametrize(
    ("rule", "check", "contract"),
    [
        ("odd-person-type", "REC-05", CONTACTS_2),
        ("error-names-person", "FLT-09", PLANS),
        ("unknown-field", "REC-01", PLANS),
        ("knows-everybody", "ASK-02", PLANS),
    ],
)
async def test_further_ways_to_break_a_rule(rule: str, check: str, contract: str) -> None:
    """The same check, another way of failing it."""
    (urn,) = (each for each in ALL if each == contract)
    told = await run_against(rule, contracts=(urn,))
    assert outcomes(told, check) == {Outcome.FAIL}


@pytest.mark.parametrize(
    ("log_id", "outcome"),
    [
        ("25201524-6580-470d-ba1a-d85cfe935f9f", Outcome.PASS),
        ("ea6e8114-aeb9-4b5d-95e2-051666483868", Outcome.PASS),
        ("19121212-1212-470d-ba1a-d85cfe935f9f", Outcome.FAIL),
        ("ea6e8114-aeb9-4b5d-95e2-191212121212", Outcome.FAIL),
    ],
)
async def test_digits_of_a_log_id_accuse_only_where_they_are_the_persons(
    log_id: str, outcome: Outcome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One id in a hundred has groups of digits alone."""
    monkeypatch.setattr("samsvar.simulation.producer.uuid4", lambda: log_id)
    told = await run_against(contracts=(PLANS,))
    assert outcomes(told, "FLT-09") == {outcome}


async def test_without_contact_nothing_is_said_to_be_right() -> None:
    """One failure, and the rest cannot be told: no check passes on silence."""
    told = await report(target(f"https://localhost:{free_port()}/"))
    passed = {result.id for result in told.results if result.judgement.outcome is Outcome.PASS}
    failed = {result.id for result in told.results if result.judgement.outcome is Outcome.FAIL}
    assert passed == {"CON-01", "CON-03"}
    assert failed == {"CON-02", "MSG-01"}


async def test_no_number_of_a_test_person_stands_in_a_report() -> None:
    """Not even when the producer writes it into faults and error texts."""
    told = await run_against("fault-names-person", "error-names-person")
    for shown in told.exchanges:
        for number in (KNOWN.extension, UNKNOWN.extension):
            assert number not in shown.request + shown.response
            assert number[2:] not in shown.request + shown.response


# What only a server of another kind can break


@dataclass(frozen=True, slots=True)
class SmallIndex:
    """Names the hospital for these people, for both categories."""

    people: set[str]

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """Posts of the hospital."""
        if wanted.resident not in self.people:
            return ()
        hsa_id = demo_data.HOSPITAL
        domain, category = wanted.service_domain, wanted.categorization or ""
        post = (wanted.resident, domain, category, hsa_id, "NA", "NA", hsa_id, "SE1", "HUB")
        return (Engagement(*post),)

    async def update(
        self,
        transactions: Sequence[EngagementTransaction],
        owner: str,
        now: datetime,
        audience: Audience = NOBODY,
    ) -> UpdateCounts:
        """Nothing changes here."""
        return UpdateCounts()

    async def receive(
        self,
        transactions: Sequence[EngagementTransaction],
        own: str,
        now: datetime,
        audience: Audience = NOBODY,
        origin: Origin | None = None,
    ) -> UpdateCounts:
        """Nothing changes here."""
        return UpdateCounts()


@asynccontextmanager
async def unknown_host(_: Files) -> AsyncIterator[Target]:
    """A name in the domain that has no names (RFC 6761)."""
    yield target("https://producer.invalid/")


@asynccontextmanager
async def closed_port(_: Files) -> AsyncIterator[Target]:
    """Nobody listens."""
    yield target(f"https://localhost:{free_port()}/")


@asynccontextmanager
async def plain_http(_: Files) -> AsyncIterator[Target]:
    """No TLS."""
    async with hospital() as url:
        yield target(url, contracts=(PLANS,))


@asynccontextmanager
async def over_tls(
    tls: Tls, identity: TlsIdentity, host: str = "localhost"
) -> AsyncIterator[Target]:
    """The hospital behind a door of this kind."""
    async with hospital(tls=tls) as url:
        yield target(url.replace("127.0.0.1", host), identity, (PLANS,))


@asynccontextmanager
async def other_issuer(given: Files) -> AsyncIterator[Target]:
    """A server certificate from an authority that we do not trust."""
    folder = given.server.authority.parent / "other"
    stranger = files(folder)
    identity = replace(given.identity, authority=given.server.authority)
    async with over_tls(stranger.server, identity) as one:
        yield one


@asynccontextmanager
async def other_name(given: Files) -> AsyncIterator[Target]:
    """The certificate names localhost and 127.0.0.1; 127.0.0.2 is another name for them."""
    async with over_tls(given.server, given.identity) as one:
        with socket.socket() as front:
            front.bind(("127.0.0.2", 0))
        port = one.url.rpartition(":")[2]
        async with forwarded(port) as url:
            yield replace(one, url=url)


@asynccontextmanager
async def forwarded(port: str) -> AsyncIterator[str]:
    """127.0.0.2 leads to 127.0.0.1."""
    import asyncio

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection(
            "127.0.0.1", int(port.strip("/"))
        )
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    server = await asyncio.start_server(serve, "127.0.0.2", 0)
    try:
        yield f"https://127.0.0.2:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()


@asynccontextmanager
async def soon_ended(given: Files) -> AsyncIterator[Target]:
    """A certificate that ends within the week."""
    folder = given.server.authority.parent / "short"
    authority = TestAuthority(folder, SystemClock().now(), days=5)
    server, client = authority.server("server"), authority.client("client", ["SE2129999963-BENCH"])
    tls = Tls(server.certificate, server.key, authority.certificate)
    identity = TlsIdentity(client.certificate, client.key, authority.certificate)
    async with over_tls(tls, identity) as one:
        yield one


@dataclass(frozen=True, slots=True)
class Odd(Tls):
    """A server that is set up in another way."""

    way: str = ""

    def context(self) -> ssl.SSLContext:
        """The usual context, spoilt."""
        context = Tls.context(self)
        if self.way == "no-client-certificate":
            context.verify_mode = ssl.CERT_NONE
        elif self.way == "old":
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            with pytest.warns(DeprecationWarning, match="deprecated"):
                context.minimum_version = ssl.TLSVersion.TLSv1_1
        elif self.way == "no-1.3":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        elif self.way == "cbc":
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("ECDHE-ECDSA-AES128-SHA")
        return context


def set_up(way: str):  # type: ignore[no-untyped-def] # a context manager of targets, by way
    """A door that is set up in one odd way."""

    @asynccontextmanager
    async def odd(given: Files) -> AsyncIterator[Target]:
        server = given.server
        tls = Odd(server.certificate, server.key, server.authority, way)
        async with over_tls(tls, given.identity) as one:
            yield one

    return odd


def with_index(*people: str):  # type: ignore[no-untyped-def] # a context manager of targets
    """The sound hospital, and an index that knows these people."""

    @asynccontextmanager
    async def indexed(_: Files) -> AsyncIterator[Target]:
        async with hospital() as url:
            yield replace(target(url, contracts=(PLANS,)), index=SmallIndex(set(people)))

    return indexed


ODD = {
    "CON-01": unknown_host,
    "CON-02": closed_port,
    "CON-03": plain_http,
    "CON-04": other_issuer,
    "CON-05": other_name,
    "CON-06": soon_ended,
    "CON-07": set_up("no-client-certificate"),
    "CON-08": set_up("old"),
    "CON-09": set_up("no-1.3"),
    "CON-10": set_up("cbc"),
    "IDX-01": with_index(),
    "IDX-02": with_index(KNOWN.extension, UNKNOWN.extension),
}
"""Check -> a producer that breaks it by more than an answer's text."""
