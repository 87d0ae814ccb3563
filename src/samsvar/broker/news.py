"""News of an index as a message at the broker: its form, sealed by one hub for another.

The header, which anybody at the broker may read, has a random name, the sender's key, the index's
address and a count. All that is about persons stands in the content: the very message that goes
over SOAP, and what the outbox knows of each change in it. Knows no broker.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from samsvar.broker.forms import VERSION, Count, Form, Id, Key, Name, NotTheForm
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import Kind, sealed, taken_apart
from samsvar.model.identifiers import folded

NEWS_TYPE = "application/vnd.samsvar.news"
MOST_CHANGES = 100
"""In one message."""
MOST_BYTES = 1024 * 1024
_Moment = Annotated[str, Field(pattern=r"^[0-9T:.+Z-]{10,40}$")]


class NewsHeader(Form):
    """Of news."""

    v: Literal[1] = VERSION
    id: Id
    hub: Key
    address: Name
    count: Annotated[int, Field(ge=1, le=MOST_CHANGES)]


class NewsContent(Form):
    """What is told. Change by change: its number in the sender's outbox, and when it was written
    there; both grow, and tell which of two is the later."""

    correlation_id: Name
    history: Annotated[str, Field(max_length=512)]
    numbers: list[Count]
    moments: list[_Moment]
    envelope: str = Field(repr=False)


@dataclass(frozen=True, slots=True)
class News:
    """A message that was opened."""

    sender: str
    id: str
    content: NewsContent = field(repr=False)


def sealed_news(keys: KeyPair, receiver: PublicKey, address: str, content: NewsContent) -> bytes:
    """The bytes of a message."""
    header = NewsHeader(
        id=secrets.token_hex(16),
        hub=keys.public.text,
        address=folded(address),
        count=len(content.numbers),
    )
    return sealed(
        Kind.NEWS, header.written(), content.written(), sender=keys, receivers=(receiver,)
    )


def header_of(body: object, content_type: str | None) -> NewsHeader:
    """What everybody may know of it; nothing of it has been proven.

    Raises:
        Refused, NotSealed, NotTheForm: it is no such message.
    """
    if content_type != NEWS_TYPE:
        raise Refused("a message of another content type")
    return NewsHeader.read(taken_apart(Kind.NEWS, body, MOST_BYTES).header)


def opened_news(
    body: object,
    content_type: str | None,
    *,
    own: KeyPair,
    address: str,
    senders: Mapping[str, tuple[str, PublicKey]],
) -> News:
    """Read a message. ``senders``: HSA-id and key of each who may tell, by the key's text.

    Raises:
        Refused, NotSealed, NotTheForm, CannotOpen: it is not for us, of nobody we know, or not
            whole; the text quotes nothing.
    """
    header = header_of(body, content_type)
    if header.address != folded(address):
        raise Refused("news for another index")
    known = senders.get(header.hub)
    if known is None:
        raise Refused("news of a hub that [index] receive_from_broker does not name")
    sender, key = known
    message = taken_apart(Kind.NEWS, body, MOST_BYTES)
    content = NewsContent.read(message.opened(own, key))
    if not len(content.numbers) == len(content.moments) == header.count:
        raise NotTheForm("NewsContent: numbers, moments")
    return News(sender, header.id, content)
