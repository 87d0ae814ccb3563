"""A Mina planer to talk with: tokens, ``CarePlan`` search by GET and POST, pages.

Answers as the real format does, with the fictive people of ``simulator_data``. Page links hold
a key and no person's number, as the server keeps each search for a while.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from itertools import count
from urllib.parse import parse_qs, quote, unquote

from aiohttp import web

from samsvar.simulation import Installation, Knobs, with_knobs
from samsvar_adapters.mina_planer.simulator_data import PLANS
from samsvar_adapters.mina_planer.simulator_forms import Json

CLIENT_ID = "hub-test"
CLIENT_SECRET = "not-a-secret"  # noqa: S105 - a simulator's, printed in the README
TOKEN_SECONDS = 300
STRANGER = "196501022773"

_FHIR = "application/fhir+json"

INSTALLATION = Installation(
    hsa_id="SE2321000255-MINAPLANER1",
    title="Mina planer, Skåne",
    owner="SE2321000255-0001",
    options={"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
)


class Simulator:
    """One server's state: tokens given, searches kept."""

    def __init__(self, knobs: Knobs) -> None:
        self.tokens_given = 0
        self._knobs = knobs
        self._good: set[str] = set()
        self._searches: dict[str, tuple[list[Json], int]] = {}
        self._keys = count(1)

    def application(self) -> web.Application:
        """The native interface; the knobs are put in front by :func:`application`."""
        application = web.Application()
        application.router.add_post("/oauth2/token", self._token)
        application.router.add_get("/fhir/CarePlan", self._search)
        application.router.add_post("/fhir/CarePlan/_search", self._search)
        application.router.add_get("/fhir", self._page)
        return application

    async def _token(self, request: web.Request) -> web.Response:
        form = parse_qs(await request.text())
        if form.get("grant_type") != ["client_credentials"]:
            return web.json_response({"error": "unsupported_grant_type"}, status=400)
        if not _knows(request.headers.get("Authorization", "")):
            return web.json_response({"error": "invalid_client"}, status=401)
        self.tokens_given += 1
        token = f"mp-token-{self.tokens_given:04}"
        self._good.add(token)
        return web.json_response(
            {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        )

    async def _search(self, request: web.Request) -> web.Response:
        if refused := self._refusal(request):
            return refused
        asked: Mapping[str, str] = request.query
        if request.method == "POST":
            form = parse_qs(await request.text(), keep_blank_values=True)
            asked = {name: values[0] for name, values in form.items()}
        system, bar, number = asked.get("subject:identifier", "").partition("|")
        size = asked.get("_count", "20")
        if not (system and bar and number and size.isdigit() and int(size)):
            return _outcome(400, "invalid", "subject:identifier and _count are needed")
        if self._knobs.wrong_patient:
            number = next(other for other in ("191212121212", STRANGER) if other != number)
        plans = [] if self._knobs.silent else PLANS.get(number, [])
        return self._bundle(request, plans, int(size), 0)

    async def _page(self, request: web.Request) -> web.Response:
        if refused := self._refusal(request):
            return refused
        kept = self._searches.get(request.query.get("_getpages", ""))
        offset = request.query.get("_getpagesoffset", "")
        if kept is None or not offset.isdigit():
            return _outcome(410, "expired", "the search is no longer kept")
        return self._bundle(request, *kept, int(offset))

    def _refusal(self, request: web.Request) -> web.Response | None:
        if self._knobs.expired_token:
            # Once: a client that fetches a new one is let in.
            self._knobs.expired_token = False
            self._good.clear()
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self._good:
            return _outcome(401, "login", "the token is not known, or has run out")
        if self._knobs.fault:
            return _outcome(500, "exception", "the plan register cannot be reached")
        return None

    def _bundle(
        self, request: web.Request, plans: list[Json], size: int, offset: int
    ) -> web.Response:
        links: list[Json] = []
        if offset + size < len(plans):
            key = f"sokning-{next(self._keys)}"
            self._searches[key] = plans, size
            url = f"{request.url.origin()}/fhir?_getpages={key}&_getpagesoffset={offset + size}"
            links.append({"relation": "next", "url": url})
        return web.json_response(
            {
                "resourceType": "Bundle",
                "type": "searchset",
                "total": len(plans),
                "link": links,
                "entry": [{"resource": found} for found in plans[offset : offset + size]],
            },
            content_type=_FHIR,
            dumps=lambda document: json.dumps(document, ensure_ascii=False),
        )


def application(knobs: Knobs) -> web.Application:
    """The simulator, with its knobs in front."""
    return with_knobs(Simulator(knobs).application(), knobs)


def _knows(authorization: str) -> bool:
    try:
        pair = base64.b64decode(authorization.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return False
    return unquote(pair) == unquote(f"{quote(CLIENT_ID)}:{quote(CLIENT_SECRET)}")


def _outcome(status: int, code: str, words: str) -> web.Response:
    issue = {"severity": "error", "code": code, "diagnostics": words}
    return web.json_response(
        {"resourceType": "OperationOutcome", "issue": [issue]}, status=status, content_type=_FHIR
    )
