"""The door for users: find the row, recognise the user, read, ask, answer at the pace, note.

Every request ends in one ``user-request`` event with what and how; never with a path as it came,
and never with who. Knows no row and no rule.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from samsvar.inbound.call_headers import correlation_of
from samsvar.inbound.http import CallerGone, Headers, Receive, Scope, read_body
from samsvar.inbound.http_protocol import Arrival
from samsvar.inbound.peer import peer_of
from samsvar.inbound.seats import Seats
from samsvar.inbound.tokens import TokenVerifier
from samsvar.inbound.users.asking import Visit
from samsvar.inbound.users.pace import Pace
from samsvar.inbound.users.reading import (
    form_in,
    is_accepted,
    json_in,
    listed,
    refuse_other_forms,
)
from samsvar.inbound.users.refusal import Refusal, as_fhir, as_problem, refusal_of
from samsvar.inbound.users.router import (
    CITIZEN,
    EXISTENCE,
    PREFIXES,
    Asked,
    Made,
    Route,
    Takes,
    found,
)
from samsvar.inbound.users.statement import from_headers
from samsvar.model.identifiers import CorrelationId
from samsvar.ports import Clock, Events
from samsvar.tokens import refuse_token_outside, refuse_without_scope

MOST_BYTES = 16 * 1024
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    # a file of a source's own may be a page: it must not act as one of ours
    (b"content-security-policy", b"default-src 'none'; sandbox"),
)
Answer = tuple[int, list[tuple[bytes, bytes]], bytes]
#: a description that anybody may read, by its path: told the hub's URL, it gives the body
OpenPages = Mapping[str, Callable[[str], Made]]


def is_for_users(path: str) -> bool:
    """Whether the path is one of this door's."""
    return any(path == each or path.startswith(f"{each}/") for each in PREFIXES)


class UserDoor:
    """Serves everything under the prefixes. One for the whole process."""

    def __init__(
        self,
        routes: Sequence[Route],
        pages: OpenPages,
        verifier: TokenVerifier,
        events: Events,
        clock: Clock,
        seats: Seats,
        *,
        step_seconds: float,
        body_seconds: float,
        base_url: str | None,
    ) -> None:
        self._routes = routes
        self._pages = pages
        self._verifier = verifier
        self._events = events
        self._clock = clock
        self._seats = seats
        self._pace = Pace(clock, step_seconds)
        self._body_seconds = body_seconds
        self._base_url = base_url

    async def serve(
        self, arrival: Arrival, headers: Headers, scope: Scope, receive: Receive
    ) -> Answer:
        """Serve one request.

        Raises:
            CallerGone: nobody is there to tell.
        """
        noted = _Noted(CorrelationId("-"))
        more: tuple[tuple[bytes, bytes], ...] = ()
        try:
            noted.correlation_id = correlation_of(headers)
            made = await self._served(arrival, headers, scope, receive, noted)
            content_type = made.content_type.encode()
            status, body = made.status, made.body
        except (CallerGone, asyncio.CancelledError):
            raise
        except Exception as error:  # noqa: BLE001 - one bug here must not close the connection
            refusal = refusal_of(error)
            noted.error_type = type(error).__name__ if refusal.status == 500 else None
            noted.fault = refusal.reason[1] if refusal.reason else None
            told = (as_problem if _speaks_json(scope["path"]) else as_fhir)(refusal)
            made = None
            status, more, body = told.status, told.headers, told.body
            content_type = told.content_type
        if noted.recognised:
            await self._pace.keep(arrival.at)
        self._note(noted, made, status, arrival, scope, len(body))
        lines = [
            (b"content-type", content_type),
            (b"x-skltp-correlation-id", noted.correlation_id.encode()),
            *_HEADERS,
            *more,
        ]
        return status, lines, body

    async def _served(
        self,
        arrival: Arrival,
        headers: Headers,
        scope: Scope,
        receive: Receive,
        noted: _Noted,
    ) -> Made:
        path, query = scope["path"], scope["query_string"].decode("latin-1")
        refuse_token_outside(f"{path}?{query}")
        base = self._base_url or f"{scope['scheme']}://{headers.get(b'host')}"
        page = self._pages.get(path)
        if page is not None and scope["method"] in ("GET", "HEAD"):
            noted.template = path
            return page(base)
        route, names = found(self._routes, scope["method"], path)
        noted.template = route.template
        peer = peer_of(arrival, headers, scope["client"])
        self._seats.refuse_when_full()  # before anything costs: a token is signed
        await self._seats.refuse_when_often(peer, 429)
        user = await self._verifier.user(headers.get(b"authorization"), peer.certificate)
        noted.recognised = True
        if user.kind not in route.kinds:
            kinds = " and ".join(sorted(route.kinds))
            raise Refusal(403, f"this is for users who are {kinds}")
        for kind, interaction in route.scopes:
            refuse_without_scope(user, kind, interaction)
        if query:
            raise Refusal(400, "nothing may stand after a question mark: use the body")
        accepts = listed(headers, "accept") or "*/*"
        if not (route.any_form or is_accepted(accepts)):
            raise Refusal(406, f"what is given is {route.gives}; charset=utf-8")
        visit = Visit(
            door=route.door,
            arrival=arrival,
            headers=headers,
            peer=peer,
            correlation_id=noted.correlation_id,
            user=user,
            statement=from_headers(headers),
            base=base,
        )
        body = await self._body(route, headers, receive)
        with self._seats.taken():
            return await route.handler(
                Asked(visit, names, body, accepts, listed(headers, "prefer"))
            )

    async def _body(self, route: Route, headers: Headers, receive: Receive) -> object:
        if route.takes is Takes.NOTHING:
            return None
        self._seats.refuse_when_full()
        refuse_other_forms(route.takes, headers)
        body = await read_body(headers, receive, MOST_BYTES, self._body_seconds)
        if route.takes is Takes.FORM:
            return form_in(body)
        assert route.request is not None
        return json_in(route.request, body)

    def _note(
        self,
        noted: _Noted,
        made: Made | None,
        status: int,
        arrival: Arrival,
        scope: Scope,
        size: int,
    ) -> None:
        self._events.emit(
            "user-request",
            noted.correlation_id,
            detail=f"{scope['method'][:10]} {noted.template or 'no such path'}",
            status=status,
            fault=noted.fault,
            items=made.items if made else None,
            sources_total=made.sources_total if made else None,
            sources_failed=(made.sources_failed or None) if made else None,
            source=scope["client"][0] if scope["client"] else "local",
            error_type=noted.error_type,
            response_bytes=size,
            seconds=self._clock.monotonic() - arrival.at,
        )


@dataclass(slots=True)
class _Noted:
    """What is known of a request when it ends."""

    correlation_id: CorrelationId
    template: str | None = None
    recognised: bool = False
    fault: str | None = None
    error_type: str | None = None


def _speaks_json(path: str) -> bool:
    return path.startswith((CITIZEN, EXISTENCE))
