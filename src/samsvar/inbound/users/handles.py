"""Handles: ids of resources by which the same user can read them again for a while.

A handle holds everything that is needed and says nothing of it: whose the record is, a mark of its
source and of itself, and until when; sealed with the hub's key and bound to the user who got it.
Nothing is stored. It must fit in an id of FHIR (64 letters and digits), so a nonce has no room: the
seal is deterministic (AES-SIV, RFC 5297), and the same question gives the same ids until they end.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from dataclasses import dataclass, field
from string import ascii_letters, digits

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from samsvar.fhir.datatypes import ResourceIds
from samsvar.fhir.ids import keyed_ids
from samsvar.model.identifiers import PersonId, folded
from samsvar.model.person_numbers import (
    DANISH_CPR,
    NATIONAL_RESERVE,
    NRID,
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    STOCKHOLM_RESERVE,
    VARMLAND_RESERVE,
    VASTRA_GOTALAND_RESERVE,
)
from samsvar.model.user import User

#: by place: a number's series is one byte of a handle. Add at the end only
_ROOTS = (
    PERSONNUMMER,
    SAMORDNINGSNUMMER,
    NATIONAL_RESERVE,
    NRID,
    STOCKHOLM_RESERVE,
    VASTRA_GOTALAND_RESERVE,
    VARMLAND_RESERVE,
    DANISH_CPR,
)
_ALPHABET = digits + ascii_letters
_NUMBER = " " + digits + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NUMBER_LENGTH = 12
_FORM = struct.Struct(">IBQ6s10s")  # until, series, number, source, record: 29 bytes
_TAG = 16
LENGTH = 61  # so many of 62 characters hold 45 bytes
_KEY_BYTES = 32


class HandleRefused(Exception):
    """It is none, or not this user's, or its time is out: nobody is told which."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What a handle of this user's stands for."""

    person: PersonId
    until: int
    """Seconds since 1970."""
    source: bytes = field(repr=False)


class Handles:
    """Seals and opens. Holds the key, and never shows it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the key must be {_KEY_BYTES} bytes")
        self._seal = AESSIV(_derived(key, b"seal", 64))
        self._marks = _derived(key, b"marks", _KEY_BYTES)
        self._plain = keyed_ids(_derived(key, b"ids", _KEY_BYTES))

    def ids(self, user: User, person: PersonId, until: int) -> ResourceIds:
        """Makes ids of a person's resources, for this user and until then."""
        number = _number(person)
        if number is None:
            # A source's own number has no room in an id: such a record is found, and not read.
            return self._plain
        series = _ROOTS.index(person.root)
        bound = [_holder(user)]

        def make(*parts: str) -> str:
            plain = _FORM.pack(until, series, number, self._source(parts[1]), self._record(parts))
            sealed = int.from_bytes(self._seal.encrypt(plain, bound), "big")
            return _written(sealed)

        return make

    def opened(self, handle: str, user: User, now: float) -> Opened:
        """What it stands for.

        Raises:
            HandleRefused: it opens nothing.
        """
        sealed = _read(handle)
        try:
            plain = self._seal.decrypt(sealed, [_holder(user)])
        except InvalidTag:
            raise HandleRefused from None
        until, series, number, source, _ = _FORM.unpack(plain)
        if until <= now or series >= len(_ROOTS):
            raise HandleRefused
        return Opened(PersonId(_ROOTS[series], _digits(number)), until, source)

    def is_from(self, opened: Opened, source: str) -> bool:
        """Whether that source holds the record."""
        return hmac.compare_digest(opened.source, self._source(source))

    def _source(self, source: str) -> bytes:
        return self._mark(b"source", folded(source))[:6]

    def _record(self, parts: tuple[str, ...]) -> bytes:
        return self._mark(b"record", *parts)[:10]

    def _mark(self, kind: bytes, *parts: str) -> bytes:
        return hmac.digest(self._marks, kind + _joined(*parts), hashlib.sha256)


def _joined(*parts: str) -> bytes:
    """Each with its length, so that no two lists make one text."""
    coded = (part.encode("utf-8", errors="surrogatepass") for part in parts)
    return b"".join(b"%d:%b" % (len(part), part) for part in coded)


def _holder(user: User) -> bytes:
    """Issuer and subject together are one user."""
    return _joined(user.issuer, user.subject)


def _number(person: PersonId) -> int | None:
    """The number as one of 37^12; None where it has no room."""
    text = person.extension
    if person.root not in _ROOTS or len(text) > _NUMBER_LENGTH or not set(text) <= set(_NUMBER):
        return None
    total = 0
    for character in text.ljust(_NUMBER_LENGTH):
        total = total * len(_NUMBER) + _NUMBER.index(character)
    return total


def _digits(number: int) -> str:
    found = []
    for _ in range(_NUMBER_LENGTH):
        number, place = divmod(number, len(_NUMBER))
        found.append(_NUMBER[place])
    return "".join(reversed(found)).rstrip()


def _written(sealed: int) -> str:
    found = []
    for _ in range(LENGTH):
        sealed, place = divmod(sealed, len(_ALPHABET))
        found.append(_ALPHABET[place])
    return "".join(reversed(found))


def _read(handle: str) -> bytes:
    size = _FORM.size + _TAG
    if len(handle) != LENGTH or not set(handle) <= set(_ALPHABET):
        raise HandleRefused
    total = 0
    for character in handle:
        total = total * len(_ALPHABET) + _ALPHABET.index(character)
    if total >= 1 << (8 * size):
        raise HandleRefused
    return total.to_bytes(size, "big")


def _derived(key: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length=length, salt=None, info=b"samsvar handle " + purpose).derive(key)
