"""A service contract as data: what the hub must know to route, check, cut and merge it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from samsvar.model.identifiers import ContractUrn


@dataclass(frozen=True, slots=True)
class ServiceContract:
    """One interaction, one major version. Element names are Clark names: ``{ns}local``."""

    urn: ContractUrn
    operation: str
    soap_action: str
    request_element: str
    response_element: str
    #: the repeated children of the response that are records, in schema order
    item_elements: tuple[str, ...]
    #: child of the response that says how it went, or None where the contract has none
    result_element: str | None
    #: child path from the request element to the person's number, and to its OID (None: fixed)
    subject_id_path: tuple[str, ...]
    subject_root_path: tuple[str, ...] | None
    subject_root: str | None
    #: child of the request that limits the question to one source, or None
    source_filter_path: tuple[str, ...] | None
    #: child paths from the item to the person and to the source system; None: not carried
    item_subject_id_path: tuple[str, ...]
    item_subject_root_path: tuple[str, ...] | None
    item_source_path: tuple[str, ...] | None
    #: child paths inside ``result_element`` to code and log id
    result_code_element: str | None
    result_log_id_element: str | None
    #: values of the engagement index
    service_domain: str
    categorization: str
    #: seconds for one whole question, or None for the hub's own
    deadline: float | None
    #: where the schemas are: the WSDL and, for tools, the folder of the contract
    wsdl: Path
    folder: Path
    #: human title, for pages and logs
    title: str
