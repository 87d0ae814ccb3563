"""Another engagement index, as small as one can be: it takes notifications and keeps the posts.

For the wire tests. It reads with its own eyes (lxml, and our schema as judge), so that what the
hub sends is held to the contract; it can be down, forget to say OK, or refuse a source.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from aiohttp import web
from lxml import etree

from samsvar.soap.schema import Schema
from tests.contract_facts import wsdl_of

CORE = "{urn:riv:itintegration:engagementindex:1}"
CONTRACT = "urn:riv:itintegration:engagementindex:ProcessNotificationResponder:1"
TIMES = ("mostRecentContent", "creationTime", "updateTime")

Post = tuple[tuple[str, str], ...]


@dataclass
class Subscriber:
    """State and knobs. ``posts``: what it would answer a FindContent with, times and all."""

    posts: dict[Post, dict[str, str]] = field(default_factory=dict)
    told: list[tuple[bool, Post]] = field(default_factory=list)
    """Every change in the order in which it came, repeated ones too."""
    messages: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    down: bool = False
    silent: int = 0
    """So many more times it takes a message and breaks the connection before its OK."""
    refuses: set[str] = field(default_factory=set)
    """Source systems that it will not hear of."""
    faults: list[str] = field(default_factory=list)
    """What the schema says against what came."""

    def application(self) -> web.Application:
        """Every POST is a notification."""
        made = web.Application(client_max_size=8 * 1024 * 1024)
        made.router.add_post("/{path:.*}", self._answer)
        return made

    def told_of(self, person: str) -> list[bool]:
        """The delete flags of all changes of one person's posts."""
        name = ("registeredResidentIdentification", person)
        return [delete for delete, post in self.told if name in post]

    async def _answer(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.down:
            return web.Response(status=503, text="out of order")
        self.messages.append(body)
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        element = next(etree.fromstring(body).iterfind("{*}Body/*"))
        self.faults += map(str, _SCHEMA.check_request(element))
        changes = [_change(each) for each in element]
        if any(dict(post)["sourceSystem"] in self.refuses for _, post, _ in changes):
            return web.Response(body=_FAULT, status=500, content_type="text/xml")
        for delete, post, times in changes:
            self.told.append((delete, post))
            if delete:
                self.posts.pop(post, None)
            else:
                self.posts[post] = times
        if self.silent and request.transport is not None:
            self.silent -= 1
            request.transport.abort()
        return web.Response(body=_OK, content_type="text/xml")


_SCHEMA = Schema.of_wsdl(wsdl_of("ProcessNotification_1.0"))
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body>'
    "</s:Envelope>"
)
_OK = _ENVELOPE.format(
    f'<n:ProcessNotificationResponse xmlns:n="{CONTRACT}"><n:ResultCode>OK</n:ResultCode>'
    "</n:ProcessNotificationResponse>"
).encode()
_FAULT = _ENVELOPE.format(
    "<s:Fault><faultcode>s:Server</faultcode><faultstring>EI004: The payload does not validate"
    "</faultstring></s:Fault>"
).encode()


def _change(transaction: etree._Element) -> tuple[bool, Post, dict[str, str]]:
    delete = transaction.findtext(f"{CORE}deleteFlag") == "true"
    told = transaction.iterfind(f"{CORE}engagement/*")
    fields = {etree.QName(each).localname: each.text or "" for each in told}
    times = {name: fields.pop(name) for name in TIMES if name in fields}
    return delete, tuple(sorted(fields.items())), times
