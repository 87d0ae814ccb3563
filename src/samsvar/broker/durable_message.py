"""A message that stays at the broker until it has had its effect, sealed by one hub for another.

The header, which anybody at the broker may read, has a random name, the sender's key, the reader's
address and a count. All that is about persons stands in the content. Knows no broker, and not what
a content says.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Generic, Literal, TypeVar

from pydantic import Field

from samsvar.broker.durable import Stream
from samsvar.broker.forms import VERSION, Form, Id, Key, Name, NotTheForm
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.refusals import Refused
from samsvar.broker.sealed import Kind, Sealed, sealed, taken_apart
from samsvar.model.identifiers import folded

_Content = TypeVar("_Content", bound=Form)


@dataclass(frozen=True, slots=True)
class DurableKind(Generic[_Content]):
    """One kind of message: how it is told from others, and what may stand in it."""

    stream: Stream
    kind: Kind
    content_type: str
    content: type[_Content]
    most: int
    """Things told in one message."""
    most_bytes: int
    named_by: str
    """The setting that names who may send it."""


class DurableHeader(Form):
    """Of every kind."""

    v: Literal[1] = VERSION
    id: Id
    hub: Key
    address: Name
    count: Annotated[int, Field(ge=1, le=10_000)]


@dataclass(frozen=True, slots=True)
class Opened(Generic[_Content]):
    """A message that was opened."""

    sender: str
    id: str
    count: int
    content: _Content = field(repr=False)


def sealed_message(
    kind: DurableKind[_Content],
    keys: KeyPair,
    receiver: PublicKey,
    address: str,
    content: _Content,
    count: int,
) -> tuple[str, bytes]:
    """A message's id, and its bytes. ``count``: how many things it tells."""
    header = DurableHeader(
        id=secrets.token_hex(16), hub=keys.public.text, address=folded(address), count=count
    )
    body = sealed(
        kind.kind, header.written(), content.written(), sender=keys, receivers=(receiver,)
    )
    return header.id, body


def header_of(kind: DurableKind[_Content], body: object, content_type: str | None) -> DurableHeader:
    """What everybody may know of it; nothing of it has been proven.

    Raises:
        Refused, NotSealed, NotTheForm: it is no such message.
    """
    return _parts(kind, body, content_type)[0]


def opened(
    kind: DurableKind[_Content],
    body: object,
    content_type: str | None,
    *,
    own: KeyPair,
    address: str,
    senders: Mapping[str, tuple[str, PublicKey]],
) -> Opened[_Content]:
    """Read a message. ``senders``: HSA-id and key of each who may send, by the key's text.

    Raises:
        Refused, NotSealed, NotTheForm, CannotOpen: it is not for us, of nobody we know, or not
            whole; the text quotes nothing.
    """
    header, message = _parts(kind, body, content_type)
    if header.address != folded(address):
        raise Refused("a message for another address")
    known = senders.get(header.hub)
    if known is None:
        raise Refused(f"a message of a hub that {kind.named_by} does not name")
    sender, key = known
    content = kind.content.read(message.opened(own, key))
    return Opened(sender, header.id, header.count, content)


def _parts(
    kind: DurableKind[_Content], body: object, content_type: str | None
) -> tuple[DurableHeader, Sealed]:
    if content_type != kind.content_type:
        raise Refused("a message of another content type")
    message = taken_apart(kind.kind, body, kind.most_bytes)
    header = DurableHeader.read(message.header)
    if header.count > kind.most:
        raise NotTheForm("DurableHeader: count")
    return header, message
