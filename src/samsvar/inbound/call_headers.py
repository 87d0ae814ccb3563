"""The HTTP headers that a call is told by, the same at every door.

Knows the national platform's headers, and how long a caller will wait. What each may hold is
bounded here; what it means is judged in the walk.
"""

from __future__ import annotations

import re
from uuid import uuid4

from samsvar.inbound.http import Headers, HttpRefused
from samsvar.model.identifiers import CorrelationId, HsaId
from samsvar.observe.masking import masked
from samsvar.soap import rivta

_CORRELATION = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HSA = re.compile(r"[A-Za-z0-9_:.-]{1,64}", re.ASCII)
_HISTORY = re.compile(r"[A-Za-z0-9_:.# -]{1,512}", re.ASCII)
#: a consumer that waits for less than the hub's own budget says so here, in seconds
DEADLINE_HEADER = b"x-samsvar-deadline-seconds"
_OWN_HEADERS = frozenset({rivta.ORIGINAL_CONSUMER, rivta.ROUTING_HISTORY})


def correlation_of(headers: Headers) -> CorrelationId:
    """The caller's own, or a new one."""
    given = headers.get(b"x-skltp-correlation-id")
    # It goes to every log here and at the producers: a number of a person must not.
    if given and _CORRELATION.fullmatch(given) and masked(given) == given:
        return CorrelationId(given)
    return CorrelationId(str(uuid4()))


def original_consumer_of(headers: Headers) -> HsaId | None:
    """Who began the chain, as the header says.

    Raises:
        HttpRefused: it cannot be an HSA-id.
    """
    given = headers.get(rivta.ORIGINAL_CONSUMER.encode())
    if not given:
        return None
    return HsaId(_checked(given, _HSA) or "")


def history_of(headers: Headers) -> str | None:
    """Which platforms the call has passed.

    Raises:
        HttpRefused: it holds what it cannot.
    """
    return _checked(headers.get(rivta.ROUTING_HISTORY.encode()), _HISTORY)


def forwarded_by(headers: Headers) -> tuple[tuple[str, str], ...]:
    """What goes on to producers unchanged."""
    return tuple(
        (name, value)
        for name, value in headers.starting(rivta.RIVTA_PREFIX.encode())
        if name not in _OWN_HEADERS and _HISTORY.fullmatch(value)
    )


def seconds_asked(headers: Headers, budget: float) -> float:
    """How long the caller will wait; at most the budget, and all of it where nothing is said.

    Raises:
        HttpRefused: no such number.
    """
    given = headers.get(DEADLINE_HEADER)
    if given is None:
        return budget
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0.0
    if not 0.1 <= seconds <= budget:
        raise HttpRefused(400, f"x-samsvar-deadline-seconds: a number from 0.1 to {budget:g}")
    return seconds


def _checked(value: str | None, shape: re.Pattern[str]) -> str | None:
    if value and not shape.fullmatch(value):
        raise HttpRefused(400, "an x-rivta header holds what it cannot")
    return value or None
