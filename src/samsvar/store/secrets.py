"""Persons at rest: a keyed hash to find them by, and a sealed number to show an auditor.

The same for users, and for free text that may tell of anybody, each with a key of its own. Knows
one key file and the keys that are made of it. A database remembers the fingerprint of
its key: with another key, every search would quietly find nothing. Knows no table but that.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from samsvar.errors import ResourcesMissing
from samsvar.model.identifiers import PersonId
from samsvar.store.database import Database
from samsvar.store.key_file import make_key_file, read_key_file
from samsvar.store.tables import SETTING

KEY_FILE = "person.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12  # what GCM is made for; random, so at most 2^32 seals with one key
_FORM = b"\x01"  # first byte of a seal: which form it has, should there be another one day
_FINGERPRINT = "person-key-fingerprint"


class PersonVault:
    """Hashes, seals and opens. Holds the key, and never shows it."""

    def __init__(self, key: bytes) -> None:
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the key must be {_KEY_BYTES} bytes")
        self._key = key
        # Keyed once, and copied for each person. (``hmac.digest`` lets go of the interpreter
        # lock, even for a few bytes: the event loop then waits for the access log's thread.)
        self._keyed = hmac.new(_derived(key, b"samsvar person hash"), digestmod=hashlib.sha256)
        self._cipher = AESGCM(_derived(key, b"samsvar person seal"))
        self._keyed_others = hmac.new(_derived(key, b"samsvar user hash"), digestmod=hashlib.sha256)
        self._text_cipher = AESGCM(_derived(key, b"samsvar text seal"))
        self.fingerprint = _derived(key, b"samsvar person key fingerprint").hex()[:16]

    def keyed_hash(self, person: PersonId) -> str:
        """HMAC-SHA256 of root and number, as hex: the same for the same person, always."""
        keyed = self._keyed.copy()
        keyed.update(f"{person.root}|{person.extension}".encode())
        return keyed.hexdigest()

    def keyed_hash_of(self, *parts: str) -> str:
        """HMAC-SHA256 of names that are no person's number by themselves, the first of which says
        what they are."""
        keyed = self._keyed_others.copy()
        keyed.update("\x1f".join(parts).encode(errors="backslashreplace"))
        return keyed.hexdigest()

    def seal_text(self, text: str) -> bytes:
        """The text, encrypted; different each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        message = text.encode(errors="backslashreplace")
        return _FORM + nonce + self._text_cipher.encrypt(nonce, message, _FORM)

    def open_text(self, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            ResourcesMissing: it was changed, or sealed with another key.
        """
        nonce, message = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._text_cipher.decrypt(nonce, message, sealed[:1]).decode()
        except (InvalidTag, ValueError) as error:
            raise ResourcesMissing("a sealed text cannot be opened with this key") from error

    def seal(self, person: PersonId) -> bytes:
        """The person, encrypted; different each time."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        message = f"{person.root}|{person.extension}".encode()
        return _FORM + nonce + self._cipher.encrypt(nonce, message, _FORM)

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for something else that must stay closed; 32 bytes."""
        return _derived(self._key, f"samsvar {purpose}".encode())

    def open(self, sealed: bytes) -> PersonId:
        """The person that was sealed.

        Raises:
            ResourcesMissing: it was changed, or sealed with another key.
        """
        nonce, message = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            opened = self._cipher.decrypt(nonce, message, sealed[:1]).decode()
        except (InvalidTag, ValueError) as error:
            raise ResourcesMissing("a sealed person cannot be opened with this key") from error
        root, _, extension = opened.partition("|")
        return PersonId(root, extension)


def open_vault(database: Database) -> PersonVault:
    """The vault of a data folder. Its key is made at first use, and never after that.

    Raises:
        ResourcesMissing: the key is gone, is another one, or can be read by others.
    """
    path = database.folder / KEY_FILE
    with database.read() as connection:
        expected = connection.scalar(sa.select(SETTING.c.value).filter_by(name=_FINGERPRINT))
    try:
        if expected is None:
            make_key_file(path, secrets.token_hex(_KEY_BYTES))
        vault = PersonVault(bytes.fromhex(read_key_file(path)))
    except (OSError, ValueError) as error:
        raise ResourcesMissing(
            f"the key file {KEY_FILE} is missing or cannot be read: restore it with the database"
        ) from error
    if expected is None:
        expected = _remember(database, vault.fingerprint)
    if not hmac.compare_digest(expected, vault.fingerprint):
        raise ResourcesMissing(f"{KEY_FILE} is not this database's key: restore the right one")
    return vault


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), length=_KEY_BYTES, salt=None, info=purpose).derive(key)


def _remember(database: Database, fingerprint: str) -> str:
    """Bind the database to the key; the fingerprint that stands is the first one written."""
    with database.write() as connection, connection.begin():
        row = sa.select(SETTING.c.value).filter_by(name=_FINGERPRINT)
        found = connection.scalar(row)
        if found is None:
            connection.execute(sa.insert(SETTING).values(name=_FINGERPRINT, value=fingerprint))
            return fingerprint
        return str(found)
