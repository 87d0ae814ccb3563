"""What the how-tos show works: the adapter answers, the registry and the contract load."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from samsvar import errors
from samsvar.adapter_api import PersonId, care
from samsvar.broker.keys import public_key
from samsvar.cli.ask import profile_from
from samsvar.contracts import load_contracts
from samsvar.contracts.contract_file import (
    ContractFile,
    ItemTable,
    RequestTable,
    ResponseTable,
    Table,
)
from samsvar.manifest import PACKAGE, check_options, load_adapters
from samsvar.packaged import Packaged
from samsvar.settings import Settings, load
from samsvar.simulation import Knobs, person, running
from samsvar.soap.codecs import CODECS, PlanCodec
from samsvar.worker import config as worker_config
from tests import databases
from tests.adapter_http import real_http
from tests.command import Shell
from tests.databases import open_database
from tests.pages import DOCS, ROOT, SOURCE, blocks, named, page, section, tables


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


def test_the_registry_of_the_page_can_be_loaded() -> None:
    """By the same reading as ``samsvar registry load``."""
    (text,) = blocks(DOCS / "howto" / "register-a-producer.md", "toml")
    registry = Packaged.load().registry(text, Settings())
    assert [producer.kind.value for producer in registry.producers] == [
        "soap",
        "adapter",
        "worker",
    ]
    assert len(registry.routes) == 2


def test_the_directory_of_the_page_can_be_loaded() -> None:
    """As further rows of the registry of the other page."""
    (rows,) = blocks(DOCS / "howto" / "ground-access-decisions.md", "toml")
    (text,) = blocks(DOCS / "howto" / "register-a-producer.md", "toml")
    before, _, after = text.partition("# The directory:")
    registry = Packaged.load().registry(
        f"{before}{rows}\n[hsa]{after.partition('[hsa]')[2]}", Settings()
    )
    assert [row.kind.value for row in registry.care_givers] == ["VG", "OG"]
    assert [row.social_care for row in registry.consumers] == [True]


def test_the_population_register_of_the_page_can_be_loaded(tmp_path: Path) -> None:
    """By the command."""
    (text,) = blocks(DOCS / "howto" / "ground-access-decisions.md", "csv")
    (tmp_path / "register.csv").write_text(text, encoding="utf-8")
    told = f"[hub]\n{databases.hub_setting(tmp_path / 'data')}"
    (tmp_path / "samsvar.toml").write_text(told, encoding="utf-8")
    open_database(tmp_path / "data").close()
    arguments = ("population", "load", tmp_path / "register.csv", "-s", tmp_path / "samsvar.toml")
    assert Shell(tmp_path).inside(*arguments).out == (
        "In force: 1 guardianships, 1 protected identities, 1 others.\n"
    )


def test_each_key_of_the_registry_is_on_its_page() -> None:
    """What the reader asks its tables for."""
    files = [SOURCE / "registry" / name for name in ("reader.py", "directory.py", "workers.py")]
    asked = {
        node.args[0].value
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
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
    inner: dict[str, type[Table]] = {
        "request": RequestTable,
        "response": ResponseTable,
        "item": ItemTable,
    }
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


def test_the_workers_settings_of_the_page_can_be_read_and_show_every_key(tmp_path: Path) -> None:
    """By the same reading as ``samsvar worker``; its registry's row by the registry's."""
    settings, row = blocks(DOCS / "howto" / "run-a-worker.md", "toml")
    file = tmp_path / "worker.toml"
    file.write_text(settings, encoding="utf-8")
    config = worker_config.load(file)
    assert config.broker.url == "amqps://broker.example:5671/samsvar"
    shown = tomllib.loads(settings)
    assert shown["worker"].keys() == worker_config.WorkerSettings.model_fields.keys()
    assert shown["source"].keys() == worker_config.SourceSettings.model_fields.keys()
    (key,) = tomllib.loads(row)["producer"][0]["workers"]
    assert public_key(key).text == key
