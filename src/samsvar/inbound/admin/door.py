"""The door to the administrative interface: recognise, find the row, read, do, answer, note.

Every request ends in one ``admin-request`` event with who, what and how; never with a path as it
came, for somebody may have written anything there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

import orjson

from samsvar.inbound.admin.access import Gate, Users, refuse_when_often
from samsvar.inbound.admin.openapi import PEM_TYPE, document
from samsvar.inbound.admin.problems import Problem, body_of, problem_of
from samsvar.inbound.admin.rates import Rates
from samsvar.inbound.admin.reading import read_json, read_query
from samsvar.inbound.admin.router import PREFIX, Asked, Route, Streamed, found
from samsvar.inbound.http import Body, CallerGone, Headers, Receive, Scope, read_body
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.peer import peer_of
from samsvar.onboarding.roles import User
from samsvar.ports import Events

_JSON_TYPE = "application/json"
_HEADERS = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
_UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
Trail = Callable[[str, str, str], Awaitable[None]]
"""Who, what, and from where."""
_STREAM = (b"content-type", b"text/event-stream")
Answer = tuple[int, list[tuple[bytes, bytes]], Body]


class AdminDoor:
    """Serves everything under the prefix."""

    def __init__(
        self,
        routes: Sequence[Route],
        users: Users,
        events: Events,
        monotonic: Callable[[], float],
        *,
        body_seconds: float,
        trail: Trail | None = None,
    ) -> None:
        """``trail``: notes who is about to change what; where it fails, nothing is changed."""
        self._routes = routes
        self._rates = Rates(monotonic)
        self._gate = Gate(users, self._rates)
        self._events = events
        self._monotonic = monotonic
        self._body_seconds = body_seconds
        self._trail = trail
        self._description = orjson.dumps(document(routes))

    async def serve(
        self, arrival: Arrival, headers: Headers, scope: Scope, receive: Receive
    ) -> Answer:
        """Serve one request.

        Raises:
            CallerGone: nobody is there to tell.
        """
        noted = _Noted()
        try:
            status, body = await self._served(arrival, headers, scope, receive, noted)
            headers_out = list(_HEADERS)
            if not isinstance(body, bytes):
                headers_out[0] = _STREAM
            answer: Answer = status, headers_out, body
        except (CallerGone, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - one bug here must not close the connection
            problem = problem_of(error)
            noted.error_type = type(error).__name__ if problem.status == 500 else None
            answer = problem.status, [*_HEADERS, *problem.headers], body_of(problem)
        self._events.emit(
            "admin-request",
            "-",
            sender=noted.user.id if noted.user else None,
            detail=f"{scope['method'][:10]} {noted.template or 'no such path'}",
            producer=noted.producer,
            status=answer[0],
            source=scope["client"][0] if scope["client"] else "local",
            error_type=noted.error_type,
            seconds=self._monotonic() - arrival.at,
        )
        return answer

    async def _served(
        self, arrival: Arrival, headers: Headers, scope: Scope, receive: Receive, noted: _Noted
    ) -> tuple[int, Body]:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        peer = peer_of(arrival, headers, scope["client"])
        self._gate.refuse_token_in(f"{path}?{query}")
        if path == f"{PREFIX}/openapi.json" and scope["method"] == "GET":
            noted.template = path
            refuse_when_often(self._rates, f"address {peer.address}")
            self._rates.note(f"address {peer.address}")
            return 200, self._description
        # Who it is comes first: a stranger is not told what there is.
        user = noted.user = await asyncio.to_thread(self._gate.user, headers, peer)
        route, names = found(self._routes, scope["method"], path)
        noted.template = f"{PREFIX}{route.template}"
        noted.producer = names.get("id")
        if route.right is not None and not user.may(route.right):
            raise Problem(403, f"the role {user.role.value} may not do this ({route.right.value})")
        _refuse_other_sites(scope["method"], headers)
        asked = Asked(
            user, names, read_query(route, query), await self._body(route, headers, receive)
        )
        if self._trail is not None and scope["method"] in _UNSAFE:
            what = f"{scope['method']} {path.removeprefix(PREFIX)} ({route.name})"
            await self._trail(user.id, what, peer.address)
        made = await route.handler(asked)
        if isinstance(made, Streamed):
            return route.status, made.chunks
        return route.status, made.model_dump_json().encode()

    async def _body(self, route: Route, headers: Headers, receive: Receive) -> object:
        if not route.has_body:
            return None
        wanted = PEM_TYPE if route.pem else _JSON_TYPE
        told = (headers.get(b"content-type") or "").partition(";")[0].strip().lower()
        if told != wanted:
            raise Problem(415, f"send it as Content-Type: {wanted}")
        body = await read_body(headers, receive, route.most_bytes, self._body_seconds)
        if route.request is None:
            return body
        return read_json(route.request, body)


class _Noted:
    """What is known of a request when it ends."""

    user: User | None = None
    template: str | None = None
    producer: str | None = None
    error_type: str | None = None


def _refuse_other_sites(method: str, headers: Headers) -> None:
    """A browser that has a client certificate sends it for any page: the page must be ours."""
    origin = headers.get(b"origin")
    if method in _UNSAFE and origin is not None and urlsplit(origin).netloc != headers.get(b"host"):
        raise Problem(403, "pages of other sites may not do this")
