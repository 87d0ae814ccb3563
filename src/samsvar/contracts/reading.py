"""The contract folders, read and checked: ``contracts/*/contract.toml`` and its WSDL.

Knows where the packaged data lies. Names, soapAction and the shape of the messages come from
the WSDL and its schemas; a path in the toml that leads nowhere in them is a fault here, not a
surprise at the first question. Knows nothing of merging.
"""

from __future__ import annotations

from pathlib import Path

from lxml import etree

from samsvar.contracts.contract_file import (
    CONTRACT_FILE,
    ContractFile,
    ContractsInvalid,
    FieldsTable,
    read_contract_file,
)
from samsvar.contracts.result_place import read_result
from samsvar.model.contract import ItemShape, ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.interaction import (
    ElementDeclaration,
    Interaction,
    InteractionUnreadable,
    read_interaction,
)


def data_dir() -> Path:
    """The packaged data: ``contracts`` and ``wsdl``. Links in a clone, folders in a wheel."""
    return Path(__file__).parents[1] / "_data"


def load_contracts(contracts_dir: Path, wsdl_dir: Path) -> dict[ContractUrn, ServiceContract]:
    """Every contract folder, by the namespace of its request element.

    Raises:
        ContractsInvalid: with every fault of every folder, so that one round of mending does.
    """
    faults: list[str] = []
    contracts: dict[ContractUrn, ServiceContract] = {}
    folders = contract_folders(contracts_dir)
    if not folders:
        faults.append(f"{contracts_dir}: holds no contract folder")
    for folder in folders:
        try:
            contract = load_contract(folder, wsdl_dir)
        except ContractsInvalid as error:
            faults.extend(error.faults)
            continue
        if (earlier := contracts.get(contract.urn)) is not None:
            faults.append(f"{folder / CONTRACT_FILE}: wsdl: also used by {earlier.folder.name}")
        contracts[contract.urn] = contract
    if faults:
        raise ContractsInvalid(tuple(faults))
    return contracts


def contract_folders(contracts_dir: Path) -> list[Path]:
    """The folders of contracts, sorted. What is on its way in begins with a dot."""
    return sorted(
        folder
        for folder in contracts_dir.glob("*")
        if folder.is_dir() and not folder.name.startswith(".")
    )


def load_contract(folder: Path, wsdl_dir: Path) -> ServiceContract:
    """One contract folder.

    Raises:
        ContractsInvalid: with every fault of the folder.
    """
    file = folder / CONTRACT_FILE
    settings = read_contract_file(file)
    wsdl = (wsdl_dir / settings.wsdl).resolve()
    if not wsdl.is_relative_to(wsdl_dir.resolve()):
        raise ContractsInvalid((f"{file}: wsdl: must lie below {wsdl_dir}",))
    try:
        interaction = read_interaction(wsdl)
    except InteractionUnreadable as error:
        raise ContractsInvalid((f"{file}: wsdl: {error}",)) from error
    return _Reading(file, settings, interaction).contract()


class _Reading:
    """One contract file held against its interaction; collects what does not fit."""

    def __init__(self, file: Path, settings: ContractFile, interaction: Interaction) -> None:
        self._file = file
        self._settings = settings
        self._interaction = interaction
        self._faults: list[str] = []

    def contract(self) -> ServiceContract:
        settings, interaction = self._settings, self._interaction
        request, response = settings.request, settings.response
        container = self._container()
        items = tuple(self._item(name) for name in response.items)
        result = read_result(response, interaction, self._fault)
        subject_id = self._in_request("subject_id", request.subject_id) or ()
        subject_root = self._in_request("subject_root", request.subject_root)
        source_filter = self._in_request("source_filter", request.source_filter)
        shapes = tuple(self._shape(name) for name in response.items)
        contract = ServiceContract(
            urn=ContractUrn(etree.QName(interaction.request_element).namespace or ""),
            operation=interaction.operation,
            soap_action=interaction.soap_action,
            request_element=interaction.request_element,
            response_element=interaction.response_element,
            item_elements=items,
            result_element=result.element,
            subject_id_path=subject_id,
            subject_root_path=subject_root,
            subject_root=request.subject_root_value,
            source_filter_path=source_filter,
            item_subject_id_path=shapes[0].subject_id_path,
            item_subject_root_path=shapes[0].subject_root_path,
            item_source_path=shapes[0].source_path,
            result_code_element=result.code,
            result_log_id_element=result.log_id,
            service_domain=settings.service_domain,
            categorization=settings.categorization,
            deadline=settings.deadline,
            wsdl=interaction.wsdl,
            folder=self._file.parent,
            title=settings.title,
            wsdl_namespace=interaction.target_namespace,
            container_element=container.name if container else None,
            container_required=container.required if container else True,
            result_first=result.first,
            result_in_container=result.in_container,
            result_fields=result.fields,
            item_shapes=shapes,
        )
        ways = (request.subject_root, request.subject_root_value)
        if sum(way is not None for way in ways) + request.subject_root_by_form != 1:
            self._fault(
                "request.subject_root",
                "give either this or subject_root_value or subject_root_by_form = true",
            )
        for name in settings.item.kinds.keys() - set(response.items):
            self._fault(f"item.kinds.{name}", "is none of response.items")
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

    def _value(self, key: str, element: str, path: str, steps: int) -> tuple[str, ...]:
        """The last steps of a path, at the end of which one value must stand."""
        found = self._follow(key, element, path)
        if found:
            outline = self._interaction.outline
            declared = outline.follow(element, path)
            last = declared[-1].type
            no_value = outline.children(last) or last in outline.without_text
            if no_value or any(step.repeated for step in declared[-steps:]):
                self._fault(
                    key,
                    "does not lead to one value: an element there holds others or attributes "
                    "only, or may come several times",
                )
        return found[-steps:]

    def _below_response(self, name: str) -> str:
        container = self._settings.response.container
        return name if container is None else f"{container}/{name}"

    def _container(self) -> ElementDeclaration | None:
        name = self._settings.response.container
        if name is None or not self._follow(
            "response.container", self._interaction.response_element, name
        ):
            return None
        steps = self._interaction.outline.follow(self._interaction.response_element, name)
        if len(steps) != 1 or steps[0].repeated:
            self._fault("response.container", f"{name!r} is not a single child of the response")
        return steps[0]

    def _item(self, name: str) -> str:
        path = self._below_response(name)
        found = self._follow("response.items", self._interaction.response_element, path)
        if not found:
            return ""
        steps = self._interaction.outline.follow(self._interaction.response_element, path)
        deep = path.count("/") - name.count("/") + 1
        if len(steps) != deep or not steps[-1].repeated:
            parent = self._settings.response.container or "the response"
            self._fault("response.items", f"{name!r} is not a repeated child of {parent}")
        return found[-1]

    def _in_request(self, key: str, path: str | None) -> tuple[str, ...] | None:
        if path is None:
            return None
        request = self._interaction.request_element
        return self._value(f"request.{key}", request, path, path.count("/") + 1)

    def _shape(self, item: str) -> ItemShape:
        """Where one kind of record has its fields: as all have them, or by a table of its own."""
        kinds = self._settings.item.kinds
        fields: FieldsTable = kinds.get(item, self._settings.item)
        table = f"item.kinds.{item}" if item in kinds else "item"

        def below(key: str, path: str | None) -> tuple[str, ...] | None:
            if path is None:
                return None
            above = self._below_response(item)
            response = self._interaction.response_element
            below_item = path.count("/") + 1
            return self._value(f"{table}.{key}", response, f"{above}/{path}", below_item)

        return ItemShape(
            below("subject_id", fields.subject_id) or (),
            below("subject_root", fields.subject_root),
            below("source", fields.source),
            below("owner", fields.owner),
        )
