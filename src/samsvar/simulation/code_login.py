"""Login in a browser at the simulated identity provider: one picks who one is. Nobody is asked
for a secret, so it is good for tests and demos alone.

OpenID Connect's authorization code flow, with PKCE demanded. ``as`` in the query picks without
the page; ``groups`` goes into the ID token. Knows no key: who makes tokens is told.
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
from samsvar.simulation.users import PERSONAS, Persona

GROUPS = ("samsvar-operator", "samsvar-registrar", "samsvar-auditor", "somebody-else")
TOKEN_SECONDS = 3600
_WANTED = ("client_id", "redirect_uri", "state", "nonce", "code_challenge")
_SECURITY = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
}


class Signer(Protocol):
    """Makes tokens."""

    def claims(self, alias: str, **changes: object) -> dict[str, Any]:
        """What a token of this persona says."""

    def signed(self, kind: UserKind, claims: Mapping[str, Any]) -> str:
        """A token with these claims."""


class CodeLogin:
    """One issuer's page, and where a code becomes tokens. Each code counts once."""

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
        if any(not query.get(name) for name in _WANTED) or (
            query.get("code_challenge_method") != "S256" or query.get("response_type") != "code"
        ):
            return web.Response(status=400, text="this is no login with a code and PKCE")
        if query.get("as") in PERSONAS:
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            mark = "&" if "?" in query["redirect_uri"] else "?"
            back = urlencode({"code": code, "state": query["state"]})
            raise web.HTTPFound(f"{query['redirect_uri']}{mark}{back}")
        return web.Response(
            text=_page(query, self._kind), content_type="text/html", headers=_SECURITY
        )

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
        about_the_login = self._signer.claims(
            asked["as"],
            aud=asked["client_id"],
            nonce=asked["nonce"],
            groups=[asked.get("groups", "")],
            personalIdentityNumber=None,  # the client needs it not: it is for the service asked
        )
        return web.json_response(
            {
                "id_token": self._signer.signed(self._kind, about_the_login),
                "access_token": self._signer.signed(self._kind, self._signer.claims(asked["as"])),
                "token_type": "Bearer",
                "expires_in": TOKEN_SECONDS,
            },
            headers={"Cache-Control": "no-store"},
        )


def _page(query: Mapping[str, str], kind: UserKind) -> str:
    """Who one can be. Where a client asks for groups, each with each of them."""
    groups = GROUPS if "groups" in query.get("scope", "").split() else (None,)
    cards = "".join(
        _card(query, persona, group)
        for persona in PERSONAS.values()
        if persona.kind is kind
        for group in groups
    )
    return (
        '<!doctype html><html lang="sv"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Vem är du?</title><style>{_STYLE}</style>"
        "<main><h1>Vem är du?</h1>"
        "<p>Påhittad inloggning för demo och prov: här visar man inget lösenord och ingen"
        " e-legitimation. Välj vem du vill vara.</p>"
        f'<p lang="en">Who are you? A login for demos: pick anybody.</p><ul>{cards}</ul></main>'
        "</html>"
    )


def _card(query: Mapping[str, str], persona: Persona, group: str | None) -> str:
    chosen = {**query, "as": persona.alias, **({"groups": group} if group else {})}
    name, _, title = persona.about.partition(", ")
    told = ", ".join(each for each in (title, persona.works_at, group) if each)
    return (
        f'<li><a href="?{escape(urlencode(chosen))}"><strong>{escape(name)}</strong>'
        f"<span>{escape(told)}</span><small>{escape(persona.shows)}</small></a></li>"
    )


_STYLE = (
    ":root{color-scheme:light dark;--g:#f4f2ee;--c:#fff;--i:#1c2427;--s:#566166;--a:#0f5c66}"
    "@media(prefers-color-scheme:dark){:root{--g:#12181b;--c:#1b2327;--i:#e9eef0;--s:#a9b6bb;"
    "--a:#57b8c4}}"
    "body{margin:0;background:var(--g);color:var(--i);font:17px/1.5 system-ui,sans-serif}"
    "main{max-width:40rem;margin:0 auto;padding:1.5rem 1rem 3rem}h1{font-size:1.7rem}"
    "ul{list-style:none;padding:0;display:grid;gap:.7rem}"
    "a{display:grid;gap:.1rem;padding:.9rem 1.1rem;background:var(--c);color:inherit;"
    "border:1px solid var(--s);border-left:6px solid var(--a);border-radius:10px;"
    "text-decoration:none}a:hover strong{text-decoration:underline}"
    "a:focus-visible{outline:3px solid var(--a);outline-offset:2px}"
    "strong{font-size:1.1rem}small,span,p[lang=en]{color:var(--s)}small:empty{display:none}"
)
