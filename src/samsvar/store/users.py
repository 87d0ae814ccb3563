"""Who may use the administrative interface: by a token, or by a client certificate.

A token is shown once, when it is made; what is kept is its SHA-256, which is enough for a secret
of 256 random bits. Every access ends by itself. Knows nothing of what a role may do.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.identifiers import folded
from samsvar.onboarding.roles import Role, User
from samsvar.ports import Clock
from samsvar.store.database import Database
from samsvar.store.tables import METADATA

ADMIN_USER = sa.Table(
    "admin_user",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("producers", sa.Text, nullable=False),
    sa.Column("token_hash", sa.Text),
    sa.Column("hsa_id", sa.Text),
    sa.Column("created", sa.Text, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("expires", sa.Text, nullable=False),
    sa.Column("revoked", sa.Text),
)
_C = ADMIN_USER.c

TOKEN = re.compile(r"samsvar_([0-9a-f]{12})_([A-Za-z0-9_-]{43})", re.ASCII)
"""What a token looks like, so that one that has slipped out can be found."""

_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Access:
    """One row, without its secret."""

    user: User
    hsa_id: str | None
    """Of the certificate; None: it is a token."""
    created: datetime
    created_by: str
    expires: datetime
    revoked: datetime | None

    def ended(self, now: datetime) -> bool:
        """Whether it opens nothing any more."""
        return self.revoked is not None or self.expires <= now


class SqlUsers:
    """Makes, finds and revokes. Every method raises ResourcesMissing if it cannot."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def new_token(
        self, name: str, role: Role, producers: Sequence[str], days: int, by: str
    ) -> tuple[str, Access]:
        """A token, in clear this once, and its row."""
        user = User(secrets.token_hex(6), name, role, tuple(producers))
        token = f"samsvar_{user.id}_{secrets.token_urlsafe(_SECRET_BYTES)}"
        return token, self._kept(user, days, by, token_hash=_hashed(token))

    def allow_certificate(
        self, hsa_id: str, name: str, role: Role, producers: Sequence[str], days: int, by: str
    ) -> Access:
        """Let whoever has a certificate with this HSA-id in."""
        user = User(secrets.token_hex(6), name, role, tuple(producers))
        return self._kept(user, days, by, hsa_id=hsa_id)

    def by_token(self, token: str) -> User | None:
        """Whose token it is; None: nobody's, or it has expired or been revoked."""
        match = TOKEN.fullmatch(token)
        rows = self._rows(_C.id == match[1]) if match else []
        found = None
        for row in rows:
            if row.token_hash is not None and hmac.compare_digest(row.token_hash, _hashed(token)):
                found = _access(row)
        return found.user if found and not found.ended(self._clock.now()) else None

    def by_certificate(self, hsa_id: str) -> User | None:
        """Who has this HSA-id in a certificate; None: nobody who may come in here."""
        now = self._clock.now()
        rows = self._rows(_C.hsa_id == folded(hsa_id))
        return next((each.user for each in map(_access, rows) if not each.ended(now)), None)

    def by_id(self, name: str) -> User | None:
        """Whose access has this id; None: nobody's, or it has expired or been revoked."""
        now = self._clock.now()
        rows = self._rows(_C.id == name)
        return next((each.user for each in map(_access, rows) if not each.ended(now)), None)

    def anybody(self) -> bool:
        """Whether anybody may come in at all."""
        now = self._clock.now()
        return any(not each.ended(now) for each in self.all())

    def all(self) -> list[Access]:
        """Every row, the newest first."""
        return [_access(row) for row in self._rows(sa.true())]

    def revoke(self, name: str) -> bool:
        """Close an access by its id, at once. False: there is none that is open."""
        now = self._clock.now().astimezone(UTC).isoformat()
        try:
            with self._database.write() as connection, connection.begin():
                done = connection.execute(
                    sa.update(ADMIN_USER)
                    .where(_C.id == name, _C.revoked.is_(None))
                    .values(revoked=now)
                )
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        return done.rowcount == 1

    def _kept(self, user: User, days: int, by: str, **proof: str) -> Access:
        now = self._clock.now().astimezone(UTC)
        hsa_id = proof.get("hsa_id")
        access = Access(user, hsa_id, now, by, now + timedelta(days=days), None)
        row = {
            "id": user.id,
            "name": user.name,
            "role": user.role.value,
            "producers": json.dumps(user.producers),
            "token_hash": proof.get("token_hash"),
            "hsa_id": folded(hsa_id) if hsa_id is not None else None,
            "created": now.isoformat(),
            "created_by": by,
            "expires": access.expires.isoformat(),
            "revoked": None,
        }
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.insert(ADMIN_USER).values(**row))
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        return access

    def _rows(self, condition: sa.ColumnElement[bool]) -> Sequence[sa.Row[tuple[object, ...]]]:
        statement = sa.select(ADMIN_USER).where(condition).order_by(_C.created.desc())
        try:
            with self._database.read() as connection:
                return connection.execute(statement).all()
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _access(row: sa.Row[tuple[object, ...]]) -> Access:
    user = User(row.id, row.name, Role(row.role), tuple(json.loads(row.producers)))
    revoked = datetime.fromisoformat(row.revoked) if row.revoked else None
    created, expires = map(datetime.fromisoformat, (row.created, row.expires))
    return Access(user, row.hsa_id, created, row.created_by, expires, revoked)


def _failed(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the users cannot be read or stored ({type(error).__name__})")
