"""Why a request of a user is not served: one form for all of them, told as FHIR or as a problem.

Knows every kind of error, and what may be said of it: never a value that was sent, and of a
refusal by an access rule the rule's id alone. Swedish is for people, English beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from samsvar.errors import (
    AccessRefused,
    ConsumerError,
    HubFault,
    ListenerNotTrusted,
    NotPermitted,
    OriginalConsumerRefused,
    RoutingLoop,
    RuleBroken,
    SenderUnknown,
)
from samsvar.fhir.operation_outcome import refusal
from samsvar.inbound.http import HttpRefused
from samsvar.observe.masking import masked
from samsvar.tokens import TokenRefused

ACCESS_RULE = "urn:samsvar:cs:access-rule"
FAULT = "urn:samsvar:cs:fault"

#: status -> FHIR's issue type, Swedish, when it is given
MEANING: dict[int, tuple[str, str, str]] = {
    400: ("invalid", "Frågan kan inte läsas.", "The request cannot be read"),
    401: ("login", "Logga in igen.", "No token, or one that opens nothing"),
    403: ("forbidden", "Åtkomst nekad.", "Recognised, but not allowed"),
    404: ("not-found", "Det finns inget här.", "Not there, or not the user's to see"),
    405: ("not-supported", "Det går inte att göra så här.", "Not with this method"),
    406: ("not-supported", "Svaret kan inte ges i den formen.", "Not in a form that is taken"),
    408: ("timeout", "Frågan kom för långsamt.", "The body came too slowly"),
    413: ("too-long", "Frågan är för stor.", "The body is too large"),
    415: ("not-supported", "Frågan har fel form.", "Another content type is needed"),
    422: ("invalid", "Något i frågan är fel.", "What was sent is not of its form"),
    429: ("throttled", "Det kom för många frågor. Försök igen om en stund.", "Too many requests"),
    500: ("exception", "Något gick fel hos oss.", "The hub broke; the log has an error event"),
    503: ("transient", "Försök igen om en stund.", "Something that the hub needs is away"),
}

_SYSTEM_REFUSED = (SenderUnknown, ListenerNotTrusted, OriginalConsumerRefused, NotPermitted)


class Refusal(Exception):
    """Not served."""

    def __init__(
        self,
        status: int,
        text: str,
        swedish: str | None = None,
        *,
        reason: tuple[str, str] | None = None,
        faults: Iterable[str] = (),
        headers: Iterable[tuple[bytes, bytes]] = (),
        issue: str | None = None,
    ) -> None:
        """``reason``: a code, with its system first. ``issue``: FHIR's type, if not the usual."""
        super().__init__(text)
        self.status = status
        self.swedish = swedish or MEANING[status][1]
        self.reason = reason
        self.faults = tuple(faults)
        self.headers = tuple(headers)
        self.issue = issue or MEANING[status][0]


@dataclass(frozen=True, slots=True)
class Told:
    """As it is sent."""

    status: int
    content_type: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes = field(repr=False)


def refusal_of(error: Exception) -> Refusal:
    """What the user is told of an error."""
    match error:
        case Refusal():
            return error
        case TokenRefused():
            return Refusal(error.status, error.description, headers=error.headers)
        case HttpRefused():
            close = ((b"connection", b"close"),) if error.status in (408, 413) else ()
            waits = (
                (name.encode(), value.encode())
                for name, value in error.headers.items()
                if name != "connection"
            )
            return Refusal(error.status, str(error), headers=(*close, *waits))
        case AccessRefused():
            return Refusal(
                403,
                "an access rule does not let this be shown",
                "Du får inte se det här.",
                reason=(ACCESS_RULE, error.rule_id),
            )
        case RuleBroken():
            return Refusal(400, "the question breaks a rule of its contract", str(error))
        case ConsumerError():
            status = 403 if isinstance(error, _SYSTEM_REFUSED) else 400
            return Refusal(status, str(error), reason=(FAULT, error.code))
        case RoutingLoop():
            return Refusal(500, str(error), reason=(FAULT, error.code))
        case HubFault():
            return Refusal(503, str(error), reason=(FAULT, error.code))
        case _:
            return Refusal(500, "the hub broke; its log says where")


def gone() -> Refusal:
    """The same for a record that is not there, is not shown any more, or never was."""
    return Refusal(
        404,
        "nothing can be read by this id: it is not yours, its time is out, or what it stood for"
        " is not shown: search again",
        "Det finns inget att visa här. Sök igen.",
    )


def as_fhir(told: Refusal) -> Told:
    """As OperationOutcome."""
    faults = f" {'; '.join(told.faults)}" if told.faults else ""
    outcome: dict[str, Any] = refusal(told.issue, masked(told.swedish), masked(f"{told}{faults}"))
    if told.reason is not None:
        system, code = told.reason
        outcome["issue"][0]["details"]["coding"] = [{"system": system, "code": code}]
    return Told(
        told.status,
        b"application/fhir+json; charset=utf-8",
        told.headers,
        orjson.dumps(outcome),
    )


def as_problem(told: Refusal) -> Told:
    """As a problem (RFC 9457)."""
    problem = {
        "type": "about:blank",
        "title": MEANING[told.status][2],
        "status": told.status,
        "detail": masked(str(told)),
        "detailSv": masked(told.swedish),
        "reason": told.reason[1] if told.reason else None,
        "faults": [masked(fault) for fault in told.faults],
    }
    return Told(told.status, b"application/problem+json", told.headers, orjson.dumps(problem))
