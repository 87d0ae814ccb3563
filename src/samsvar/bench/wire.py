"""One exchange after another with the producer, and everything that can be seen of them.

The hub's own client hides what a bench must see (which connection, which cookie), so this one
is plainer. It follows no redirect, inflates nothing, and stops at the hub's own cap.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from samsvar.errors import ProducerAnswerInvalid, ProducerError
from samsvar.outbound.http_client import translated

MOST_BYTES = 10 * 1024 * 1024  # as the hub takes from one producer
CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Exchanged:
    """One question and what came back. ``failure`` is set where no whole answer came."""

    name: str
    sent: bytes = field(repr=False)
    sent_headers: Mapping[str, str]
    seconds: float
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(repr=False, default=b"")
    failure: str | None = None
    reused: bool = False
    """It went over a connection that an earlier question had used."""


class Wire:
    """All that the bench sends over HTTP. Use as an async context manager."""

    def __init__(
        self,
        url: str,
        context: ssl.SSLContext | None,
        deadline: float,
        addresses: tuple[str, ...] | None = None,
    ) -> None:
        self._url = url
        self._deadline = deadline
        tracing = aiohttp.TraceConfig()
        tracing.on_connection_reuseconn.append(_reused)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=context if context is not None else True,
                resolver=None if addresses is None else _Known(addresses),
            ),
            timeout=aiohttp.ClientTimeout(total=deadline, sock_connect=CONNECT_SECONDS),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[tracing],
            headers={"User-Agent": "Samsvar-bench", "Accept-Encoding": "identity"},
        )

    async def __aenter__(self) -> Self:
        """Ready to send."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def post(self, name: str, body: bytes, headers: Mapping[str, str]) -> Exchanged:
        """POST a message; whatever happens, an Exchanged comes back."""
        return await self._exchange("POST", self._url, name, body, headers)

    async def get_wsdl(self, name: str) -> Exchanged:
        """GET with ``?wsdl``, as tools do."""
        return await self._exchange("GET", f"{self._url}?wsdl", name, b"", {})

    async def _exchange(
        self, method: str, url: str, name: str, body: bytes, headers: Mapping[str, str]
    ) -> Exchanged:
        begun = time.monotonic()
        seen = SimpleNamespace(reused=False)

        def spent() -> float:
            return time.monotonic() - begun

        try:
            async with self._session.request(
                method,
                url,
                headers=headers,
                data=body or None,
                allow_redirects=False,
                trace_request_ctx=seen,
            ) as response:
                answer = await _read(response)
                return Exchanged(
                    name,
                    body,
                    headers,
                    spent(),
                    response.status,
                    {key.lower(): value for key, value in response.headers.items()},
                    answer,
                    reused=seen.reused,
                )
        except ProducerError as error:
            return Exchanged(name, body, headers, spent(), failure=str(error))
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return Exchanged(name, body, headers, spent(), failure=str(translated(error)))


class _Known(AbstractResolver):
    """Leads every name to the addresses that have been looked up, and judged, already."""

    def __init__(self, addresses: tuple[str, ...]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The same for each."""
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._addresses
        ]

    async def close(self) -> None:
        """Nothing is open."""


async def _read(response: aiohttp.ClientResponse) -> bytes:
    chunks, size = [], 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > MOST_BYTES:
            response.close()
            raise ProducerAnswerInvalid(f"its answer is over {MOST_BYTES} bytes")
        chunks.append(chunk)
    return b"".join(chunks)


async def _reused(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    context.trace_request_ctx.reused = True
