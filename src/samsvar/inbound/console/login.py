"""How people come into the console: a token typed once, a certificate, or their own provider.

There is no password to forget or to leave as it was: whoever runs the hub's machine makes the
first token there. What came is exchanged at once for a session's cookie, which no script can read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Protocol

from samsvar.errors import HubError, SenderUnknown
from samsvar.inbound.console.answers import Answer, inside, redirect
from samsvar.inbound.console.ports import Sessions, Users
from samsvar.inbound.console.visit import PREFIX, Rendered, Shown
from samsvar.model.exchange import Peer
from samsvar.onboarding.roles import User
from samsvar.pipeline.identify import named_in


class CodeFlow(Protocol):
    """Login at an identity provider (OpenID Connect, authorization code with PKCE)."""

    async def begin(self, back: str) -> tuple[str, str]:
        """Where to send the browser, and what its cookie must keep meanwhile.

        Raises:
            Shown: the provider does not answer.
        """

    async def end(self, query: Mapping[str, str], kept: str) -> tuple[User, str]:
        """Who came back, and where to go.

        Raises:
            Shown: it is not a login of ours, or has no role here.
        """

    async def close(self) -> None:
        """Let go of every connection."""


class Login:
    """The login page and what it leads to."""

    def __init__(
        self, users: Users, sessions: Sessions, flow: CodeFlow | None, *, hours: float
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._flow = flow
        self._seconds = int(hours * 3600)

    async def close(self) -> None:
        """Let go of every connection."""
        if self._flow is not None:
            await self._flow.close()

    async def serve(
        self,
        method: str,
        below: str,
        query: Mapping[str, str],
        form: Mapping[str, str],
        peer: Peer,
        told: Mapping[str, str],
        is_secure: bool,
        swedish: bool,
    ) -> Answer | Rendered:
        """Serve one request below ``/login``.

        Raises:
            Shown: nobody comes in so.
        """
        back = inside(form.get("next", query.get("next", "")))
        match method, below:
            case "GET", "/login":
                return await self._page(peer, back)
            case "POST", "/login":
                user = await asyncio.to_thread(self._users.by_token, form.get("token", "").strip())
                if user is None:
                    return await self._page(peer, back, failed=True)
                return await self._in(user, "token", back, is_secure)
            case "POST", "/login/certificate":
                user = await asyncio.to_thread(self._by_certificate, peer)
                if user is None:
                    raise Shown(
                        403,
                        "Klientcertifikatet har ingen roll här. Be att få det insläppt.",
                        "The client certificate has no role here. Ask to have it let in.",
                    )
                return await self._in(user, "certificate", back, is_secure)
            case "GET", "/login/provider" if self._flow is not None:
                to, kept = await self._flow.begin(back)
                return redirect(to, [_login_cookie(kept, 600, is_secure)])
            case "GET", "/login/provider/back" if self._flow is not None:
                user, back = await self._flow.end(query, told.get("samsvar_login", ""))
                answer = await self._in(user, "oidc", inside(back), is_secure)
                answer[1].append((b"set-cookie", _login_cookie("", 0, is_secure).encode()))
                return answer
        raise Shown(404, "Det finns ingen sådan sida.", "There is no such page.")

    async def _in(self, user: User, proof: str, back: str, is_secure: bool) -> Answer:
        secret = await asyncio.to_thread(self._sessions.begin, user, proof)
        cookie = f"samsvar_console={secret}; Path={PREFIX}; HttpOnly; SameSite=Lax"
        cookie += f"; Max-Age={self._seconds}" + ("; Secure" if is_secure else "")
        return redirect(back, [cookie])

    async def _page(self, peer: Peer, back: str, *, failed: bool = False) -> Rendered:
        try:
            certified = await asyncio.to_thread(self._by_certificate, peer)
            anybody = await asyncio.to_thread(self._users.anybody)
        except HubError:
            certified, anybody = None, True
        model = {
            "next": back,
            "failed": failed,
            "certified": certified,
            "anybody": anybody or self._flow is not None,
            "provider": self._flow is not None,
        }
        return Rendered("login.html", model, 401 if failed else 200)

    def _by_certificate(self, peer: Peer) -> User | None:
        if peer.certificate is None:
            return None
        try:
            hsa_id = named_in(peer.certificate, require_client_usage=True)
        except SenderUnknown:
            return None
        return self._users.by_certificate(hsa_id)


def _login_cookie(kept: str, seconds: int, is_secure: bool) -> str:
    return (
        f"samsvar_login={kept}; Path={PREFIX}/login; Max-Age={seconds}; HttpOnly; SameSite=Lax"
        + ("; Secure" if is_secure else "")
    )
