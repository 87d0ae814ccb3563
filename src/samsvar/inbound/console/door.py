"""The door to the console: files, who it is, the page, its rights, what may be changed, the answer.

Every request but those for files ends in one ``console-request`` event with who, what and how;
never with a path as it came. A change is made by POST only, with the session's own secret in the
form, from a page of ours.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from samsvar.inbound.admin.door import Trail
from samsvar.inbound.admin.rates import Rates
from samsvar.inbound.console.answers import (
    Answer,
    cookies,
    download,
    file_answer,
    html,
    kept,
    redirect,
    secure,
    stream_headers,
)
from samsvar.inbound.console.asking import (
    again_with,
    csrf_of,
    forget,
    login_for,
    once,
    refuse_other_sites,
    told_of,
)
from samsvar.inbound.console.drawing import Pages, static
from samsvar.inbound.console.login import Login
from samsvar.inbound.console.menu import menu
from samsvar.inbound.console.ports import Sessions, Users
from samsvar.inbound.console.streams import Streams
from samsvar.inbound.console.visit import (
    MOST_BYTES,
    PREFIX,
    Download,
    Live,
    Redirect,
    Rendered,
    Reply,
    Row,
    Shown,
    Visit,
    found,
)
from samsvar.inbound.console.words import DONE
from samsvar.inbound.http import CallerGone, Headers, Receive, Scope, read_body
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.peer import peer_of
from samsvar.model.words import Language
from samsvar.observe.masking import masked
from samsvar.onboarding.roles import User
from samsvar.ports import Clock, Events

_FORM = "application/x-www-form-urlencoded"


@dataclass(slots=True)
class _Seen:
    """What is known of a request while it is served."""

    swedish: bool
    theme: str
    secret: str = field(default="", repr=False)
    user: User | None = None
    template: str | None = None
    error_type: str | None = None


class ConsoleDoor:
    """Serves everything under the prefix."""

    def __init__(
        self,
        rows: Sequence[Row],
        users: Users,
        sessions: Sessions,
        login: Login,
        events: Events,
        clock: Clock,
        *,
        body_seconds: float,
        trail: Trail,
    ) -> None:
        """``trail``: notes who is about to change what; where it fails, nothing is changed."""
        self._rows = rows
        self._users = users
        self._sessions = sessions
        self._login = login
        self._events = events
        self._clock = clock
        self._body_seconds = body_seconds
        self._trail = trail
        self._pages = Pages()
        self._rates = Rates(clock.monotonic)
        self._streams = Streams(self._pages, clock.monotonic)

    async def close(self) -> None:
        """End all that is open: the hub stops."""
        self._streams.close()
        await self._login.close()

    async def serve(
        self, arrival: Arrival, headers: Headers, scope: Scope, receive: Receive
    ) -> Answer:
        """Serve one request.

        Raises:
            CallerGone: nobody is there to tell.
        """
        path: str = scope["path"]
        below = path.removeprefix(PREFIX)
        if below.startswith("/static/"):
            return file_answer(static(below.removeprefix("/static/")))
        told = cookies(headers)
        seen = _Seen(told.get("samsvar_language") != "en", told.get("samsvar_theme", "auto"))
        try:
            answer = await self._served(arrival, headers, scope, receive, below, told, seen)
        except (CallerGone, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - one bug here must not close the connection
            answer = self._refused(error, below, seen)
        self._events.emit(
            "console-request",
            "-",
            sender=seen.user.id if seen.user else None,
            detail=f"{scope['method'][:10]} {seen.template or 'no such page'}",
            status=answer[0],
            source=scope["client"][0] if scope["client"] else "local",
            error_type=seen.error_type,
            seconds=self._clock.monotonic() - arrival.at,
        )
        return answer

    async def _served(
        self,
        arrival: Arrival,
        headers: Headers,
        scope: Scope,
        receive: Receive,
        below: str,
        told: Mapping[str, str],
        seen: _Seen,
    ) -> Answer:
        peer = peer_of(arrival, headers, scope["client"])
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        self._refuse_often(f"address {peer.address}")
        if method == "POST":
            refuse_other_sites(headers)
        query = once(scope["query_string"].decode("latin-1"))
        if below == "/appearance" and method == "POST":
            seen.template = f"{PREFIX}/appearance"
            return kept(await self._form(headers, receive, MOST_BYTES), secure(scope))
        seen.secret = told.get("samsvar_console", "")
        came = await asyncio.to_thread(self._who, seen.secret)
        if below == "/login" or below.startswith("/login/"):
            seen.template = f"{PREFIX}/login"
            form = await self._form(headers, receive, MOST_BYTES) if method == "POST" else {}
            self._rates.note(f"address {peer.address}")
            reply = await self._login.serve(
                method, below, query, form, peer, told, secure(scope), seen.swedish
            )
            if isinstance(reply, Rendered):
                return self._page(reply, below, query, seen)
            return reply
        if came is None:
            self._rates.note(f"address {peer.address}")
            seen.template = f"{PREFIX}/login"
            return redirect(login_for(scope, method))
        seen.user = user = came
        self._refuse_often(f"user {user.id}")
        self._rates.note(f"user {user.id}")
        row, names = found(self._rows, method, below.rstrip("/") or "/")
        seen.template = f"{PREFIX}{row.template.rstrip('/')}"
        if row.right is not None and not user.may(row.right):
            raise Shown(
                403,
                "Din roll får inte göra det här. Be den som har en sådan roll.",
                "Your role may not do this. Ask somebody who has a role that may.",
            )
        form = await self._form(headers, receive, row.most_bytes) if method == "POST" else {}
        if method == "POST" and not hmac.compare_digest(
            form.get("csrf", "").encode(), csrf_of(seen.secret).encode()
        ):
            raise Shown(
                403,
                "Formuläret är från en annan inloggning. Gå tillbaka, ladda om sidan, försök igen.",
                "The form is of another login. Go back, load the page again, and try again.",
            )
        if row.template == "/logout":
            await asyncio.to_thread(self._sessions.end, seen.secret)
            return redirect(f"{PREFIX}/login?done=logged-out", [forget(secure(scope))])
        if row.is_noted:
            await self._trail(user.id, f"{method} {PREFIX}{below}", peer.address)
        secret = seen.secret

        async def still_in() -> bool:
            return await asyncio.to_thread(self._who, secret) is not None

        visit = Visit(user, names, query, form, seen.swedish, self._clock.now(), still_in)
        return self._answered(await row.handler(visit), below, query, seen)

    def _answered(self, reply: Reply, below: str, query: Mapping[str, str], seen: _Seen) -> Answer:
        match reply:
            case Rendered():
                return self._page(reply, below, query, seen)
            case Redirect():
                mark = "&" if "?" in reply.to else "?"
                done = f"{mark}done={reply.done}" if reply.done else ""
                return redirect(f"{PREFIX}{reply.to}{done}")
            case Download():
                return download(reply.name, reply.content_type, reply.body)
            case Live():
                return 200, stream_headers(), self._streams.begin(reply, seen.swedish)

    def _page(self, reply: Rendered, below: str, query: Mapping[str, str], seen: _Seen) -> Answer:
        model = {
            "user": seen.user,
            "may": (lambda _right: False) if seen.user is None else seen.user.may,
            "theme": seen.theme if seen.theme in ("light", "dark") else "auto",
            "menu": menu(seen.user, below) if seen.user else (),
            "here": below or "/",
            "back": PREFIX + below + (f"?{again_with(query)}" if query else ""),
            "csrf": csrf_of(seen.secret) if seen.user else "",
            "done": DONE.get(query.get("done", "")),
            "now": self._clock.now(),
            **reply.model,
        }
        filled = self._pages.filled(reply.template, model, swedish=seen.swedish)
        return html(reply.status, filled)

    def _refused(self, error: Exception, below: str, seen: _Seen) -> Answer:
        refusal = told_of(error)
        if refusal.status == 500:
            seen.error_type = type(error).__name__
        language: Language = "sv" if seen.swedish else "en"
        model = {
            "title": masked(refusal.words.told(language)),
            "status": refusal.status,
            "faults": [masked(fault.told(language)) for fault in refusal.faults],
            "detail": masked(refusal.detail),
        }
        return self._page(Rendered("refused.html", model, refusal.status), below, {}, seen)

    def _who(self, secret: str) -> User | None:
        """Whose session it is; with the rights that the user has now."""
        session = self._sessions.find(secret) if secret else None
        if session is None:
            return None
        user, proof = session
        return user if proof == "oidc" else self._users.by_id(user.id)

    async def _form(self, headers: Headers, receive: Receive, most: int) -> Mapping[str, str]:
        told = (headers.get(b"content-type") or "").partition(";")[0].strip().lower()
        if told != _FORM:
            raise Shown(415, "Skicka formuläret från sidan.", "Send the form from the page.")
        body = await read_body(headers, receive, most, self._body_seconds)
        try:
            return once(body.decode("ascii"))
        except UnicodeDecodeError as error:
            raise Shown(400, "Formuläret kan inte läsas.", "The form cannot be read.") from error

    def _refuse_often(self, who: str) -> None:
        if self._rates.wait(who):
            raise Shown(
                429,
                "För många försök på kort tid. Vänta en stund.",
                "Too many requests in a short time. Wait a while.",
            )
