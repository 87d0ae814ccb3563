"""The way out over HTTP: one hardened client for all producers.

Total deadlines by a monotonic clock, capped answers, nothing inflated, nothing redirected, no
cookies, and a connection that is never reused after anything odd. Foreign errors become
ProducerErrors in one table.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp

from samsvar.certificate_files import authority_fault, open_to_all, pair_fault
from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerError,
    ProducerTimedOut,
    ProducerUnreachable,
    ResourcesMissing,
)
from samsvar.settings import ProducerSettings

#: aiohttp's error -> ours and what we say. The most specific match wins; a test walks aiohttp.
ERRORS: Mapping[type[BaseException], tuple[type[ProducerError], str]] = {
    aiohttp.ConnectionTimeoutError: (ProducerTimedOut, "timeout: no connection in time"),
    aiohttp.ServerTimeoutError: (ProducerTimedOut, "timeout: it stopped answering"),
    aiohttp.ClientConnectorCertificateError: (ProducerUnreachable, "TLS: its certificate"),
    aiohttp.ClientConnectorSSLError: (ProducerUnreachable, "TLS: no handshake"),
    aiohttp.ClientSSLError: (ProducerUnreachable, "TLS: no handshake"),
    aiohttp.ClientConnectorDNSError: (ProducerUnreachable, "its host name is unknown"),
    aiohttp.ClientConnectorError: (ProducerUnreachable, "connection refused"),
    aiohttp.ServerDisconnectedError: (ProducerUnreachable, "it closed the connection"),
    aiohttp.ClientPayloadError: (ProducerAnswerInvalid, "its answer was cut short"),
    aiohttp.ClientConnectionError: (ProducerUnreachable, "the connection broke"),
    aiohttp.ClientResponseError: (ProducerAnswerInvalid, "its answer is not HTTP"),
    aiohttp.InvalidURL: (ProducerUnreachable, "its address is no URL"),
    aiohttp.ClientError: (ProducerUnreachable, "the exchange failed"),
    TimeoutError: (ProducerTimedOut, "timeout: no whole answer in time"),
    OSError: (ProducerUnreachable, "the connection broke"),
}


@dataclass(frozen=True, slots=True)
class Exchange:
    """A whole answer, as it came. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _NothingLeftOver(aiohttp.TCPConnector):
    """Keeps connections, but never one on which something came that was not asked for: aiohttp
    looks when a connection is put back, and hands on what came later as the next answer."""

    async def _get(self, key: Any, traces: Any) -> Any:
        while (connection := await super()._get(key, traces)) is not None:
            protocol = connection.protocol
            if protocol is not None and not protocol.should_close:
                return connection
            connection.close()
        return None


class HttpClient:
    """All calls to producers. Made inside a running loop; close it when the hub stops."""

    def __init__(self, settings: ProducerSettings, tls: ssl.SSLContext | None) -> None:
        self._most = settings.answer_bytes
        self._session = aiohttp.ClientSession(
            connector=_NothingLeftOver(
                limit=settings.connections,
                limit_per_host=settings.connections_each,
                ssl=tls if tls is not None else True,
                ttl_dns_cache=30,
                keepalive_timeout=20,
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            headers={"User-Agent": "Samsvar", "Accept-Encoding": "identity"},
            max_line_size=8190,
            max_field_size=8190,
        )

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        patience: float | None,
        *,
        again: bool = True,
    ) -> Exchange:
        """One request, one whole answer, within ``patience`` seconds; None: as long as the caller
        lets it go on, who cancels it when its time is up. (A timer of ours inside the caller's
        would be set and stopped for nothing, once for each producer of each question.)

        A connection that the producer closed while it was idle is tried once more on a new
        one: nothing of the question had been answered. Not ``again``: for what must not be said
        twice without the caller knowing.

        Raises:
            ProducerUnreachable, ProducerTimedOut, ProducerAnswerInvalid.
        """
        try:
            if patience is None:
                return await self._exchanged(method, url, headers, body, again)
            async with asyncio.timeout(patience):
                return await self._exchanged(method, url, headers, body, again)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise translated(error) from error

    async def _exchanged(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, again: bool
    ) -> Exchange:
        async with await self._begun(method, url, headers, body, again) as response:
            return await self._whole(response)

    async def _begun(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, again: bool
    ) -> aiohttp.ClientResponse:
        """The answer's head; the only part that is ever waited for twice."""
        ask = partial(
            self._session.request, method, url, headers=headers, data=body, allow_redirects=False
        )
        try:
            return await ask()
        except aiohttp.ClientConnectorError:
            raise  # it never connected
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionResetError):
            if not again:
                raise
            return await ask()

    async def _whole(self, response: aiohttp.ClientResponse) -> Exchange:
        stated = response.content_length
        if stated is not None and stated > self._most:
            response.close()
            raise ProducerAnswerInvalid(f"its answer is over {self._most} bytes")
        # Read to the end: a body cut short raises, and is never taken for a whole one.
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > self._most:
                response.close()
                raise ProducerAnswerInvalid(f"its answer is over {self._most} bytes")
            chunks.append(chunk)
        return Exchange(
            response.status,
            {name.lower(): value for name, value in response.headers.items()},
            chunks[0] if len(chunks) == 1 else b"".join(chunks),
        )

    async def close(self) -> None:
        """Let go of every connection."""
        await self._session.close()


def translated(error: BaseException) -> ProducerError:
    """The ProducerError that stands for a foreign error; its words never quote the foreign one."""
    for kind in type(error).__mro__:
        if kind in ERRORS:
            ours, text = ERRORS[kind]
            return ours(text)
    return ProducerUnreachable("the exchange failed")


def client_tls(settings: ProducerSettings) -> ssl.SSLContext | None:
    """Our identity towards producers: certificates and host names are always checked.

    None where nothing is configured: then the machine's trust store decides.

    Raises:
        ResourcesMissing: a file cannot be used; the text names it.
    """
    if settings.authority is None and settings.certificate is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        if settings.authority is not None:
            context.load_verify_locations(settings.authority)
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    except OSError as error:
        raise ResourcesMissing(f"producers.authority: {settings.authority}: no PEM") from error
    if settings.authority is not None and (fault := authority_fault(settings.authority)):
        raise ResourcesMissing(f"producers.authority: {fault}")
    try:
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key, password=lambda: "")
    except OSError as error:
        raise ResourcesMissing(
            f"producers.certificate: {settings.certificate} and {settings.key}: not a PEM"
            f" certificate with its unencrypted key{_why(settings)}"
        ) from error
    if settings.key is not None and (exposed := open_to_all(settings.key)):
        raise ResourcesMissing(f"producers.key: {exposed}")
    return context


def _why(settings: ProducerSettings) -> str:
    if settings.certificate is None or settings.key is None:
        return ""
    return f": {pair_fault(settings.certificate, settings.key)}"
