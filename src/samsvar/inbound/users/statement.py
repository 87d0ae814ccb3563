"""What only the user can state: from headers, or from fields of a JSON body; one reading of both.

Knows the names and what may stand there. A statement that cannot be understood is refused: it is
never taken for its opposite. The reason of an emergency is in no error and no log line.
"""

from __future__ import annotations

from dataclasses import fields, replace
from urllib.parse import unquote_to_bytes

from pydantic import BaseModel, Field

from samsvar.inbound.http import Headers
from samsvar.inbound.users.refusal import Refusal
from samsvar.model.user import Capacity, Statement
from samsvar.observe.masking import masked

PREFIX = "x-samsvar-"
MOST_REASON = 500
#: header below the prefix -> field of a statement
FLAGS = {
    "need": "need",
    "relevance": "relevance",
    "necessary": "necessary",
    "indispensable": "indispensable",
    "consent-unobtainable": "consent_unobtainable",
}
EMERGENCY, CAPACITY = f"{PREFIX}emergency", f"{PREFIX}capacity"


class StatedBody(BaseModel, extra="forbid"):
    """What is stated for this question. Left out: not stated."""

    need: bool | None = Field(default=None, description="takes part in the care, or needs the data")
    relevance: bool | None = Field(default=None, description="the data matter for the purpose")
    necessary: bool | None = Field(default=None, description="the care or service is necessary")
    emergency: str | None = Field(
        default=None,
        min_length=1,
        max_length=MOST_REASON,
        description="danger to life or serious risk for health: the reason",
    )
    indispensable: bool | None = Field(
        default=None, description="needed for care that the person must have"
    )
    consent_unobtainable: bool | None = Field(
        default=None, alias="consentUnobtainable", description="the person cannot be asked"
    )


def from_headers(headers: Headers) -> Statement:
    """The statement in the head of a request.

    Raises:
        Refusal: 400, a header holds what it cannot.
    """
    flags = {name: _flag(headers, header) for header, name in FLAGS.items()}
    reason = _reason(headers.get(EMERGENCY.encode()))
    capacity = headers.get(CAPACITY.encode())
    try:
        told = Capacity(capacity) if capacity is not None else Capacity.SELF
    except ValueError:
        raise Refusal(400, f"{CAPACITY}: self, guardian or agent") from None
    return Statement(
        capacity=told,
        emergency=True if reason else None,
        emergency_reason=reason,
        **flags,
    )


def with_body(stated: Statement, body: StatedBody) -> Statement:
    """The same with what a body states besides.

    Raises:
        Refusal: 422, the body says something else than the headers.
    """
    told = body.model_dump(exclude_none=True, exclude={"emergency", "person"})
    if body.emergency is not None:
        told |= {"emergency": True, "emergency_reason": _sensible(body.emergency)}
    for name, value in told.items():
        if getattr(stated, name) not in (None, value):
            raise Refusal(422, "a header and the body state two different things")
    return replace(stated, **told)


def _flag(headers: Headers, header: str) -> bool | None:
    value = headers.get(f"{PREFIX}{header}".encode())
    if value is None:
        return None
    if value not in ("true", "false"):
        raise Refusal(400, f"{PREFIX}{header}: true or false")
    return value == "true"


def _reason(told: str | None) -> str | None:
    if told is None:
        return None
    try:
        reason = unquote_to_bytes(told).decode("utf-8")
    except UnicodeDecodeError:
        raise Refusal(400, f"{EMERGENCY}: UTF-8, percent-encoded") from None
    if masked(reason) != reason:  # a front may keep headers in a log of its own
        raise Refusal(400, f"{EMERGENCY}: no personal number may stand in a header")
    return _sensible(reason)


def _sensible(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= MOST_REASON or not reason.isprintable():
        raise Refusal(
            400, f"{EMERGENCY}: the reason in words, on one line, {MOST_REASON} characters at most"
        )
    return reason


_KNOWN = {each.name for each in fields(Statement)}
assert set(FLAGS.values()) <= _KNOWN
