"""An identity provider at which people log in: OpenID Connect's code flow with PKCE.

Knows discovery, the exchange of a code, and how an ID token is proven. Knows no session. What the
access token says is for the hub to judge: here it is carried and never read.
"""

from __future__ import annotations

import base64
import hashlib
import ssl
from typing import Any
from urllib.parse import urlencode

import aiohttp
import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from samsvar.ports import Clock
from samsvar.settings import fault_of_url
from samsvar.viewer.sessions import LoggedIn, Pending
from samsvar.viewer.settings import LoginSettings

_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]
_MOST_BYTES = 256 * 1024
_LEEWAY = 60
_LONGEST = 12 * 3600
_TIMEOUT = aiohttp.ClientTimeout(total=10)


class LoginFailed(Exception):
    """Nobody is let in. The text is for the log: it names a rule, and nobody."""


class ProviderAway(LoginFailed):
    """The provider does not answer, or not as one."""


class Provider:
    """One provider, as one client of it. Made inside a running loop."""

    def __init__(self, settings: LoginSettings, back: str, clock: Clock) -> None:
        """``back``: where the provider sends the browser afterwards."""
        self.settings = settings
        self._back = back
        self._clock = clock
        context = ssl.create_default_context(
            cafile=str(settings.authority) if settings.authority else None
        )
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context), timeout=_TIMEOUT, trust_env=False
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._http.close()

    async def login_address(self, pending: Pending) -> str:
        """Where the browser goes to log in.

        Raises:
            ProviderAway: it does not say.
        """
        digest = hashlib.sha256(pending.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self._back,
            "scope": self.settings.scopes,
            "state": pending.state,
            "nonce": pending.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        where = (await self._described())["authorization_endpoint"]
        return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"

    async def logged_in(self, code: str, pending: Pending) -> LoggedIn:
        """Who it is that a code stands for.

        Raises:
            LoginFailed: nobody, or it is not proven.
        """
        described = await self._described()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self.settings.client_id,
            "code_verifier": pending.verifier,
        }
        secret = self.settings.client_secret
        auth = (
            aiohttp.BasicAuth(self.settings.client_id, secret.read_text("utf-8").strip())
            if secret
            else None
        )
        told = await self._asked("POST", described["token_endpoint"], data=form, auth=auth)
        id_token, access = told.get("id_token"), told.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access, str) or not access:
            raise LoginFailed("the provider gave no ID token, or no access token")
        keys = await self._asked("GET", described["jwks_uri"])
        claims = self._proven(id_token, keys, pending)
        now = self._clock.now().timestamp()
        lasts = told.get("expires_in")
        seconds = lasts if isinstance(lasts, int) and not isinstance(lasts, bool) else 600
        return LoggedIn(
            kind=pending.kind,
            name=_text(claims, "name") or _text(claims, "sub") or "–",
            title=_text(claims, "title"),
            care_giver=_text(claims, "healthCareProviderHsaId"),
            purpose=_text(claims, "commissionPurpose"),
            token=access,
            until=now + min(max(seconds, 0), _LONGEST),
        )

    def _proven(self, token: str, keys: Any, pending: Pending) -> dict[str, Any]:
        """OpenID Connect Core 3.1.3.7."""
        try:
            decoded = jwt.decode(token, KeySet.import_key_set(keys), algorithms=_ALGORITHMS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise LoginFailed(f"the ID token does not hold: {type(error).__name__}") from None
        claims = dict(decoded.claims)
        told = claims.get("aud")
        audience = [told] if isinstance(told, str) else told
        now = self._clock.now().timestamp()
        ends = claims.get("exp")
        if claims.get("iss") != self.settings.issuer:
            raise LoginFailed("the ID token is another issuer's")
        if not isinstance(audience, list) or self.settings.client_id not in audience:
            raise LoginFailed("the ID token is for another client")
        if len(audience) > 1 and claims.get("azp") != self.settings.client_id:
            raise LoginFailed("the ID token was given to another client (azp)")
        if not isinstance(ends, int | float) or ends + _LEEWAY < now:
            raise LoginFailed("the ID token has expired")
        if claims.get("nonce") != pending.nonce:
            raise LoginFailed("the ID token is of another login (nonce)")
        return claims

    async def _described(self) -> dict[str, str]:
        issuer = self.settings.issuer
        told = await self._asked("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise ProviderAway("its description is of another issuer than the settings name")
        found = {}
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            address = told.get(name)
            if not isinstance(address, str) or fault_of_url(address, plain_on_loopback=True):
                raise ProviderAway(f"its {name} is missing, or no address that can be used")
            found[name] = address
        return found

    async def _asked(self, method: str, url: str, **options: Any) -> dict[str, Any]:
        try:
            async with self._http.request(method, url, allow_redirects=False, **options) as answer:
                body = await answer.content.read(_MOST_BYTES)
                status = answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ProviderAway(f"it does not answer: {type(error).__name__}") from None
        if status == 400 and method == "POST":
            raise LoginFailed("the provider took the code from us for none of its own")
        if status != 200:
            raise ProviderAway(f"it answered HTTP {status}")
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ProviderAway("it answered what is no JSON") from None
        if not isinstance(told, dict):
            raise ProviderAway("it answered what is no JSON object")
        return told


def _text(claims: dict[str, Any], name: str) -> str | None:
    value = claims.get(name)
    return value[:200] if isinstance(value, str) and value.strip() else None
