"""Puts the viewer together as its settings say, and serves it until the block ends."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator

from aiohttp import web

from samsvar.ports import Clock
from samsvar.viewer.door import Door
from samsvar.viewer.drawing import Pages
from samsvar.viewer.hub import HubClient
from samsvar.viewer.provider import Provider
from samsvar.viewer.sessions import Sessions
from samsvar.viewer.settings import ViewerSettings
from samsvar.viewer.visit import Tools


@contextlib.asynccontextmanager
async def serving(settings: ViewerSettings, clock: Clock) -> AsyncIterator[int]:
    """Serve; yields the port.

    Raises:
        OSError: it cannot listen, or a certificate cannot be read.
    """
    async with contextlib.AsyncExitStack() as stack:
        hub = HubClient(settings.hub)
        stack.push_async_callback(hub.close)
        providers: dict[str, Provider] = {}
        for login in settings.login:
            provider = Provider(login, f"{settings.address}/callback", clock)
            stack.push_async_callback(provider.close)
            providers[login.kind] = provider
        sessions = Sessions(clock, settings.session_minutes, settings.most_sessions)
        tools = Tools(settings, Pages(settings.names), hub, sessions)
        runner = web.AppRunner(
            Door(tools, providers, clock).application(), access_log=None, shutdown_timeout=5
        )
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        site = web.TCPSite(runner, settings.host, settings.port, ssl_context=_tls(settings))
        await site.start()
        yield runner.addresses[0][1]


def _tls(settings: ViewerSettings) -> ssl.SSLContext | None:
    if settings.certificate is None or settings.key is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(settings.certificate, settings.key)
    return context
