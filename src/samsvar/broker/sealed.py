"""A sealed message: a header that everybody may read, and a content for those it is sealed for.

    kind (4) | length (4) | header | count (1) | count x (key id 8, wrapped key 80) | content

The content is encrypted once, with a key of its own that is wrapped for each receiver. Header,
kind and wrapped keys are bound to it: whoever changes one of them makes it unreadable.
Knows no broker, and not what header and content say.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from samsvar.broker.hpke import ENCAPSULATED, TAG, CannotOpen, seal, unseal
from samsvar.broker.keys import KeyPair, PublicKey

MOST_RECEIVERS = 16
MOST_HEADER = 4096
_KEY = 32
_KEY_ID = 8
_WRAPPED = ENCAPSULATED + _KEY + TAG
_ONCE = bytes(12)  # the nonce of a key that encrypts one message and no more


class Kind(Enum):
    """What a message is: an answer can never be taken for a question."""

    QUESTION = b"SVQ1"
    ANSWER = b"SVA1"
    ANNOUNCEMENT = b"SVW1"
    NEWS = b"SVN1"
    RECORDS = b"SVL1"


class NotSealed(Exception):
    """The bytes are no sealed message of that kind. The text says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message taken apart; nothing of it has been proven yet."""

    kind: Kind
    header: bytes
    wraps: bytes = field(repr=False)
    content: bytes = field(repr=False)

    def opened(self, own: KeyPair, sender: PublicKey) -> bytes:
        """The content, if it is for us and by that sender.

        Raises:
            CannotOpen: it is not.
        """
        for at in range(0, len(self.wraps), _KEY_ID + _WRAPPED):
            if self.wraps[at : at + _KEY_ID] == own.public.id:
                wrapped = self.wraps[at + _KEY_ID : at + _KEY_ID + _WRAPPED]
                key = unseal(
                    wrapped,
                    receiver=own.private,
                    sender=sender.raw,
                    info=_info(self.kind),
                    bound=self.header,
                )
                try:
                    return AESGCM(key).decrypt(_ONCE, self.content, self.header + self.wraps)
                except (InvalidTag, ValueError):
                    break
        raise CannotOpen("it cannot be opened")


def sealed(
    kind: Kind, header: bytes, content: bytes, *, sender: KeyPair, receivers: Sequence[PublicKey]
) -> bytes:
    """The message's bytes."""
    if not 0 < len(receivers) <= MOST_RECEIVERS or len(header) > MOST_HEADER:
        raise ValueError("a message has 1 to 16 receivers and a short header")
    key = secrets.token_bytes(_KEY)
    wraps = b"".join(
        receiver.id
        + seal(key, sender=sender.private, receiver=receiver.raw, info=_info(kind), bound=header)
        for receiver in receivers
    )
    head = kind.value + len(header).to_bytes(4, "big") + header + bytes([len(receivers)])
    return head + wraps + AESGCM(key).encrypt(_ONCE, content, header + wraps)


def taken_apart(kind: Kind, message: object, most: int) -> Sealed:
    """A message's parts. ``most``: bytes that one of this kind may have.

    Raises:
        NotSealed: it is none, or too large.
    """
    if not isinstance(message, bytes):
        raise NotSealed("its body is no bytes")
    if len(message) > most:
        raise NotSealed(f"it is over {most} bytes")
    if message[:4] != kind.value:
        raise NotSealed("it is of another kind")
    length = int.from_bytes(message[4:8], "big")
    begin = 8 + length + 1
    if length > MOST_HEADER or len(message) < begin:
        raise NotSealed("it is cut short")
    count = message[begin - 1]
    end = begin + count * (_KEY_ID + _WRAPPED)
    if not 0 < count <= MOST_RECEIVERS or len(message) < end + TAG:
        raise NotSealed("it is cut short")
    return Sealed(kind, message[8 : begin - 1], message[begin:end], message[end:])


def _info(kind: Kind) -> bytes:
    return b"samsvar " + kind.value
