"""The identity provider at which staff log in to the console, as the hub reaches it.

Its description is fetched at each login, for logins are few; its keys are held as for bearer
tokens (``outbound.oidc``). Knows HTTP; what tokens say is judged elsewhere.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from urllib.parse import quote, urlencode

import orjson

from samsvar.errors import ProducerError, ResourcesMissing
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.oidc import FETCH_SECONDS, ProviderKeys, trusting
from samsvar.ports import Clock, Events
from samsvar.settings import ConsoleSettings, IssuerSettings, ProducerSettings
from samsvar.tokens.discovery import document_address, login_addresses
from samsvar.tokens.keys import KeysInvalid, PublicKeys

_MOST_BYTES = 256 * 1024


class LoginProvider:
    """One provider. Made inside a running loop."""

    def __init__(
        self, settings: ConsoleSettings, secret: str | None, clock: Clock, events: Events
    ) -> None:
        """Raises ResourcesMissing: the authority's certificates cannot be read."""
        self.issuer = IssuerSettings(
            issuer=settings.issuer or "",
            kind="staff",
            audience=(settings.client_id,),
            authority=settings.authority,
        )
        self._client_id, self._secret = settings.client_id, secret
        tls = trusting(self.issuer, "console.authority")
        self._keys = ProviderKeys(self.issuer, clock, events, tls)
        self._client = HttpClient(
            ProducerSettings(
                answer_bytes=_MOST_BYTES, connect_seconds=2.0, connections=4, connections_each=4
            ),
            tls,
        )

    async def login_address(self) -> str:
        """Where people log in.

        Raises:
            ResourcesMissing: it does not say.
        """
        return (await self._addresses())[0]

    async def redeem(self, code: str, verifier: str, back: str) -> str:
        """The ID token that a code stands for.

        Raises:
            ResourcesMissing: it does not answer, or not so.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": back,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        if self._secret is not None:  # RFC 6749, 2.3.1
            pair = f"{quote(self._client_id, safe='')}:{quote(self._secret, safe='')}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        _, where = await self._addresses()
        body = await self._asked("POST", where, headers, urlencode(form).encode())
        try:
            token = orjson.loads(body)["id_token"]
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ResourcesMissing("the identity provider gave no ID token") from error
        if not isinstance(token, str):
            raise ResourcesMissing("the identity provider gave no ID token")
        return token

    async def keys(self, key_id: str) -> PublicKeys | None:
        """Its keys; None: they cannot be had."""
        return await self._keys.keys(key_id)

    async def close(self) -> None:
        """Let go of every connection."""
        await asyncio.gather(self._keys.close(), self._client.close())

    async def _addresses(self) -> tuple[str, str]:
        issuer = self.issuer.issuer
        described = await self._asked("GET", document_address(issuer), {}, None)
        try:
            return login_addresses(described, issuer)
        except KeysInvalid as error:
            raise ResourcesMissing(f"the identity provider: {error}") from error

    async def _asked(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> bytes:
        try:
            answer = await self._client.exchange(method, url, headers, body, FETCH_SECONDS)
        except ProducerError as error:
            raise ResourcesMissing("the identity provider does not answer") from error
        if answer.status != 200:
            raise ResourcesMissing(f"the identity provider answered HTTP {answer.status}")
        return answer.body
