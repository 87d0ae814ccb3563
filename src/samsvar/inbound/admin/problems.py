"""What is said when a request is not served: a status, a sentence, what to mend.

One shape for all of them. Texts never repeat what was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, Field

from samsvar.errors import HubError
from samsvar.inbound.http import HttpRefused
from samsvar.observe.masking import masked
from samsvar.onboarding.refusals import NotAllowed, NotNow, NotThere, NotValid, Refused

#: what the desk refuses -> HTTP status
STATUS: Mapping[type[Refused], int] = {
    NotThere: 404,
    NotAllowed: 403,
    NotNow: 409,
    NotValid: 422,
}

#: status -> when it is given
MEANING: Mapping[int, str] = {
    400: "The request cannot be read",
    401: "No token, or one that opens nothing; and no client certificate",
    403: "Recognised, but not allowed",
    404: "Not there, or not the user's to see",
    405: "Not with this method",
    408: "The body came too slowly",
    409: "Not as things stand",
    413: "The body is too large",
    415: "Another content type is needed",
    422: "What was sent is not of its form; faults has a line for each thing to mend",
    429: "Too many requests; Retry-After says when to come back",
    500: "The hub broke; the log has an error event",
    503: "Something that the hub needs does not answer",
}


class Problem(Exception):
    """Not served."""

    def __init__(
        self,
        status: int,
        text: str,
        faults: Iterable[str] = (),
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        super().__init__(text)
        self.status = status
        self.faults = tuple(faults)
        self.headers = tuple(headers)


class ProblemBody(BaseModel):
    """Why a request was not served."""

    status: int = Field(description="the HTTP status")
    error: str = Field(description="one sentence for whoever asked")
    faults: list[str] = Field(description="what to mend, if it is several things")


def problem_of(error: Exception) -> Problem:
    """What the caller is told of an error."""
    match error:
        case Problem():
            return error
        case HttpRefused():
            close = ((b"connection", b"close"),) if error.status in (408, 413) else ()
            return Problem(error.status, str(error), headers=close)
        case Refused():
            return Problem(STATUS[type(error)], str(error), map(str, error.faults))
        case HubError():
            return Problem(503, str(error))
        case _:
            return Problem(500, "the hub broke; its log says where")


def body_of(problem: Problem) -> bytes:
    """The answer's body. The last net: also what came of a field's name is looked through."""
    told = ProblemBody(
        status=problem.status,
        error=masked(str(problem)),
        faults=[masked(fault) for fault in problem.faults],
    )
    return told.model_dump_json().encode()
