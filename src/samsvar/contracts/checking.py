"""Checks contract folders one by one, so that a fault in one does not hide those of another.

Each is loaded, its schemas compiled, its examples held to them, and an answer merged: as when it
was added, and as often as anybody likes. Changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from xmlschema import XMLSchemaException

from samsvar.contracts.contract_file import ContractsInvalid
from samsvar.contracts.proof import NotServable, prove
from samsvar.contracts.reading import contract_folders, data_dir, load_contract
from samsvar.contracts.samples import NoSample, PersonDoesNotFit, make_samples
from samsvar.contracts.served import CONTRACTS, WSDL, compiled, refuse_twice
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import ContractUrn
from samsvar.soap.interaction import read_interaction
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse
from samsvar.soap.rivta import BODY
from samsvar.soap.schema import Schema


@dataclass(frozen=True, slots=True)
class Place:
    """A contract folder, and the folder that its WSDL lies below."""

    folder: Path
    wsdl_dir: Path


def folders(data: Path) -> list[Place]:
    """Every contract folder, packaged ones first."""
    return [
        Place(folder, top / WSDL)
        for top in (data_dir(), data)
        for folder in contract_folders(top / CONTRACTS)
    ]


def check_folder(place: Place, all_places: Sequence[Place]) -> tuple[list[str], list[str]]:
    """Faults and notes of one folder; it must also differ from those before it."""
    try:
        contract = load_contract(place.folder, place.wsdl_dir)
        refuse_twice(contract, dict(_before(place, all_places)))
        schema = compiled(contract)
    except ContractsInvalid as error:
        return list(error.faults), []
    faults = list(_examples(contract, schema))
    notes: list[str] = []
    try:
        samples = make_samples(contract, read_interaction(contract.wsdl))
    except PersonDoesNotFit as error:
        return [*faults, f"{place.folder}: {error}"], notes
    except (NoSample, XMLSchemaException) as error:
        notes.append(f"no sample could be made ({type(error).__name__})")
        samples = None
    try:
        notes += prove(contract, schema, samples)
    except NotServable as error:
        faults.append(f"{place.folder}: {error}")
    return faults, notes


def _before(
    place: Place, all_places: Sequence[Place]
) -> Iterator[tuple[ContractUrn, ServiceContract]]:
    for other in all_places:
        if other == place:
            return
        try:
            contract = load_contract(other.folder, other.wsdl_dir)
        except ContractsInvalid:
            continue  # told where it is checked itself
        yield contract.urn, contract


def _examples(contract: ServiceContract, schema: Schema) -> Iterator[str]:
    """What is wrong with the messages under ``examples``."""
    for file in sorted((contract.folder / "examples").glob("*.xml")):
        question = file.name.startswith("request")
        expected = contract.request_element if question else contract.response_element
        try:
            root = parse(file.read_bytes(), charset=None, limits=ANSWER_LIMITS).root
        except (OSError, XmlRefused) as error:
            yield f"{file}: {error}"
            continue
        body = root.find(f"{BODY}/{expected}")
        if body is None:
            if file.name in ("request.xml", "response.xml"):
                yield f"{file}: does not hold the contract's message"
            continue
        check = schema.check_request if question else schema.check_response
        yield from (f"{file}: {fault}" for fault in check(body))
