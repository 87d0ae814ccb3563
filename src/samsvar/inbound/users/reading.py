"""What a request says, read: lists in its head, a form or JSON in its body.

Knows HTTP's own rules for both. Repeats no value in a refusal.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from pydantic import BaseModel

from samsvar.inbound.admin.problems import Problem
from samsvar.inbound.admin.reading import read_json
from samsvar.inbound.http import Headers
from samsvar.inbound.users.refusal import Refusal
from samsvar.inbound.users.router import FHIR_JSON, Takes
from samsvar.tokens import refuse_token_outside

_RULED_OUT = re.compile(r"[qQ] *= *0(?:\.0{0,3})?")
_JSON_FORMS = frozenset(
    {FHIR_JSON, "application/json", "application/json+fhir", "application/*", "*/*"}
)


def listed(headers: Headers, name: str) -> str:
    """A header that may stand several times: its lines together are one list."""
    lines = headers.starting(name.encode())
    return ", ".join(value for each, value in lines if each == name)


def is_accepted(accepts: str) -> bool:
    """Whether JSON, in one of its names, is taken; not if it is ruled out by ``q=0``."""
    for each in accepts.split(","):
        form, *parameters = each.split(";")
        ruled_out = any(_RULED_OUT.fullmatch(one.strip()) for one in parameters)
        if form.strip().lower() in _JSON_FORMS and not ruled_out:
            return True
    return False


def form_in(body: bytes) -> str:
    """A form, as text.

    Raises:
        Refusal: 400, it cannot be read.
        TokenRefused: a token stands in it.
    """
    try:
        text = body.decode("utf-8")
        unquote_plus(text, errors="strict")
    except UnicodeDecodeError:
        raise Refusal(400, "the form is not UTF-8, percent-encoded") from None
    refuse_token_outside(text)
    return text


def json_in(model: type[BaseModel], body: bytes) -> BaseModel:
    """JSON, as the model has it.

    Raises:
        Refusal: 400 or 422.
    """
    try:
        return read_json(model, body)
    except Problem as problem:
        raise Refusal(problem.status, str(problem), faults=problem.faults) from None


def refuse_other_forms(takes: Takes, headers: Headers) -> None:
    """Raises Refusal: 415, the body is labelled as something else than is taken."""
    told, _, parameters = (headers.get(b"content-type") or "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if told.strip().lower() != takes.value or charset not in ("", "utf-8"):
        raise Refusal(415, f"send it as Content-Type: {takes.value}; charset=utf-8")
    if (headers.get(b"content-encoding") or "identity").lower() != "identity":
        raise Refusal(415, "no Content-Encoding but identity is taken")
