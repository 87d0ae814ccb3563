"""Persons at rest: found by a hash, opened by a key, and the key watched over."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samsvar.errors import ResourcesMissing
from samsvar.model.identifiers import PersonId
from samsvar.store.secrets import KEY_FILE, PersonVault, open_vault
from tests.databases import open_database

TOLVAN = PersonId("1.2.752.129.2.1.3.1", "191212121212")
VAULT = PersonVault(bytes(range(32)))
_persons = st.builds(PersonId, st.from_regex(r"[0-9.]{1,30}", fullmatch=True), st.text(max_size=20))


@given(person=_persons)
def test_what_is_sealed_can_be_opened_by_the_same_key_only(person: PersonId) -> None:
    sealed = VAULT.seal(person)

    assert VAULT.open(sealed) == person
    with pytest.raises(ResourcesMissing):
        PersonVault(bytes(32)).open(sealed)


def test_a_seal_shows_nothing_and_is_never_the_same_twice() -> None:
    first, second = VAULT.seal(TOLVAN), VAULT.seal(TOLVAN)

    assert first != second
    assert b"191212121212" not in first


@pytest.mark.parametrize("position", range(len(VAULT.seal(TOLVAN))))
def test_a_seal_that_was_changed_does_not_open(position: int) -> None:
    sealed = bytearray(VAULT.seal(TOLVAN))
    sealed[position] ^= 1

    with pytest.raises(ResourcesMissing) as caught:
        VAULT.open(bytes(sealed))
    assert "1212" not in str(caught.value)


def test_the_hash_is_of_root_and_number_and_key() -> None:
    other_root = PersonId("1.2.752.129.2.1.3.3", TOLVAN.extension)
    hashes = {
        VAULT.keyed_hash(TOLVAN),
        VAULT.keyed_hash(other_root),
        PersonVault(bytes(32)).keyed_hash(TOLVAN),
    }

    assert len(hashes) == 3
    assert VAULT.keyed_hash(TOLVAN) == PersonVault(bytes(range(32))).keyed_hash(TOLVAN)
    assert {len(text) for text in hashes} == {64}


@pytest.mark.databases
def test_the_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    sealed = open_vault(database).seal(TOLVAN)
    key = tmp_path / KEY_FILE

    assert key.stat().st_mode & 0o777 == 0o600
    assert open_vault(database).open(sealed) == TOLVAN
    assert sorted(path.name for path in tmp_path.glob("person*")) == [KEY_FILE]
    database.close()


@pytest.mark.databases
def test_a_database_without_its_key_is_refused_not_given_a_new_one(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    open_vault(database)
    (tmp_path / KEY_FILE).unlink()

    with pytest.raises(ResourcesMissing, match="restore it with the database"):
        open_vault(database)

    assert not (tmp_path / KEY_FILE).exists()
    database.close()


@pytest.mark.databases
@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        ("00" * 32, 0o600, "not this database's key"),
        ("00" * 31, 0o600, "missing or cannot be read"),
        ("no key", 0o600, "missing or cannot be read"),
        (None, 0o640, "chmod 600"),
    ],
)
def test_another_key_or_one_that_others_can_read_is_refused(
    tmp_path: Path, content: str | None, mode: int, message: str
) -> None:
    database = open_database(tmp_path)
    open_vault(database)
    key = tmp_path / KEY_FILE
    if content is not None:
        key.write_text(content)
    key.chmod(mode)

    with pytest.raises(ResourcesMissing, match=message):
        open_vault(database)
    database.close()
