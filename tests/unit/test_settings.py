"""Settings are refused as a whole: every fault at once, each with its file and key."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from samsvar.settings import Settings, SettingsInvalid, load, read_secret


def _file(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def _faults(path: Path | None, environment: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsInvalid) as refused:
        load(path, environment or {})
    assert str(refused.value) == "\n".join(refused.value.faults)
    return refused.value.faults


def test_nothing_at_all_is_a_hub_on_loopback() -> None:
    """The defaults serve, and only this machine can reach them."""
    settings = load(None, {})

    assert [(each.kind, each.host, each.port) for each in settings.listen] == [
        ("plain", "127.0.0.1", 8080)
    ]
    assert settings.hub.require_client_usage


def test_all_faults_are_told_at_once_with_file_and_key(tmp_path: Path) -> None:
    """Nobody restarts five times to find five typos."""
    path = _file(
        tmp_path,
        "[hub]\ndeadline_secondss = 3\ndeadline_seconds = 29\ninstance_id = 'å'\n"
        "[limits]\nquestions = 'many'\n[[listen]]\nkind = 'tsl'\n[nobody]\nx = 1\n",
    )

    faults = _faults(path, {"SAMSVAR_HUB__ADRESSES": "A", "SAMSVAR_LIMITS__IDLE_SECONDS": "x"})

    known = ", ".join(f"SAMSVAR_HUB__{name.upper()}" for name in type(Settings().hub).model_fields)
    assert [fault for fault in faults if fault.startswith("SAMSVAR")] == [
        f"SAMSVAR_HUB__ADRESSES: no such setting; there are {known}",
        "SAMSVAR_LIMITS__IDLE_SECONDS: must be a number",
    ]
    assert [fault.split(": ")[:2] for fault in faults if not fault.startswith("SAMSVAR")] == [
        [str(path), "hub.instance_id"],
        [str(path), "hub.deadline_seconds"],
        [str(path), "hub.deadline_secondss"],
        [str(path), "listen.0.kind"],
        [str(path), "limits.questions"],
        [str(path), "nobody"],
    ]


def test_a_fault_says_what_is_allowed(tmp_path: Path) -> None:
    """And where; and what an unknown key may have meant."""
    path = _file(tmp_path, "[hub]\ndeadline_seconds = 29\n[index]\nadress = 'x'\n")

    assert _faults(path) == [
        f"{path}: hub.deadline_seconds: must be less than or equal to 28 (line 2)",
        f"{path}: index.adress: no such setting; did you mean address? there are address, "
        "other_addresses, reserved, notify_attempts, full_percent, receive_from_broker (line 4)",
    ]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('[hub]\ndeadline_seconds = "28"', "hub.deadline_seconds: must be a number (line 2)"),
        ("[hub]\ndeadline_seconds = true", "hub.deadline_seconds: must be a number (line 2)"),
        ('[limits]\n\nquestions = "7"', "limits.questions: must be a whole number (line 3)"),
        ("[log]\nrouting = 1", "log.routing: must be true or false (line 2)"),
        ("[hub]\ndata = 3", "hub.data: must be a path, in quotes (line 2)"),
        ("[listen]\nport = 1", "listen: must be a list, [...] (line 1)"),
        ("[[hub]]\ndata = 'x'", "hub: must be a table, [hub] (line 1)"),
        ("[hub]\naddresses = ['a b']", "hub.addresses.0: must match pattern"),
        (
            "[hub]\n[[listen]]\nkind = 'plain'\n[[listen]]\nkind = 'plain'\nport = 70000",
            "listen.1.port: must be less than or equal to 65535 (line 6)",
        ),
        (
            "[hub]\ndeadline_seconds = 5\n[producers]\nconnect_seconds = 6",
            "producers.connect_seconds: 6 is more than a whole question may take: at most "
            "hub.deadline_seconds, 5",
        ),
        (
            "[producers]\nanswer_bytes = 2048",
            "producers.answer_bytes: less than limits.request_bytes",
        ),
    ],
)
def test_what_is_of_another_kind_is_refused_with_its_line(
    lines: str, said: str, tmp_path: Path
) -> None:
    """Nothing is turned into what it is not, and no default takes its place."""
    path = _file(tmp_path, lines + "\n")

    (fault,) = _faults(path)

    assert fault.startswith(f"{path}: {said}")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"# nothing yet\n", "is empty"),
        (b"\xef\xbb\xbf[hub]\ndata = 'x'\n", "begins with a byte order mark"),
        ("[hub]\n\n# åäö\n".encode("iso-8859-1"), "line 3 is in another encoding"),
        (b"[hub]\ndata = 'x'\ndata = 'y'\n", "a key is given a second time (at line 3"),
        (b"[hub]\ndeadline_seconds = 28s\n", "(at line 2"),
        (b"[hub]\n#" + b"x" * 1_000_000, "larger than 1000000 bytes"),
    ],
)
def test_a_file_that_is_no_settings_file_is_refused_with_what_to_do(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)

    (fault,) = _faults(path)

    assert fault.startswith(f"{path}: ")
    assert said in fault


#: shares and days, no bounds: 0 judges none, traces none, and keeps none
_NO_BOUND = {"conformance.sample", "log.keep_days", "traces.sample"}


def _numbers() -> list[str]:
    """Every setting that is a bound."""
    return [
        f"{section}.{name}"
        for section, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        for name, each in field.annotation.model_fields.items()
        if each.annotation in (int, float) and f"{section}.{name}" not in _NO_BOUND
    ]


@pytest.mark.parametrize("number", ["0", "-1", "inf", "nan", "1e9"])
def test_no_bound_can_be_switched_off(tmp_path: Path, number: str) -> None:
    """0 is not for ever, and neither is any other number; for every setting that is one."""
    sections: dict[str, list[str]] = {}
    for each in _numbers():
        section, _, name = each.partition(".")
        sections.setdefault(section, []).append(f"{name} = {number}")
    path = _file(
        tmp_path,
        "\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in sections.items()),
    )

    assert len(_numbers()) > 12
    assert sorted(fault.split(": ")[1] for fault in _faults(path)) == sorted(_numbers())


def test_the_environment_lies_over_the_file(tmp_path: Path) -> None:
    """Sections by two underscores; lists by commas; other programs' variables are left alone."""
    path = _file(tmp_path, "[hub]\ndeadline_seconds = 20\ninstance_id = 'FILE'\n")

    settings = load(
        path,
        {
            "SAMSVAR_HUB__DEADLINE_SECONDS": "12.5",
            "SAMSVAR_HUB__ADDRESSES": "A,B",
            "SAMSVAR_LIMITS__QUESTIONS": "7",
            "SAMSVAR_PRODUCERS__PLAIN_HTTP": "true",
            "HOME": "/nowhere",
        },
    )

    assert (settings.hub.deadline_seconds, settings.hub.instance_id) == (12.5, "FILE")
    assert settings.hub.addresses == ("A", "B")
    assert settings.limits.questions == 7
    assert settings.producers.plain_http


@pytest.mark.parametrize(
    "name", ["SAMSVAR_", "SAMSVAR_PATIENCE", "SAMSVAR_LISTEN__PORT", "SAMSVAR_HUB__"]
)
def test_a_variable_that_sets_nothing_is_refused(name: str) -> None:
    """A typo must not be silence."""
    (fault,) = _faults(None, {name: "1"})

    assert fault.startswith(f"{name}: no such setting")


def test_a_section_that_is_none_is_refused_whatever_the_environment_says(tmp_path: Path) -> None:
    """``hub = 3`` is a fault, not a crash."""
    path = _file(tmp_path, "hub = 3\n")

    (fault,) = _faults(path, {"SAMSVAR_HUB__DEADLINE_SECONDS": "3"})

    assert fault.startswith(f"{path}: hub: ")


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path) -> None:
    """Wherever the program was started."""
    path = _file(
        tmp_path,
        "[hub]\ndata = 'd'\n[producers]\nauthority = '/abs/a.pem'\n[[listen]]\nkind = 'tls'\n"
        "certificate = 'c.pem'\nkey = '../k.pem'\nclient_authority = 'a.pem'\n"
        "[[listen]]\nkind = 'unix'\npath = 's'\n",
    )

    settings = load(path, {})

    assert settings.hub.data == tmp_path / "d"
    assert settings.producers.authority == Path("/abs/a.pem")
    assert settings.listen[0].certificate == tmp_path / "c.pem"
    assert settings.listen[0].key == tmp_path / "../k.pem"
    assert settings.listen[1].path == tmp_path / "s"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("kind = 'plain'\nhost = '0.0.0.0'", "must bind a loopback address"),
        ("kind = 'plain'\nhost = '192.0.2.1'", "must bind a loopback address"),
        ("kind = 'plain'\nhost = 'localhost.example'", "must bind a loopback address"),
        ("kind = 'plain'\nhost = '::'", "must bind a loopback address"),
        ("kind = 'unix'", "a unix listener needs path"),
        ("kind = 'tls'\ncertificate = 'c'\nkey = 'k'", "a tls listener needs client_authority"),
        (
            "kind = 'tls'\ncertificate = 'c'\nkey = 'k'\nclient_authority = 'a'\ntrusted = true",
            "trusted is for plain and unix listeners",
        ),
        ("kind = 'plain'\ncertificate_header = 'x y'", "pattern"),
        ("kind = 'plain'\nport = 65536", "less than or equal to 65535"),
    ],
)
def test_a_listener_that_would_let_anybody_in_is_refused(
    tmp_path: Path, lines: str, said: str
) -> None:
    """Plain text on loopback only; TLS with an authority; nothing by halves."""
    (fault,) = _faults(_file(tmp_path, f"[[listen]]\n{lines}\n"))

    assert fault.startswith(f"{tmp_path / 'settings.toml'}: listen.0")
    assert said in fault


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "localhost"])
def test_plain_text_stays_on_this_machine(tmp_path: Path, host: str) -> None:
    """These are loopback."""
    settings = load(_file(tmp_path, f"[[listen]]\nkind = 'plain'\nhost = '{host}'\n"), {})

    assert settings.listen[0].host == host


def test_no_listener_is_no_hub(tmp_path: Path) -> None:
    """At least one way in."""
    (fault,) = _faults(_file(tmp_path, "listen = []\n"))

    assert fault.startswith(f"{tmp_path / 'settings.toml'}: listen: ")


def test_a_certificate_and_its_key_go_together(tmp_path: Path) -> None:
    """Half a pair is a mistake."""
    path = _file(tmp_path, "[producers]\ncertificate = 'c.pem'\n")

    assert _faults(path) == [f"{path}: producers: certificate and key go together (line 1)"]


@pytest.mark.parametrize("content", [b"[hub", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    """One sentence."""
    path = tmp_path / "settings.toml"
    path.write_bytes(content)

    (fault,) = _faults(path)

    assert fault.startswith(f"{path}: not TOML in UTF-8: ")


def test_a_file_that_is_not_there_is_refused_with_its_name(tmp_path: Path) -> None:
    """And why."""
    path = tmp_path / "none.toml"

    assert _faults(path) == [f"{path}: cannot be read: No such file or directory"]


def test_a_secret_comes_from_a_file_or_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its last newline."""
    (tmp_path / "s").write_text("open sesame\n")
    monkeypatch.setenv("SOME_SECRET", "abra")

    assert read_secret("file:s", tmp_path) == "open sesame"
    assert read_secret("env:SOME_SECRET", tmp_path) == "abra"


@pytest.mark.parametrize("reference", ["file:none", "env:NOT_SET_ANYWHERE", "open sesame", ""])
def test_a_secret_that_is_not_there_is_named_by_its_reference(
    tmp_path: Path, reference: str
) -> None:
    """What to give instead is said."""
    with pytest.raises(LookupError, match=r"cannot be read|give file:<path> or env:<NAME>"):
        read_secret(reference, tmp_path)


URL = "postgresql://ann:s3cret@db.example:5432/samsvar"


@pytest.mark.parametrize("told", [URL, "file:secrets/url", "env:THE_DATABASE"])
def test_the_database_is_told_in_clear_or_by_reference_and_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    monkeypatch.setenv("THE_DATABASE", URL)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "url").write_text(URL + "\n")

    settings = load(_file(tmp_path, f"[hub]\ndatabase = '{told}'\n"), {})

    assert settings.hub.database is not None
    assert settings.hub.database.get_secret_value() == URL
    assert "s3cret" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (URL.replace("postgresql", "mysql"), "must be postgresql://user@host:5432/name"),
        ("file:nothing", "file:nothing: cannot be read"),
        ("file:other", "file:other: must hold postgresql://user@host:5432/name"),
        ("env:NOT_THERE", "env:NOT_THERE: no such secret"),
    ],
)
def test_a_database_that_cannot_be_one_is_refused_without_being_shown(
    tmp_path: Path, told: str, said: str
) -> None:
    (tmp_path / "other").write_text(URL.replace("postgresql", "mysql"))
    path = _file(tmp_path, f"[hub]\ndatabase = '{told}'\n")

    (in_file,) = _faults(path)
    (by_variable,) = _faults(_file(tmp_path, "[hub]\n"), {"SAMSVAR_HUB__DATABASE": told})

    assert in_file.startswith(f"{path}: hub.database: ")
    assert by_variable.startswith("SAMSVAR_HUB__DATABASE: ")
    assert said in in_file
    assert said in by_variable
    assert "s3cret" not in in_file + by_variable
