"""Users at the hub's own interface: real tokens from a simulated provider, real sockets, the six
sources, and facts that a test decides.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import orjson
import pytest

from samsvar import app
from samsvar.clock import SystemClock
from samsvar.model.catalogue import Channel, Consumer
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import HsaId
from samsvar.model.user import UserKind
from samsvar.ports import AccessLog, World
from samsvar.registry.writer import written_care_giver, written_consumer
from samsvar.simulation import demo_data
from samsvar.simulation.authority import Identity
from samsvar.simulation.demo_directory import CARE_GIVERS
from samsvar.simulation.identity_provider import AUDIENCE, IdentityProvider, identity_provider
from samsvar.simulation.people import person
from samsvar.simulation.producer import Holdings
from tests.facts import MemoryFacts
from tests.hub import CONSUMER, QUESTIONS, Site
from tests.six_sources import SixSources, six_sources

CITIZENS = "SE2129999963-CITIZEN1"
STRANGER = "SE2129999963-STRANGER"
TOLVAN = "191212121212"
WITH_FILE = "196501022773"
"""Has a plan with a file at the hospital, and one that is not approved for own eyes."""
CHILD = "202101012397"
PDF = b"%PDF-1.7 a plan"
STEP = 0.1
#: what staff state in the usual case
STATED = {"x-samsvar-need": "true", "x-samsvar-relevance": "true"}


@dataclass(frozen=True, slots=True)
class Seen:
    """An answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float

    @property
    def json(self) -> Any:
        """Its body."""
        return orjson.loads(self.body)

    @property
    def reason(self) -> str | None:
        """The code of a refusal."""
        if "issue" in self.json:
            coded = self.json["issue"][0]["details"].get("coding")
            return coded[0]["code"] if coded else None
        found: str | None = self.json["reason"]
        return found

    def of(self, kind: str, mode: str = "match") -> list[dict[str, Any]]:
        """The resources of a Bundle."""
        return [
            entry["resource"]
            for entry in self.json.get("entry", ())
            if entry["resource"]["resourceType"] == kind and entry["search"]["mode"] == mode
        ]


@dataclass(slots=True)
class Users:
    """The hub, the provider, and what the facts say."""

    six: SixSources
    provider: IdentityProvider
    facts: MemoryFacts
    kept: list[QuestionRecord]
    """Every row of the access log, as it was handed over."""

    @property
    def site(self) -> Site:
        """Its folder."""
        return self.six.hub.site

    async def ask(
        self,
        method: str,
        path: str,
        alias: str | None = None,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        sender: str | None = CONSUMER,
        token: str | None = None,
        identity: Identity | None = None,
    ) -> Seen:
        """One request. ``alias``: whose token; staff state need and relevance unless told."""
        told = dict(headers or {})
        if token is None and alias is not None:
            token = self.provider.token(alias)
        if token is not None:
            told["Authorization"] = f"Bearer {token}"
        hub = self.six.hub
        where = path if path.startswith("http") else f"{hub.tls if identity else hub.plain}{path}"
        begun = SystemClock().monotonic()
        async with (
            hub.client(identity, sender=None if identity else sender) as session,
            session.request(method, where, data=body, headers=told) as answer,
        ):
            content = await answer.read()
            seen = Seen(
                answer.status,
                {name.lower(): value for name, value in answer.headers.items()},
                content,
                SystemClock().monotonic() - begun,
            )
        # For the scan at the end: headers and refusals, never records.
        with (self.site.folder / "answers.log").open("ab") as log:
            log.write(f"{seen.status} {dict(seen.headers)}\n".encode())
            if seen.status != 200:
                log.write(content + b"\n")
        return seen

    async def search(
        self,
        kind: str,
        alias: str,
        number: str = TOLVAN,
        *,
        base: str = "/fhir/r4",
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Seen:
        """``POST [base]/[kind]/_search`` about a person."""
        root = person(number).root
        form = {"patient.identifier": f"urn:oid:{root}|{number}", **(more or {})}
        return await self.ask(
            "POST",
            f"{base}/{kind}/_search",
            alias,
            body=urlencode(form).encode(),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                **(STATED if headers is None else headers),
            },
            **options,
        )

    async def post(
        self,
        path: str,
        alias: str,
        body: object,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Seen:
        """POST of JSON."""
        return await self.ask(
            "POST",
            path,
            alias,
            body=orjson.dumps(body),
            headers={"Content-Type": "application/json", **(headers or {})},
            **options,
        )

    def rows(self, correlation_id: str) -> list[QuestionRecord]:
        """What the access log says."""
        return [row for row in self.kept if row.correlation_id == correlation_id]


@contextlib.asynccontextmanager
async def serving_users(
    site: Site, patch: pytest.MonkeyPatch, *, stored: bool = False, **settings: object
) -> AsyncIterator[Users]:
    """Six sources that the index knows, a hub that lets users in, and facts in memory; or
    ``stored``: those that the hub keeps itself."""
    facts = MemoryFacts()
    kept: list[QuestionRecord] = []

    def world(**parts: Any) -> World:
        log = _Watched(parts["access_log"], kept)
        grounds = parts["facts"] if stored else facts.sources()
        return World(**{**parts, "facts": grounds, "access_log": log})

    patch.setattr(app, "World", world)
    patch.setattr(demo_data, "hospital", _hospital(demo_data.hospital()))
    async with identity_provider(SystemClock().now) as provider:
        users = "\n".join(
            f"{name} = {orjson.dumps(value).decode()}" for name, value in settings.items()
        )
        issuers = "".join(
            f'[[users.issuer]]\nissuer = "{provider.issuer(kind)}"\nkind = "{kind}"\n'
            f'audience = ["{AUDIENCE}"]\n'
            for kind in UserKind
        )
        sections = {
            "users": f"[users]\nstep_seconds = {STEP}\n{users}\n{issuers}",
            "listen": "users = true",
            "plain_listen": "users = true",
        }
        async with six_sources(site, _registry(), **sections) as six:
            for number, category, sources in _held(six):
                await site.index(number, sources, category)
            yield Users(six, provider, facts, kept)


def _hospital(holdings: Holdings) -> Callable[[], Holdings]:
    """The demo's, and the plans of one more person."""
    (plan,) = holdings.plans[TOLVAN]
    more = (
        replace(plan, document_id="VP-0901", title="Vårdplan med fil", pdf=PDF),
        replace(plan, document_id="VP-0902", title="Utkast till vårdplan", approved=False),
    )
    childs = (replace(plan, document_id="VP-0903", title="Ett barns vårdplan"),)
    plans = {**holdings.plans, WITH_FILE: more, CHILD: childs}
    return lambda: replace(holdings, plans=plans)


@dataclass(frozen=True, slots=True)
class _Watched:
    """The access log, and a list of what it has made durable."""

    log: AccessLog
    kept: list[QuestionRecord]

    async def append(self, record: QuestionRecord) -> None:
        """Hand it over, then note it."""
        await self.log.append(record)
        self.kept.append(record)


def _held(six: SixSources) -> list[tuple[str, str, list[str]]]:
    """What the three that speak the contract hold, and some of what the others do."""
    found: list[tuple[str, str, list[str]]] = []
    for holdings in (demo_data.hospital(), demo_data.municipality(), demo_data.clinic()):
        found += [(number, "cll-cp", [holdings.hsa_id]) for number in holdings.plans]
        found += [(number, "vko", [holdings.hsa_id]) for number in holdings.contacts]
    found.append((TOLVAN, "cll-cp", sorted(six.adapted)))
    return found


def _registry() -> str:
    tables = [written_care_giver(giver) for giver in CARE_GIVERS]
    tables.append(written_consumer(Consumer(HsaId(CITIZENS), Channel.CITIZEN)))
    tables.append(
        f'[[permission]]\nconsumer = "{CITIZENS}"\ncontract = {QUESTIONS}\nlogical_address = "*"\n'
    )
    return "\n".join(f"{table}\n" for table in tables)


async def users_of(folder: Path) -> AsyncIterator[Users]:
    """For a fixture of a module."""
    with pytest.MonkeyPatch.context() as patch:
        async with serving_users(Site(folder), patch) as users:
            yield users


def as_before(users: Users) -> Users:
    """Facts and sources as they are before anybody says otherwise."""
    fresh = MemoryFacts()
    for name in ("consent", "relation", "capacity", "population", "block", "trouble"):
        setattr(users.facts, name, getattr(fresh, name))
    users.facts.asked.clear()
    for knobs in users.six.knobs.values():
        knobs.turn({"outage": False, "latency": 0.0})
    return users


def percent(text: str) -> str:
    """A reason, as a header takes it."""
    return quote(text, safe=" ")
