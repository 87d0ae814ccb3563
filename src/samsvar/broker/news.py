"""News of an index as a message at the broker: what stands in it.

The very message that goes over SOAP, and what the outbox knows of each change in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from samsvar.broker.durable import INDEX_NEWS
from samsvar.broker.durable_message import DurableKind, Opened, opened
from samsvar.broker.forms import Count, Form, Name, NotTheForm
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.sealed import Kind

_Moment = Annotated[str, Field(pattern=r"^[0-9T:.+Z-]{10,40}$")]


class NewsContent(Form):
    """What is told. Change by change: its number in the sender's outbox, and when it was written
    there; both grow, and tell which of two is the later."""

    correlation_id: Name
    history: Annotated[str, Field(max_length=512)]
    numbers: list[Count]
    moments: list[_Moment]
    envelope: str = Field(repr=False)


NEWS = DurableKind(
    INDEX_NEWS,
    Kind.NEWS,
    "application/vnd.samsvar.news",
    NewsContent,
    most=100,
    most_bytes=1024 * 1024,
    named_by="[index] receive_from_broker",
)
News = Opened[NewsContent]


def opened_news(
    body: object,
    content_type: str | None,
    *,
    own: KeyPair,
    address: str,
    senders: Mapping[str, tuple[str, PublicKey]],
) -> News:
    """Read a message.

    Raises:
        Refused, NotSealed, NotTheForm, CannotOpen: as ``durable_message.opened``.
    """
    news = opened(NEWS, body, content_type, own=own, address=address, senders=senders)
    if not len(news.content.numbers) == len(news.content.moments) == news.count:
        raise NotTheForm("NewsContent: numbers, moments")
    return news
