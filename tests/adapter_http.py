"""A small ``Http`` port for adapters' tests: real sockets, the producer's own origin only.

Keeps what was asked, so that a test can show that no person's number stood in a URL.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from yarl import URL

from samsvar.adapter_api import (
    Http,
    HttpAnswer,
    ProducerAnswerInvalid,
    ProducerTimedOut,
    ProducerUnreachable,
)

MOST_BYTES = 10_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it left."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None


@dataclass(slots=True)
class RealHttp:
    """The port over aiohttp: not redirected, not inflated, capped, patient for a while."""

    session: aiohttp.ClientSession
    origin: URL
    asked: list[Asked] = field(default_factory=list)

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """One exchange; other origins than the producer's are refused."""
        if URL(url).origin() != self.origin:
            raise ProducerAnswerInvalid("another origin than the producer's was asked for")
        self.asked.append(Asked(method, url, dict(headers or {}), body))
        try:
            async with self.session.request(
                method,
                URL(url, encoded=True),
                headers=headers,
                data=body,
                allow_redirects=False,
            ) as response:
                content = await response.content.read(MOST_BYTES + 1)
                while not response.content.at_eof() and len(content) <= MOST_BYTES:
                    content += await response.content.read(MOST_BYTES + 1 - len(content))
        except TimeoutError as error:
            raise ProducerTimedOut("timeout: no whole answer in time") from error
        except aiohttp.ClientError as error:
            raise ProducerUnreachable("no connection, or it broke") from error
        if len(content) > MOST_BYTES:
            raise ProducerAnswerInvalid("the answer is too big")
        lower = {name.lower(): value for name, value in response.headers.items()}
        return HttpAnswer(response.status, lower, content)


@asynccontextmanager
async def real_http(address: str, *, patience: float = 5.0) -> AsyncIterator[RealHttp]:
    """The port towards the producer at ``address``, until the block ends."""
    async with aiohttp.ClientSession(
        timeout=aiohttp.ClientTimeout(total=patience),
        auto_decompress=False,
        headers={"Accept-Encoding": "identity"},
    ) as session:
        yield RealHttp(session, URL(address).origin())


_: type[Http] = RealHttp  # interface guard
