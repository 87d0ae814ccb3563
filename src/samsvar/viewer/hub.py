"""The hub, asked as any application asks it: FHIR for staff, the citizens' interface, existence.

Knows addresses, headers and how a refusal is told. A person's number goes into bodies alone. Knows
no page; what an answer means is read elsewhere.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import orjson

from samsvar.viewer.sessions import LoggedIn, Stated
from samsvar.viewer.settings import HubSettings

MOST_BYTES = 30 * 1024 * 1024
_HANDLE = re.compile(r"[A-Za-z0-9.-]{1,64}", re.ASCII)
_PLACES = {"documents": "/documents", "binary": "/fhir/r4/Binary"}
_INCLUDES = (
    ("_include", "CarePlan:goal"),
    ("_include", "CarePlan:activity-reference"),
    ("_include", "CarePlan:care-team"),
    ("_include", "CarePlan:supporting-info"),
    ("_revinclude", "Provenance:target"),
)


class HubAway(Exception):
    """No answer, or none that can be used. The text says which, and names nobody."""


class HubRefused(Exception):
    """It answered, and said no."""

    def __init__(self, status: int, reason: str | None, swedish: str, english: str) -> None:
        super().__init__(f"HTTP {status} {reason or ''}".strip())
        self.status = status
        self.reason = reason
        self.swedish = swedish
        self.english = english


@dataclass(frozen=True, slots=True)
class File:
    """A file of a plan."""

    media_type: str
    content: bytes = field(repr=False)


class HubClient:
    """One hub, as one system. Made inside a running loop."""

    def __init__(self, settings: HubSettings) -> None:
        """Raises OSError: a certificate cannot be read."""
        authority = str(settings.authority) if settings.authority else None
        context = ssl.create_default_context(cafile=authority)
        if settings.certificate and settings.key:
            context.load_cert_chain(settings.certificate, settings.key)
        self._url = settings.url
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, limit=100),
            timeout=aiohttp.ClientTimeout(total=settings.seconds),
            trust_env=False,
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.close()

    async def citizen(
        self, user: LoggedIn, path: str, person: str | None, **more: object
    ) -> dict[str, Any]:
        """``POST /citizen/v1/...``; ``person``: a child of the user's, or None for oneself.

        Raises:
            HubRefused, HubAway: there is no answer.
        """
        told = {name: value for name, value in more.items() if value not in (None, "")}
        if person is not None:
            told |= {"person": person, "capacity": "guardian"}
        return await self._json("POST", f"/citizen/v1/{path}", user, {}, orjson.dumps(told))

    async def plans(
        self,
        user: LoggedIn,
        person: str,
        stated: Stated,
        *,
        source: str | None = None,
        category: str | None = None,
    ) -> dict[str, Any]:
        """A Bundle of plans with their parts, of all sources or of one.

        Raises:
            HubRefused, HubAway: there is no answer.
        """
        form = [("patient.identifier", person), *_INCLUDES]
        form += [("_source", source)] if source else []
        form += [("category", category)] if category else []
        return await self._json(
            "POST",
            "/fhir/r4/CarePlan/_search",
            user,
            {"Content-Type": "application/x-www-form-urlencoded", **_headers(stated)},
            urlencode(form).encode(),
        )

    async def existence(self, user: LoggedIn, person: str, stated: Stated) -> dict[str, Any]:
        """Whether there is something that is not shown.

        Raises:
            HubRefused, HubAway: there is no answer.
        """
        body = orjson.dumps({"person": person})
        return await self._json("POST", "/existence", user, _headers(stated), body)

    async def file(
        self, user: LoggedIn, place: str, handle: str, stated: Stated, *, guardian: bool
    ) -> File:
        """A file or a document of a plan.

        Raises:
            HubRefused, HubAway: there is none.
        """
        if place not in _PLACES or not _HANDLE.fullmatch(handle):
            raise HubRefused(404, None, "Det finns inget här.", "There is nothing here.")
        headers = _headers(stated) | ({"x-samsvar-capacity": "guardian"} if guardian else {})
        kind, content = await self._asked(
            "GET", f"{_PLACES[place]}/{handle}", user, headers | {"Accept": "*/*"}, None
        )
        return File(kind, content)

    async def _json(
        self, method: str, path: str, user: LoggedIn, headers: dict[str, str], body: bytes
    ) -> dict[str, Any]:
        told = {"Content-Type": "application/json", **headers}
        _, content = await self._asked(method, path, user, told, body)
        found = _object(content)
        if found is None:
            raise HubAway("the hub answered what is no JSON object")
        return found

    async def _asked(
        self, method: str, path: str, user: LoggedIn, headers: dict[str, str], body: bytes | None
    ) -> tuple[str, bytes]:
        told = {**headers, "Authorization": f"Bearer {user.token}"}
        try:
            async with self._http.request(
                method, f"{self._url}{path}", data=body, headers=told, allow_redirects=False
            ) as answer:
                content = bytearray()
                async for piece in answer.content.iter_chunked(64 * 1024):
                    content += piece
                    if len(content) > MOST_BYTES:
                        raise HubAway(f"the hub answered with more than {MOST_BYTES} bytes")
                status, kind = answer.status, answer.headers.get("Content-Type", "")
        except (aiohttp.ClientError, TimeoutError, ssl.SSLError) as error:
            raise HubAway(f"the hub does not answer: {type(error).__name__}") from None
        if status != 200:
            raise _refused(status, bytes(content))
        return kind, bytes(content)


def _headers(stated: Stated) -> dict[str, str]:
    flags = {
        "need": stated.need,
        "relevance": stated.relevance,
        "necessary": stated.necessary,
        "indispensable": stated.indispensable,
        "consent-unobtainable": stated.unobtainable,
    }
    told = {f"x-samsvar-{name}": "true" for name, value in flags.items() if value}
    if stated.emergency is not None:
        told["x-samsvar-emergency"] = quote(stated.emergency, safe=" ")
    return told


def _refused(status: int, content: bytes) -> HubRefused:
    told = _object(content) or {}
    if "issue" in told:
        details = told["issue"][0].get("details", {})
        coded = details.get("coding") or [{}]
        swedish, reason = details.get("text", ""), coded[0].get("code")
        english = told["issue"][0].get("diagnostics", "").removeprefix(swedish).strip()
    else:
        swedish, english = told.get("detailSv") or "", told.get("detail") or ""
        reason = told.get("reason")
    return HubRefused(status, reason, swedish, english)


def _object(content: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
