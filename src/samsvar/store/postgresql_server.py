"""A PostgreSQL server: how it is reached, what it must promise, and what it may be heard to say.

Every connection is looked at when it is made: a server that does not keep what it has promised
(synchronous_commit, fsync or full_page_writes off) is refused, also when it was changed since; and
a connection keeps the synchronous_commit that it was made with, whatever is set later.
Every wait has an end: for the server, for a lock, for a statement, for a holder that says nothing
more. The URL and what was being stored are never told. Knows no table.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict

from samsvar.errors import ResourcesMissing
from samsvar.store.database import BUSY_MILLISECONDS, told_as

OLDEST = 14
_IDLE_MILLISECONDS = 30_000  # a stopped process must not hold a lock for ever
_HABITS = {
    "application_name": "samsvar",
    "connect_timeout": "5",
    # A server that has gone without a word is noticed within 15 seconds.
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "2",
    "tcp_user_timeout": "15000",
}
_LOOK = """
SELECT current_setting('server_version_num')::int, current_setting('server_encoding'),
       set_config('synchronous_commit', current_setting('synchronous_commit'), false),
       current_setting('fsync'),
       current_setting('full_page_writes'), pg_is_in_recovery(), current_schema()
"""


#: how servers say that max_connections, or the bound of a role or a database, is reached
_NO_ROOM = ("too many clients", "remaining connection slots", "too many connections")


class Unfit(psycopg.OperationalError):
    """The server is not one that a hub can use. The text says why and what to do."""


class Server:
    """Where the database is, and how it was when it was last asked for a connection."""

    def __init__(self, url: str, *, read_only: bool) -> None:
        try:
            told = conninfo_to_dict(url)
        except psycopg.Error as error:
            raise ResourcesMissing(
                "hub.database: no URL of PostgreSQL: postgresql://user@host:5432/name"
            ) from error
        self._told = {**_HABITS, **{name: str(value) for name, value in told.items()}}
        self._read_only = read_only
        self.name = f"the database {told.get('dbname', '')} on {told.get('host', 'this machine')}"
        """For people: without user and password."""
        self.trouble = ""
        """Why there is no connection, as it was seen last; empty: there is."""
        self.broken_promise = ""
        """What has been changed there since the hub connected; empty: nothing."""

    def look(self, connection: psycopg.Connection[Any]) -> None:
        """Whether it still keeps its promises, on a connection that is open. It answers, then."""
        found = connection.execute(_LOOK).fetchone()
        self.broken_promise = _unfit(found, read_only=self._read_only)
        self.trouble = ""

    def connect(
        self, milliseconds: int, *, autocommit: bool, more: str = ""
    ) -> psycopg.Connection[Any]:
        """A connection.

        Args:
            milliseconds: no statement takes longer; 0: as long as they need.
            autocommit: transactions begin and end only where we say so.
            more: further settings for the server, as libpq's ``options`` has them.

        Raises:
            psycopg.Error: there is none, or it would not keep what it promises.
        """
        options = [
            self._told.get("options", ""),
            f"-c statement_timeout={milliseconds}",
            f"-c lock_timeout={min(milliseconds, BUSY_MILLISECONDS)}",
            f"-c idle_in_transaction_session_timeout={_IDLE_MILLISECONDS if milliseconds else 0}",
            f"-c default_transaction_read_only={'on' if self._read_only else 'off'}",
            more,
        ]
        told: dict[str, Any] = {
            **self._told,
            "options": " ".join(options).strip(),
            "client_encoding": "utf8",
        }
        try:
            connection = psycopg.connect(**told, autocommit=True)
            try:
                unfit = _unfit(connection.execute(_LOOK).fetchone(), read_only=self._read_only)
                if unfit:
                    raise Unfit(f"{self.name} {unfit}")  # noqa: TRY301 - as if it did not answer
                connection.autocommit = autocommit
            except BaseException:
                connection.close()
                raise
        except psycopg.Error as error:
            self.trouble = _trouble(error)
            raise
        self.trouble = ""
        return connection


def _trouble(error: psycopg.Error) -> str:
    """In a few words, for who asks for readiness."""
    if isinstance(error, Unfit):
        return "the database must not be used: samsvar check says why"
    if any(words in str(error) for words in _NO_ROOM):
        return "the database has no connection left: raise max_connections there"
    return "the database does not answer"


def _unfit(found: tuple[Any, ...] | None, *, read_only: bool) -> str:
    """Why the server must not be used, and what to do; empty: it may."""
    assert found is not None
    version, encoding, synchronous, fsync, pages, standby, schema = found
    if version < OLDEST * 10_000:
        return f"is of PostgreSQL {version // 10_000}: it must be {OLDEST} or later"
    if encoding != "UTF8":
        return (
            f"keeps its texts in {encoding}: make a new database with"
            " CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        )
    for name, value in (
        ("synchronous_commit", synchronous),
        ("fsync", fsync),
        ("full_page_writes", pages),
    ):
        if value == "off":
            return f"does not keep what it has promised: set {name} = on there ({name} is off)"
    if schema is None:
        return "has no schema for this user: GRANT CREATE, USAGE ON SCHEMA ... TO the user"
    if standby and not read_only:
        return "is a standby, which cannot be written: name the primary"
    return ""


def what_to_do(error: sa.exc.DBAPIError, name: str) -> str:
    """Of one who could not open the database ``name``, a sentence."""
    cause = error.orig
    if isinstance(cause, Unfit):
        return str(cause)
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return f"{name}: its user may not make tables there: GRANT CREATE ON SCHEMA ... TO the user"
    if any(words in str(cause) for words in _NO_ROOM):
        return f"{name} has no connection left: raise max_connections there, or end others"
    reason = type(cause).__name__
    return (
        f"{name} cannot be opened ({reason}): is the server running, and do host, port, name,"
        " user and password of hub.database fit?"
    )


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors become SQLAlchemy's."""
    try:
        yield
    except psycopg.Error as error:
        raise told_as(without_values(error), psycopg.Error, lost=_lost(error)) from error


def _lost(error: psycopg.Error) -> bool:
    """Whether the connection has ended: without a word, or with the server's last one."""
    if not isinstance(error, psycopg.OperationalError) or isinstance(error, Unfit):
        return False
    return error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))


def without_values(error: psycopg.Error) -> psycopg.Error:
    """What the server says of an error may repeat what was being stored."""
    if error.sqlstate is not None:
        shown = None if error.sqlstate.startswith("22") else error.diag.message_primary
        error.args = (shown or f"SQLSTATE {error.sqlstate}",)
    return error
