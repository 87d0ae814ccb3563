"""The yardstick: the hub that one writes first, with the usual libraries and nothing else.

uvicorn takes the question, aiohttp asks the producers at once, lxml reads each answer and moves
its records into one response. No identity, index, permission, schema, patient check, log, or
status of the producers; the path says which producers are asked. A hub that does all that at
this price costs nothing extra.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import aiohttp
import orjson
import uvicorn
import uvloop
from lxml import etree

from bench.messages import HUB

_PLANS = "{urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2}"
_BODY = "{http://schemas.xmlsoap.org/soap/envelope/}Body"
_XML = {"Content-Type": "text/xml; charset=utf-8"}

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Conventional:
    """An ASGI application. ``plan``: path to the producers asked, as URL and logical address."""

    def __init__(self, plan: dict[str, list[tuple[str, str]]]) -> None:
        self._plan = plan
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one question."""
        chunks = []
        more = True
        while more:
            message = await receive()
            chunks.append(message.get("body", b""))
            more = message.get("more_body", False)
        question = b"".join(chunks)
        answers = await asyncio.gather(
            *(
                self._ask(url, question.replace(HUB.encode(), address.encode(), 1))
                for url, address in self._plan[scope["path"]]
            )
        )
        body = _merged(answers)
        headers = [(b"content-type", b"text/xml; charset=utf-8")]
        headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _ask(self, url: str, question: bytes) -> bytes:
        async with self._session.post(url, data=question, headers=_XML) as response:
            return await response.read()


def _merged(answers: list[bytes]) -> bytes:
    """The first answer, with the records of the others moved into it."""
    first = etree.fromstring(answers[0])
    response = _response(first)
    place = len(response.findall(f"{_PLANS}carePlan"))
    for each in answers[1:]:
        for record in _response(etree.fromstring(each)).findall(f"{_PLANS}carePlan"):
            response.insert(place, record)
            place += 1
    return etree.tostring(first, xml_declaration=True, encoding="UTF-8")


def _response(envelope: etree._Element) -> etree._Element:
    body = envelope.find(_BODY)
    assert body is not None
    return body[0]


async def main(plan: dict[str, list[tuple[str, str]]]) -> None:
    """Serve until told to stop; the port is printed when it is bound."""
    config = uvicorn.Config(
        Conventional(plan), http="httptools", lifespan="off", access_log=False, log_level="error"
    )
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    sys.stdout.write(f"{socket.getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve(sockets=[socket])


if __name__ == "__main__":
    uvloop.run(main(orjson.loads(sys.argv[1])))
