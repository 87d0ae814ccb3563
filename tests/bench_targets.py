"""Producers for the tests of the bench: sound ones, and one for each rule that can be broken."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from samsvar.bench.model import Report
from samsvar.bench.run import run_bench
from samsvar.bench.target import Target, TlsIdentity
from samsvar.clock import SystemClock
from samsvar.model.identifiers import ContractUrn, LogicalAddress, PersonId
from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.simulation import demo_data, running
from samsvar.simulation.authority import TestAuthority
from samsvar.simulation.broken_rules import Broken
from samsvar.simulation.producer import application
from samsvar.simulation.server import Tls
from tests.world import packaged

KNOWN = PersonId(PERSONNUMMER, "191212121212")
UNKNOWN = PersonId(PERSONNUMMER, "189001019802")
_DOMAIN = "urn:riv:clinicalprocess:logistics:logistics"
PLANS = ContractUrn(f"{_DOMAIN}:GetCarePlansResponder:2")
CONTACTS_2 = ContractUrn(f"{_DOMAIN}:GetCareContactsResponder:2")
CONTACTS_3 = ContractUrn(f"{_DOMAIN}:GetCareContactsResponder:3")
ALL = (PLANS, CONTACTS_2, CONTACTS_3)


@dataclass(frozen=True, slots=True)
class Files:
    """Certificates of one authority."""

    server: Tls
    identity: TlsIdentity


@cache
def files(folder: Path) -> Files:
    """Made once in a folder."""
    authority = TestAuthority(folder, SystemClock().now())
    server, client = authority.server("server"), authority.client("client", ["SE2129999963-BENCH"])
    return Files(
        Tls(server.certificate, server.key, authority.certificate),
        TlsIdentity(client.certificate, client.key, authority.certificate),
    )


def target(
    url: str, identity: TlsIdentity | None = None, contracts: tuple[ContractUrn, ...] = ALL
) -> Target:
    """The hospital of the demo, at a URL."""
    return Target(
        url,
        LogicalAddress(demo_data.HOSPITAL),
        tuple(packaged().contracts[urn] for urn in contracts),
        identity or TlsIdentity(),
        KNOWN,
        UNKNOWN,
    )


@asynccontextmanager
async def hospital(*rules: str, tls: Tls | None = None) -> AsyncIterator[str]:
    """The simulated hospital, with some rules broken; yields its URL."""
    built = application(demo_data.hospital(), broken=Broken(frozenset(rules)))
    async with running(built, tls=tls) as url:
        yield f"{url}/"


async def run_against(
    *rules: str,
    contracts: tuple[ContractUrn, ...] = ALL,
    change: Callable[[Target], Target] = lambda one: one,
) -> Report:
    """A run against a simulator on plain HTTP that breaks these rules."""
    async with hospital(*rules) as url:
        return await report(change(target(url, contracts=contracts)))


async def report(one: Target) -> Report:
    """A run, without words on the way."""
    return await run_bench(one, clock=SystemClock(), progress=lambda _: None)


def hurried(one: Target) -> Target:
    """Seconds of a test instead of those of people."""
    return replace(one, deadline=0.6, slow=0.3)
