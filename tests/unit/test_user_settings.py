"""Settings of identity providers: refused whole, told by what is wrong, never half believed."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from samsvar.access.words import Purpose
from samsvar.settings import PurposeWord, SettingsInvalid, load

GOOD = 'issuer = "https://idp.example"\nkind = "staff"\naudience = ["https://samsvar.example"]\n'


def _faults(folder: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsInvalid) as refused:
        load(path, environment or {})
    return [fault.removeprefix(f"{path}: ") for fault in refused.value.faults]


def test_purposes_are_those_of_the_access_rules() -> None:
    """The floors keep the two apart; this holds them together. UNKNOWN is not for settings."""
    assert set(get_args(PurposeWord)) == {str(each) for each in Purpose} - {"UNKNOWN"}


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    """As everywhere in the settings."""
    path = tmp_path / "settings.toml"
    path.write_text(f'[[users.issuer]]\n{GOOD}authority = "a.pem"\n', encoding="utf-8")

    (issuer,) = load(path, {}).users.issuer

    assert issuer.authority == tmp_path / "a.pem"
    assert issuer.claims.hsa_id == "employeeHsaId"
    assert issuer.assurance["http://id.sambi.se/loa/loa3"] == 3


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """With the number of the issuer and the key."""
    faults = _faults(
        tmp_path,
        f"[[users.issuer]]\n{GOOD}"
        '[[users.issuer]]\nissuer = "http://idp.example"\nkind = "robot"\naudience = []\n'
        'algorithms = ["HS256"]\nleeway_seconds = 121\nlongest_hours = 0\nkeys_hours = 73\n'
        "fresh_seconds = inf\ncolour = 1\n"
        "[users.issuer.claims]\nhsa = 'x'\nname = 'a b'\n"
        "[users.issuer.assurance]\nhigh = 5\n[users.issuer.purposes]\ncare = 'HEALING'\n",
    )

    assert sorted(fault.split(": ")[0] for fault in faults) == sorted(
        f"users.issuer.1.{key}"
        for key in (
            "issuer",
            "kind",
            "audience",
            "algorithms.0",
            "leeway_seconds",
            "longest_hours",
            "keys_hours",
            "fresh_seconds",
            "colour",
            "claims.hsa",
            "claims.name",
            "assurance.high",
            "purposes.care",
        )
    )


@pytest.mark.parametrize(
    "url",
    [
        "http://idp.example",
        "http://127.0.0.1.example",
        "ftp://idp.example",
        "https://",
        "idp.example",
        "https://me@idp.example",
        "https://idp.example/#a",
        "https://idp.example/?a=b",
        "https://idp.example:0",
        "https://idp.example:99999",
        "https://[::1",
        "https://idp.example/å",
        "https://idp.example/a b",
        "https://idp.example\\\\@thief.example",
        "",
    ],
)
def test_an_issuer_is_a_safe_address(tmp_path: Path, url: str) -> None:
    """https and a host; or http to this very machine, for simulators."""
    (fault,) = _faults(tmp_path, f"[[users.issuer]]\n{GOOD.replace('https://idp.example', url)}")

    assert fault.startswith("users.issuer.0.issuer: ")


@pytest.mark.parametrize("host", ["127.0.0.1:8390", "localhost", "[::1]:1"])
def test_a_simulator_may_speak_plain_http(tmp_path: Path, host: str) -> None:
    """On loopback."""
    path = tmp_path / "settings.toml"
    url = f"http://{host}/staff"
    path.write_text(f"[[users.issuer]]\n{GOOD.replace('https://idp.example', url)}", "utf-8")

    assert load(path, {}).users.issuer[0].issuer == url


def test_an_issuer_stands_once(tmp_path: Path) -> None:
    """Otherwise its tokens would be of two kinds."""
    (fault,) = _faults(
        tmp_path, f"[[users.issuer]]\n{GOOD}[[users.issuer]]\n{GOOD.replace('staff', 'citizen')}"
    )

    assert fault.startswith("users.issuer: an issuer stands twice")


def test_one_claim_means_one_thing(tmp_path: Path) -> None:
    """Or a care unit could pass as a care giver."""
    (fault,) = _faults(
        tmp_path,
        f"[[users.issuer]]\n{GOOD}[users.issuer.claims]\ncare_unit = 'healthCareProviderHsaId'\n",
    )

    assert "one claim cannot mean two things: healthCareProviderHsaId" in fault


@pytest.mark.parametrize("name", ["SAMSVAR_USERS__ISSUER", "SAMSVAR_USERS__KIND"])
def test_the_environment_names_no_issuer(tmp_path: Path, name: str) -> None:
    """Who may say who somebody is stands in one place."""
    (fault,) = _faults(tmp_path, "[hub]", {name: "https://idp.example"})

    assert fault == f"{name}: no such setting; [[users.issuer]] stands in the file only"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('base_url = "https://samsvar.example/?a=b"', "no query"),
        ('base_url = "http://samsvar.example"', "https://"),
        ("step_seconds = 0", "greater than 0"),
        ("handle_minutes = 1441", "less than or equal to 1440"),
    ],
)
def test_how_users_are_served_has_bounds(tmp_path: Path, line: str, says: str) -> None:
    (fault,) = _faults(tmp_path, f"[users]\n{line}\n", {})
    assert says in fault


def test_how_users_are_served_may_stand_in_the_environment(tmp_path: Path) -> None:
    path = tmp_path / "samsvar.toml"
    path.write_text("[hub]\n", encoding="utf-8")
    told = {
        "SAMSVAR_USERS__BASE_URL": "https://samsvar.example/",
        "SAMSVAR_USERS__STEP_SECONDS": "0.5",
    }
    users = load(path, told).users
    assert (users.base_url, users.step_seconds) == ("https://samsvar.example", 0.5)
