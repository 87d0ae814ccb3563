"""The pages under ``docs/`` say what the program does: each code, setting, event and command.

Both ways: what the program has is on its page, and what stands on the page the program has. A
new code, setting, event or option fails here until somebody has written down what it means.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from samsvar import errors
from samsvar.cli import app, outcome
from samsvar.model.exchange import Reason
from samsvar.observe import log
from samsvar.settings import ClaimSettings, IssuerSettings, ListenSettings, Settings, load
from samsvar.soap.faults import TABLE
from tests.pages import DOCS, ROOT, blocks, calls, named, page, same, section, source_trees, tables


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


#: sections of which there may be several, in the file only
#: what there are several of, in the file only; with the key of the section that holds them
SEVERAL: dict[str, tuple[str | None, type[BaseModel]]] = {
    "listen": (None, ListenSettings),
    "users": ("issuer", IssuerSettings),
}


def sections_of_settings() -> Iterator[tuple[str, dict[str, FieldInfo], set[str]]]:
    """Name and keys of each section, with those of one listener and one issuer; and which of them
    a variable of the environment can set."""
    for name, field in Settings.model_fields.items():
        kind = field.annotation
        own: dict[str, FieldInfo] = {}
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            own = dict(kind.model_fields)
        held, one = SEVERAL.get(name, (None, None))
        own = {key: each for key, each in own.items() if key != held}
        yield name, own | (dict(one.model_fields) if one else {}), set(own)


FIELDS = [
    (name, key, field) for name, keys, _ in sections_of_settings() for key, field in keys.items()
]
VARIABLES = {(name, key) for name, _, own in sections_of_settings() for key in own}


def test_each_setting_is_on_its_page() -> None:
    """Sections are headings, keys are rows."""
    text = page("settings.md")
    assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == list(Settings.model_fields)
    for name, keys, _ in sections_of_settings():
        assert named(section(text, f"## {name}"), "Key") == list(keys)


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
        if isinstance(default, BaseModel):
            told = type(default).model_validate(told)
        assert told == (
            list(default)
            if isinstance(default, tuple)
            else default.as_posix()
            if isinstance(default, Path)
            else default
        )
    variable = f"SAMSVAR_{name}__{key}".upper()
    assert row["Environment"] == (variable if (name, key) in VARIABLES else "none")
    Settings.model_validate(_with_example(name, key, row["Example"]))


def _with_example(name: str, key: str, example: str) -> dict[str, Any]:
    """Settings in which the example stands, beside what it needs."""
    value = tomllib.loads(f"value = {example}")["value"]
    if name == "users" and (name, key) not in VARIABLES:
        issuer = {"issuer": "https://idp.example", "kind": "staff", "audience": ["x"]}
        return {name: {"issuer": [{**issuer, key: value}]}}
    if name == "alerts":
        mail = {"mail_server": "mail:25", "mail_from": "a@x.se", "mail_to": ["b@x.se"]}
        login = {"mail_user": "u", "mail_password": "env:X"}
        return {name: {"webhook": "https://x.se", **mail, **login, key: value}}
    if name == "console":
        whole = {"url": "https://x.example/console", "client_id": "x", "roles": ["x=operator"]}
        return {name: {**whole, key: value}}
    if name != "listen":
        pair = {"certificate": "c", "key": "k"} if key in ("certificate", "key") else {}
        by_broker = key in ("receive_from_broker", "store_log_through", "store_log_for")
        broker = {"broker": {"url": "amqps://broker.example/"}} if by_broker else {}
        to = {"store_log": "https://logg.example/"} if key == "store_log_for" else {}
        return {**broker, name: {**pair, **to, key: value}}
    files = {"certificate": "c", "key": "k", "client_authority": "a"}
    base = {"kind": "unix", "path": "s"} if key in ("path", "trusted") else {"kind": "tls", **files}
    return {"listen": [{**base, key: value}]}


def test_each_claim_is_on_its_page() -> None:
    """With its usual name and what it means."""
    text = section(page("howto/let-users-in.md"), "## 3. Claims")
    on_page = [
        (row["Claim key"], row["Meaning"], row["Usual name"])
        for row in tables(text)
        if "Claim key" in row
    ]
    assert on_page == [
        (key, field.description, field.default) for key, field in ClaimSettings.model_fields.items()
    ]


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
        if not inner or (command.invoke_without_command and name != "samsvar"):
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
        if parameter.param_type_name == "option"
        and parameter.name != "help"
        and not getattr(parameter, "hidden", False)
    }
    same(named(section(page("cli.md"), f"## `{name}`"), "Option"), in_program)


def test_each_exit_code_is_on_its_page() -> None:
    """Those of the commands, and 130 for Ctrl-C."""
    codes = {str(value) for value in vars(outcome).values() if isinstance(value, int)}
    same(named(section(page("cli.md"), "## Exit codes"), "Code"), {*codes, "130"})
