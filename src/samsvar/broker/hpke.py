"""Sealing to a public key so that the receiver knows who sealed: HPKE (RFC 9180), mode auth.

DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, one message a key. Composed as the RFC's
sections 4.1, 5.1 and 6.1 have it, of the primitives of ``cryptography``, whose own HPKE has no
mode in which the sender is known. A test opens the RFC's own example (A.1.3).
Knows bytes and keys, and no message.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

ENCAPSULATED = 32
"""Bytes of the ephemeral public key before the sealed bytes."""
TAG = 16
_MODE_AUTH = b"\x02"
_KEM_SUITE = b"KEM\x00\x20"
_SECRET = 32
_NONCE = 12


class CannotOpen(Exception):
    """Changed, sealed for somebody else, or sealed by somebody else. Never says which."""


@dataclass(frozen=True, slots=True)
class Aead:
    """Which cipher: its number in the RFC's registry, and the length of its key."""

    number: int
    key_bytes: int


AES_256_GCM = Aead(2, 32)


def seal(
    plaintext: bytes,
    *,
    sender: X25519PrivateKey,
    receiver: X25519PublicKey,
    info: bytes,
    bound: bytes,
    aead: Aead = AES_256_GCM,
) -> bytes:
    """Sealed bytes, different each time. ``bound`` (associated data) must be known to open them.

    Raises:
        ValueError: ``receiver`` is no key that can keep a secret.
    """
    ephemeral = X25519PrivateKey.generate()
    encapsulated = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(receiver) + sender.exchange(receiver)
    context = encapsulated + receiver.public_bytes_raw() + sender.public_key().public_bytes_raw()
    key, nonce = _key_and_nonce(shared, context, info, aead)
    return encapsulated + AESGCM(key).encrypt(nonce, plaintext, bound)


def unseal(
    sealed: bytes,
    *,
    receiver: X25519PrivateKey,
    sender: X25519PublicKey,
    info: bytes,
    bound: bytes,
    aead: Aead = AES_256_GCM,
) -> bytes:
    """What was sealed for us, by that sender.

    Raises:
        CannotOpen: it was not.
    """
    encapsulated = sealed[:ENCAPSULATED]
    try:
        ephemeral = X25519PublicKey.from_public_bytes(encapsulated)
        shared = receiver.exchange(ephemeral) + receiver.exchange(sender)
        own = receiver.public_key().public_bytes_raw()
        context = encapsulated + own + sender.public_bytes_raw()
        key, nonce = _key_and_nonce(shared, context, info, aead)
        return AESGCM(key).decrypt(nonce, sealed[ENCAPSULATED:], bound)
    except (InvalidTag, ValueError):
        raise CannotOpen("it cannot be opened") from None


def _key_and_nonce(shared: bytes, context: bytes, info: bytes, aead: Aead) -> tuple[bytes, bytes]:
    drawn = _extract(_KEM_SUITE, b"", b"eae_prk", shared)
    secret = _expand(_KEM_SUITE, drawn, b"shared_secret", context, _SECRET)
    suite = b"HPKE\x00\x20\x00\x01" + aead.number.to_bytes(2, "big")
    schedule = (
        _MODE_AUTH
        + _extract(suite, b"", b"psk_id_hash", b"")
        + _extract(suite, b"", b"info_hash", info)
    )
    root = _extract(suite, secret, b"secret", b"")
    return (
        _expand(suite, root, b"key", schedule, aead.key_bytes),
        _expand(suite, root, b"base_nonce", schedule, _NONCE),
    )


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt, b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labelled).derive(secret)
