"""The viewer's settings file, right and wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.cli import run
from samsvar.viewer.settings import ViewerSettings, ViewerSettingsInvalid, load

GOOD = """address = "http://localhost:8480"
[hub]
url = "https://localhost:8443/"
[[login]]
kind = "staff"
issuer = "https://idp.example"
client_id = "viewer"
"""


def loaded(folder: Path, text: str) -> ViewerSettings:
    path = folder / "viewer.toml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_paths_are_told_from_the_file_and_defaults_are_safe(tmp_path: Path) -> None:
    (tmp_path / "hub.pem").touch()
    (tmp_path / "hub.key").touch()
    more = 'certificate = "hub.pem"\nkey = "hub.key"\n[[login]]'
    told = loaded(tmp_path, GOOD.replace("[[login]]", more, 1))

    assert told.hub.certificate == tmp_path / "hub.pem"
    assert told.hub.url == "https://localhost:8443"
    assert (told.host, told.port, told.secure) == ("127.0.0.1", 8480, False)
    assert told.login[0].scopes == "openid user/*.rs"
    assert told.login_of("citizen") is None


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (("address =", "adress ="), "did you mean address?"),
        (("http://localhost:8480", "http://viewer.example"), "must begin with https://"),
        (("https://localhost:8443/", "ftp://x"), "line 3: hub.url: it must begin with https://"),
        (('"staff"', '"robot"'), "kind: must be 'staff' or 'citizen'"),
        (('client_id = "viewer"', ""), "client_id: must be given"),
        (
            ("[[login]]", 'certificate = "no.pem"\nkey = "no.key"\n[[login]]'),
            "there is no such file",
        ),
        (
            ("[[login]]", 'key = "viewer.toml"\n[[login]]'),
            "hub.certificate and hub.key go together",
        ),
        (("address", "port = 70000\naddress"), "port: must be less than or equal to 65535"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, change: tuple[str, str], fault: str
) -> None:
    with pytest.raises(ViewerSettingsInvalid) as caught:
        loaded(tmp_path, GOOD.replace(*change, 1))

    assert fault in str(caught.value)


def test_two_logins_of_one_kind_are_refused(tmp_path: Path) -> None:
    login = GOOD[GOOD.index("[[login]]") :]
    with pytest.raises(ViewerSettingsInvalid, match="one \\[\\[login\\]\\] of each kind"):
        loaded(tmp_path, GOOD + login)


def test_the_command_says_what_is_wrong_and_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["viewer", "--settings", str(tmp_path / "none.toml")])

    assert code == 2
    assert "cannot be read" in capsys.readouterr().err
