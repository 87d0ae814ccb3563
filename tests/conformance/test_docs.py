"""The pages under ``docs/`` say what the program does: each code, setting, event and command.

Both ways: what the program has is on its page, and what stands on the page the program has. A
new code, setting, event or option fails here until somebody has written down what it means.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from samsvar import errors
from samsvar.adapter_api import PersonId, care
from samsvar.app import Packaged
from samsvar.cli import app, outcome
from samsvar.cli.ask import profile_from
from samsvar.contracts import load_contracts
from samsvar.contracts.contract_file import (
    ContractFile,
    ItemTable,
    RequestTable,
    ResponseTable,
)
from samsvar.manifest import PACKAGE, check_options, load_adapters
from samsvar.model.exchange import Reason
from samsvar.observe import log
from samsvar.settings import ListenSettings, Settings, load
from samsvar.simulation import Knobs, person, running
from samsvar.soap.codecs import CODECS, PlanCodec
from samsvar.soap.faults import TABLE
from tests.adapter_http import real_http

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
SOURCE = ROOT / "src" / "samsvar"
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *DOCS.rglob("*.md"),
        *(ROOT / "deploy").glob("*.md"),
        *(ROOT / "contracts").glob("*/README.md"),
        *(ROOT / "adapters").glob("*/README.md"),
        ROOT / "wsdl" / "README.md",
    ]
)

Row = dict[str, str]


def page(name: str) -> str:
    """The text of a page below ``docs``."""
    return (DOCS / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    """What stands under a heading, as far as the next one of the same level."""
    level = heading.split(" ")[0]
    _, found, rest = f"\n{text}".partition(f"\n{heading}\n")
    assert found, f"no heading {heading!r}"
    return re.split(rf"^{level} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def tables(text: str) -> Iterator[Row]:
    """Every row of every table, by its column's heading. Backticks around a cell are taken off."""
    for block in re.findall(r"(?:^\|.*\n)+", f"{text}\n", re.MULTILINE):
        lines = [
            [cell.strip() for cell in line.strip().strip("|").split(" | ")]
            for line in block.splitlines()
        ]
        headings = lines[0]
        for cells in lines[2:]:
            assert len(cells) == len(headings), f"a row has another number of cells: {cells[0]}"
            yield dict(zip(headings, (cell.strip().strip("`") for cell in cells), strict=True))


def named(text: str, column: str) -> list[str]:
    """One column of all tables in a text."""
    return [row[column] for row in tables(text) if column in row]


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a page that are marked with a language."""
    text = path.read_text(encoding="utf-8")
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)


def same(on_page: list[str], in_program: set[str]) -> None:
    """The page names each once, and nothing else."""
    assert sorted(on_page) == sorted(in_program)


@cache
def source_trees() -> tuple[ast.Module, ...]:
    """Every module of the program."""
    return tuple(
        ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(SOURCE.rglob("*.py"))
        if "_data" not in path.parts
    )


def calls(name: str) -> Iterator[ast.Call]:
    """Every call of a function or method with this name."""
    for tree in source_trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name in (
                getattr(node.func, "id", None),
                getattr(node.func, "attr", None),
            ):
                yield node


def below(kind: type[errors.HubError]) -> Iterator[type[errors.HubError]]:
    """A class of errors and all that are made of it."""
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


# Faults


def test_each_fault_to_the_consumer_is_on_its_page() -> None:
    """Rows of the fault table that consumers meet, and nothing else."""
    on_page = named(section(page("faults.md"), "## Faults to the consumer"), "Code")
    of_table = {row.code for row in TABLE.values() if not row.code.startswith("EI")}
    own = {
        error.code
        for error in below(errors.HubError)
        if not issubclass(error, errors.ProducerError) and not error.code.startswith("EI")
    }
    same(on_page, of_table | own)


def test_each_fault_says_who_is_to_act_as_the_wire_does() -> None:
    """The faultcode on the page is the one that is sent."""
    rows = tables(section(page("faults.md"), "## Faults to the consumer"))
    on_page = {row["Code"]: row["faultcode"] for row in rows if "faultcode" in row}
    sent: dict[str, set[str]] = {}
    for fault in TABLE.values():
        sent.setdefault(fault.code, set()).add(fault.faultcode)
    for code, faultcode in on_page.items():
        assert faultcode in sent[code], code


def test_each_fault_of_the_index_is_on_its_page() -> None:
    """EI codes are given in many places of the program: all are found, wherever they stand."""
    in_program = {
        node.value
        for tree in source_trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"EI\d{3}", node.value)
    }
    assert in_program
    same(named(section(page("faults.md"), "## Faults of the engagement index"), "Code"), in_program)


def test_each_failure_of_a_producer_is_on_its_page_with_what_the_consumer_sees() -> None:
    """Code, causing agent and code on the wire, as the classes have them."""
    rows = tables(section(page("faults.md"), "## When one source failed"))
    on_page = {(row["Code"], row["causingAgent"], row["On the wire"]) for row in rows}
    in_program = {
        (error.code, error.agent.value, error.wire_code)
        for error in below(errors.ProducerError)
        if issubclass(error, errors.ProducerError) and error.code != errors.ProducerError.code
    }
    assert on_page == in_program


def test_each_reason_is_on_its_page() -> None:
    """What ``explain`` shows."""
    text = section(page("faults.md"), "## Why a candidate ended as it did")
    same(named(text, "Reason"), {reason.value for reason in Reason})


def test_each_http_refusal_is_on_its_page() -> None:
    """Statuses that are given before anything is read as XML."""
    given = {
        str(call.args[0].value)
        for name in ("HttpRefused", "_refuse", "_say")
        for call in calls(name)
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    same(named(section(page("faults.md"), "## Refusals before SOAP"), "Status"), given)


# Settings


def sections_of_settings() -> Iterator[tuple[str, type[BaseModel]]]:
    """Name and class of each section; of the listeners, the class of one."""
    for name, field in Settings.model_fields.items():
        kind = ListenSettings if name == "listen" else field.annotation
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        yield name, kind


FIELDS = [
    (name, key, field)
    for name, kind in sections_of_settings()
    for key, field in kind.model_fields.items()
]


def test_each_setting_is_on_its_page() -> None:
    """Sections are headings, keys are rows."""
    text = page("settings.md")
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == list(Settings.model_fields)
    for name, kind in sections_of_settings():
        assert named(section(text, f"## {name}"), "Key") == list(kind.model_fields)


@pytest.mark.parametrize(("name", "key", "field"), FIELDS, ids=[f"{f[0]}.{f[1]}" for f in FIELDS])
def test_a_setting_is_told_as_it_is(name: str, key: str, field: FieldInfo) -> None:
    """Meaning, default, environment variable; and the example is accepted."""
    (row,) = (
        row for row in tables(section(page("settings.md"), f"## {name}")) if row["Key"] == key
    )
    assert row["Meaning"] == field.description
    if field.is_required():
        assert row["Default"] == "must be given"
    elif field.default is None:
        assert row["Default"] == "none"
    else:
        told = tomllib.loads(f"value = {row['Default']}")["value"]
        default = field.default
        assert told == (
            list(default)
            if isinstance(default, tuple)
            else default.as_posix()
            if isinstance(default, Path)
            else default
        )
    variable = f"SAMSVAR_{name}__{key}".upper()
    assert row["Environment"] == ("none" if name == "listen" else variable)
    Settings.model_validate(_with_example(name, key, row["Example"]))


def _with_example(name: str, key: str, example: str) -> dict[str, Any]:
    """Settings in which the example stands, beside what it needs."""
    value = tomllib.loads(f"value = {example}")["value"]
    if name != "listen":
        pair = {"certificate": "c", "key": "k"} if key in ("certificate", "key") else {}
        return {name: {**pair, key: value}}
    files = {"certificate": "c", "key": "k", "client_authority": "a"}
    base = {"kind": "unix", "path": "s"} if key in ("path", "trusted") else {"kind": "tls", **files}
    return {"listen": [{**base, key: value}]}


def test_a_variable_of_the_page_is_read(tmp_path: Path) -> None:
    """The form that the page gives for the environment is the one that counts."""
    variables = {
        row["Environment"]: row["Example"].strip('"')
        for row in tables(page("settings.md"))
        if row["Environment"] in ("SAMSVAR_HUB__INSTANCE_NAME", "SAMSVAR_HUB__REFRESH_SECONDS")
    }
    settings = load(None, {**variables, "SAMSVAR_HUB__ADDRESSES": "5565594230,SE2129999997-HUB"})
    assert settings.hub.instance_name == "SAMSVAR-TEST"
    assert settings.hub.refresh_seconds == 5
    assert settings.hub.addresses == ("5565594230", "SE2129999997-HUB")


def test_the_sample_settings_load() -> None:
    """All but the certificates, which every installation has its own of."""
    settings = load(ROOT / "deploy" / "samsvar.toml", {})
    assert [listener.kind for listener in settings.listen] == ["tls", "unix"]
    assert settings.producers.authority is not None


# The routing log


def test_each_event_is_on_its_page() -> None:
    """With the type that is written."""
    rows = tables(section(page("log-events.md"), "## Events"))
    assert {row["Event"]: row["event.type"] for row in rows} == dict(log.ACTIONS)


def test_an_event_that_nothing_writes_is_told_so() -> None:
    """The page does not promise what the program does not do."""
    written = {
        call.args[0].value
        for call in calls("emit")
        if call.args and isinstance(call.args[0], ast.Constant)
    }
    rows = tables(section(page("log-events.md"), "## Events"))
    silent = {row["Event"] for row in rows if row["When"].endswith("not written yet")}
    assert silent == set(log.ACTIONS) - written


def test_each_field_is_on_its_page() -> None:
    """Fields of every event, and those that some have."""
    on_page = named(section(page("log-events.md"), "## Fields"), "Field")
    same(on_page, {*_fields_of_every_event(), "event.duration", *log.FIELDS.values()})


def test_a_field_that_nothing_fills_is_told_so() -> None:
    """The page does not promise what the program does not do."""
    filled = {keyword.arg for call in calls("emit") for keyword in call.keywords if keyword.arg}
    rows = tables(section(page("log-events.md"), "## Fields"))
    silent = {row["Field"] for row in rows if row["Meaning"].endswith("not written yet")}
    assert silent == {field for name, field in log.FIELDS.items() if name not in filled}


def test_the_examples_of_events_are_such_lines() -> None:
    """Each event that is written has one, with its type and known fields only."""
    (block,) = blocks(DOCS / "log-events.md", "json")
    lines = [json.loads(line) for line in block.splitlines()]
    rows = tables(section(page("log-events.md"), "## Events"))
    same(
        [line["event.action"] for line in lines],
        {row["Event"] for row in rows if not row["When"].endswith("not written yet")},
    )
    known = {*_fields_of_every_event(), "event.duration", *log.FIELDS.values()}
    for line in lines:
        assert line.keys() <= known
        assert line.keys() >= _fields_of_every_event()
        assert line["event.type"] == log.ACTIONS[line["event.action"]]


def _fields_of_every_event() -> set[str]:
    """As the log writes them."""

    class Stream:
        """Keeps what is written."""

        written = b""

        def write(self, data: bytes) -> None:
            """Keep it."""
            self.written += data

        def flush(self) -> None:
            """It is kept already."""

    stream = Stream()
    routing_log = log.RoutingLog(stream)  # type: ignore[arg-type] # as much of a file as it uses
    routing_log.emit("hub-stopped", "-")
    routing_log.flush()
    return set(json.loads(stream.written))


# Commands


def commands() -> dict[str, Any]:
    """Every command by its full name. (Told by what they have: typer brings classes of its own.)"""
    found: dict[str, Any] = {}

    def walk(command: Any, name: str) -> None:
        if inner := getattr(command, "commands", None):
            for child, subcommand in inner.items():
                walk(subcommand, f"{name} {child}")
        else:
            found[name] = command

    walk(typer.main.get_command(app), "samsvar")
    return found


def test_each_command_is_on_its_page() -> None:
    """A heading for each."""
    same(re.findall(r"^## `(samsvar [^`]+)`$", page("cli.md"), re.MULTILINE), set(commands()))


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_option_of_a_command_is_on_its_page(name: str) -> None:
    """Long names, as people should write them in scripts."""
    in_program = {
        max(parameter.opts, key=len)
        for parameter in commands()[name].params
        if parameter.param_type_name == "option" and parameter.name != "help"
    }
    same(named(section(page("cli.md"), f"## `{name}`"), "Option"), in_program)


def test_each_exit_code_is_on_its_page() -> None:
    """Those of the commands, and 130 for Ctrl-C."""
    codes = {str(value) for value in vars(outcome).values() if isinstance(value, int)}
    same(named(section(page("cli.md"), "## Exit codes"), "Code"), {*codes, "130"})


# All pages


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_a_page_lead_somewhere(path: Path) -> None:
    """Files in the project, and headings in pages. Nothing outside is linked without need."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (path.parent / file).resolve() if file else path
        assert found.is_relative_to(ROOT), target
        assert found.exists(), target
        if anchor:
            assert anchor in _anchors(found.read_text(encoding="utf-8")), target


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings
    }


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_toml_and_python_of_a_page_can_be_read(path: Path) -> None:
    """Examples that somebody will copy."""
    for block in blocks(path, "toml"):
        tomllib.loads(block)
    for block in blocks(path, "python"):
        compile(block, str(path), "exec")
    for block in blocks(path, "json"):
        for line in block.splitlines():
            json.loads(line)


PATHS = re.compile(r"`((?:src/samsvar|adapters|contracts|wsdl|tests|docs|deploy)/[\w./-]+)`")


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_a_page_names_are_there(path: Path) -> None:
    """A page that says "go to" says where to."""
    for name in PATHS.findall(path.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


MODULES = re.compile(
    r"`((?:pipeline|inbound|outbound|store|soap|model|observe|cli|adapter_api|simulation)/[\w./]+)`"
)


def test_modules_that_the_pages_name_are_there() -> None:
    """The same for modules named from the package's folder."""
    for path in [ROOT / "README.md", *DOCS.rglob("*.md")]:
        for name in MODULES.findall(path.read_text(encoding="utf-8")):
            assert (SOURCE / name).exists(), f"{path.name}: {name}"


# The licence


def test_the_licence_is_whole() -> None:
    """Preamble, fifteen articles, appendix."""
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert text.startswith("EUROPEAN UNION PUBLIC LICENCE v. 1.2")
    articles = [int(number) for number in re.findall(r"^(\d+)\.[A-Z]", text, re.MULTILINE)]
    assert articles == list(range(1, 16))
    assert "Appendix" in text
    assert text.rstrip().endswith("require the production of a new EUPL version.")


# The worked example of an adapter


@pytest.fixture
def journalen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder that the page's blocks make, where the package of adapters can find it."""
    text = page("howto/add-an-adapter.md")
    found = re.findall(r"^`journalen/([\w.]+)`:\n\n```\w+\n(.*?)^```$", text, re.M | re.S)
    folder = tmp_path / PACKAGE
    (folder / "journalen").mkdir(parents=True)
    for name, block in found:
        (folder / "journalen" / name).write_text(block, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.startswith(f"{PACKAGE}.journalen")]:
        del sys.modules[name]


async def test_the_adapter_of_the_page_answers(journalen: Path) -> None:
    """It loads as the hub loads it, and its plans can be written as the contract has them."""
    (loaded,) = load_adapters(journalen).values()
    simulator = import_module(f"{PACKAGE}.journalen.simulator")
    options = simulator.INSTALLATION.options
    assert check_options(loaded.manifest, {"api_key": "file:key"}) == []
    codec = CODECS[loaded.manifest.contracts[0]]
    assert isinstance(codec, PlanCodec)

    knobs = Knobs()
    tolvan = person("191212121212")
    query = care.CareQuery(PersonId(tolvan.root, tolvan.number), "SE2129999947-JOURNALEN1")
    async with running(simulator.application(knobs)) as url, real_http(url) as http:
        plans = await loaded.adapter.care_plans(query, url, options, http)
        knobs.turn({"wrong_patient": True})
        (foreign,) = await loaded.adapter.care_plans(query, url, options, http)
        knobs.turn({"wrong_patient": False, "fault": True})
        with pytest.raises(errors.ProducerFault):
            await loaded.adapter.care_plans(query, url, options, http)

    (chosen,) = codec.select(plans, query).records
    assert "Vårdplan i hemmet".encode() in codec.write(chosen)
    assert foreign.subject != query.subject


# Examples that are files of ours


def test_the_registry_of_the_page_can_be_loaded() -> None:
    """By the same reading as ``samsvar registry load``."""
    (text,) = blocks(DOCS / "howto" / "register-a-producer.md", "toml")
    registry = Packaged.load().registry(text, Settings())
    assert [producer.kind.value for producer in registry.producers] == ["soap", "adapter"]
    assert len(registry.routes) == 2


def test_each_key_of_the_registry_is_on_its_page() -> None:
    """What the reader asks its tables for."""
    tree = ast.parse((SOURCE / "registry" / "reader.py").read_text(encoding="utf-8"))
    asked = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and getattr(node.func.value, "id", "") in ("table", "inner")
        and node.func.attr != "fault"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    text = section(page("howto/register-a-producer.md"), "### Every key")
    assert {key.rpartition(".")[2] for key in named(text, "Key")} == asked


def test_the_contract_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    """And says the same as the one that is served, but for what the page shows beside."""
    (text,) = blocks(DOCS / "howto" / "add-a-contract.md", "toml")
    (tmp_path / "get_care_plans_2").mkdir()
    (tmp_path / "get_care_plans_2" / "contract.toml").write_text(text, encoding="utf-8")
    (told,) = load_contracts(tmp_path, ROOT / "wsdl").values()
    served = load_contracts(ROOT / "contracts", ROOT / "wsdl")[told.urn]
    shown = replace(told, title=served.title, folder=served.folder, deadline=served.deadline)
    assert shown == served


def test_each_key_of_a_contract_is_on_its_page() -> None:
    """Table by table."""
    text = section(page("howto/add-a-contract.md"), "## 2. The folder")
    on_page = [(row["Table"].strip("[]"), row["Key"]) for row in tables(text)]
    inner = {"request": RequestTable, "response": ResponseTable, "item": ItemTable}
    in_program = [("top", key) for key in ContractFile.model_fields if key not in inner]
    in_program += [(name, key) for name, kind in inner.items() for key in kind.model_fields]
    assert on_page == in_program


def test_the_profile_of_the_page_is_a_profile(tmp_path: Path) -> None:
    """With the keys that ``samsvar ask --as`` takes."""
    (text,) = blocks(DOCS / "cli.md", "toml")
    path = tmp_path / "consumer.toml"
    path.write_text(text, encoding="utf-8")
    assert profile_from(path).address == "5565594230"


def test_the_listener_behind_a_front_is_taken(tmp_path: Path) -> None:
    """As the settings read it."""
    (text,) = blocks(DOCS / "howto" / "run-behind-a-front.md", "toml")
    path = tmp_path / "samsvar.toml"
    path.write_text(text, encoding="utf-8")
    (listener,) = load(path, {}).listen
    assert listener.trusted
