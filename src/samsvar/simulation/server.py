"""A small server for simulators: knobs as middleware, loopback only, mutual TLS if wanted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

from samsvar.simulation.knobs import Knobs

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files of a server that asks for client certificates of the same authority."""

    certificate: Path
    key: Path
    authority: Path

    def context(self) -> ssl.SSLContext:
        """A server context that refuses clients without a certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.authority)
        context.verify_mode = ssl.CERT_REQUIRED
        return context


def with_knobs(application: web.Application, knobs: Knobs) -> web.Application:
    """The same application, with the knobs in front and ``/_simulator/knobs`` beside."""

    async def show(_request: web.Request) -> web.Response:
        return web.json_response(asdict(knobs))

    async def turn(request: web.Request) -> web.Response:
        try:
            knobs.turn(await request.json())
        except (ValueError, AttributeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(asdict(knobs))

    application.router.add_get("/_simulator/knobs", show)
    application.router.add_post("/_simulator/knobs", turn)

    @web.middleware
    async def trouble(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.path.startswith("/_simulator/"):
            return await handler(request)
        knobs.calls += 1
        if knobs.latency:
            await asyncio.sleep(knobs.latency)
        if knobs.refuse:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        if knobs.outage:
            return web.Response(status=503, text="out of order")
        if knobs.garbage:
            return web.Response(body=b"\x00\xff<<not a message>>" * 20, content_type="text/xml")
        response = await handler(request)
        if knobs.drip and isinstance(response, web.Response):
            return await _dripped(request, response, knobs.drip)
        return response

    application.middlewares.append(trouble)
    return application


async def _dripped(request: web.Request, whole: web.Response, pause: float) -> web.StreamResponse:
    slow = web.StreamResponse(status=whole.status, headers={"Content-Type": whole.content_type})
    await slow.prepare(request)
    body = whole.body if isinstance(whole.body, bytes) else b""
    for position in range(len(body)):
        await slow.write(body[position : position + 1])
        await asyncio.sleep(pause)
    return slow


@asynccontextmanager
async def running(
    application: web.Application, *, port: int = 0, tls: Tls | None = None
) -> AsyncIterator[str]:
    """Serve on loopback until the block ends; yields the base URL, without a last slash."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls.context() if tls else None)
    try:
        await site.start()
        bound = runner.addresses[0][1]
        yield f"{'https' if tls else 'http'}://127.0.0.1:{bound}"
    finally:
        await runner.cleanup()
