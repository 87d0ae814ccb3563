"""The start page, logging in and out, and how pages look.

Knows the steps of a login. Knows no plan.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping

from aiohttp import web

from samsvar.viewer.log import note
from samsvar.viewer.provider import LoginFailed, Provider, ProviderAway
from samsvar.viewer.visit import LANGUAGE, LANGUAGES, THEME, THEMES, Visit, elsewhere

SESSION, LOGIN = "samsvar_session", "samsvar_login"
_YEAR = 365 * 24 * 3600


class LoginPages:
    """Handlers."""

    def __init__(self, providers: Mapping[str, Provider]) -> None:
        self._providers = providers

    async def start(self, visit: Visit) -> web.Response:
        """``/``: who are you?"""
        if visit.session is not None:
            return elsewhere(home_of(visit.session.user.kind))
        return visit.page("start.html", kinds=sorted(self._providers))

    async def login(self, visit: Visit) -> web.Response:
        """Off to the identity provider."""
        provider = self._providers.get(visit.request.match_info["kind"])
        if provider is None:
            raise web.HTTPNotFound
        secret, pending = visit.tools.sessions.begin_login(provider.settings.kind)
        try:
            where = await provider.login_address(pending)
        except ProviderAway as error:
            note("login-failed", why=str(error))
            return visit.page("message.html", status=503, what="provider-away")
        answer = elsewhere(where)
        _set(visit, answer, LOGIN, secret, 600)
        return answer

    async def callback(self, visit: Visit) -> web.Response:
        """Back from it."""
        told = visit.request.query
        secret = visit.request.cookies.get(LOGIN, "")
        pending = visit.tools.sessions.end_login(secret) if secret else None
        state = told.get("state", "")
        if pending is None or not hmac.compare_digest(pending.state.encode(), state.encode()):
            note("login-failed", why="it did not begin in this browser, or too long ago")
            return visit.page("message.html", status=400, what="login-failed")
        if not told.get("code"):
            note("login-failed", why="the provider let nobody in")
            return visit.page("message.html", status=403, what="login-failed")
        try:
            user = await self._providers[pending.kind].logged_in(told["code"], pending)
        except LoginFailed as error:
            note("login-failed", why=str(error))
            away = isinstance(error, ProviderAway)
            what, status = ("provider-away", 503) if away else ("login-failed", 403)
            return visit.page("message.html", status=status, what=what)
        sessions = visit.tools.sessions
        sessions.close(visit.request.cookies.get(SESSION))
        answer = elsewhere(home_of(user.kind))
        _set(visit, answer, SESSION, sessions.open(user), None)
        answer.del_cookie(LOGIN, path="/")
        note("logged-in", kind=user.kind)
        return answer

    async def logout(self, visit: Visit) -> web.Response:
        """The session ends here; the one at the provider is the provider's."""
        visit.tools.sessions.close(visit.request.cookies.get(SESSION))
        answer = elsewhere("/")
        answer.del_cookie(SESSION, path="/")
        return answer

    async def look(self, visit: Visit) -> web.Response:
        """Another language, or light."""
        back = visit.form.get("back", "/")
        answer = elsewhere(back if _is_ours(back) else "/")
        for name, known in ((LANGUAGE, LANGUAGES), (THEME, THEMES)):
            if visit.form.get(name) in known:
                _set(visit, answer, name, visit.form[name], _YEAR)
        return answer


def home_of(kind: str) -> str:
    """Where a user begins."""
    return "/staff" if kind == "staff" else "/citizen"


def _is_ours(path: str) -> bool:
    return (
        path.startswith("/")
        and not path.startswith("//")
        and path.isprintable()
        and ("\\" not in path)
    )


def _set(visit: Visit, answer: web.Response, name: str, value: str, seconds: int | None) -> None:
    # Lax, not Strict: the browser comes back from the identity provider by a link of its own
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=visit.tools.settings.secure,
    )
