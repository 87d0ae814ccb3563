"""The commands of those who run a hub: registry, check, serve, sim. Exit codes, and what they say.

No output of any command ever holds a traceback: ``tests.command`` looks at each.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from samsvar import __version__
from samsvar.simulation import demo_data
from tests.command import Shell
from tests.hub import Site, Source

pytestmark = [pytest.mark.wire]

SOURCES = [
    Source(hsa, f"https://127.0.0.1:9/{number}")
    for number, hsa in enumerate((demo_data.HOSPITAL, demo_data.MUNICIPALITY, demo_data.CLINIC))
]


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """Certificates, settings, and a registry file that has not been loaded."""
    made = Site(tmp_path)
    made.write()
    write(made, SOURCES)
    return made


def write(site: Site, sources: list[Source], more: str = "") -> Path:
    """The registry file, with these sources."""
    path = site.folder / "registry.toml"
    path.write_text(site.registry(sources, more), encoding="utf-8")
    return path


def versions(site: Site) -> list[str]:
    """The numbers and comments of the catalogue's history, the newest first."""
    ran = Shell(site.folder).inside("registry", "show", "--history", "-s", site.settings_file)
    assert ran.code == 0
    rows = [[cell.strip() for cell in line.split("│")] for line in ran.out.splitlines()]
    return [f"{row[1]} {row[-2]}" for row in rows if len(row) > 2]


@pytest.mark.slow
def test_a_registry_is_loaded_shown_and_loaded_again(site: Site) -> None:
    """In processes of their own; what is shown can be loaded, and is the same version."""
    shell = Shell(site.folder)
    loaded = shell.run(
        "registry", "load", "registry.toml", "-s", "settings.toml", "--comment", "first"
    )
    shown = shell.run("registry", "show", "-s", "settings.toml")
    (site.folder / "again.toml").write_text(shown.out, encoding="utf-8")
    again = shell.inside("registry", "load", site.folder / "again.toml", "-s", site.settings_file)

    counts = "3 producers, 9 routes, 14 permissions"
    assert (loaded.code, loaded.out) == (
        0,
        f"registry.toml is in force as version 1: {counts}\n",
    )
    assert (shown.code, shown.err) == (0, "")
    assert (again.code, again.out) == (0, f"again.toml is in force as version 1: {counts}\n")
    assert versions(site) == ["1 first"]


def test_a_dry_run_changes_nothing(site: Site) -> None:
    """Not even a database is made."""
    ran = Shell(site.folder).inside(
        "registry", "load", site.folder / "registry.toml", "-s", site.settings_file, "--dry-run"
    )

    assert (ran.code, ran.out.startswith("registry.toml would be loaded: 3 producers")) == (0, True)
    assert not (site.folder / "data").exists()


def test_a_faulty_registry_is_refused_with_all_its_faults(site: Site) -> None:
    """Exit code 2; the version in force stays."""
    shell = Shell(site.folder)
    site.load_registry(site.registry(SOURCES))
    path = write(
        site,
        SOURCES,
        '[[producer]]\nid = "p9"\ntitle = "x"\nkind = "soap"\naddress = "ftp://x"\nowner = "SE1"\n'
        '[[route]]\ncontract = "GetCarePlans 2"\nlogical_address = "SE2-X"\nproducer = "nobody"\n'
        '[[permission]]\nconsumer = "SE3"\ncontract = "GetDiagnosis 2"\nlogical_address = "*"\n'
        "colour = 1\n",
    )

    ran = shell.inside("registry", "load", path, "-s", site.settings_file)

    assert (ran.code, ran.out) == (2, "")
    first, *faults = ran.faults
    assert first == f"{path} is refused; nothing has changed:"
    assert [re.sub(r" \(line \d+\)|;.*", "", fault).strip() for fault in faults] == [
        "[[producer]] 4, address: must begin with https://",
        "[[route]] 4, producer: not known here",
        "[[permission]] 6, contract: not known here",
        "[[permission]] 6, colour: no such key",
    ]
    assert versions(site) == ["1 test"]


def test_a_registry_that_shrinks_needs_force(site: Site) -> None:
    """Exit code 3 without it."""
    shell = Shell(site.folder)
    site.load_registry(site.registry(SOURCES))
    load = ("registry", "load", write(site, SOURCES[:1]), "-s", site.settings_file)

    refused = shell.inside(*load)
    after_refusal = versions(site)
    forced = shell.inside(*load, "--force", "--comment", "two are gone")

    assert (refused.code, refused.out, "(--force)" in refused.err) == (3, "", True)
    assert after_refusal == ["1 test"]
    assert forced.code == 0
    assert versions(site) == ["2 two are gone", "1 test"]


def test_an_old_version_can_be_shown_and_loaded_to_go_back(site: Site) -> None:
    """``show --version`` and ``load`` are the way back."""
    shell = Shell(site.folder)
    site.load_registry(site.registry(SOURCES))
    site.load_registry(site.registry(SOURCES[:1]))
    old = shell.inside("registry", "show", "--version", 1, "-s", site.settings_file)
    (site.folder / "old.toml").write_text(old.out, encoding="utf-8")
    back = shell.inside("registry", "load", site.folder / "old.toml", "-s", site.settings_file)
    none = shell.inside("registry", "show", "--version", 9, "-s", site.settings_file)

    assert (old.code, back.code, none.code) == (0, 0, 3)
    assert "version 3" in back.out


def test_showing_what_has_not_been_made_says_so(site: Site) -> None:
    """Exit code 4 without a database; a command that looks makes none."""
    shell = Shell(site.folder)
    shown = shell.inside("registry", "show", "-s", site.settings_file)
    explained = shell.inside("explain", "x", "-s", site.settings_file)

    assert (shown.code, explained.code) == (4, 4)
    assert "there is no database" in shown.err
    assert not (site.folder / "data").exists()


def test_a_registry_file_that_cannot_be_read_is_named(site: Site) -> None:
    """Missing, or no UTF-8: exit code 2."""
    latin = site.folder / "latin.toml"
    latin.write_bytes("# Västra".encode("latin-1"))
    for path, why in (
        (site.folder / "missing.toml", "cannot be read: No such file or directory"),
        (latin, "cannot be read as UTF-8 text"),
    ):
        ran = Shell(site.folder).inside("registry", "load", path, "-s", site.settings_file)

        assert (ran.code, ran.faults) == (2, [f"{path}: {why}"])


def test_check_lists_all_faults_at_once(site: Site) -> None:
    """A key of somebody else, and a certificate that is none; the registry is sound."""
    site.load_registry(site.registry(SOURCES))
    certificates = site.folder / "certificates"
    (certificates / "server.key").write_bytes((certificates / "consumer.key").read_bytes())
    (certificates / "hub.pem").write_text("no certificate")

    ran = Shell(site.folder).run("check", "-s", "settings.toml")

    assert (ran.code, ran.err) == (2, "3 faults\n")
    assert "FAULT certificates" in ran.out
    assert "ok    registry" in ran.out


def test_check_goes_on_where_a_contract_of_ones_own_is_broken(site: Site) -> None:
    """The registry cannot be judged then, and that is said; nothing breaks."""
    broken = site.folder / "data" / "contracts" / "Mine_1" / "contract.toml"
    broken.parent.mkdir(parents=True)
    broken.write_text("colour = 1\n")
    before = Shell(site.folder).inside("check", "-s", site.settings_file)
    shutil.move(broken.parent, site.folder / "aside")
    site.load_registry(site.registry(SOURCES))
    shutil.move(site.folder / "aside", broken.parent)

    ran = Shell(site.folder).inside("check", "-s", site.settings_file)

    assert (before.code, ran.code) == (2, 2)
    assert "FAULT contracts" in before.out
    assert "note: none has been loaded yet" in before.out
    assert "FAULT contracts" in ran.out
    assert "cannot be judged before contracts and adapters are sound" in ran.out


def test_check_refuses_settings_with_all_their_faults(site: Site) -> None:
    """Exit code 2; each line names the file, the key and what is allowed."""
    site.settings_file.write_text(
        '[hub]\ndeadline_seconds = 0\ncolour = "red"\n'
        '[[listen]]\nkind = "plain"\nhost = "0.0.0.0"\n'
    )
    for command in ("check", "serve"):
        ran = Shell(site.folder).inside(command, "-s", site.settings_file)

        assert (ran.code, ran.out) == (2, "")
        told = {line.removeprefix(f"{site.settings_file}: ").split(":")[0] for line in ran.faults}
        assert told >= {"hub.colour", "hub.deadline_seconds", "listen.0"}


@pytest.mark.slow
def test_serve_says_in_one_line_that_its_port_is_taken(site: Site) -> None:
    """Exit code 4."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        site.write(plain_port=port)

        ran = Shell(site.folder).run("serve", "-s", "settings.toml")

    assert (ran.code, len(ran.faults)) == (4, 1)
    assert ran.err.startswith(f"cannot listen on 127.0.0.1:{port}: ")


def test_serve_says_which_certificate_cannot_be_used(site: Site) -> None:
    """Exit code 2 and one line."""
    (site.folder / "certificates" / "server.pem").write_text("no certificate")

    ran = Shell(site.folder).run("serve", "-s", "settings.toml")

    assert (ran.code, len(ran.faults)) == (2, 1)
    assert "server.pem" in ran.err


@contextmanager
def simulator(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``samsvar sim`` in a process of its own, and its URL."""
    command = [sys.executable, "-m", "samsvar", "sim", *arguments]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as p:
        assert p.stdout is not None
        try:
            yield p, p.stdout.readline().split()[-1]
        finally:
            p.kill()


def turned(url: str, knobs: object) -> int:
    """The status that turning knobs gives."""
    request = urllib.request.Request(f"{url}/_simulator/knobs", data=json.dumps(knobs).encode())
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def asked(url: str) -> int:
    """The status that a source gives to somebody who asks nothing in particular."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("system", ["prator", "samsa", "mina_planer"])
def test_a_simulator_runs_alone_and_its_knobs_turn(system: str) -> None:
    """On and off again while it runs; Ctrl-C ends it with 130."""
    with simulator(system) as (process, url):
        before = asked(url)
        on, during = turned(url, {"outage": True}), asked(url)
        off, after = turned(url, {"outage": False}), asked(url)
        unknown = turned(url, {"colour": 1})
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[0]

    assert (on, during, off, unknown) == (200, 503, 200, 400)
    assert before == after != 503
    assert process.returncode == 130
    assert "Traceback" not in said


def test_a_simulator_that_cannot_run_says_why(tmp_path: Path) -> None:
    """No such system and half a TLS: 2. A port that is taken: 4."""
    shell = Shell(tmp_path)
    unknown = shell.inside("sim", "cosmic")
    half = shell.inside("sim", "prator", "--key", "x.key")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        busy = shell.inside("sim", "prator", "--port", port)

    assert (unknown.code, half.code, busy.code) == (2, 2, 4)
    assert unknown.faults == [
        "no simulator called 'cosmic'; there are: mina_planer, prator, samsa, producer, "
        "identity-provider"
    ]
    assert half.faults == ["--certificate, --key and --authority go together"]
    assert len(busy.faults) == 1


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("--help",),
        *(
            (*name.split(), "--help")
            for name in (
                "serve",
                "demo",
                "ask",
                "explain",
                "check",
                "sim",
                "registry",
                "registry load",
                "registry show",
            )
        ),
    ],
    ids=" ".join,
)
def test_every_command_tells_how_it_is_used(tmp_path: Path, command: tuple[str, ...]) -> None:
    """Also no command at all."""
    ran = Shell(tmp_path).inside(*command)

    assert "Usage: " in ran.out + ran.err
    assert ran.code == (0 if command else 2)


def test_what_is_no_command_or_option_is_wrong_input(tmp_path: Path) -> None:
    """Exit code 2, on standard error."""
    shell = Shell(tmp_path)
    for arguments in (("serv",), ("serve", "--sattings", "x"), ("ask",)):
        ran = shell.inside(*arguments)

        assert (ran.code, ran.out, bool(ran.err)) == (2, "", True)


def test_the_program_says_which_version_it_is(tmp_path: Path) -> None:
    """As every other program does."""
    ran = Shell(tmp_path).inside("--version")

    assert (ran.code, ran.out) == (0, f"samsvar {__version__}\n")


def test_no_command_waits_for_what_another_needs(tmp_path: Path) -> None:
    """The database, brokers and HTTP are read in by commands that use them, when they do."""
    heavy = {
        "sqlalchemy",
        "aiohttp",
        "kombu",
        "redis",
        "joserfc",
        "xmlschema",
        "requests",
        "jinja2",
    }
    told = "import sys, samsvar.cli; print(*{name.partition('.')[0] for name in sys.modules})"

    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)

    assert heavy.isdisjoint(ran.stdout.split())
