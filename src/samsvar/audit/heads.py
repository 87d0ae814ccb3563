"""Signed heads: at this moment the log had so many rows, and this root. And the keys that sign.

A head names the one before it by hash, so that heads are a chain of their own. A key is handed
over to the next by both signatures, so that whoever trusts one key can follow to those after it.
What is signed is a line of context and the statement as JSON: keys sorted, no blanks, ASCII.
A line of the heads file is such a statement with its signatures. Knows no file and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

_HEAD_CONTEXT = b"samsvar access log head 1\n"
_KEY_CONTEXT = b"samsvar access log key 1\n"
_HEX = re.compile(r"[0-9a-f]*")
_ROOT_LETTERS = 64
_SIGNATURE_LETTERS = 128
_FIELDS_OF_A_LINE = 2


class StatementRefused(Exception):
    """A signed statement is not what its signer wrote, or cannot be read. The text says which."""


@dataclass(frozen=True, slots=True)
class Head:
    """What the log was at one moment."""

    log: str
    """Id of the log, so that the head of another log cannot stand in."""
    number: int
    """1 for the first head of a log."""
    size: int
    root: str
    at: str
    """UTC, ISO 8601."""
    previous: str
    """Hash of the head before, or nothing."""
    key: str
    """Id of the key that signs."""

    @property
    def statement(self) -> bytes:
        """The bytes that stand for it."""
        return _dumped(asdict(self))

    @property
    def hash(self) -> str:
        """What the next head calls it."""
        return sha256(self.statement).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with its signature."""

    head: Head
    signature: str

    @property
    def line(self) -> bytes:
        """As it stands in the heads file."""
        return _dumped({"head": asdict(self.head), "signature": self.signature})


@dataclass(frozen=True, slots=True)
class KeyHandOver:
    """A key that signs from now on, and the one before it."""

    log: str
    public: str
    previous: str
    """Public key that hands over, or nothing for the first one."""
    at: str
    by_previous: str
    """Signature of the one that hands over; of the first key: nothing."""
    by_itself: str

    @property
    def key(self) -> str:
        """The key's id."""
        return key_id(self.public)

    @property
    def line(self) -> bytes:
        """As it stands in the heads file."""
        return _dumped({"key": asdict(self)})


def key_id(public: str) -> str:
    """A short name of a public key, for people to compare."""
    return sha256(bytes.fromhex(public)).hexdigest()[:32]


def public_of(key: Ed25519PrivateKey) -> str:
    """The public key as hex."""
    return key.public_key().public_bytes_raw().hex()


def signed(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """The head with its signature."""
    return SignedHead(head, key.sign(_HEAD_CONTEXT + head.statement).hex())


def check_head(told: SignedHead, public: str) -> None:
    """Return if the key has signed the head.

    Raises:
        StatementRefused: it has not.
    """
    if told.head.key != key_id(public):
        raise StatementRefused("the head names another key than the one it is checked with")
    _check(public, told.signature, _HEAD_CONTEXT + told.head.statement, "the head")


def hand_over(
    log: str, at: str, new: Ed25519PrivateKey, old: Ed25519PrivateKey | None
) -> KeyHandOver:
    """The statement by which a key takes over; ``old`` None: it is the log's first."""
    previous = public_of(old) if old else ""
    message = _hand_over_message(log, public_of(new), previous, at)
    return KeyHandOver(
        log,
        public_of(new),
        previous,
        at,
        old.sign(message).hex() if old else "",
        new.sign(message).hex(),
    )


def check_hand_over(told: KeyHandOver) -> None:
    """Return if both keys have signed.

    Raises:
        StatementRefused: one has not.
    """
    message = _hand_over_message(told.log, told.public, told.previous, told.at)
    _check(told.public, told.by_itself, message, "the key")
    if told.previous:
        _check(told.previous, told.by_previous, message, "the key's hand-over")
    elif told.by_previous:
        raise StatementRefused("the log's first key has nobody who hands over")


def read_line(line: bytes) -> SignedHead | KeyHandOver:
    """A line of the heads file; not checked yet.

    Raises:
        StatementRefused: it is none.
    """
    try:
        told = orjson.loads(line)
        if told.keys() == {"key"}:
            return key_of(told["key"])
        return head_of(told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StatementRefused("no head and no key of the access log") from error


def head_of(told: Mapping[str, Any]) -> SignedHead:
    """A head as JSON has it.

    Raises:
        StatementRefused: it is none.
    """
    try:
        fields, signature = told["head"], told["signature"]
        numbers = (fields["number"], fields["size"])
        hexes = (*(fields[name] for name in ("log", "root", "previous", "key")), signature)
        head = Head(**fields)
    except (KeyError, TypeError) as error:
        raise StatementRefused("it has not the fields of a head") from error
    sound = (
        len(told) == _FIELDS_OF_A_LINE
        and all(type(one) is int for one in numbers)
        and isinstance(fields["at"], str)
        and all(map(_is_hex, hexes))
    )
    if not sound or head.number < 1 or head.size < 0 or len(head.root) != _ROOT_LETTERS:
        raise StatementRefused("a field of the head has another form")
    return SignedHead(head, signature)


def key_of(told: Mapping[str, Any]) -> KeyHandOver:
    """A key as JSON has it.

    Raises:
        StatementRefused: it is none.
    """
    try:
        key = KeyHandOver(**told)
    except TypeError as error:
        raise StatementRefused("it has not the fields of a key") from error
    hexes = (told["log"], told["public"], told["previous"], told["by_previous"], told["by_itself"])
    if not isinstance(told["at"], str) or not all(map(_is_hex, hexes)):
        raise StatementRefused("a field of the key has another form")
    return key


def _hand_over_message(log: str, public: str, previous: str, at: str) -> bytes:
    return _KEY_CONTEXT + _dumped({"log": log, "public": public, "previous": previous, "at": at})


def _check(public: str, signature: str, message: bytes, what: str) -> None:
    try:
        if len(signature) != _SIGNATURE_LETTERS:
            raise StatementRefused(f"{what} is not signed")
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError) as error:
        raise StatementRefused(f"{what} is not as it was signed") from error


def _is_hex(value: object) -> bool:
    return isinstance(value, str) and _HEX.fullmatch(value) is not None


def _dumped(value: Mapping[str, Any]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
