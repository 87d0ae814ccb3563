"""The contract folders, read and checked: ``contracts/*/contract.toml`` and its WSDL.

Knows the keys of ``contract.toml`` and where the packaged data lies. Names, soapAction and the
shape of the messages come from the WSDL and its schemas; a path in the toml that leads nowhere
in them is a fault here, not a surprise at the first question. Knows nothing of merging.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

from lxml import etree
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.interaction import Interaction, InteractionUnreadable, read_interaction

CONTRACT_FILE = "contract.toml"


class ContractsInvalid(Exception):
    """The contract folders cannot be used. ``faults`` has all that is wrong, one line each."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        super().__init__("the contracts are not usable:\n" + "\n".join(faults))
        self.faults = faults


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Request(_Table):
    subject_id: str
    subject_root: str | None = None
    subject_root_value: str | None = None
    source_filter: str | None = None


class _Response(_Table):
    items: list[str] = Field(min_length=1)
    result: str | None = None
    result_code: str | None = None
    result_log_id: str | None = None


class _Item(_Table):
    subject_id: str
    subject_root: str | None = None
    source: str | None = None


class _ContractFile(_Table):
    title: str = Field(min_length=1)
    wsdl: str
    service_domain: str = Field(min_length=1)
    categorization: str = Field(min_length=1)
    deadline: float | None = Field(default=None, gt=0)
    request: _Request
    response: _Response
    item: _Item


_TABLES: dict[str, type[_Table]] = {"request": _Request, "response": _Response, "item": _Item}


def data_dir() -> Path:
    """The packaged data: ``contracts`` and ``wsdl``. Links in a clone, folders in a wheel."""
    return Path(__file__).parent / "_data"


def load_contracts(contracts_dir: Path, wsdl_dir: Path) -> dict[ContractUrn, ServiceContract]:
    """Every contract folder, by the namespace of its request element.

    Raises:
        ContractsInvalid: with every fault of every folder, so that one round of mending does.
    """
    faults: list[str] = []
    contracts: dict[ContractUrn, ServiceContract] = {}
    folders = sorted(f for f in contracts_dir.glob("*") if f.is_dir())
    if not folders:
        faults.append(f"{contracts_dir}: holds no contract folder")
    for folder in folders:
        try:
            contract = _load(folder, wsdl_dir)
        except ContractsInvalid as error:
            faults.extend(error.faults)
            continue
        if (earlier := contracts.get(contract.urn)) is not None:
            faults.append(f"{folder / CONTRACT_FILE}: wsdl: also used by {earlier.folder.name}")
        contracts[contract.urn] = contract
    if faults:
        raise ContractsInvalid(tuple(faults))
    return contracts


def _load(folder: Path, wsdl_dir: Path) -> ServiceContract:
    file = folder / CONTRACT_FILE
    settings = _settings(file)
    wsdl = (wsdl_dir / settings.wsdl).resolve()
    if not wsdl.is_relative_to(wsdl_dir.resolve()):
        raise ContractsInvalid((f"{file}: wsdl: must lie below {wsdl_dir}",))
    try:
        interaction = read_interaction(wsdl)
    except InteractionUnreadable as error:
        raise ContractsInvalid((f"{file}: wsdl: {error}",)) from error
    return _Reading(file, settings, interaction).contract()


def _settings(file: Path) -> _ContractFile:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        return _ContractFile.model_validate(table)
    except FileNotFoundError as error:
        raise ContractsInvalid((f"{file}: is missing",)) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContractsInvalid((f"{file}: cannot be read: {error}",)) from error
    except ValidationError as error:
        raise ContractsInvalid(tuple(_told(file, error))) from error


def _told(file: Path, error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        if fault["type"] == "extra_forbidden":
            table = _TABLES.get(str(fault["loc"][0]), _ContractFile)
            allowed = ", ".join(table.model_fields)
            yield f"{file}: {key}: no such key; allowed: {allowed}"
        else:
            yield f"{file}: {key}: {fault['msg']}"


class _Reading:
    """One contract file held against its interaction; collects what does not fit."""

    def __init__(self, file: Path, settings: _ContractFile, interaction: Interaction) -> None:
        self._file = file
        self._settings = settings
        self._interaction = interaction
        self._faults: list[str] = []

    def contract(self) -> ServiceContract:
        settings, interaction = self._settings, self._interaction
        request, response = settings.request, settings.response
        items = tuple(self._item(name) for name in response.items)
        result_code, result_log_id = self._result()
        contract = ServiceContract(
            urn=ContractUrn(etree.QName(interaction.request_element).namespace or ""),
            operation=interaction.operation,
            soap_action=interaction.soap_action,
            request_element=interaction.request_element,
            response_element=interaction.response_element,
            item_elements=items,
            result_element=self._first("response.result", response.result),
            subject_id_path=self._in_request("subject_id", request.subject_id) or (),
            subject_root_path=self._in_request("subject_root", request.subject_root),
            subject_root=request.subject_root_value,
            source_filter_path=self._in_request("source_filter", request.source_filter),
            item_subject_id_path=self._in_items("subject_id", settings.item.subject_id) or (),
            item_subject_root_path=self._in_items("subject_root", settings.item.subject_root),
            item_source_path=self._in_items("source", settings.item.source),
            result_code_element=result_code,
            result_log_id_element=result_log_id,
            service_domain=settings.service_domain,
            categorization=settings.categorization,
            deadline=settings.deadline,
            wsdl=interaction.wsdl,
            folder=self._file.parent,
            title=settings.title,
        )
        if (request.subject_root is None) == (request.subject_root_value is None):
            self._fault("request.subject_root", "give either this or subject_root_value")
        if self._faults:
            # One misspelt item spoils every path below it: say the same thing once.
            raise ContractsInvalid(tuple(dict.fromkeys(self._faults)))
        return contract

    def _fault(self, key: str, text: str) -> None:
        self._faults.append(f"{self._file}: {key}: {text}")

    def _follow(self, key: str, element: str, path: str) -> tuple[str, ...]:
        """Clark names along a path of local names; nothing, and a fault, if it leads nowhere."""
        try:
            steps = self._interaction.outline.follow(element, path)
        except InteractionUnreadable as error:
            self._fault(key, str(error))
            return ()
        return tuple(step.name for step in steps)

    def _item(self, name: str) -> str:
        found = self._follow("response.items", self._interaction.response_element, name)
        if not found:
            return ""
        steps = self._interaction.outline.follow(self._interaction.response_element, name)
        if len(steps) != 1 or not steps[0].repeated:
            self._fault("response.items", f"{name!r} is not a repeated child of the response")
        return found[0]

    def _first(self, key: str, path: str | None) -> str | None:
        if path is None:
            return None
        found = self._follow(key, self._interaction.response_element, path)
        if len(found) > 1:
            self._fault(key, "must be a child of the response, not a path")
        return found[0] if found else None

    def _result(self) -> tuple[str | None, str | None]:
        response = self._settings.response
        names = (("result_code", response.result_code), ("result_log_id", response.result_log_id))
        found: list[str | None] = []
        for key, name in names:
            if (name is None) != (response.result is None):
                self._fault(f"response.{key}", "goes together with result: give both or neither")
            if name is None or response.result is None:
                found.append(None)
                continue
            path = f"{response.result}/{name}"
            steps = self._follow(f"response.{key}", self._interaction.response_element, path)
            found.append(steps[-1] if steps else None)
        return found[0], found[1]

    def _in_request(self, key: str, path: str | None) -> tuple[str, ...] | None:
        if path is None:
            return None
        return self._follow(f"request.{key}", self._interaction.request_element, path)

    def _in_items(self, key: str, path: str | None) -> tuple[str, ...] | None:
        """A path below the item; every kind of item must have it."""
        if path is None:
            return None
        paths = {
            self._follow(f"item.{key}", self._interaction.response_element, f"{item}/{path}")[1:]
            for item in self._settings.response.items
        }
        if len(paths) > 1:
            self._fault(f"item.{key}", "is not the same element in all items")
        return paths.pop()
