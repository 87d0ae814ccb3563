"""A log service, as small as one can be: it takes StoreLog and keeps the records.

For tests over sockets. Our schema judges what comes (read with another library than the hub's), so
that what the hub sends is held to the contract. It can be down, forget to say OK, answer late, or
refuse records; a record that it has is refused, and all of its call with it, unless it is careless.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import xmlschema
from aiohttp import web
from lxml import etree

from samsvar.soap.interaction import read_interaction
from tests.contract_facts import wsdl_of

CORE = "{urn:riv:informationsecurity:auditing:log:2}"
CONTRACT = "urn:riv:informationsecurity:auditing:log:StoreLogResponder:2"
_ANSWER = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    f'<r:StoreLogResponse xmlns:r="{CONTRACT}" xmlns:c="{CORE[1:-1]}"><r:result>'
    "<c:resultCode>{}</c:resultCode><c:resultText>{}</c:resultText>"
    "</r:result></r:StoreLogResponse></s:Body></s:Envelope>"
)


@dataclass
class LogKeeper:
    """State and knobs."""

    kept: dict[str, etree._Element] = field(default_factory=dict)
    """By log id."""
    taken: list[etree._Element] = field(default_factory=list)
    """All that it took, in order; one that was taken twice stands there twice."""
    careless: bool = False
    """Takes a record that it has once more."""
    calls: list[int] = field(default_factory=list)
    """How many records each call had, refused ones too."""
    addresses: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What the schema says against what came."""
    down: bool = False
    silent: int = 0
    """So many more times it takes a call and breaks the connection before its OK."""
    code: str = ""
    """Answers this instead of what it thinks."""
    refuses: set[str] = field(default_factory=set)
    """Correlation ids of questions whose records it will not have."""
    tells_duplicates: bool = True
    """Says in words that it has a record, where it refuses it for that."""

    def application(self) -> web.Application:
        """Every POST is a StoreLog."""
        made = web.Application(client_max_size=8 * 1024 * 1024)
        made.router.add_post("/{path:.*}", self._answer)
        return made

    async def _answer(self, request: web.Request) -> web.Response:
        if self.down:
            return web.Response(status=503, text="out of order")
        root = etree.fromstring(await request.read())
        element = next(root.iterfind("{*}Body/*"))
        self.addresses.append(root.findtext(".//{*}LogicalAddress") or "")
        self.faults += [
            str(error.reason)
            for error in _SCHEMA.iter_errors(etree.tostring(element, encoding="unicode"))
        ]
        ids = [record.findtext(f"{CORE}logId") or "" for record in element]
        self.calls.append(len(ids))
        if self.code:
            return _said(self.code, "")
        if len(ids) > 500:
            return _said("VALIDATION_ERROR", "för många")
        known = any(one in self.kept for one in ids) or len(ids) != len(set(ids))
        if known and not self.careless:
            words = "logId finns redan" if self.tells_duplicates else ""
            return _said("VALIDATION_ERROR", words)
        arguments = [record.findtext(f"{CORE}activity/{CORE}activityArgs") for record in element]
        if any(
            f"correlationId={one};" in (text or "") for text in arguments for one in self.refuses
        ):
            return _said("VALIDATION_ERROR", "fel i fält")
        self.kept |= dict(zip(ids, element, strict=True))
        self.taken += element
        if self.silent and request.transport is not None:
            self.silent -= 1
            request.transport.abort()
        return _said("OK", "")


def _said(code: str, text: str) -> web.Response:
    return web.Response(body=_ANSWER.format(code, text).encode(), content_type="text/xml")


_SCHEMA = xmlschema.XMLSchema10(str(read_interaction(wsdl_of("StoreLog_2.0")).schema))
