"""Who changes the hub stands in the access log before the change, and in the same tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.secrets import open_vault
from tests import databases
from tests.audit_log import falsify, report_on
from tests.command import Ran, Shell
from tests.databases import open_database
from tests.hub import Site


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with a registry."""
    site = Site(tmp_path)
    site.write()
    (tmp_path / "registry.toml").write_text(site.registry([]), "utf-8")
    return tmp_path


def samsvar(folder: Path, *arguments: object) -> Ran:
    return Shell(folder).inside(*arguments, "--settings", folder / "settings.toml")


def told(folder: Path) -> list[tuple[str, str | None, str, str]]:
    """Door, sender, contract and detail of every row, in the order of the log."""
    database = open_database(folder / "data", read_only=True)
    found = AccessLogReader(database, open_vault(database)).latest(100, administration=True)
    database.close()
    return [
        (q.record.door, q.record.sender, str(q.record.contract), q.record.fault_detail)
        for q in reversed(found)
    ]


def test_each_command_that_changes_something_is_a_row(folder: Path) -> None:
    file = folder / "registry.toml"
    assert samsvar(folder, "registry", "load", file).code == 0
    made = samsvar(folder, "admin", "token", "create", "--role", "auditor", "--name", "Karin")
    assert made.code == 0, made.err
    assert samsvar(folder, "admin", "token", "revoke", "no-such-id").code == 3
    for looking in (("registry", "show"), ("admin", "token", "list"), ("registry", "history")):
        assert samsvar(folder, *looking).code == 0

    rows = told(folder)
    assert [(door, contract) for door, _, contract, _ in rows] == [("admin", "None")] * 3
    assert {sender for _, sender, _, _ in rows} == {rows[0][1]}
    assert (rows[0][1] or "").startswith("admin:")
    assert [detail for *_, detail in rows] == [
        f"samsvar registry load {file}",
        "samsvar admin token create",
        "samsvar admin token revoke no-such-id",
    ]
    assert made.out.strip() not in json.dumps(rows)
    assert report_on(folder / "data").faults == ()


def test_nothing_is_changed_that_could_not_be_noted(folder: Path) -> None:
    assert samsvar(folder, "registry", "load", folder / "registry.toml").code == 0
    falsify(folder / "data", "DELETE FROM audit_tree")
    refused = samsvar(folder, "admin", "token", "create", "--role", "auditor", "--name", "Karin")
    assert refused.code == 4
    assert "tree is missing" in refused.err
    assert databases.tamper(folder / "data", "SELECT count(*) FROM admin_user") == [(0,)]


def test_a_row_of_a_change_that_was_falsified_is_found(folder: Path) -> None:
    assert samsvar(folder, "registry", "load", folder / "registry.toml").code == 0
    falsify(folder / "data", "UPDATE question SET sender = 'admin:nobody'")
    assert report_on(folder / "data").first_bad == (1, 1)
