"""A service contract as data: what the hub must know to route, check, cut and merge it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from samsvar.model.identifiers import ContractUrn


class ResultRole(StrEnum):
    """What a field of the contract's own ``result`` says."""

    CODE = "code"
    ERROR_CODE = "error-code"
    LOG_ID = "log-id"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class ResultField:
    """One field of ``result`` that the hub fills when it answers itself."""

    element: str
    role: ResultRole
    required: bool


@dataclass(frozen=True, slots=True)
class ItemShape:
    """Where one kind of record says whose it is and where it is from: child paths, or None."""

    subject_id_path: tuple[str, ...]
    subject_root_path: tuple[str, ...] | None
    source_path: tuple[str, ...] | None
    owner_path: tuple[str, ...] | None = None
    """The party that answers for the record: for pages, and for rules about owners."""


@dataclass(frozen=True, slots=True)
class ServiceContract:
    """One interaction, one major version. Element names are Clark names: ``{ns}local``."""

    urn: ContractUrn
    operation: str
    soap_action: str
    request_element: str
    response_element: str
    #: the repeated elements that are records, in schema order: children of the response, or of
    #: ``container_element``
    item_elements: tuple[str, ...]
    #: the element that says how it went: a child of the response, or of ``container_element``;
    #: None where the contract has none
    result_element: str | None
    #: child path from the request element to the person's number, and to its OID; where that is
    #: None the OID is ``subject_root``, and where that is None too the number's form tells it
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
    #: target namespace of the WSDL, which its URL is made of
    wsdl_namespace: str = ""
    #: the child of the response that holds the records, or None: the response itself
    container_element: str | None = None
    #: False: a response without records may leave the container out, and ours does
    container_required: bool = True
    #: True: ``result`` stands before the records
    result_first: bool = False
    #: True: ``result`` stands in ``container_element``, with the records
    result_in_container: bool = False
    #: the fields of ``result`` that the hub can fill, in schema order
    result_fields: tuple[ResultField, ...] = ()
    #: one for each of ``item_elements``; empty: all have the three paths above
    item_shapes: tuple[ItemShape, ...] = ()

    @property
    def above_result(self) -> tuple[str, ...]:
        """The child path from the response to what ``result_element`` is a child of."""
        if self.result_in_container and self.container_element is not None:
            return (self.container_element,)
        return ()

    def shape(self, element: str) -> ItemShape:
        """Where a record of this element has its fields; of an unknown one: as the first."""
        if element in self.item_elements[1:] and self.item_shapes:
            return self.item_shapes[self.item_elements.index(element)]
        if self.item_shapes:
            return self.item_shapes[0]
        return ItemShape(
            self.item_subject_id_path, self.item_subject_root_path, self.item_source_path
        )
