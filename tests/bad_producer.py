"""A producer written on a bare socket, so that it can do what no server library would."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field

_DOMAIN = "urn:riv:clinicalprocess:logistics:logistics"
_ID = re.compile(rb"<(?:[\w.-]+:)?id(?:\s[^<>]*)?>\s*([0-9A-Za-z]+)\s*</")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came: which connection, which of its requests (from 1), and what it held."""

    connection: int
    number: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    reader: asyncio.StreamReader = field(repr=False)
    """Its end shows that the hub has hung up."""

    @property
    def person(self) -> str:
        """The number that was asked for."""
        found = _ID.search(self.body)
        assert found is not None
        return found[1].decode()


Behaviour = Callable[[Asked, asyncio.StreamWriter], Awaitable[object]]


@dataclass(slots=True)
class BadProducer:
    """``behave`` writes the answer; False ends the connection."""

    behave: Behaviour
    url: str = ""
    connections: int = 0
    raw_bytes: int = 0
    """All bytes of requests that were read after a handshake."""
    asked: list[Asked] = field(default_factory=list)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection, number = self.connections, 0
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = head.decode("latin-1").splitlines()[1:]
                headers = {
                    name.lower(): value.strip()
                    for name, _, value in (line.partition(":") for line in lines if line)
                }
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                self.raw_bytes += len(head) + len(body)
                number += 1
                self.asked.append(Asked(connection, number, headers, body, reader))
                if await self.behave(self.asked[-1], writer) is False:
                    return
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


@contextlib.asynccontextmanager
async def misbehaving(
    behave: Behaviour, tls: ssl.SSLContext | None = None
) -> AsyncIterator[BadProducer]:
    """Listen on loopback until the block ends."""
    producer = BadProducer(behave)
    running: set[asyncio.Task[None]] = set()

    def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(producer._converse(reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_server(converse, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    producer.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/"
    try:
        yield producer
    finally:
        server.close()
        left = list(running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await server.wait_closed()


def plans(person: str, source: str, text: str = "Mål", count: int = 1) -> bytes:
    """A GetCarePlans answer with ``count`` plans about the person."""
    value = base64.b64encode(text.encode()).decode()
    plan = (
        f"<carePlan><c:carePlanHeader><c:documentId>d</c:documentId>"
        f"<c:sourceSystemHSAId>{source}</c:sourceSystemHSAId>"
        "<c:documentTitle>Plan</c:documentTitle><c:documentTime>20260914101500</c:documentTime>"
        f"<c:patientId><c:id>{person}</c:id><c:type>1.2.752.129.2.1.3.1</c:type></c:patientId>"
        "<c:accountableHealthcareProfessional><c:authorTime>20260914101500</c:authorTime>"
        "<c:healthcareProfessionalCareUnitHSAId>SE1-U</c:healthcareProfessionalCareUnitHSAId>"
        "<c:healthcareProfessionalCareGiverHSAId>SE1-V</c:healthcareProfessionalCareGiverHSAId>"
        "</c:accountableHealthcareProfessional><c:approvedForPatient>true</c:approvedForPatient>"
        "</c:carePlanHeader><c:carePlanBody><c:content><c:mediaType>text/plain</c:mediaType>"
        f"<c:value>{value}</c:value></c:content><c:typeOfCarePlanEnum>VP</c:typeOfCarePlanEnum>"
        "</c:carePlanBody></carePlan>"
    )
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        f' xmlns:c="{_DOMAIN}:3"><e:Body><GetCarePlansResponse'
        f' xmlns="{_DOMAIN}:GetCarePlansResponder:2">{plan * count}'
        "<result><c:resultCode>OK</c:resultCode><c:logId>1</c:logId></result>"
        "</GetCarePlansResponse></e:Body></e:Envelope>"
    ).encode()


def http(body: bytes, *lines: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An answer; ``length`` is the Content-Length it claims."""
    head = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/xml; charset=utf-8",
        f"Content-Length: {len(body) if length is None else length}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + body


def saying(raw: bytes, *, keep: bool = False) -> Behaviour:
    """Write these bytes to whatever is asked; then close, or keep the connection."""

    async def behave(_asked: Asked, writer: asyncio.StreamWriter) -> bool:
        writer.write(raw)
        await writer.drain()
        return keep

    return behave


def echo(source: str) -> Behaviour:
    """The honest one: a plan about the person who was asked for."""

    async def behave(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(http(plans(asked.person, source)))

    return behave
