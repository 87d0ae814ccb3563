"""The viewer's addresses, and what every answer has: a policy for the browser, and an end that
people understand.

Knows cookies' names by the pages that set them. Knows no plan and no rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from samsvar.ports import Clock
from samsvar.viewer.citizen_pages import CitizenPages
from samsvar.viewer.drawing import static
from samsvar.viewer.hub import HubAway, HubRefused
from samsvar.viewer.log import note
from samsvar.viewer.login_pages import SESSION, LoginPages
from samsvar.viewer.provider import Provider
from samsvar.viewer.staff_pages import StaffPages
from samsvar.viewer.visit import (
    FormRefused,
    LoginNeeded,
    Tools,
    Visit,
    same_secret,
)
from samsvar.viewer.words import REFUSALS

MOST_BYTES = 16 * 1024
Page = Callable[[Visit], Awaitable[web.Response]]
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer forms would come from nowhere (null)
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Door:
    """Everything that a browser can ask for."""

    def __init__(self, tools: Tools, providers: Mapping[str, Provider], clock: Clock) -> None:
        self._tools = tools
        self._clock = clock
        self._origin = _origin(tools.settings.address)
        self._login = LoginPages(providers)
        self._staff = StaffPages()
        self._citizen = CitizenPages()

    def application(self) -> web.Application:
        """It, to be served."""
        application = web.Application(client_max_size=MOST_BYTES, middlewares=[self._around])
        add = application.router
        add.add_get("/health/live", _live)
        add.add_get("/static/{name}", _static)
        login, staff, citizen = self._login, self._staff, self._citizen
        rows: tuple[tuple[str, str, Page], ...] = (
            ("GET", "/", login.start),
            ("GET", "/login/{kind}", login.login),
            ("GET", "/callback", login.callback),
            ("POST", "/logout", login.logout),
            ("POST", "/look", login.look),
            ("GET", "/staff", staff.start),
            ("POST", "/staff", staff.choose),
            ("GET", "/staff/plans", staff.plans),
            ("GET", "/staff/plan/{key}", staff.plan),
            ("GET", "/staff/file/{handle}", staff.file),
            ("GET", "/staff/existence", staff.existence),
            ("POST", "/staff/existence", staff.ask_existence),
            ("GET", "/staff/emergency", staff.emergency),
            ("POST", "/staff/emergency", staff.open_in_emergency),
            ("POST", "/staff/emergency/end", staff.end_emergency),
            ("POST", "/staff/close", staff.close),
            ("GET", "/citizen", citizen.overview),
            ("GET", "/citizen/plans", citizen.plans),
            ("GET", "/citizen/plan/{handle}", citizen.plan),
            ("GET", "/citizen/file/{place}/{handle}", citizen.file),
            ("GET", "/citizen/readers", citizen.readers),
            ("GET", "/citizen/whose", citizen.whose),
            ("POST", "/citizen/whose", citizen.choose),
        )
        for method, path, page in rows:
            add.add_route(method, path, self._served(page))
        return application

    def _served(self, page: Page) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def served(request: web.Request) -> web.Response:
            visit = await self._visit(request)
            if request.method == "POST":
                self._refuse_forged(visit)
            try:
                return await page(visit)
            except LoginNeeded:
                return visit.page("message.html", status=401, what="login-needed")
            except HubRefused as refused:
                return self._refused(visit, refused)
            except HubAway as error:
                note("hub-away", why=str(error))
                return visit.page("message.html", status=503, what="hub-away")

        return served

    async def _visit(self, request: web.Request) -> Visit:
        form: dict[str, str] = {}
        if request.method == "POST":
            sent = await request.post()
            form = {name: value for name, value in sent.items() if isinstance(value, str)}
        return Visit(
            request,
            self._tools,
            self._clock.now().date(),
            self._tools.sessions.found(request.cookies.get(SESSION)),
            form,
        )

    def _refuse_forged(self, visit: Visit) -> None:
        """A form that another site has sent, or that was made for another session."""
        origin = visit.request.headers.get("Origin")
        site = visit.request.headers.get("Sec-Fetch-Site", "same-origin")
        if (origin is not None and _origin(origin) != self._origin) or site == "cross-site":
            raise FormRefused
        if visit.session is not None and not same_secret(visit.session, visit.form):
            raise FormRefused

    def _refused(self, visit: Visit, refused: HubRefused) -> web.Response:
        if refused.status == 401:
            self._tools.sessions.close(visit.request.cookies.get(SESSION))
            return visit.page("message.html", status=401, what="login-needed")
        if refused.status == 404:
            return visit.page("message.html", status=404, what="plan-gone")
        if refused.status in (429, 500, 503):
            note("hub-away", why=str(refused))
            return visit.page("message.html", status=503, what="hub-away")
        words = REFUSALS.get(refused.reason or "", (refused.swedish, refused.english))
        status = 403 if refused.status == 403 else 400
        return visit.page(
            "message.html", status=status, what="refused", words=words, reason=refused.reason
        )

    @web.middleware
    async def _around(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
    ) -> web.StreamResponse:
        try:
            answer = await handler(request)
        except asyncio.CancelledError:
            raise
        except FormRefused:
            answer = await self._told(request, 403, "form-refused")
        except web.HTTPRequestEntityTooLarge:
            answer = await self._told(request, 413, "too-large")
        except web.HTTPMethodNotAllowed as error:
            answer = await self._told(request, 405, "not-found")
            answer.headers["Allow"] = error.headers["Allow"]
        except web.HTTPException as error:
            answer = await self._told(request, error.status, "not-found")
        except Exception as error:  # noqa: BLE001 - a page for people, never a traceback
            note("broke", kind=type(error).__name__)
            answer = await self._told(request, 500, "broke")
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        if self._tools.settings.secure:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        route = request.match_info.route.resource
        note(
            "request",
            method=request.method,
            route=route.canonical if route else None,
            status=answer.status,
        )
        return answer

    async def _told(self, request: web.Request, status: int, what: str) -> web.Response:
        session = self._tools.sessions.found(request.cookies.get(SESSION))
        visit = Visit(request, self._tools, self._clock.now().date(), session, {})
        return visit.page("message.html", status=status, what=what)


async def _live(_request: web.Request) -> web.Response:
    return web.json_response({"status": "live"})


async def _static(request: web.Request) -> web.Response:
    found = static(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    kind, content = found
    cached = {"Cache-Control": "public, max-age=31536000, immutable"}
    return web.Response(body=content, content_type=kind, headers=cached)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    return parts.scheme, parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)
