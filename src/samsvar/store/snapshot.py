"""The last good catalogue as signed files beside the database: what a hub starts with when the
database's own cannot be read.

Two files: the registry as text, and a short seal that names it, its hash, and when it was last
seen in force. The seal is signed with a key of the data folder, so that what was cut, edited or
put there by somebody else is refused; and what is too old is refused as well. Knows nothing of
what a registry says.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samsvar.errors import ResourcesMissing
from samsvar.store.key_file import make_key_file, read_key_file, sync_folder

KEY_FILE = "snapshot.key"
SEAL_FILE = "catalogue.signed"
_FORM = 1
_SIGNATURE_LETTERS = 128
_CLOCKS_APART = timedelta(minutes=5)


class SnapshotRefused(Exception):
    """The signed copy cannot be used. The text says why."""


class SnapshotMissing(SnapshotRefused):
    """There has never been a copy here."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A registry that was in force."""

    version: int
    text: str = field(repr=False)
    seen: datetime
    """When the database last said that it was in force."""


class CatalogueSnapshot:
    """The signed copy in one data folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._kept: tuple[int, str] | None = None

    def keep(self, version: int, text: str | None, now: datetime) -> None:
        """Note that a version is in force. ``text`` None: it is the one kept already.

        Raises:
            ResourcesMissing: the folder cannot be written, or its key not be used.
        """
        try:
            key = self._key(make=True)
            if text is not None:
                self._kept = (version, self._store(version, text))
            if self._kept is None or self._kept[0] != version:
                raise ResourcesMissing("the signed copy lacks the text of its version")
            seal = orjson.dumps(
                {
                    "form": _FORM,
                    "version": version,
                    "sha256": self._kept[1],
                    "seen": now.astimezone(UTC).isoformat(timespec="seconds"),
                }
            )
            content = key.sign(seal).hex().encode() + b"\n" + seal
            self._replace(SEAL_FILE, content, durable=text is not None)
            if text is not None:
                self._forget_before(version)
        except (OSError, ValueError) as error:
            raise ResourcesMissing(
                f"the signed copy of the catalogue cannot be written ({type(error).__name__})"
            ) from error

    @property
    def kept(self) -> int | None:
        """The version whose text this process has stored."""
        return self._kept[0] if self._kept else None

    def read(self, now: datetime, longest: timedelta) -> Copy:
        """The copy, if it is whole, ours, and not older than ``longest``.

        Raises:
            SnapshotRefused: it is not there, or must not be used.
        """
        try:
            key = self._key(make=False)
            content = (self._folder / SEAL_FILE).read_bytes()
        except FileNotFoundError as error:
            raise SnapshotMissing("there is no signed copy of the catalogue") from error
        except (OSError, ValueError) as error:
            raise SnapshotRefused("the signed copy or its key cannot be read") from error
        except ResourcesMissing as error:
            raise SnapshotRefused(str(error)) from error
        version, digest, seen = _opened(content, key)
        try:
            text = (self._folder / _text_name(version, digest)).read_bytes()
        except OSError as error:
            raise SnapshotRefused("the signed copy's registry is missing") from error
        if hashlib.sha256(text).hexdigest() != digest:
            raise SnapshotRefused("the signed copy's registry has been changed")
        check_age(seen, now, longest)
        return Copy(version, text.decode(), seen)

    def _key(self, *, make: bool) -> Ed25519PrivateKey:
        path = self._folder / KEY_FILE
        if make:
            make_key_file(path, Ed25519PrivateKey.generate().private_bytes_raw().hex())
        return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(read_key_file(path)))

    def _store(self, version: int, text: str) -> str:
        content = text.encode()
        digest = hashlib.sha256(content).hexdigest()
        self._replace(_text_name(version, digest), content, durable=True)
        return digest

    def _replace(self, name: str, content: bytes, *, durable: bool) -> None:
        """Put a file in place, whole or not at all; other processes may do the same."""
        draft = self._folder / f"{name}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(draft, flags, stat.S_IRUSR | stat.S_IWUSR)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        draft.replace(self._folder / name)
        if durable:
            sync_folder(self._folder)

    def _forget_before(self, version: int) -> None:
        """Texts of older versions; the last but one stays, for a process that is behind."""
        for path in self._folder.glob("catalogue-*.toml"):
            number = path.name.split("-")[1]
            if number.isdecimal() and int(number) < version - 1:
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()


def check_age(seen: datetime, now: datetime, longest: timedelta) -> None:
    """Refuse what is too old, or from a time that has not been.

    Raises:
        SnapshotRefused: it is.
    """
    if now - seen > longest:
        hours = longest / timedelta(hours=1)
        raise SnapshotRefused(f"the signed copy of the catalogue is older than {hours:g} h")
    if seen - now > _CLOCKS_APART:
        raise SnapshotRefused("the signed copy is from the future: look at the clock")


def _text_name(version: int, digest: str) -> str:
    return f"catalogue-{version}-{digest[:12]}.toml"


def _opened(content: bytes, key: Ed25519PrivateKey) -> tuple[int, str, datetime]:
    """Version, hash and moment of a seal that is ours to the byte."""
    signature, newline, seal = (
        content[:_SIGNATURE_LETTERS],
        content[_SIGNATURE_LETTERS : _SIGNATURE_LETTERS + 1],
        content[_SIGNATURE_LETTERS + 1 :],
    )
    try:
        raw = bytes.fromhex(signature.decode("ascii"))
        key.public_key().verify(raw, seal)
        if raw.hex().encode() != signature or newline != b"\n":
            raise SnapshotRefused("the signed copy of the catalogue has been changed")
        told = orjson.loads(seal)
        if told["form"] != _FORM:
            raise SnapshotRefused("the signed copy was written by another release")
        return int(told["version"]), str(told["sha256"]), datetime.fromisoformat(told["seen"])
    except (InvalidSignature, ValueError, KeyError) as error:
        raise SnapshotRefused("the signed copy of the catalogue has been changed") from error
