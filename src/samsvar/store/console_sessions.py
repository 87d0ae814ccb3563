"""Sessions of the console: who has logged in, until when. Tokens are kept as hashes only.

A session ends after some hours, and after some time of silence; it ends too when the access that
it was begun with is revoked, for that is looked up each time by whoever serves. Knows no cookie.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import datetime, timedelta

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.onboarding.roles import Role, User
from samsvar.ports import Clock
from samsvar.store.database import Database
from samsvar.store.tables import METADATA

SESSION = sa.Table(
    "console_session",
    METADATA,
    sa.Column("token_hash", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("producers", sa.Text, nullable=False),
    sa.Column("proof", sa.Text, nullable=False),
    sa.Column("begun", sa.BigInteger, nullable=False),
    sa.Column("seen", sa.BigInteger, nullable=False),
)
_C = SESSION.c
MOST_SESSIONS = 1000
"""Of all users together; the one that has been silent for longest gives way."""
_TOUCH = 60  # seconds: a page is no reason to write to the disk each time


class ConsoleSessions:
    """Begins, finds and ends sessions. Every method raises ResourcesMissing if it cannot."""

    def __init__(self, database: Database, clock: Clock, hours: float, idle_minutes: float) -> None:
        self._database = database
        self._clock = clock
        self._longest = timedelta(hours=hours)
        self._idle = timedelta(minutes=idle_minutes)

    def begin(self, user: User, proof: str) -> str:
        """A new session's secret, in clear this once. ``proof``: how the user came in."""
        secret = secrets.token_urlsafe(32)
        now = _second(self._clock.now())
        row = {
            "token_hash": _hashed(secret),
            "user_id": user.id,
            "name": user.name,
            "role": user.role.value,
            "producers": json.dumps(user.producers),
            "proof": proof,
            "begun": now,
            "seen": now,
        }
        kept = sa.select(_C.token_hash).order_by(_C.seen.desc()).limit(MOST_SESSIONS - 1)
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.delete(SESSION).where(self._over(now)))
                connection.execute(sa.delete(SESSION).where(_C.token_hash.not_in(kept)))
                connection.execute(sa.insert(SESSION).values(**row))
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        return secret

    def find(self, secret: str) -> tuple[User, str] | None:
        """Whose session it is, and by what proof; None: nobody's, or it is over."""
        now = _second(self._clock.now())
        try:
            with self._database.read() as connection:
                row = connection.execute(
                    sa.select(SESSION).where(
                        _C.token_hash == _hashed(secret), sa.not_(self._over(now))
                    )
                ).one_or_none()
            if row is None:
                return None
            if now - row.seen >= _TOUCH:
                with self._database.write() as connection, connection.begin():
                    mine = _C.token_hash == row.token_hash
                    connection.execute(sa.update(SESSION).where(mine).values(seen=now))
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        user = User(row.user_id, row.name, Role(row.role), tuple(json.loads(row.producers)))
        return user, row.proof

    def end(self, secret: str) -> None:
        """Log out."""
        try:
            with self._database.write() as connection, connection.begin():
                connection.execute(sa.delete(SESSION).where(_C.token_hash == _hashed(secret)))
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error

    def _over(self, now: int) -> sa.ColumnElement[bool]:
        return sa.or_(
            _C.begun <= now - int(self._longest.total_seconds()),
            _C.seen <= now - int(self._idle.total_seconds()),
        )


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def _failed(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the sessions cannot be read or stored ({type(error).__name__})")
