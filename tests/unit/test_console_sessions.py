"""Sessions of the console: they end by time and by silence, are bounded, and keep no secret."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.onboarding.roles import Role, User
from samsvar.store import console_sessions
from samsvar.store.console_sessions import SESSION, ConsoleSessions
from samsvar.store.database import Database
from tests import databases
from tests.identity import Watch

pytestmark = pytest.mark.databases

RUT = User("abc", "Rut", Role.OPERATOR, ("x",))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = databases.open_database(tmp_path / "data")
    yield made
    made.close()


def test_a_session_lasts_while_it_is_used_but_not_for_ever(database: Database) -> None:
    """30 minutes of silence, or 8 hours in all."""
    clock = Watch()
    sessions = ConsoleSessions(database, clock, 8, 30)
    secret, silent = sessions.begin(RUT, "token"), sessions.begin(RUT, "token")
    for _ in range(23):
        clock.moved += 20 * 60
        assert sessions.find(secret) == (RUT, "token")
    assert sessions.find(silent) is None
    clock.moved += 20 * 60
    assert sessions.find(secret) is None
    assert sessions.find("") is None


def test_ending_is_at_once_and_others_go_on(database: Database) -> None:
    """Log out."""
    sessions = ConsoleSessions(database, Watch(), 8, 30)
    one, other = sessions.begin(RUT, "token"), sessions.begin(RUT, "oidc")
    sessions.end(one)
    assert sessions.find(one) is None
    assert sessions.find(other) == (RUT, "oidc")


def test_what_is_stored_opens_nothing(database: Database) -> None:
    """A copy of the table is no way in."""
    sessions = ConsoleSessions(database, Watch(), 8, 30)
    secret = sessions.begin(RUT, "token")
    with database.read() as connection:
        (row,) = connection.execute(sa.select(SESSION)).all()
    assert secret not in str(row)
    assert sessions.find(row.token_hash) is None


def test_there_are_never_more_than_so_many(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that has been silent for longest gives way."""
    monkeypatch.setattr(console_sessions, "MOST_SESSIONS", 3)
    clock = Watch()
    sessions = ConsoleSessions(database, clock, 8, 30)
    secrets = []
    for _ in range(5):
        secrets.append(sessions.begin(RUT, "token"))
        clock.moved += 60
    assert [sessions.find(each) is not None for each in secrets] == [False, False, True, True, True]
