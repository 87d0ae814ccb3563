"""Adapters are found in their folders, and refused with every fault at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from samsvar.adapter_api import TextOption
from samsvar.manifest import (
    AdapterManifest,
    AdaptersInvalid,
    SecretUnreadable,
    check_options,
    load_adapters,
    resolve_options,
)
from samsvar.soap.codecs import CODECS, get_care_plans_2

CODE = """
class Nothing:
    async def care_plans(self, query, address, options, http):
        return []

    async def care_contacts(self, query, address, options, http):
        return []

ADAPTER = Nothing()
"""
MANIFEST = """
title = "A source"
owner = "team-test"
known_gaps = ["no care contacts"]
"""
OPTIONS = (
    TextOption("user", "Who asks."),
    TextOption("password", "The secret.", secret=True),
    TextOption("page_size", "Plans on a page.", required=False, default="20"),
    TextOption("proxy", "Left out when there is none.", required=False),
)
DECLARED = AdapterManifest("source", "A source", "team-test", (), options=OPTIONS)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is a part of the adapters' package."""
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "samsvar_adapters"
    folder.mkdir()
    return folder


def install(package: Path, name: str, manifest: str, code: str = CODE) -> None:
    """Put an adapter where it is looked for."""
    (package / name).mkdir()
    (package / name / "adapter.toml").write_text(manifest, encoding="utf-8")
    (package / name / "__init__.py").write_text(code, encoding="utf-8")


def faults(package: Path) -> list[str]:
    """What the loader complains of."""
    with pytest.raises(AdaptersInvalid) as refused:
        load_adapters(package)
    return list(refused.value.faults)


def test_an_adapter_is_loaded_with_its_manifest(package: Path) -> None:
    """Options keep their order; one with a default is not required unless it says so."""
    install(
        package,
        "loaded_source",
        f'''id = "loaded_source"
        contracts = ["{get_care_plans_2.CONTRACT}"]
        {MANIFEST}
        [options.user]
        help = "Who asks."
        example = "hub"
        [options.password]
        help = "The secret."
        secret = true
        [options.page_size]
        help = "Plans on a page."
        default = "20"
        ''',
    )
    (package / "__pycache__").mkdir()

    loaded = load_adapters(package)

    assert list(loaded) == ["loaded_source"]
    assert loaded["loaded_source"].manifest == AdapterManifest(
        id="loaded_source",
        title="A source",
        owner="team-test",
        known_gaps=("no care contacts",),
        contracts=(get_care_plans_2.CONTRACT,),
        options=(
            TextOption("user", "Who asks."),
            TextOption("password", "The secret.", secret=True),
            TextOption("page_size", "Plans on a page.", required=False, default="20"),
        ),
        examples=(("user", "hub"),),
    )


def test_an_adapter_that_names_no_contract_answers_all(package: Path) -> None:
    """All that have a codec."""
    install(package, "source_of_all", f'id = "source_of_all"{MANIFEST}')

    assert load_adapters(package)["source_of_all"].manifest.contracts == tuple(CODECS)


def test_every_fault_of_every_adapter_is_told_at_once(package: Path) -> None:
    """Nobody starts five times to find five typos."""
    install(package, "a1", f'id = "other"{MANIFEST}contracts = ["urn:x"]')
    install(
        package,
        "a2",
        'id = 2\nowner = "x"\nnmae = "x"\nknown_gaps = []\noptions = {user = 1, '
        'key = {secret = true, default = "x"}}',
    )
    install(package, "a3", "id = ")
    install(package, "a4", f'id = "a4"{MANIFEST}', "import samsvar_adapters.not_there")
    install(package, "a5", f'id = "a5"{MANIFEST}', "")
    install(package, "a6", f'id = "a6"{MANIFEST}', "ADAPTER = object()")
    (package / "a7").mkdir()
    (package / "a7" / "adapter.toml").write_text(f'id = "a7"{MANIFEST}', encoding="utf-8")
    install(package, "A-7", f'id = "A-7"{MANIFEST.replace("A source", " ")}')

    found = faults(package)

    assert [fault for fault in found if not fault.startswith("a3:")] == [
        "A-7: id must be lower-case letters, digits and _, a letter first",
        "A-7: title is empty",
        "a1: id must be the folder's name",
        "a1: contracts: 'urn:x' is none that adapters can answer",
        "a2: nmae: no such key",
        "a2: id must be a str",
        "a2: title: missing",
        "a2: options.user must be a table",
        "a2: options.key.help: missing",
        "a2: options.key: a secret has no default",
        "a4: cannot be imported: ModuleNotFoundError: No module named 'samsvar_adapters.not_there'",
        "a5: __init__.py has no ADAPTER",
        "a6: ADAPTER.care_plans must be an async method",
        "a6: ADAPTER.care_contacts must be an async method",
        "a7: has no __init__.py",
    ]
    assert [fault.split(": ")[1] for fault in found if fault.startswith("a3:")] == [
        "adapter.toml cannot be read"
    ]


def test_an_adapter_that_another_one_hides_is_refused(package: Path, tmp_path: Path) -> None:
    """The manifest of one and the code of another must not be joined."""
    install(package, "hidden_source", f'id = "hidden_source"{MANIFEST}')
    load_adapters(package)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    install(elsewhere, "hidden_source", f'id = "hidden_source"{MANIFEST}')

    assert faults(elsewhere) == [
        "hidden_source: another adapter of the same name is imported instead; remove one of them"
    ]


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"user": "hub", "password": "file:/etc/secret"}, []),
        ({"user": "hub", "password": "env:PASSWORD", "page_size": "5"}, []),
        (
            {"usr": "hub", "password": "hunter2"},
            [
                "usr: source has no such option",
                "user: missing; Who asks.",
                "password: a secret is given as file:<path> or env:<NAME>, never as itself",
            ],
        ),
        (
            {"user": "hub", "password": "file:"},
            ["password: a secret is given as file:<path> or env:<NAME>, never as itself"],
        ),
    ],
)
def test_settings_are_held_to_what_the_manifest_declares(
    options: dict[str, str], found: list[str]
) -> None:
    """All faults, and never a value: it may be the secret itself."""
    assert check_options(DECLARED, options) == found


def test_an_adapter_gets_defaults_and_secrets_in_place() -> None:
    """An option that nobody gave and that has no default is not there."""
    resolved = resolve_options(
        DECLARED, {"user": "hub", "password": "env:PASSWORD"}, {"env:PASSWORD": "x"}.__getitem__
    )

    assert resolved == {"user": "hub", "password": "x", "page_size": "20"}


def test_a_secret_that_cannot_be_read_is_named_and_not_shown() -> None:
    """The option's name is enough to find it."""

    def unreadable(reference: str) -> str:
        raise FileNotFoundError(reference)

    with pytest.raises(SecretUnreadable) as refused:
        resolve_options(DECLARED, {"user": "hub", "password": "file:/etc/x"}, unreadable)

    assert str(refused.value) == "password: the secret cannot be read (FileNotFoundError)"


def test_settings_that_were_never_checked_are_refused() -> None:
    """What is wrong is said, as by the check."""
    with pytest.raises(ValueError, match="password: missing; The secret"):
        resolve_options(DECLARED, {"user": "hub"}, str)
