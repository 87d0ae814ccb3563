"""Who else could change what the hub goes by is said, with what to do."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from samsvar.cli.loose_rights import ROOT, loose_rights
from samsvar.settings import Settings, load
from tests.command import Shell
from tests.hub import HubProcess, Site, free_port


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """As it should be."""
    tmp_path.chmod(0o700)
    site = Site(tmp_path)
    site.write(plain_port=free_port())
    (tmp_path / "data").mkdir(mode=0o700)
    site.settings_file.chmod(0o640)
    return site


def said(site: Site) -> list[str]:
    """Without what is said of the user."""
    settings = load(site.settings_file, {})
    return [each for each in loose_rights(settings, site.settings_file) if each != ROOT]


@pytest.mark.parametrize(
    "name",
    [
        *("settings.toml", "", "data", "certificates/server.key", "certificates/server.pem"),
        *("certificates/authority.pem", "certificates/hub.key"),
    ],
)
@pytest.mark.parametrize("bit", [0o020, 0o002])
def test_what_others_can_change_is_named(site: Site, name: str, bit: int) -> None:
    path = site.folder / name
    assert said(site) == []
    path.chmod(path.stat().st_mode | bit)
    assert said(site) == [f"{path}: others on this machine can change it: chmod go-w {path}"]


def test_a_folder_in_which_nobody_changes_what_is_anothers_is_no_matter(site: Site) -> None:
    site.folder.chmod(0o1777)
    assert said(site) == []


def test_one_who_runs_as_root_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for user, wanted in ((0, [ROOT]), (1000, [])):
        monkeypatch.setattr(os, "geteuid", lambda user=user: user)
        assert list(loose_rights(Settings(), None)) == wanted


@pytest.mark.wire
@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one", "two"])
def test_check_and_serve_say_it_and_go_on(site: Site, more: tuple[str, ...]) -> None:
    """Once, however many processes there are."""
    site.load_registry(site.registry([]))
    site.settings_file.chmod(0o666)
    wanted = f"{site.settings_file}: others on this machine can change it: chmod go-w"
    checked = Shell(site.folder).inside("check", "-s", site.settings_file)
    port = load(site.settings_file, {}).listen[1].port
    process = HubProcess(site, *more)
    try:
        process.until_ready(f"http://127.0.0.1:{port}", 60)
        give_up = time.monotonic() + 60
        while "warning: " not in process.log.read_text():
            assert time.monotonic() < give_up
            time.sleep(0.1)
    finally:
        assert process.stop() == 0
    assert (checked.code, f"note: {wanted}" in checked.out) == (0, True)
    assert process.log.read_text().count(f"warning: {wanted}") == 1
