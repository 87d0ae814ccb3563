"""Login by one's own identity provider: OpenID Connect's authorization code flow with PKCE.

What a login must remember until its answer comes (state, nonce, verifier, where to go) lies in a
cookie of ten minutes that no script can read; the hub keeps nothing. Knows roles only as the
settings pair them with a claim's values. Knows no socket.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import orjson

from samsvar.errors import ResourcesMissing
from samsvar.inbound.console.visit import PREFIX, Shown
from samsvar.onboarding.roles import Role, User
from samsvar.ports import Clock
from samsvar.settings import ConsoleSettings, IssuerSettings
from samsvar.tokens import PublicKeys, TokenRefused, opened
from samsvar.tokens.id_token import proven_claims
from samsvar.tokens.refused import bad_token, no_keys

_LONGEST_NAME = 80


class Provider(Protocol):
    """The identity provider, as it is reached. Raises ResourcesMissing where it is not."""

    issuer: IssuerSettings

    async def login_address(self) -> str:
        """Where people log in."""

    async def redeem(self, code: str, verifier: str, back: str) -> str:
        """The ID token that a code stands for."""

    async def keys(self, key_id: str) -> PublicKeys | None:
        """Its keys; None: they cannot be had."""

    async def close(self) -> None:
        """Let go of every connection."""


class ProviderLogin:
    """The flow."""

    def __init__(self, provider: Provider, settings: ConsoleSettings, clock: Clock) -> None:
        self._provider = provider
        self._settings = settings
        self._clock = clock
        self._back = f"{settings.url}/login/provider/back"

    async def close(self) -> None:
        """Let go of every connection."""
        await self._provider.close()

    async def begin(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and what its cookie must keep meanwhile."""
        try:
            where = await self._provider.login_address()
        except ResourcesMissing as error:
            raise _silent() from error
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._back,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        kept = base64.urlsafe_b64encode(orjson.dumps([state, nonce, verifier, back])).decode()
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}", kept

    async def end(self, query: Mapping[str, str], kept: str) -> tuple[User, str]:
        """Who came back, and where to go."""
        try:
            state, nonce, verifier, back = map(str, orjson.loads(base64.urlsafe_b64decode(kept)))
        except (ValueError, TypeError) as error:
            raise _begin_again() from error
        if not hmac.compare_digest(state.encode(), query.get("state", "").encode()):
            raise _begin_again()
        if "code" not in query:
            raise Shown(
                403,
                "Inloggningen avbröts hos din organisations inloggning.",
                "The login was ended at your organisation's provider.",
            )
        try:
            token = await self._provider.redeem(query["code"], verifier, self._back)
        except ResourcesMissing as error:
            raise _silent() from error
        return self._user(await self._claims(token, nonce)), back or PREFIX

    async def _claims(self, token: str, nonce: str) -> Mapping[str, Any]:
        try:
            sealed = opened(token)
            keys = await self._provider.keys(sealed.key_id)
            if keys is None:
                raise no_keys(self._provider.issuer.issuer)
            if sealed.key_id not in keys:
                raise bad_token("the token is signed with a key that its issuer does not publish")
            now = self._clock.now().timestamp()
            return proven_claims(sealed, keys, self._provider.issuer, nonce, now)
        except TokenRefused as error:
            raise Shown(
                403,
                f"Inloggningen kan inte godtas: {error.description}.",
                f"The login cannot be taken: {error.description}.",
            ) from error

    def _user(self, claims: Mapping[str, Any]) -> User:
        role = role_of(claims.get(self._settings.role_claim), self._settings.roles)
        if role is None:
            raise Shown(
                403,
                "Du är inloggad hos din organisation, men har ingen roll här. Den som sköter navet"
                " kan ge dig en.",
                "You are logged in at your organisation, but have no role here. Whoever runs the"
                " hub can give you one.",
            )
        told = f"{claims['iss']}|{claims['sub']}"
        name = claims.get("name")
        shown = name if isinstance(name, str) and name.isprintable() and name else "OIDC"
        digest = hashlib.sha256(told.encode()).hexdigest()[:12]
        return User(f"oidc-{digest}", shown[:_LONGEST_NAME], role)


def role_of(told: object, pairs: tuple[str, ...]) -> Role | None:
    """The role of the first pair whose value the claim has."""
    values = told if isinstance(told, list) else [told]
    for pair in pairs:
        value, _, role = pair.rpartition("=")
        if value in values:
            return Role(role)
    return None


def _begin_again() -> Shown:
    return Shown(
        400,
        "Inloggningen har tagit för lång tid eller började någon annanstans. Börja om.",
        "The login took too long, or was begun elsewhere. Begin again.",
    )


def _silent() -> Shown:
    return Shown(
        503,
        "Din organisations inloggning svarar inte. Försök igen, eller logga in med en nyckel.",
        "Your organisation's provider does not answer. Try again, or log in with a token.",
    )
