"""The application behind every listener: which door a path leads to, and nothing more.

``/vp/...``             POST an envelope; GET ``?wsdl`` and ``?xsd=...``
``/health/live``        the process turns, or what in it has ended
``/health/ready``       it can serve, or what is missing
``/admin/v1/...``       the administrative interface, on listeners that have it
``/fhir/r4/...``        users with tokens, on listeners that have them; also ``/documents``,
                        ``/citizen/v1`` and ``/existence``
``/console``            the operators' console, on the same
``/metrics``            metrics for Prometheus, on listeners that have them
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, unquote

from samsvar.inbound.admin.door import AdminDoor
from samsvar.inbound.console.door import ConsoleDoor
from samsvar.inbound.console.visit import PREFIX as CONSOLE
from samsvar.inbound.health import health_answer
from samsvar.inbound.http import (
    Body,
    CallerGone,
    Headers,
    HttpRefused,
    Receive,
    Scope,
    Send,
    read_body,
    respond,
    stream,
)
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.peer import peer_of
from samsvar.inbound.seats import Seats
from samsvar.inbound.soap import SoapDoor
from samsvar.inbound.users.door import UserDoor, is_for_users
from samsvar.inbound.wsdl import WsdlShelf
from samsvar.observe.masking import masked
from samsvar.settings import LimitSettings
from samsvar.soap.parsing import REQUEST_LIMITS, UPDATE_LIMITS
from samsvar.span_ports import NO_SPANS, Spans

ROOT = "/vp"
_UPDATES = ("/engagementindex/Update/", "/engagementindex/ProcessNotification/")
#: what a dot segment or an encoded slash would hide from a front that judges by path
_ODD_PATH = re.compile(r"//|/\.\.?(?:/|$)|[^!-~]")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]{1,255}", re.ASCII)
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_XML = (b"content-type", b"text/xml; charset=utf-8")
_METRICS = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")


class Door:
    """An ASGI application."""

    def __init__(
        self,
        soap: SoapDoor,
        shelf: WsdlShelf,
        limits: LimitSettings,
        *,
        missing: Callable[[], list[str]],
        dead: Callable[[], list[str]] = list,
        processes: Callable[[], Mapping[str, int]] = dict,
        notes: Callable[[], list[str]] = list,
        is_revoked: Callable[[bytes], bool],
        seats: Seats,
        admin: AdminDoor | None = None,
        users: UserDoor | None = None,
        metrics: Callable[[], Awaitable[bytes]] | None = None,
        spans: Spans | None = None,
        console: ConsoleDoor | None = None,
    ) -> None:
        self._soap = soap
        self._shelf = shelf
        self._limits = limits
        self._missing = missing
        self._dead = dead
        self._processes = processes
        self._notes = notes
        self._is_revoked = is_revoked
        self._seats = seats
        self._admin = admin
        self._users = users
        self._metrics = metrics
        self._spans = spans or NO_SPANS
        self._console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        body: Body
        try:
            status, headers, body = await self._serve(scope, receive)
        except HttpRefused as refused:
            status, body = refused.status, str(refused).encode()
            headers = [_TEXT, *((n.encode(), v.encode()) for n, v in refused.headers.items())]
        except (CallerGone, asyncio.CancelledError):
            return  # cancelled by the connection when its caller hung up: nobody is there to tell
        if isinstance(body, bytes):
            await respond(send, status, headers, body)
            return
        with contextlib.suppress(asyncio.CancelledError):  # its caller hung up
            await stream(send, status, headers, body)

    async def _serve(
        self, scope: Scope, receive: Receive
    ) -> tuple[int, list[tuple[bytes, bytes]], Body]:
        arrival: Arrival = scope["samsvar"]
        headers = Headers(scope["headers"])
        path: str = scope["path"]
        host = headers.get(b"host")
        if host is None or not _HOST.fullmatch(host):
            raise HttpRefused(400, "exactly one Host header is needed", connection="close")
        if _ODD_PATH.search(path):
            raise HttpRefused(404, "nothing here; the services are under /vp/")
        if (headers.get(b"expect") or "100-continue").lower() != "100-continue":
            raise HttpRefused(417, "nothing but 100-continue can be expected")
        if headers.get(b"upgrade") is not None:  # httptools has left the body unread
            raise HttpRefused(400, "speak HTTP/1.1: no Upgrade is taken", connection="close")
        target = f"{path}?{unquote(scope['query_string'].decode('latin-1'))}"
        if masked(target) != target:
            raise HttpRefused(
                400,
                "personal numbers do not belong in an address, which is logged on its way: give the"
                " number where it is asked for",
            )
        if arrival.certificate is not None and self._is_revoked(arrival.certificate):
            raise HttpRefused(403, "the certificate has been revoked", connection="close")
        if path == ROOT or path.startswith(ROOT + "/"):
            if scope["method"] == "POST":
                return await self._post(scope, arrival, headers, receive, path)
            return self._described(scope, host, path)
        if self._admin and arrival.listener.admin and path.startswith("/admin/"):
            return await self._admin.serve(arrival, headers, scope, receive)
        if self._users and arrival.listener.users and is_for_users(path):
            with self._spans.question(headers.get(b"traceparent"), headers.get(b"tracestate")):
                return await self._users.serve(arrival, headers, scope, receive)
        if self._console and arrival.listener.admin and (path + "/").startswith(CONSOLE + "/"):
            return await self._console.serve(arrival, headers, scope, receive)
        if self._metrics and arrival.listener.metrics and path == "/metrics":
            if scope["method"] not in ("GET", "HEAD"):
                raise HttpRefused(405, "GET the metrics", allow="GET, HEAD")
            return 200, [_METRICS], await self._metrics()
        if path in ("/health/live", "/health/ready"):
            return self._health(path)
        raise HttpRefused(404, "nothing here; the services are under /vp/")

    async def _post(
        self, scope: Scope, arrival: Arrival, headers: Headers, receive: Receive, path: str
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        self._seats.refuse_when_full()
        await self._seats.refuse_when_often(peer_of(arrival, headers, scope["client"]))
        update = any(part in path for part in _UPDATES)
        most = self._limits.update_bytes if update else self._limits.request_bytes
        # Not in work until it is here: slow senders must not take the places of others.
        body = await read_body(headers, receive, most, self._limits.body_seconds)
        told = headers.get(b"traceparent"), headers.get(b"tracestate")
        with self._seats.taken(), self._spans.question(*told):
            return await self._soap.serve(
                arrival,
                headers,
                scope["client"],
                body,
                UPDATE_LIMITS if update else REQUEST_LIMITS,
            )

    def _described(
        self, scope: Scope, host: str, path: str
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        query = {
            name.lower(): value
            for name, value in parse_qsl(
                scope["query_string"].decode("latin-1"), keep_blank_values=True
            )
        }
        if scope["method"] not in ("GET", "HEAD") or not ({"wsdl", "xsd"} & query.keys()):
            raise HttpRefused(405, "POST an envelope, or GET ?wsdl", allow="POST, GET, HEAD")
        url = f"{scope['scheme']}://{host}{path}"
        found = (
            self._shelf.xsd(path, query["xsd"], url)
            if "xsd" in query
            else self._shelf.wsdl(path, url)
        )
        if found is None:
            paths = "\n".join(self._shelf.paths())
            text = f"No wsdl found on this path, following wsdl paths is available:\n{paths}"
            return 500, [_TEXT], text.encode()
        return 200, [_XML], found

    def _health(self, path: str) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        if path == "/health/live":
            return health_answer(self._dead(), {})
        return health_answer(self._missing(), self._processes(), self._notes())
