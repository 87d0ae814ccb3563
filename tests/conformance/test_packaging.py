"""What is handed out: a wheel that is whole without the clone, a clone without loose ends."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from samsvar.contracts import data_dir

ROOT = Path(__file__).parents[2]
SCRIPTS = ("install", "check", "fix", "test", "demo", "bench", "run")
MOST_LINES = 300

#: what no file of the project may hold, and why
FORBIDDEN = {
    "an open end": re.compile(rb"\b(?:TO" rb"DO|FIX" rb"ME|XX" rb"X)\b"),
    "a path of somebody's machine": re.compile(rb"/(?:home|root|Users)/[A-Za-z]"),
    "a host of a package registry": re.compile(
        rb"(?:pypi|pythonhosted)\."
        rb"org|npmjs\."
        rb"|(?:docker|ghcr|quay)\."
        rb"io|index-"
        rb"url"
    ),
}


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a command prints; it must end well."""
    ended = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this clone."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel in it, which is no clone."""
    folder = tmp_path_factory.mktemp("installed")
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(
        *(sys.executable, *pip, "--no-index", "--no-deps", "--target", folder / "lib", wheel),
        cwd=folder,
    )
    return folder


def python(installed: Path, *arguments: str) -> str:
    """What Python prints that finds the wheel and our dependencies, and not the clone: without
    ``site`` (-S) no file in site-packages puts the clone on the path."""
    ours = dict.fromkeys(sysconfig.get_path(kind) for kind in ("purelib", "platlib"))
    return run(
        *(sys.executable, "-S", "-P", *arguments),
        cwd=installed,
        PYTHONPATH=os.pathsep.join([str(installed / "lib"), *ours]),
    )


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """The files that git hands out; without git there is nothing to look at."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a clone")
    names = run("git", "ls-files", "-z", cwd=ROOT).split("\0")
    paths = [ROOT / name for name in names if name]
    return [path for path in paths if path.is_file() and not path.is_symlink()]


def files(folder: Path) -> set[str]:
    """Paths below a folder, without what Python makes there."""
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.slow
def test_the_wheel_carries_everything_that_the_program_reads(wheel: Path) -> None:
    """Contracts, schemas, adapters, migrations, the mark of types, the licence; nothing twice."""
    names = zipfile.ZipFile(wheel).namelist()
    held = set(names)

    assert len(names) == len(held)
    for folder, inside in (
        (ROOT / "contracts", "samsvar/_data/contracts"),
        (ROOT / "wsdl", "samsvar/_data/wsdl"),
        (ROOT / "adapters", "samsvar_adapters"),
        (ROOT / "src/samsvar/store/migrations", "samsvar/store/migrations"),
    ):
        assert {name for name in files(folder) if f"{inside}/{name}" not in held} == set()
    assert "samsvar/py.typed" in held
    assert [name for name in names if name.endswith("/licenses/LICENSE")] != []
    assert [name for name in names if name.startswith(("tests/", "bench/", "deploy/"))] == []


@pytest.mark.slow
def test_an_installed_wheel_serves_from_itself(installed: Path) -> None:
    """Far from any clone: the modules, the contracts and the adapters are those of the wheel."""
    lib = installed / "lib"
    asked = (
        "import samsvar, samsvar_adapters, samsvar.contracts as c;"
        "print(samsvar.__file__, list(samsvar_adapters.__path__)[0], c.data_dir())"
    )
    places = python(installed, "-c", asked).split()
    checked = python(installed, "-m", "samsvar", "check")

    assert [Path(place).is_relative_to(lib) for place in places] == [True, True, True]
    assert not Path(places[2]).is_relative_to(data_dir())
    assert re.findall(r"^(\w+) +(.+)$", checked, re.MULTILINE) == [
        ("ok", "settings"),
        ("ok", "XML door"),
        ("ok", "contracts"),
        ("ok", "adapters"),
        ("ok", "certificates"),
        ("ok", "database"),
        ("ok", "registry"),
        ("ok", "message broker"),
    ]
    for known in ("GetCarePlans 2", "GetCareContacts 3", "Prator", "SAMSA", "Mina planer"):
        assert known in checked


@pytest.mark.slow
def test_an_installed_wheel_makes_its_database(installed: Path) -> None:
    """The migrations came along, and run where nothing but the wheel is."""
    asked = (
        "import pathlib; from samsvar.store.database import HEAD, open_database;"
        "d = open_database(pathlib.Path('data'));"
        "c = d.engine.raw_connection();"
        "print(c.execute('SELECT version_num FROM alembic_version').fetchone()[0] == HEAD)"
    )
    told = python(installed, "-c", asked)

    assert told == "True\n"


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_can_be_run_and_stops_at_its_first_failure(name: str) -> None:
    """``set -e`` stands in the body: ``sh .ci/run`` does not read the first line."""
    path = ROOT / ".ci" / name
    first, *body = path.read_text(encoding="utf-8").splitlines()

    assert os.access(path, os.X_OK)
    assert re.fullmatch(r"#!(/bin/sh|/usr/bin/env bash)", first)
    commands = [line for line in body if line and not line.startswith("#")]
    assert commands[0].split("#")[0].strip() == "set -e"


def test_make_names_every_script() -> None:
    """And holds no logic of its own."""
    rules = (ROOT / "Makefile").read_text(encoding="utf-8")

    for name in set(SCRIPTS) - {"run"}:
        assert re.search(rf"^{name}: ; @\.ci/{name}\b", rules, re.MULTILINE), name


def test_no_file_holds_what_does_not_belong_in_it(tracked: list[Path]) -> None:
    """Open ends, paths of a machine, hosts of registries."""
    own = str(ROOT).encode() + b"/"
    found = []
    for path in tracked:
        if path.suffix == ".png":
            continue  # packed bytes hold any three letters
        data = path.read_bytes()
        found += [
            f"{path.relative_to(ROOT)}: {what}"
            for what, pattern in FORBIDDEN.items()
            if pattern.search(data)
        ]
        if len(ROOT.parts) > 2 and own in data:
            found.append(f"{path.relative_to(ROOT)}: the path of this clone")

    assert found == []


def test_a_module_that_is_long_says_why(tracked: list[Path]) -> None:
    """Over 300 lines need a reason in the docstring, with the word ``long`` in it."""
    silent = []
    for path in tracked:
        name = path.relative_to(ROOT)
        if path.suffix != ".py" or "tests" in name.parts or path.name.startswith("test_"):
            continue
        text = path.read_text(encoding="utf-8")
        doc = ast.get_docstring(ast.parse(text)) or ""
        if len(text.splitlines()) > MOST_LINES and not re.search(r"\blong", doc, re.IGNORECASE):
            silent.append(str(name))

    assert silent == []
