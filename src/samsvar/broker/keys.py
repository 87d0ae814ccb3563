"""Key pairs of hubs and workers: a private key in a file of its own, a public key as one word.

Knows X25519 keys and their text. Knows no message.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

SHAPE = "x25519: and 43 signs, as `samsvar worker key` prints it"
_PREFIX = "x25519:"
_BYTES = 32
_ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class PublicKey:
    """Who somebody is on the broker. Equal if and only if the key is."""

    text: str
    id: bytes = field(repr=False, compare=False)
    """A short name of it, to find it among others; proves nothing."""
    raw: X25519PublicKey = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """Ours."""

    private: X25519PrivateKey = field(repr=False)
    public: PublicKey

    @classmethod
    def new(cls) -> KeyPair:
        """A fresh pair."""
        return _pair(X25519PrivateKey.generate())

    @classmethod
    def of(cls, secret: str) -> KeyPair:
        """The pair of a key file's line.

        Raises:
            ValueError: it is none.
        """
        raw = _decoded(secret.removeprefix("private-"))
        return _pair(X25519PrivateKey.from_private_bytes(raw))

    def secret(self) -> str:
        """The key file's line. Keep it from everybody else."""
        return "private-" + _text(self.private.private_bytes_raw())


def public_key(text: str) -> PublicKey:
    """Read a public key.

    Raises:
        ValueError: it is none; the text is not repeated.
    """
    raw = _decoded(text)
    key = X25519PublicKey.from_public_bytes(raw)
    try:
        # A key of low order would make every secret shared with it known to everybody.
        X25519PrivateKey.generate().exchange(key)
    except ValueError:
        raise ValueError(f"must be a key: {SHAPE}") from None
    return _public(key)


def _pair(private: X25519PrivateKey) -> KeyPair:
    return KeyPair(private, _public(private.public_key()))


def _public(key: X25519PublicKey) -> PublicKey:
    raw = key.public_bytes_raw()
    return PublicKey(_text(raw), hashlib.sha256(raw).digest()[:_ID_BYTES], key)


def _text(raw: bytes) -> str:
    return _PREFIX + base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.removeprefix(_PREFIX) + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not text.startswith(_PREFIX) or len(raw) != _BYTES or _text(raw) != text:
        raise ValueError(f"must be a key: {SHAPE}")
    return raw
