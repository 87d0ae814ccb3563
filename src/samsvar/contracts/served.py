"""The contracts that are served now: replaced whole while the hub runs, never changed by halves.

Packaged ones come with the program; added ones lie in the data folder, where every hub of the
house looks for changes. One that is packaged cannot be added: the same name must mean the same
thing in every hub. Knows folders and schemas; knows nothing of routes, doors or requests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from lxml import etree

from samsvar.contracts.contract_file import CONTRACT_FILE, ContractsInvalid
from samsvar.contracts.reading import contract_folders, data_dir, load_contract, load_contracts
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.ports import World
from samsvar.soap.interaction import read_interaction
from samsvar.soap.schema import Schema

CONTRACTS = "contracts"
WSDL = "wsdl"
"""The two folders, in the data folder as in the packaged data."""

Value = TypeVar("Value")
RequestCheck = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Repertoire:
    """Contracts with all that is made of them. Whole, or not at all."""

    contracts: Mapping[ContractUrn, ServiceContract]
    schemas: Mapping[ContractUrn, Schema]
    added: tuple[ContractUrn, ...] = ()
    """Those that came from the data folder."""
    request_checks: Mapping[ContractUrn, RequestCheck] = field(init=False)

    def __post_init__(self) -> None:
        checks = {urn: schema.check_request for urn, schema in self.schemas.items()}
        object.__setattr__(self, "request_checks", checks)

    @property
    def added_wsdls(self) -> tuple[Path, ...]:
        """The WSDL of each added contract."""
        return tuple(self.contracts[urn].wsdl for urn in self.added)


def packaged_repertoire() -> Repertoire:
    """What comes with the program.

    Raises:
        ContractsInvalid: with every fault.
    """
    contracts = load_contracts(data_dir() / CONTRACTS, data_dir() / WSDL)
    return Repertoire(contracts, {urn: Schema.load(one) for urn, one in contracts.items()})


def with_added(packaged: Repertoire, data: Path) -> Repertoire:
    """The packaged contracts and those of a data folder; all of them, or none.

    Raises:
        ContractsInvalid: with every fault of every folder.
    """
    contracts, schemas = dict(packaged.contracts), dict(packaged.schemas)
    added: list[ContractUrn] = []
    faults: list[str] = []
    for folder in contract_folders(data / CONTRACTS):
        try:
            contract = load_contract(folder, data / WSDL)
            refuse_twice(contract, contracts)
            schemas[contract.urn] = compiled(contract)
        except ContractsInvalid as error:
            faults.extend(error.faults)
            continue
        contracts[contract.urn] = contract
        added.append(contract.urn)
    if faults:
        raise ContractsInvalid(tuple(faults))
    return Repertoire(contracts, schemas, tuple(added))


def refuse_twice(contract: ServiceContract, others: Mapping[ContractUrn, ServiceContract]) -> None:
    """Two contracts may share neither namespace nor URL.

    Raises:
        ContractsInvalid: it names the one that was there first.
    """
    file = contract.folder / CONTRACT_FILE
    if contract.urn in services_without_folder():
        raise ContractsInvalid((f"{file}: {contract.urn} is a service of the hub itself",))
    for other in others.values():
        if other.urn == contract.urn:
            raise ContractsInvalid(
                (f"{file}: {contract.urn} is served already, by {other.folder}; remove one",)
            )
        if other.wsdl_namespace == contract.wsdl_namespace:
            raise ContractsInvalid(
                (f"{file}: wsdl: its targetNamespace, and so its URL, is that of {other.folder}",)
            )


@cache
def services_without_folder() -> frozenset[str]:
    """Request namespaces of packaged WSDLs that have no contract folder: the index's and others
    that the hub answers itself."""
    contracts = load_contracts(data_dir() / CONTRACTS, data_dir() / WSDL)
    wsdls = (data_dir() / WSDL).rglob("*.wsdl")
    elements = (read_interaction(wsdl.resolve()).request_element for wsdl in wsdls)
    return frozenset(
        element.rpartition("}")[0].removeprefix("{") for element in elements
    ) - frozenset(contracts)


def compiled(contract: ServiceContract) -> Schema:
    """The contract's schema.

    Raises:
        ContractsInvalid: libxml2 cannot use it.
    """
    try:
        return Schema.load(contract)
    except (etree.XMLSchemaParseError, ValueError) as error:
        text = _told(error)
        raise ContractsInvalid((f"{contract.folder / CONTRACT_FILE}: wsdl: {text}",)) from error


def _told(error: Exception) -> str:
    """What libxml2 says of a schema first, with the file and line that it says it of."""
    entries = list(error.error_log) if isinstance(error, etree.XMLSchemaParseError) else []
    text = entries[0].message if entries else str(error)
    text = " ".join(text.replace("{http://www.w3.org/2001/XMLSchema}", "xs:").split())[:300]
    if "not determinist" in text:
        text += " An optional element stands before a wildcard that takes it too: leave one out."
    if not entries:
        return text
    return f"{Path(entries[0].filename).name}: line {entries[0].line}: {text}"


class ServedContracts:
    """Holds the repertoire in force. The three mappings always show the same one.

    A request that takes its world from ``settled`` sees one repertoire from first to
    last, whatever is added meanwhile.
    """

    def __init__(self, first: Repertoire, packaged: Repertoire, data: Path | None) -> None:
        self._now = first
        self._packaged = packaged
        self._data = data
        self._seen = _fingerprint(data)
        self.contracts: Mapping[ContractUrn, ServiceContract] = _View(lambda: self._now.contracts)
        self.schemas: Mapping[ContractUrn, Schema] = _View(lambda: self._now.schemas)
        self.request_checks: Mapping[ContractUrn, RequestCheck] = _View(
            lambda: self._now.request_checks
        )

    @classmethod
    def load(cls, data: Path | None) -> ServedContracts:
        """Read the packaged ones, and those of the data folder if there is one.

        Raises:
            ContractsInvalid: with every fault.
        """
        packaged = packaged_repertoire()
        # Looked at before it is read: what comes in between is then seen as a change.
        served = cls(packaged, packaged, data)
        if data is not None:
            served._now = with_added(packaged, data)
        return served

    @property
    def now(self) -> Repertoire:
        """What is in force."""
        return self._now

    def look(self) -> Repertoire | None:
        """The repertoire that the data folder now describes, if it has changed; else None.

        Puts nothing in force, and may run in a thread. A change is told once, also if it was
        refused: the next look waits for the next change.

        Raises:
            ContractsInvalid: the folder cannot be used; what is in force should stay.
        """
        if self._data is None:
            return None
        seen = _fingerprint(self._data)
        if seen == self._seen:
            return None
        try:
            fresh = with_added(self._packaged, self._data)
        except ContractsInvalid:
            if _fingerprint(self._data) == seen:
                self._seen = seen
                raise
            return None  # somebody is still writing
        if _fingerprint(self._data) != seen:
            return None
        self._seen = seen
        return fresh

    def use(self, fresh: Repertoire) -> None:
        """Put a repertoire in force, in one step."""
        self._now = fresh


class _View(Mapping[ContractUrn, Value]):
    """A mapping that always is the newest of what ``find`` finds."""

    def __init__(self, find: Callable[[], Mapping[ContractUrn, Value]]) -> None:
        self._find = find

    def __getitem__(self, urn: ContractUrn) -> Value:
        return self._find()[urn]

    def __iter__(self) -> Iterator[ContractUrn]:
        return iter(self._find())

    def __len__(self) -> int:
        return len(self._find())

    def settled(self) -> Mapping[ContractUrn, Value]:
        """What it shows at this moment; that mapping is never changed, only left."""
        return self._find()


def settled(world: World) -> World:
    """The same world, with the contracts of this moment: for one request, from first to last."""
    contracts, checks = world.contracts, world.request_checks
    if not (isinstance(contracts, _View) and isinstance(checks, _View)):
        return world
    return replace(world, contracts=contracts.settled(), request_checks=checks.settled())


def _fingerprint(data: Path | None) -> tuple[tuple[str, int, int], ...]:
    """Every file of the two folders, with time and size. What begins with a dot is not in yet."""
    if data is None:
        return ()
    found = []
    for top in (data / CONTRACTS, data / WSDL):
        for file in top.rglob("*"):
            inside = file.relative_to(top)
            if any(part.startswith(".") for part in inside.parts):
                continue
            try:
                told = file.stat()
            except OSError:
                continue  # gone since it was listed: the next look sees it
            if file.is_file():
                found.append((f"{top.name}/{inside}", told.st_mtime_ns, told.st_size))
    return tuple(sorted(found))
