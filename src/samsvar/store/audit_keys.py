"""The key that signs heads: a file in the data folder, and who it took over from.

The private key is in ``audit.key``, for its owner alone, and nowhere else. Public keys stay in the
database for ever, each with the signature of the one before it, so that old heads can be checked
and a new key be trusted. Knows files and one table. Knows no head.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from samsvar.audit.heads import KeyHandOver, hand_over, public_of, read_line
from samsvar.errors import ResourcesMissing
from samsvar.store.database import Database
from samsvar.store.key_file import make_key_file, read_key_file, sync_folder
from samsvar.store.tables import AUDIT_KEY, AUDIT_TREE

KEY_FILE = "audit.key"
_NEXT_FILE = "audit.key.next"


class AuditKeys:
    """The signing key of one data folder. Its methods wait for the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._path = database.folder / KEY_FILE
        self._next = database.folder / _NEXT_FILE
        self._held: Ed25519PrivateKey | None = None

    def current(self, now: datetime) -> Ed25519PrivateKey:
        """The key that signs; made if the log has never had one.

        Raises:
            ResourcesMissing: it is gone, is another one, or can be read by others.
        """
        newest = self._newest()
        if newest is None:
            newest = self._begin(now)
        if self._held is None or public_of(self._held) != newest:
            self._held = self._fitting(newest)
        return self._held

    def rotate(self, now: datetime) -> KeyHandOver:
        """Make a new key, let the old one hand over to it, and forget the old one.

        The database knows the new key before its file has its name: whoever finds the two apart
        puts the file in place.

        Raises:
            ResourcesMissing: there is no key to hand over from, or a file cannot be written.
        """
        old = self.current(now)
        try:
            self._next.unlink(missing_ok=True)
            make_key_file(self._next, Ed25519PrivateKey.generate().private_bytes_raw().hex())
            new = _read(self._next)
            told = self._store(now, new, old)
            os.replace(self._next, self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise ResourcesMissing(
                f"{KEY_FILE} cannot be written ({type(error).__name__})"
            ) from error
        self._held = new
        return told

    def _newest(self) -> str | None:
        column = AUDIT_KEY.c.line
        with self._database.read() as connection:
            line = connection.scalar(sa.select(column).order_by(AUDIT_KEY.c.number.desc()).limit(1))
        told = read_line(line) if line is not None else None
        return told.public if isinstance(told, KeyHandOver) else None

    def _begin(self, now: datetime) -> str:
        try:
            make_key_file(self._path, Ed25519PrivateKey.generate().private_bytes_raw().hex())
            return self._store(now, _read(self._path), None).public
        except OSError as error:
            raise ResourcesMissing(
                f"{KEY_FILE} cannot be written ({type(error).__name__})"
            ) from error

    def _store(
        self, now: datetime, new: Ed25519PrivateKey, old: Ed25519PrivateKey | None
    ) -> KeyHandOver:
        at = now.astimezone(UTC).isoformat(timespec="seconds")
        with self._database.write() as connection, connection.begin():
            rows = connection.execute(
                sa.select(AUDIT_KEY.c.number, AUDIT_KEY.c.line).order_by(AUDIT_KEY.c.number.desc())
            ).all()
            if rows and old is None:  # another process was first
                told = read_line(rows[0].line)
                if isinstance(told, KeyHandOver):
                    return told
            if rows and old is not None:
                newest = read_line(rows[0].line)
                if not isinstance(newest, KeyHandOver) or newest.public != public_of(old):
                    raise ResourcesMissing("another process has rotated the key: try again")
            log = connection.scalar(sa.select(AUDIT_TREE.c.log))
            told = hand_over(str(log), at, new, old)
            number = rows[0].number + 1 if rows else 1
            connection.execute(
                sa.insert(AUDIT_KEY).values(number=number, key=told.key, line=told.line)
            )
            return told

    def _fitting(self, public: str) -> Ed25519PrivateKey:
        """The private key of a public one."""
        for path in (self._path, self._next):
            try:
                key = _read(path)
            except FileNotFoundError:
                continue
            except (OSError, ValueError) as error:
                raise ResourcesMissing(f"{path.name} cannot be read") from error
            if public_of(key) == public:
                if path == self._next:
                    os.replace(self._next, self._path)
                return key
        raise ResourcesMissing(
            f"{KEY_FILE} is missing, or is not the key that signed last: restore it"
        )


def _read(path: Path) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(read_key_file(path)))
