"""What lies around a simulated answer: HTTP headers, faults, refusals at the door.

Knows which of the rules there are broken. Knows no record and no person.
"""

from __future__ import annotations

import gzip
import re
from xml.sax.saxutils import escape  # noqa: TID251 - writes, and never reads

from aiohttp import web

from samsvar.simulation.broken_rules import Broken

_NUMBER = re.compile(rb"[0-9]{8}[0-9A-Z][0-9]{3}")
_MANY_HEADERS = 30


def refused_at_the_door(request: web.Request, body: bytes, broken: Broken) -> str | None:
    """Why a narrow-minded producer would not read this; a sound one reads all."""
    action = request.headers.get("SOAPAction", "")
    if "refuses-other-actions" in broken and ":Get" not in action:
        return "Okänd SOAPAction"
    if "refuses-headers" in broken and any(name.lower() == "x-bench" for name in request.headers):
        return "Okänd HTTP-header"
    if "refuses-many-headers" in broken and len(request.headers) > _MANY_HEADERS:
        return "För många HTTP-headers"
    if "refuses-prefixes" in broken and re.search(rb"<\w+:Get|<Get", body)[0] == b"<Get":  # type: ignore[index] # every question has one
        return "Okänt prefix"
    return None


def without_doctype(body: bytes) -> bytes:
    """The message as a producer reads it that lets document types in."""
    return re.sub(rb"<!DOCTYPE[^\[>]*(?:\[.*?\])?>", b"", body, flags=re.DOTALL)


def fault(text: str, code: str = "Server") -> str:
    """A SOAP 1.1 fault."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        f"<soap:Fault><faultcode>soap:{code}</faultcode><faultstring>{escape(text)}</faultstring>"
        "</soap:Fault></soap:Body></soap:Envelope>"
    )


def broken_fault(text: str, body: bytes, broken: Broken) -> str:
    """The fault for a question that cannot be taken."""
    number = _NUMBER.search(body)
    if "fault-names-person" in broken and number is not None:
        text = f"{text}: {number[0].decode()}"
    written = fault(text, "Oops" if "fault-code-odd" in broken else "Client")
    if "fault-children-qualified" in broken:
        written = re.sub(r"(</?)(fault(?:code|string))", r"\1soap:\2", written)
    return written


def dressed(answer: web.Response, broken: Broken) -> web.Response:
    """The answer with the rules of its headers and bytes broken."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    if "redirects" in broken:
        return web.Response(status=302, headers={"Location": "https://example.invalid/"})
    if "latin-1" in broken:
        answer.body = body.decode().encode("latin-1", "replace")
    if "label" in broken:
        answer.headers["Content-Type"] = "application/soap+xml; charset=utf-8"
    if "compressed" in broken:
        answer.headers["Content-Encoding"] = "gzip"
        answer.body = gzip.compress(body)
    if "cookie" in broken:
        answer.headers["Set-Cookie"] = "session=1"
    if "closes-connections" in broken:
        answer.force_close()
    return answer
