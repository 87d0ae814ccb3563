"""The bench's questions, as bytes: written by hand, so that each can be odd in one way.

Knows the fields of the logistics contracts' requests, and of other contracts where the person
and the source stand. Knows nothing of answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from xml.sax.saxutils import escape  # noqa: TID251 - writes, and never reads

from samsvar.bench.model import Kind, kind_of
from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import PersonId
from samsvar.soap.rivta import REGISTRY, SOAP

EXTENSION = '<x:note xmlns:x="urn:example:bench">1</x:note>'


@dataclass(frozen=True, slots=True)
class Ask:
    """One question; every field but the first three limits it, or makes it odd."""

    contract: ServiceContract
    person: PersonId = field(repr=False)
    address: str
    unit: str | None = None
    giver: str | None = None
    period: tuple[str, str] | None = None
    source: str | None = None
    contact: str | None = None
    extension: str = ""
    doctype: str = ""
    default_namespace: bool = False

    def bytes(self) -> bytes:
        """The whole message."""
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>{self.doctype}'
            f'<e:Envelope xmlns:e="{SOAP}"><e:Header>'
            f'<r:LogicalAddress xmlns:r="{REGISTRY}">{escape(self.address)}</r:LogicalAddress>'
            f"</e:Header><e:Body>{self._request()}</e:Body></e:Envelope>"
        ).encode()

    def _request(self) -> str:
        urn, operation = self.contract.urn, self.contract.operation
        q = "" if self.default_namespace else "q:"
        xmlns = "xmlns" if self.default_namespace else "xmlns:q"
        inside = self._fields(q) if kind_of(urn) is not Kind.OTHER else self._common()
        return f'<{q}{operation} {xmlns}="{urn}">{inside}{self.extension}</{q}{operation}>'

    def _fields(self, q: str) -> str:
        """The logistics contracts' fields, in the order of their schemas."""
        kind = kind_of(self.contract.urn)
        person = (
            f"<{q}patientId>{self._core('id', self.person.extension)}"
            f"{self._core('type', self.person.root)}</{q}patientId>"
        )
        days = ""
        if self.period is not None:
            name = "timePeriod" if kind is Kind.CONTACTS_2 else "datePeriod"
            start, end = self.period
            days = f"<{q}{name}>{self._core('start', start)}{self._core('end', end)}</{q}{name}>"
        return "".join(
            (
                _element(f"{q}careUnitHSAId", self.unit),
                _element(f"{q}careGiverHSAId", self.giver),
                person,
                days,
                _element(f"{q}sourceSystemHSAId", self.source),
                _element(f"{q}careContactId", self.contact),
            )
        )

    def _core(self, name: str, text: str) -> str:
        return f'<c:{name} xmlns:c="{core_namespace(self.contract)}">{escape(text)}</c:{name}>'

    def _common(self) -> str:
        """What every contract's data say: where the person and the source stand."""
        paths = [(self.contract.subject_id_path, self.person.extension)]
        if self.contract.subject_root_path is not None:
            paths.append((self.contract.subject_root_path, self.person.root))
        if self.contract.source_filter_path is not None and self.source is not None:
            paths.append((self.contract.source_filter_path, self.source))
        return _nested(paths)


def without_person(ask: Ask) -> bytes:
    """The question without its person: it breaks the schema."""
    whole = ask.bytes().decode()
    start, _, rest = whole.partition("<e:Body>")
    opening = rest[: rest.index(">") + 1]
    return f"{start}<e:Body>{opening[:-1]}/></e:Body></e:Envelope>".encode()


def cut_short(ask: Ask) -> bytes:
    """The question without its end: no XML."""
    return ask.bytes()[:-60]


def of_unknown_operation(ask: Ask) -> bytes:
    """The question under a name that no contract has."""
    text = ask.bytes().decode()
    operation, urn = ask.contract.operation, str(ask.contract.urn)
    return (
        text.replace(urn, "urn:example:bench:Responder:1").replace(operation, "GetBench").encode()
    )


def with_doctype(ask: Ask) -> bytes:
    """The question with a document type, which SOAP 1.1 forbids (section 3)."""
    return replace(ask, doctype='<!DOCTYPE e:Envelope [<!ENTITY n "1">]>').bytes()


def core_namespace(contract: ServiceContract) -> str:
    """The namespace of the fields below the request's and the records' own."""
    return contract.item_subject_id_path[-1].removeprefix("{").partition("}")[0]


def _element(name: str, text: str | None) -> str:
    return "" if text is None else f"<{name}>{escape(text)}</{name}>"


def _nested(paths: list[tuple[tuple[str, ...], str]]) -> str:
    """Elements at the ends of paths of Clark names; a common beginning is written once."""
    written, done = "", set[str]()
    for path, text in paths:
        if path[0] in done:
            continue
        done.add(path[0])
        namespace, _, local = path[0].removeprefix("{").rpartition("}")
        same = [(other[1:], value) for other, value in paths if other[0] == path[0] and other[1:]]
        inside = _nested(same) if same else escape(text)
        written += f'<n:{local} xmlns:n="{namespace}">{inside}</n:{local}>'
    return written
