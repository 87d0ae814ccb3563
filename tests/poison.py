"""Messages that no reader of a durable queue can take, each broken in its own way."""

from __future__ import annotations

import pickle
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from samsvar.broker.durable_message import DurableHeader, DurableKind, sealed_message
from samsvar.broker.keys import KeyPair, PublicKey
from samsvar.broker.sealed import sealed

LARGE = 20_000_000


class Trap:
    """Built by whoever unpickles it: then its file is there."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __reduce__(self) -> Any:
        return Path.touch, (self._file,)


@dataclass(frozen=True, slots=True)
class Bad:
    """One message."""

    body: bytes = field(repr=False)
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def poison(
    kind: DurableKind[Any], sender: KeyPair, receiver: PublicKey, address: str, content: Any
) -> dict[str, Bad]:
    """Bytes, cut, changed, too large, of another form, version, sender, address or count.
    ``content``: of a message that would be taken, which tells one thing."""
    _, good = sealed_message(kind, sender, receiver, address, content, 1)
    header = DurableHeader(id="0" * 32, hub=sender.public.text, address=address, count=1)

    def said(words: bytes, top: bytes = header.written(), by: KeyPair = sender) -> bytes:
        return sealed(kind.kind, top, words, sender=by, receivers=[receiver])

    words = content.written()
    bodies = {
        "bytes": secrets.token_bytes(300),
        "nothing": b"",
        "cut": good[: len(good) // 2],
        "changed": good[:-1] + bytes([good[-1] ^ 1]),
        "large": bytes(LARGE),
        "cut JSON": said(words[: len(words) // 2]),
        "a list": said(b"[]"),
        "wrong type": said(words.replace(b'"', b"7", 2)),
        "a field more": said(words[:-1] + b',"more":1}'),
        "unknown version": said(words, header.written().replace(b'"v":1', b'"v":2')),
        "wrong count": said(words, header.written().replace(b'"count":1', b'"count":2')),
        "stranger": said(words, by=KeyPair.new()),
        "another hub": sealed_message(kind, KeyPair.new(), receiver, address, content, 1)[1],
        "another address": sealed_message(kind, sender, receiver, "SE-OTHER", content, 1)[1],
    }
    return {name: Bad(body, kind.content_type) for name, body in bodies.items()}


def hooks(own_type: str, trap: Path) -> dict[str, Bad]:
    """Messages that a careless reader would build objects of: ``trap`` is then there."""
    pickled = pickle.dumps(Trap(trap))
    yaml = f"!!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{trap}]]"
    typed = b'{"__type__": "datetime", "__value__": "2026-01-01"}'
    return {
        "pickle": Bad(pickled, "application/x-python-serialize"),
        "pickle as ours": Bad(pickled, own_type),
        "yaml": Bad(yaml.encode(), "application/x-yaml"),
        "yaml as ours": Bad(yaml.encode(), own_type),
        "data": Bad(pickled, "application/data"),
        "__type__": Bad(typed, "application/json"),
        "__type__ as ours": Bad(typed, own_type),
        "compressed": Bad(b"\x1f\x8b" + bytes(64), own_type, {"compression": "application/x-gzip"}),
    }
