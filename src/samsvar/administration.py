"""The desk and the administrative interface put together, for the hub and for the commands.

Knows constructors, as ``app`` does, and decides nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from samsvar.bench.model import Outcome
from samsvar.bench.reach import OutOfReach, Reach, led_to
from samsvar.bench.run import run_bench
from samsvar.bench.target import Target, TlsIdentity
from samsvar.broker.worker_table import SeenWorker
from samsvar.guards.desk import BreakerDesk
from samsvar.inbound.admin.door import AdminDoor, Trail
from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.router import Route
from samsvar.inbound.admin.routes import AdminWorld, QuestionLog, Routes
from samsvar.inbound.admin.testing import ReportBody, ResultBody, TestCase
from samsvar.manifest import LoadedAdapter
from samsvar.model.contract import ServiceContract
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import ContractUrn
from samsvar.observe.tail import Tail
from samsvar.onboarding.desk import ProducerDesk
from samsvar.onboarding.ports import House
from samsvar.ports import Clock, Events
from samsvar.registry import Registry
from samsvar.settings import Settings
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.applications import SqlApplications
from samsvar.store.breaker_holds import StoredHolds
from samsvar.store.catalogue import SqlCatalogue
from samsvar.store.database import Database
from samsvar.store.drafts import Drafts
from samsvar.store.registry_office import SqlRegistryOffice
from samsvar.store.secrets import PersonVault
from samsvar.store.users import SqlUsers


@dataclass(frozen=True, slots=True)
class Premises:
    """What the desk stands on."""

    settings: Settings
    database: Database
    catalogue: SqlCatalogue
    parse: Callable[[str], Registry]
    contracts: Mapping[ContractUrn, ServiceContract]
    adapters: Mapping[str, LoadedAdapter]
    clock: Clock

    def house(self) -> Callable[[], House]:
        """What the hub can speak, asked anew each time. Authorities are read once, now."""
        settings = self.settings
        callers = _authorities(
            listener.client_authority for listener in settings.listen if listener.client_authority
        )
        producers = _authorities([settings.producers.authority])

        def now() -> House:
            return House(
                contracts={urn: contract.title for urn, contract in self.contracts.items()},
                adapters={name: loaded.manifest for name, loaded in self.adapters.items()},
                own_addresses=settings.hub.addresses,
                index_address=settings.index.address,
                plain_http=settings.producers.plain_http,
                client_authorities=callers,
                server_authorities=producers,
            )

        return now

    def desk(self) -> ProducerDesk:
        """The desk, with what it changes."""
        drafts = Drafts(self.database, self.clock)
        office = SqlRegistryOffice(self.catalogue, drafts, self.parse)
        return ProducerDesk(SqlApplications(self.database), office, self.house(), self.clock)

    def users(self) -> SqlUsers:
        """Who may use the administrative interface."""
        return SqlUsers(self.database, self.clock)

    def table(
        self,
        vault: PersonVault,
        *,
        missing: Callable[[], list[str]],
        catalogue_version: Callable[[], int | None],
        published: Callable[[], Awaitable[None]],
        notes: Callable[[], list[str]] = list,
        workers: Callable[[], Sequence[SeenWorker]] = tuple,
        breakers: BreakerDesk | None = None,
        events: Tail | None = None,
    ) -> tuple[Route, ...]:
        """All that can be done, with what does it."""
        world = AdminWorld(
            desk=self.desk(),
            house=self.house(),
            questions=LoggedQuestions(AccessLogReader(self.database, vault)),
            missing=missing,
            catalogue_version=catalogue_version,
            published=published,
            test=self.test,
            notes=notes,
            workers=workers,
            breakers=breakers or BreakerDesk(StoredHolds(self.database), self.clock),
            events=events,
        )
        return Routes(world).table()

    def door(self, table: Sequence[Route], events: Events, trail: Trail | None = None) -> AdminDoor:
        """The administrative interface."""
        return AdminDoor(
            table,
            self.users(),
            events,
            self.clock.monotonic,
            body_seconds=self.settings.limits.body_seconds,
            trail=trail,
        )

    async def test(self, case: TestCase) -> ReportBody:
        """Run the test bench on a producer; where nobody has approved it, within reach only.

        Raises:
            Problem: 422, its URL is out of reach.
        """
        ours = self.settings.producers
        addresses = None
        if not case.approved:
            bench = self.settings.bench
            reach = Reach.of(bench.networks, public=bench.public)
            try:
                addresses = await asyncio.to_thread(led_to, case.url, reach)
            except OutOfReach as error:
                raise Problem(422, "the hub may not test there", [f"url: {error}"]) from error
        target = Target(
            case.url,
            case.logical_address,
            tuple(self.contracts[urn] for urn in case.contracts),
            TlsIdentity(ours.certificate, ours.key, ours.authority),
            case.person,
            case.without,
            addresses=addresses,
        )
        report = await run_bench(target, clock=self.clock, progress=_quiet)
        return ReportBody(
            at=report.at,
            passed=report.passed,
            summary={outcome.value: report.count(outcome) for outcome in Outcome},
            results=[
                ResultBody(
                    id=result.id,
                    contract=result.contract,
                    outcome=result.judgement.outcome.value,
                    severity=result.severity.value,
                    title=result.titles[1],
                    titel=result.titles[0],
                    reason=result.judgement.english,
                    orsak=result.judgement.swedish,
                    source=result.source,
                )
                for result in report.results
            ],
        )


def _quiet(_what: str) -> None:
    """Nobody watches."""


class LoggedQuestions:
    """The access log as the administrative interface reads it."""

    def __init__(self, reader: AccessLogReader) -> None:
        self._reader = reader

    def latest(self, limit: int) -> Sequence[QuestionRecord]:
        """The latest first."""
        return [found.record for found in self._reader.latest(limit)]

    def named(self, correlation_id: str) -> Sequence[QuestionRecord]:
        """All under one correlation id."""
        return [found.record for found in self._reader.questions(correlation_id)]


def _authorities(files: Iterable[Path | None]) -> tuple[x509.Certificate, ...]:
    """The certificates of PEM files; those that cannot be read are for ``samsvar check``."""
    found: dict[bytes, x509.Certificate] = {}
    for file in files:
        if file is None:
            continue
        try:
            certificates = x509.load_pem_x509_certificates(file.read_bytes())
        except (OSError, ValueError):
            continue
        found.update((each.public_bytes(Encoding.DER), each) for each in certificates)
    return tuple(found.values())


_: type[QuestionLog] = LoggedQuestions  # interface guard
