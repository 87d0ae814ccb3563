"""Asks the administrative interface over a socket; holds every answer to the description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import orjson

from samsvar.clock import SystemClock
from samsvar.onboarding.roles import Role
from samsvar.settings import load
from samsvar.simulation.authority import Identity
from samsvar.store.users import SqlUsers
from tests import openapi
from tests.databases import open_database
from tests.hub import Running, Site

PREFIX = "/admin/v1"
PEM = "application/x-pem-file"


@dataclass(frozen=True, slots=True)
class Told:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def error(self) -> str:
        """The sentence of a refusal."""
        return str(self.body["error"])


@dataclass(frozen=True, slots=True)
class Api:
    """One user's way in. ``identity``: over TLS with that certificate; else the plain listener."""

    running: Running
    token: str | None = None
    identity: Identity | None = None

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        pem: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Told:
        """One request. The answer must be one that the description has for it."""
        told = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = raw
        if pem is not None:
            told["Content-Type"], data = PEM, pem
        elif body is not None or raw is not None:
            told["Content-Type"] = "application/json"
            data = raw if raw is not None else orjson.dumps(body)
        where = self.running.plain if self.identity is None else self.running.tls
        async with (
            self.running.client(self.identity) as session,
            session.request(
                method,
                f"{where}{PREFIX}{path}",
                data=BytesIO(data) if data else None,
                headers=told | dict(headers or {}),
            ) as answer,
        ):
            content = await answer.read()
            kept = {name.lower(): value for name, value in answer.headers.items()}
        with (self.running.site.folder / "answers.log").open("ab") as log:
            log.write(f"{answer.status} {kept}\n".encode() + content + b"\n")
        found = Told(answer.status, kept, orjson.loads(content))
        await described(self.running, method, path, found)
        return found

    async def get(self, path: str) -> Told:
        """GET."""
        return await self.ask("GET", path)

    async def post(self, path: str, body: object) -> Told:
        """POST JSON."""
        return await self.ask("POST", path, body)


async def described(running: Running, method: str, path: str, told: Told) -> None:
    """The answer is one of those that the description has for this operation."""
    document = await description(running)
    bare = PREFIX + path.partition("?")[0]
    for template, item in document["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
        operation = item.get(method.lower())
        if re.fullmatch(pattern, bare) and operation is not None:
            response = operation["responses"][str(told.status)]
            schema = response["content"]["application/json"]["schema"]
            assert list(openapi.faults(told.body, schema, document)) == []
            assert told.headers["content-type"] == "application/json"
            assert told.headers["cache-control"] == "no-store"
            return
    assert told.status in (401, 403, 404, 405, 429)


_DESCRIPTIONS: dict[str, Any] = {}


async def description(running: Running) -> Any:
    """What the running hub says of itself; asked once."""
    if running.plain not in _DESCRIPTIONS:
        async with (
            running.client() as session,
            session.get(f"{running.plain}{PREFIX}/openapi.json") as answer,
        ):
            assert answer.status == 200
            _DESCRIPTIONS[running.plain] = await answer.json()
    return _DESCRIPTIONS[running.plain]


@contextmanager
def users_of(site: Site) -> Iterator[SqlUsers]:
    """Who may use the interface, as the commands reach them."""
    settings = load(site.settings_file, {})
    database = open_database(settings.hub.data)
    try:
        yield SqlUsers(database, SystemClock())
    finally:
        database.close()


def token(site: Site, role: Role, *producers: str, days: int = 1) -> str:
    """A new token, made as the command makes it."""
    with users_of(site) as users:
        return users.new_token(role.value, role, producers, days, "test")[0]
