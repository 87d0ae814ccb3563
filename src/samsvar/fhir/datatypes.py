"""The small types that every resource is made of: codes, references, times, identifiers.

Knows what FHIR R4 lets stand in each, and that an element with nothing in it does not exist.
Knows no resource and no plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any, Protocol
from urllib.parse import quote

from samsvar.model.care import OID_HSA, Code, Unit
from samsvar.model.identifiers import PersonId
from samsvar.model.local_time import local_time
from samsvar.model.plain_text import xml_text

Json = dict[str, Any]
"""A resource, or a part of one: what ``orjson`` writes as it is."""

HSA = f"urn:oid:{OID_HSA}"
DATA_ABSENT = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"

_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+", re.ASCII)
_SCHEME = re.compile(r"(?:urn|https?):\S+", re.ASCII)

# The names that the R4 standard itself has for what Sweden knows by an OID.
_URIS = {
    "2.16.840.1.113883.6.96": "http://snomed.info/sct",
    "1.2.752.116.2.1.1": "http://snomed.info/sct",
    "2.16.840.1.113883.6.1": "http://loinc.org",
}


class ResourceIds(Protocol):
    """Makes the id of a resource from what it stands for.

    The id is 1 to 64 of ``A-Z a-z 0-9 - .``, the same for the same parts, and tells nothing of
    them: a source's own id may be a person's number.
    """

    def __call__(self, *parts: str) -> str: ...


def built(resource: Json) -> Json:
    """The resource without what has no content, and with texts that can stand in it."""
    kept = _kept(resource)
    return kept if isinstance(kept, dict) else {}


def visible(text: str | None) -> str | None:
    """The text as it would be sent; None if nothing of it could be seen."""
    if text is None:
        return None
    text = xml_text(text)
    return text if text.strip() else None


def _kept(value: Any) -> Any:
    """None for what FHIR would call empty."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        pairs = ((name, _kept(each)) for name, each in value.items())
        return {name: each for name, each in pairs if each is not None} or None
    if isinstance(value, list | tuple):
        return [each for each in map(_kept, value) if each is not None] or None
    return value


def instant(moment: datetime) -> str:
    """ISO 8601 in seconds with the offset of Sweden at that moment, as both dateTime and instant.

    Raises:
        ValueError: the moment has no zone.
    """
    local = local_time(moment)
    offset = local.utcoffset()
    if offset is None or offset.total_seconds() % 60:  # local mean time, before there were zones
        local = local.astimezone(UTC)
    return local.isoformat(timespec="seconds")


def day(value: date | None) -> str | None:
    """A date; none where it is not known."""
    return value.isoformat() if value else None


def period(start: datetime | date | None, end: datetime | date | None) -> Json:
    """A Period. An end before its start is the source's mistake: the standard forbids the two
    together, so the start stays and the end goes."""
    if start is not None and end is not None and _moment(end) < _moment(start):
        end = None
    return {"start": _time_or_day(start), "end": _time_or_day(end)}


def _moment(value: datetime | date) -> datetime:
    """For comparing: a day begins at its first moment in Sweden."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return datetime(value.year, value.month, value.day, tzinfo=UTC)


def _time_or_day(value: datetime | date | None) -> str | None:
    return instant(value) if isinstance(value, datetime) else day(value)


def system_uri(system: str | None) -> str | None:
    """A code system or identifier system as a URI; None for what is neither OID nor URI."""
    if system is None:
        return None
    system = system.strip()
    if system in _URIS:
        return _URIS[system]
    if _OID.fullmatch(system):
        return f"urn:oid:{system}"
    return system if _SCHEME.fullmatch(system) else None


def token(text: str | None) -> str | None:
    """The FHIR type ``code``: no blanks at the ends, and one at a time within."""
    return " ".join(xml_text(text).split()) if text else None


def coding(system: str | None, code: str | None, display: str | None = None) -> Json:
    """A Coding; the display may stand alone."""
    code = token(code)
    return {"system": system_uri(system) if code else None, "code": code, "display": display}


def concept(*codings: Json, text: str | None = None) -> Json:
    """A CodeableConcept."""
    return {"coding": list(codings), "text": text}


def concept_of(code: Code | None, text: str | None = None) -> Json:
    """A coded value of the model: the code where there is one, and the words."""
    if code is None:
        return {"text": text}
    words = text or code.text or code.display
    if code.code and code.system:
        return concept(coding(code.system, code.code, code.display), text=words)
    return {"text": words}


def identifier(system: str | None, value: str | None) -> Json:
    """An Identifier; nothing at all without a value."""
    return {"system": system_uri(system), "value": value} if visible(value) else {}


def hsa_identifier(hsa_id: str | None) -> Json:
    """Somebody in the HSA catalogue."""
    return identifier(OID_HSA, hsa_id)


def source_system_uri(source: str) -> str:
    """The identifier system of what one source numbers itself: unique there, and nowhere else."""
    return f"urn:samsvar:source:{quote(source, safe='')}"


def source_identifier(source: str, value: str | None) -> Json:
    """A source's own number of something."""
    return identifier(source_system_uri(source), value)


def patient(subject: PersonId) -> Json:
    """The person as a logical reference: the number stands in bodies, never in an address."""
    return {"type": "Patient", "identifier": identifier(subject.root, subject.extension)}


def reference(kind: str, resource_id: str) -> Json:
    """A resource of this server."""
    return {"reference": f"{kind}/{resource_id}"}


def contained(resource_id: str) -> Json:
    """A resource that stands inside this one."""
    return {"reference": f"#{resource_id}"}


def organisation(hsa_id: str | None, name: str | None = None) -> Json:
    """A unit or a care giver as a logical reference; nothing where nothing is known."""
    if not visible(hsa_id) and not visible(name):
        return {}
    return {"type": "Organization", "identifier": hsa_identifier(hsa_id), "display": name}


def unit(known: Unit | None) -> Json:
    """A unit as a logical reference. Its local code stays at home."""
    return organisation(known.hsa_id, known.name) if known else {}


def extension(name: str, **value: Any) -> Json:
    """One of our own extensions with its one value; nothing where the value is nothing.

    ``value`` is one ``valueX``, or ``extension`` with parts.
    """
    kept = _kept(value)
    return {"url": f"urn:samsvar:fhir:{name}", **kept} if kept else {}


def part(name: str, **value: Any) -> Json:
    """One part of an extension that has several."""
    kept = _kept(value)
    return {"url": name, **kept} if kept else {}


def present(parts: Iterable[Json]) -> list[Json]:
    """Those that say something."""
    return [each for each in parts if each]
