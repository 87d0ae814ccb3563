"""Login in a browser at the simulated identity provider: one picks who one is. Nobody is asked
for a secret, so it is good for tests and demos alone.

OpenID Connect's authorization code flow, with PKCE demanded. ``groups`` in the ID token is what
the query's ``groups`` said on the page where one picks.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from html import escape
from typing import Any, Protocol
from urllib.parse import urlencode

from aiohttp import web

from samsvar.model.user import UserKind
from samsvar.simulation.users import PERSONAS

GROUPS = ("samsvar-operator", "samsvar-registrar", "samsvar-auditor", "somebody-else")


class Signer(Protocol):
    """Makes tokens."""

    def claims(self, alias: str, **changes: object) -> dict[str, Any]:
        """What a token of this persona says."""

    def signed(self, kind: UserKind, claims: Mapping[str, Any]) -> str:
        """A token with these claims."""


class CodeLogin:
    """One issuer's page, and where a code becomes a token. Each code counts once."""

    def __init__(self, signer: Signer, kind: UserKind) -> None:
        self._signer = signer
        self._kind = kind
        self._codes: dict[str, dict[str, str]] = {}

    def serve_below(self, base: str, application: web.Application) -> None:
        """Add the two addresses."""
        application.router.add_get(f"{base}/authorize", self._authorize)
        application.router.add_post(f"{base}/token", self._token)

    async def _authorize(self, request: web.Request) -> web.Response:
        query = dict(request.query)
        wanted = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")
        if any(not query.get(name) for name in wanted) or (
            query.get("code_challenge_method") != "S256" or query.get("response_type") != "code"
        ):
            return web.Response(status=400, text="this is no login with a code and PKCE")
        if query.get("as") in PERSONAS:
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            mark = "&" if "?" in query["redirect_uri"] else "?"
            back = urlencode({"code": code, "state": query["state"]})
            raise web.HTTPFound(f"{query['redirect_uri']}{mark}{back}")
        links = "".join(
            f'<li><a href="?{escape(urlencode({**query, "as": each.alias, "groups": group}))}">'
            f"{escape(each.about)}, {group}</a></li>"
            for each in PERSONAS.values()
            if each.kind is self._kind
            for group in GROUPS
        )
        page = f"<!doctype html><title>Who are you?</title><h1>Who are you?</h1><ul>{links}</ul>"
        return web.Response(text=page, content_type="text/html")

    async def _token(self, request: web.Request) -> web.Response:
        form = await request.post()
        asked = self._codes.pop(str(form.get("code")), None)
        digest = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = self._signer.claims(
            asked["as"],
            aud=asked["client_id"],
            nonce=asked["nonce"],
            groups=[asked.get("groups", "")],
        )
        token = self._signer.signed(self._kind, claims)
        return web.json_response({"id_token": token, "access_token": "-", "token_type": "Bearer"})
