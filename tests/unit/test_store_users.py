"""Tokens and certificates that are let in: kept as hashes, ended by themselves, revoked at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.onboarding.roles import Role, User
from tests import databases
from tests.onboarding import Office, opened

pytestmark = pytest.mark.databases


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """A database with nobody in it."""
    with opened(tmp_path) as made:
        yield made


def test_a_token_is_its_users_and_only_its_hash_is_kept(office: Office, tmp_path: Path) -> None:
    """Role and producers come back; the secret stands nowhere."""
    token, access = office.users.new_token("Kommun", Role.PRODUCER, ["a", "b"], 30, "test")

    assert office.users.by_token(token) == User(access.user.id, "Kommun", Role.PRODUCER, ("a", "b"))
    assert "Kommun" in repr(access)
    assert token.split("_", 2)[2] not in repr(office.users.all())
    stored = databases.stored(tmp_path)
    assert token.split("_", 2)[2].encode() not in stored
    assert hashlib.sha256(token.encode()).hexdigest().encode() in stored


def test_a_token_ends_with_its_last_day(office: Office) -> None:
    """By the clock alone."""
    token, _ = office.users.new_token("X", Role.AUDITOR, (), 30, "test")

    office.clock.later = timedelta(days=30, seconds=-2)
    before = office.users.by_token(token)
    office.clock.later = timedelta(days=30)
    after = office.users.by_token(token)

    assert before is not None
    assert after is None


def test_a_revoked_access_opens_nothing(office: Office) -> None:
    """Once; the second time there is nothing to revoke."""
    token, access = office.users.new_token("X", Role.AUDITOR, (), 30, "test")
    let_in = office.users.allow_certificate("SE2-OFF", "Y", Role.OPERATOR, (), 30, "test")

    assert office.users.by_certificate("se2-off") == let_in.user
    assert [office.users.revoke(one.user.id) for one in (access, let_in)] == [True, True]
    assert office.users.revoke(access.user.id) is False
    assert office.users.by_token(token) is None
    assert office.users.by_certificate("SE2-OFF") is None


@pytest.mark.parametrize("wrong", ["", "samsvar_", "x" * 69, "samsvar_000000000000_" + "A" * 43])
def test_what_is_no_token_is_nobodys(office: Office, wrong: str) -> None:
    """And a certificate row cannot be opened by any token."""
    let_in = office.users.allow_certificate("SE2-OFF", "Y", Role.OPERATOR, (), 30, "test")

    assert office.users.by_token(wrong) is None
    assert office.users.by_token(f"samsvar_{let_in.user.id}_{'A' * 43}") is None


def test_a_later_certificate_row_counts_when_the_first_has_ended(office: Office) -> None:
    """Renewing is letting in once more."""
    office.users.allow_certificate("SE2-OFF", "old", Role.OPERATOR, (), 1, "test")
    office.clock.later = timedelta(days=2)
    office.users.allow_certificate("SE2-OFF", "new", Role.AUDITOR, (), 1, "test")

    found = office.users.by_certificate("SE2-OFF")
    assert found is not None
    assert found.role is Role.AUDITOR
