"""A simulated identity provider: two issuers on loopback, one of staff, one of citizens.

Serves discovery and keys over HTTP, rotates keys, and makes tokens for fictive people without
asking for any login. So its tokens must count nowhere but where tests and the demo say so. What
it takes to make a *wrong* token is here too: any claim, header member or key can be another.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

import orjson
from aiohttp import web
from joserfc import jws
from joserfc.jwk import ECKey, OKPKey, RSAKey

from samsvar.model.user import UserKind
from samsvar.simulation.code_login import CodeLogin
from samsvar.simulation.knobs import Knobs
from samsvar.simulation.server import Tls, running, with_knobs
from samsvar.simulation.users import PERSONAS, Persona

AUDIENCE = "https://samsvar.example"
TOKEN_MINUTES = 60
PATHS = {UserKind.STAFF: "staff", UserKind.CITIZEN: "citizens"}
ALGORITHMS = ("ES256", "RS256", "PS256", "EdDSA")
_KEY_OF = {"ES256": "EC", "RS256": "RSA", "PS256": "RSA", "EdDSA": "OKP"}
_MODEL_OF = {"EdDSA": "Ed25519"}
#: where a token is asked for while the simulator runs by itself
TOKEN_PATH = "/_simulator/token"  # noqa: S105 - an address

SigningKey = RSAKey | ECKey | OKPKey


class IdentityProvider:
    """Both issuers. ``base`` is where it answers, known once it does."""

    def __init__(self, now: Callable[[], datetime], knobs: Knobs | None = None) -> None:
        self.base = ""
        self.knobs = knobs or Knobs()
        self._now = now
        self._signing: dict[tuple[UserKind, str], SigningKey] = {}
        self._published: dict[UserKind, list[dict[str, Any]]] = {kind: [] for kind in UserKind}
        self.fetches = 0
        """How often keys have been fetched."""

    def issuer(self, kind: UserKind) -> str:
        """The URL of the issuer of this kind of user."""
        return f"{self.base}/{PATHS[kind]}"

    def key(self, kind: UserKind, algorithm: str = "ES256") -> SigningKey:
        """The key that signs now; made, and published, when first asked for."""
        place = kind, _KEY_OF[algorithm]
        if place not in self._signing:
            self._signing[place] = _new_key(_KEY_OF[algorithm])
            self._published[kind].append(dict(self._signing[place].as_dict(private=False)))
        return self._signing[place]

    def rotate(self, kind: UserKind, *, forget: bool = False) -> None:
        """Sign with new keys from now on. The old are published still, unless forgotten."""
        for place in [each for each in self._signing if each[0] is kind]:
            del self._signing[place]
        if forget:
            self._published[kind].clear()
        self.key(kind)

    def claims(self, alias: str, **changes: object) -> dict[str, Any]:
        """What a token of this persona says. ``changes``: other values; None takes one away."""
        persona = PERSONAS[alias]
        now = int(self._now().timestamp())
        claims = {
            "iss": self.issuer(persona.kind),
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_MINUTES * 60,
            "jti": secrets.token_hex(8),
            "sid": secrets.token_hex(8),
            **persona.claims,
            **changes,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, alias: str, algorithm: str = "ES256", **changes: object) -> str:
        """A token of this persona, signed as its issuer does."""
        return self.signed(PERSONAS[alias].kind, self.claims(alias, **changes), algorithm)

    def signed(
        self,
        kind: UserKind,
        claims: Mapping[str, Any] | bytes,
        algorithm: str = "ES256",
        header: Mapping[str, object] | None = None,
        key: SigningKey | None = None,
    ) -> str:
        """A token with these claims, or these bytes instead, in its issuer's manner or another:
        ``header`` changes members of the header, ``key`` signs instead."""
        key = key or self.key(kind, algorithm)
        head: dict[str, Any] = {"alg": algorithm, "typ": "at+jwt", "kid": key.kid, **(header or {})}
        head = {name: value for name, value in head.items() if value is not None}
        return compact(head, claims, key, algorithm)

    def application(self) -> web.Application:
        """What it serves."""
        application = web.Application()
        for kind, path in PATHS.items():
            base = f"/{path}"
            application.router.add_get(
                f"{base}/.well-known/openid-configuration", self._description(kind)
            )
            application.router.add_get(f"{base}/keys", self._keys(kind))
            CodeLogin(self, kind).serve_below(base, application)
        application.router.add_post(TOKEN_PATH, self._token)
        application.router.add_post("/_simulator/rotate", self._rotate)
        return with_knobs(application, self.knobs)

    def _description(self, kind: UserKind) -> Callable[[web.Request], Any]:
        async def described(_request: web.Request) -> web.Response:
            issuer = self.issuer(kind)
            return web.json_response(
                {
                    "issuer": issuer,
                    "jwks_uri": f"{issuer}/keys",
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "id_token_signing_alg_values_supported": list(ALGORITHMS),
                    "response_types_supported": ["code"],
                    "subject_types_supported": ["public"],
                }
            )

        return described

    def _keys(self, kind: UserKind) -> Callable[[web.Request], Any]:
        async def published(_request: web.Request) -> web.Response:
            self.fetches += 1
            self.key(kind)
            return web.json_response({"keys": self._published[kind]})

        return published

    async def _token(self, request: web.Request) -> web.Response:
        persona = await _persona_in(request)
        if persona is None:
            return web.json_response({"error": f"as: one of {', '.join(PERSONAS)}"}, status=400)
        return web.json_response(
            {
                "access_token": self.token(persona.alias),
                "token_type": "Bearer",
                "expires_in": TOKEN_MINUTES * 60,
            }
        )

    async def _rotate(self, _request: web.Request) -> web.Response:
        for kind in UserKind:
            self.rotate(kind)
        return web.json_response({"rotated": [self.issuer(kind) for kind in UserKind]})


def compact(
    header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, key: SigningKey, algorithm: str
) -> str:
    """A signed JWT whose header may say anything, also what its signature is not."""
    payload = claims if isinstance(claims, bytes) else _json(claims)
    signed = b".".join((_base64url(_json(header)), _base64url(payload)))
    model = jws.JWSRegistry.algorithms[_MODEL_OF.get(algorithm, algorithm)]
    return b".".join((signed, _base64url(model.sign(signed, key)))).decode("ascii")


@asynccontextmanager
async def identity_provider(
    now: Callable[[], datetime],
    *,
    knobs: Knobs | None = None,
    port: int = 0,
    tls: Tls | None = None,
) -> AsyncIterator[IdentityProvider]:
    """One that answers on loopback until the block ends."""
    provider = IdentityProvider(now, knobs)
    async with running(provider.application(), port=port, tls=tls) as base:
        provider.base = base
        yield provider


def _new_key(kind: str) -> SigningKey:
    match kind:
        case "RSA":
            key: SigningKey = RSAKey.generate_key(2048)
        case "EC":
            key = ECKey.generate_key("P-256")
        case _:
            key = OKPKey.generate_key("Ed25519")
    key.ensure_kid()
    return key


async def _persona_in(request: web.Request) -> Persona | None:
    try:
        wanted = await request.json()
        return PERSONAS.get(wanted["as"])
    except (ValueError, TypeError, KeyError):
        return None


def _json(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value)


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
