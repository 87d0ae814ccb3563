"""A whole hub on loopback for the wire tests: real TLS, real sockets, real files.

``Site`` makes certificates and settings in a folder; ``running_hub`` serves them in this
process; ``HubProcess`` serves them in one of its own, for what only a process can show.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from samsvar.app import Hub
from samsvar.clock import SystemClock
from samsvar.model.engagement import Engagement, EngagementTransaction
from samsvar.packaged import Packaged, catalogue_of
from samsvar.settings import Settings, load
from samsvar.simulation.authority import Identity, TestAuthority
from samsvar.store.database import Database, open_database
from samsvar.store.index import SqlIndex
from samsvar.store.secrets import open_vault
from tests import databases, engines
from tests.ports import free_port as free_port  # for those who start hubs

HUB = "5565594230"
CONSUMER = "SE2129999963-NPO1"
STRANGER = "SE2129999963-STRANGER"
DOMAIN = "riv:clinicalprocess:logistics:logistics"
SECTIONS = (
    *("hub", "producers", "index", "limits", "log", "security", "broker", "users"),
    *("alerts", "traces"),
    *("listen", "plain_listen"),
)
OWN_FAULT = b"[SAMSVAR]"
"""The instance name in brackets: only the hub's own faults have it."""
PLANS_PATH = "/vp/clinicalprocess/logistics/logistics/GetCarePlans/2/rivtabp21"
UPDATE_PATH = "/vp/itintegration/engagementindex/Update/1/rivtabp21"
FIND_PATH = UPDATE_PATH.replace("Update", "FindContent")
QUESTIONS = '["GetCarePlans 2", "GetCareContacts 2", "GetCareContacts 3"]'
#: the loop is the test's too, and stands still between tests that share a hub: no overload
_PATIENT = "lag_seconds = 28"
_CONTRACTS = "\n".join(
    f'[[contract]]\nurn = "{urn}"\ntitle = "{urn.split(":")[-2]}"\n'
    for urn in (
        "urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2",
        "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:2",
        "urn:riv:clinicalprocess:logistics:logistics:GetCareContactsResponder:3",
        "urn:riv:itintegration:engagementindex:UpdateResponder:1",
        "urn:riv:itintegration:engagementindex:FindContentResponder:1",
    )
)


@dataclass(frozen=True, slots=True)
class Source:
    """A producer of the test's registry: ``address`` is its URL."""

    hsa_id: str
    address: str
    adapter: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    extra: str = ""
    """More lines of its ``[[producer]]`` table, for example ``timeout = 0.5``."""
    permitted: bool = True
    workers: tuple[str, ...] = ()
    """Public keys: a worker answers for it, and alone knows its address."""


class Site:
    """Certificates, settings and registry in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = TestAuthority(folder / "certificates", SystemClock().now())
        self.server = self.authority.server("server")
        self.hub = self.authority.client("hub", ["SE5565594230-SAMSVAR"])
        self.consumer = self.authority.client("consumer", [CONSUMER])
        self.settings_file = folder / "settings.toml"
        self.sections: dict[str, str] = {}

    def write(
        self, *, tls_port: int = 0, plain_port: int = 0, trusted: bool = True, **sections: str
    ) -> Settings:
        """Write the settings: a TLS listener and a trusted plain one. ``sections`` adds lines
        to a section: ``hub="deadline_seconds = 2"``."""
        lines = dict.fromkeys(SECTIONS, "")
        lines |= sections
        if "lag_seconds" not in lines["limits"]:
            lines["limits"] = f"{_PATIENT}\n{lines['limits']}"
        self.settings_file.write_text(
            f"""[hub]
instance_id = "TEST"
addresses = ["{HUB}"]
data = "data"
{engines.hub_lines(self.folder / "data", lines["hub"])}
[[listen]]
kind = "tls"
port = {tls_port}
certificate = "certificates/server.pem"
key = "certificates/server.key"
client_authority = "certificates/authority.pem"
{lines["listen"]}
[[listen]]
kind = "plain"
port = {plain_port}
trusted = {str(trusted).lower()}
{lines["plain_listen"]}
[producers]
certificate = "certificates/hub.pem"
key = "certificates/hub.key"
authority = "certificates/authority.pem"
{lines["producers"]}
[index]
{lines["index"]}
[limits]
{lines["limits"]}
[log]
{lines["log"]}
[security]
{lines["security"]}
{lines["users"]}
[broker]
{engines.broker_lines(lines["broker"])}
[alerts]
{lines["alerts"]}
[traces]
{lines["traces"]}
""",
            encoding="utf-8",
        )
        return load(self.settings_file, {})

    def registry(self, sources: Iterable[Source], more: str = "") -> str:
        """A registry in which CONSUMER may ask all permitted sources and the hub."""
        tables = [
            _CONTRACTS,
            f'[[consumer]]\nid = "{CONSUMER}"\nchannel = "system"\nsocial_care = true\n',
        ]
        for number, source in enumerate(sources):
            kind = "worker" if source.workers else "adapter" if source.adapter else "soap"
            keys = ", ".join(f'"{key}"' for key in source.workers)
            reached = f"workers = [{keys}]" if keys else f'address = "{source.address}"'
            adapter = f'adapter = "{source.adapter}"\n' if source.adapter else ""
            options = "".join(f'{name} = "{value}"\n' for name, value in source.options.items())
            tables.append(
                f'[[producer]]\nid = "p{number}"\ntitle = "{source.hsa_id}"\nkind = "{kind}"\n'
                f'{reached}\nowner = "SE1"\n{adapter}{source.extra}\n'
                + (f"[producer.options]\n{options}" if options else "")
                + f"[[route]]\ncontract = {QUESTIONS}\n"
                f'logical_address = "{source.hsa_id}"\nproducer = "p{number}"\n'
            )
            if source.permitted:
                tables.append(_permission(CONSUMER, QUESTIONS, source.hsa_id))
        tables.append(_permission(CONSUMER, QUESTIONS, HUB))
        tables.append(_permission(CONSUMER, '["Update 1", "FindContent 1"]', HUB))
        return "\n".join([*tables, more])

    def load_registry(self, text: str) -> None:
        """Publish, as ``samsvar registry load`` does."""
        settings = load(self.settings_file, {})
        packaged = Packaged.load(settings.hub.data)
        database = _opened(settings)
        try:
            catalogue = catalogue_of(database, packaged, settings)
            catalogue.publish(packaged.registry(text, settings), "test", "test", force=True)
        finally:
            database.close()

    async def index(self, person: str, sources: Iterable[str], category: str = "cll-cp") -> None:
        """Let the index know that these sources have something about the person."""
        database = _opened(load(self.settings_file, {}))
        index = SqlIndex(database, open_vault(database))
        posts = [
            EngagementTransaction(
                False,
                Engagement(
                    person,
                    DOMAIN,
                    category,
                    hsa_id,
                    "NA",
                    "NA",
                    hsa_id,
                    "SE1",
                    HUB,
                    "20260101120000",
                ),
            )
            for hsa_id in sources
        ]
        try:
            await index.update(posts, HUB, SystemClock().now())
        finally:
            index.close()
            database.close()


@dataclass(frozen=True, slots=True)
class Running:
    """A hub that serves: its URLs, and the files to reach it."""

    hub: Hub | None
    tls: str
    plain: str
    site: Site

    def client(
        self, identity: Identity | None = None, *, sender: str | None = None
    ) -> aiohttp.ClientSession:
        """A session: with a certificate towards ``tls``, or with a sender header for ``plain``."""
        import ssl

        context = ssl.create_default_context(cafile=str(self.site.authority.certificate))
        if identity is not None:
            context.load_cert_chain(identity.certificate, identity.key)
        headers = {"x-vp-sender-id": sender} if sender else {}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), headers=headers, trust_env=False
        )


async def post(
    running: Running,
    body: bytes,
    *,
    sender: str | None = CONSUMER,
    path: str = PLANS_PATH,
    headers: Mapping[str, str] | None = None,
    identity: Identity | None = None,
) -> tuple[int, Mapping[str, str], bytes]:
    """POST to the trusted plain listener, or with an identity to the TLS one: status, header
    lines (lower case), body. ``sender`` is told by header, where there is no identity."""
    told = {"Content-Type": "text/xml; charset=utf-8"}
    if sender is not None and identity is None:
        told["x-vp-sender-id"] = sender
    where = running.plain if identity is None else running.tls
    async with (
        running.client(identity) as session,
        session.post(f"{where}{path}", data=body, headers=told | dict(headers or {})) as answer,
    ):
        body = await answer.read()
        shown = {k.lower(): v for k, v in answer.headers.items()}
        _keep(running.site, answer.status, shown, body)
        return answer.status, shown, body


def _keep(site: Site, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """What the hub itself said, for the scan at the end: headers and refusals, not records, and
    not what a producer said in a fault of its own."""
    with (site.folder / "answers.log").open("ab") as log:
        log.write(f"{status} {dict(headers)}\n".encode())
        if status != 200 and (OWN_FAULT in body or b"<" not in body):
            log.write(body + b"\n")


@contextlib.asynccontextmanager
async def running_hub(site: Site, settings: Settings) -> AsyncIterator[Running]:
    """Serve in this process until the block ends."""
    with (site.folder / "hub.log").open("ab") as log:
        hub = Hub(settings, site.folder, log=log)
        tls, plain = await hub.start()
        try:
            yield Running(hub, tls, plain, site)
        finally:
            await hub.stop()


class HubProcess:
    """``samsvar serve`` in a process of its own, for kill -9 and signals."""

    def __init__(self, site: Site, *more: str, **environment: str) -> None:
        self.site = site
        self.log = site.folder / "hub.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "samsvar", "serve", "-s", str(site.settings_file), *more],
                stdout=log,
                stderr=log,
                env={**os.environ, **environment},
            )

    def until_ready(self, url: str, seconds: float = 60) -> None:
        """Wait for /health/ready on the plain listener."""
        import urllib.request

        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            assert self.process.poll() is None, self.log.read_text()
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{url}/health/ready", timeout=2) as answer,
            ):
                if answer.status == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def kill(self) -> None:
        """kill -9: nothing is said, nothing is flushed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM, and its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(timeout=60)


def ask_on(running: Running) -> None:
    """Let no circuit breaker open: for tests that have a source do its worst again and again."""
    assert running.hub is not None
    table = running.hub.guards.table
    table._enabled = False
    table.foreign = lambda *_: None  # type: ignore[method-assign]


def _opened(settings: Settings) -> Database:
    data, url = settings.hub.data, settings.hub.database
    if url == databases.url_for(data):
        databases.prepare(data)
    return open_database(data, url)


def _permission(consumer: str, contracts: str, address: str) -> str:
    return (
        f'[[permission]]\nconsumer = "{consumer}"\ncontract = {contracts}\n'
        f'logical_address = "{address}"\n'
    )


def status_rows(body: bytes) -> list[tuple[str, str, str | None]]:
    """Logical address, status code and error code of each ProcessingStatus row."""
    from samsvar.soap.parsing import ANSWER_LIMITS, parse

    namespace = "{urn:riv:interoperability:headers:1}"
    root: Any = parse(body, charset="utf-8", limits=ANSWER_LIMITS).root
    return [
        (
            row.findtext(f"{namespace}logicalAddress"),
            row.findtext(f"{namespace}statusCode"),
            row.findtext(f"{namespace}lastUnsuccessfulSynchError/{namespace}code"),
        )
        for row in root.iter(f"{namespace}ProcessingStatusList")
    ]
