"""A hub that has been pointed at the database of another environment neither reads nor writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.errors import ResourcesMissing
from samsvar.store import database as store
from samsvar.store import environment as environments
from tests import databases
from tests.command import Shell

pytestmark = [pytest.mark.databases]


def opened(folder: Path, word: str | None, *, read_only: bool = False) -> None:
    """As a hub whose settings have the word."""
    url = databases.url_for(folder)
    store.open_database(folder, url, environment=word, read_only=read_only).close()


def kept(folder: Path) -> list[tuple[str]]:
    """The word in the database."""
    return databases.tamper(folder, "SELECT value FROM setting WHERE name = 'environment'")


def test_the_first_hub_with_a_word_writes_it(tmp_path: Path) -> None:
    opened(tmp_path, None)
    assert kept(tmp_path) == []
    opened(tmp_path, "test", read_only=True)
    assert kept(tmp_path) == []
    for _ in range(2):
        opened(tmp_path, "test")
    assert kept(tmp_path) == [("test",)]


@pytest.mark.parametrize(
    ("word", "said"), [("production", "says production"), (None, "says nothing")]
)
def test_a_hub_of_another_environment_is_refused(
    tmp_path: Path, word: str | None, said: str
) -> None:
    opened(tmp_path, "test")
    for read_only in (False, True):
        with pytest.raises(ResourcesMissing, match=f"of the environment test, and .* {said}"):
            opened(tmp_path, word, read_only=read_only)
    assert kept(tmp_path) == [("test",)]


def test_nothing_is_brought_up_to_date_there(tmp_path: Path) -> None:
    """The other environment may run an older release."""
    opened(tmp_path, "test")
    databases.tamper(tmp_path, "UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(ResourcesMissing, match="of the environment test"):
        opened(tmp_path, "production")
    assert databases.tamper(tmp_path, "SELECT version_num FROM alembic_version") == [("0001",)]


def test_of_two_that_are_first_at_once_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It saw no word when it looked, and finds one when it writes."""
    opened(tmp_path, None)
    database = databases.open_database(tmp_path)
    environments.keep_environment(database.engine, "test")
    with pytest.raises(ResourcesMissing, match="of the environment test"):
        environments.keep_environment(database.engine, "production")
    database.close()
    assert kept(tmp_path) == [("test",)]


def test_no_command_and_no_hub_gets_past_it(tmp_path: Path) -> None:
    """Each says so in one line."""
    data = tmp_path / "data"
    opened(data, "test")
    file = tmp_path / "samsvar.toml"
    file.write_text(
        f'[hub]\nenvironment = "production"\ndata = "data"\n{databases.hub_setting(data)}'
    )
    shell = Shell(tmp_path)
    served = shell.run("serve", "-s", file)
    assert (served.code, served.err.count("\n")) == (4, 1), served.err
    assert "of the environment test, and hub.environment says production" in served.err
    for command in (
        ["registry", "show"],
        ["audit", "verify"],
        ["index", "outbox", "list"],
        ["admin", "token", "list"],
        ["admin", "token", "create", "--name", "eva", "--role", "observer"],
    ):
        ran = shell.inside(*command, "-s", file)
        assert (ran.code, "of the environment test" in ran.err) == (4, True), (command, ran.err)
    checked = shell.inside("check", "-s", file)
    assert (checked.code, "of the environment test" in checked.out) == (2, True)
