"""The body of a search, read: whose records, which of them, and what is sent along.

Knows FHIR's parameters by the table of what is served. A person's number stands nowhere but here,
and in no error. Parameters that the table does not have are refused where the client wants
handling=strict, and else told of in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from samsvar.fhir.capability import SERVED, Served
from samsvar.fhir.care_plan import PLAN_TYPES
from samsvar.fhir.care_plan import STATUS as PLAN_STATUS
from samsvar.fhir.encounter import STATUS as CONTACT_STATUS
from samsvar.fhir.labels import source_uri
from samsvar.fhir.mhd import FORMAT, FORMS, DocumentForm
from samsvar.inbound.fhir import dates
from samsvar.inbound.users.refusal import Refusal
from samsvar.model.care import OID_HSA, CareContact, CarePlan, PlanStatus
from samsvar.model.identifiers import PersonId
from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER, told_by_form

#: under which names clients say whose records they want
_PATIENT = ("patient.identifier", "patient:identifier", "subject.identifier", "subject:identifier")
_SYSTEMS = {
    "http://electronichealth.se/identifier/personnummer": PERSONNUMMER,
    "http://electronichealth.se/identifier/samordningsnummer": SAMORDNINGSNUMMER,
}
_OID = re.compile(r"(?:urn:oid:)?([0-2](?:\.\d{1,19}){1,24})", re.ASCII)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}", re.ASCII)
_SOURCE = re.compile(rf"urn:oid:{re.escape(OID_HSA)}#([A-Za-z0-9_:.-]{{1,64}})", re.ASCII)
MOST_PAIRS = 50

#: what a search may ask for besides -> types of resources
_INCLUDES: Mapping[str, tuple[str, ...]] = {
    "CarePlan:goal": ("Goal",),
    "CarePlan:activity-reference": ("ServiceRequest",),
    "CarePlan:care-team": ("CareTeam",),
    "CarePlan:supporting-info": ("Flag", "DocumentReference"),
    "Provenance:target": ("Provenance",),
}

Record = CarePlan | CareContact
Condition = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked for."""

    person: PersonId
    source: str | None = None
    """The one source system wanted."""
    conditions: tuple[Condition, ...] = field(repr=False, default=())
    dates: tuple[dates.Asked, ...] = ()
    included: frozenset[str] = frozenset()
    """Types of resources that are sent along."""
    forms: tuple[DocumentForm, ...] = tuple(DocumentForm)
    ignored: tuple[str, ...] = ()
    """Names of parameters that are not known here."""

    def wants(self, record: Record) -> bool:
        """Whether it is among what is asked for."""
        return all(condition(record) for condition in self.conditions)


def read_search(kind: str, form: str, prefers: str) -> Search:
    """The search in a form.

    Raises:
        Refusal: 400, with the parameter and what it should be.
    """
    served = next(each for each in SERVED if each.type == kind)
    told = _pairs(form)
    person = _person(told)
    known = {each.name for each in served.parameters}
    conditions: list[Condition] = []
    when: list[dates.Asked] = []
    included: set[str] = set()
    forms = tuple(DocumentForm)
    source, ignored = None, []
    for name, value in told:
        if name in _PATIENT:
            continue
        if name in ("_include", "_revinclude"):
            included |= _included(name, value, served)
        elif name == "_format":
            _refuse_other_format(value)
        elif name not in known:
            ignored.append(name)
        elif name == "_source":
            source = _one_source(value)
        elif name == "date":
            when.append(dates.asked(value))
            conditions.append(_dated(kind, when[-1]))
        elif name == "format":
            forms = tuple(each for each in forms if _is_format(each, value))
        elif name == "category":
            conditions.append(_of_category(value))
        else:
            conditions.append(_with_status(kind, value))
    if ignored and "handling=strict" in prefers.replace(" ", "").lower():
        raise Refusal(
            400, f"no such parameter here: {_shown(ignored)}; known: {', '.join(sorted(known))}"
        )
    return Search(
        person,
        source,
        tuple(conditions),
        tuple(when),
        frozenset(included),
        forms,
        tuple(name for name in dict.fromkeys(ignored) if _NAME.fullmatch(name)),
    )


def _pairs(form: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(form, keep_blank_values=True, max_num_fields=MOST_PAIRS, errors="strict")
    except ValueError:
        raise Refusal(400, f"the form cannot be read, or has over {MOST_PAIRS} fields") from None


def _person(told: list[tuple[str, str]]) -> PersonId:
    values = [value for name, value in told if name in _PATIENT]
    if len(values) != 1:
        raise Refusal(400, "patient.identifier=system|number must stand in the body once")
    system, bar, number = values[0].partition("|")
    if not bar:
        system, number = "", values[0]
    if not system:
        found = told_by_form(number)
        if found is None:
            raise Refusal(400, "patient.identifier: no kind of person number that is known")
        return found
    match = _OID.fullmatch(system)
    root = match[1] if match else _SYSTEMS.get(system)
    if root is None or not 0 < len(number) <= 64 or not number.isprintable():
        raise Refusal(400, "patient.identifier: urn:oid:ROOT|NUMBER, with a number's own OID")
    return PersonId(root, number)


def _included(name: str, value: str, served: Served) -> set[str]:
    offered = served.includes if name == "_include" else served.reverse_includes
    wanted = offered if value in ("*", f"{served.type}:*") else (value,)
    if not set(wanted) <= set(offered):
        raise Refusal(400, f"{name}: one of {', '.join(offered) or 'none'}")
    return {kind for each in wanted for kind in _INCLUDES[each]}


def _one_source(value: str) -> str:
    match = _SOURCE.fullmatch(value)
    if match is None:
        raise Refusal(400, f"_source: {source_uri('HSA-ID')}, as in meta.source")
    return match[1]


def _refuse_other_format(value: str) -> None:
    if value not in ("json", "application/json", "application/fhir+json"):
        raise Refusal(406, "_format: application/fhir+json")


def _dated(kind: str, asked: dates.Asked) -> Condition:
    def fits(record: Record) -> bool:
        if kind == "DocumentReference" and isinstance(record, CarePlan):
            return asked.fits(dates.span(record.last_changed, record.last_changed))
        return asked.fits(span_of(record))

    return fits


def span_of(record: Record) -> dates.Span:
    """When a contact is, or a plan holds."""
    if isinstance(record, CareContact):
        first = record.start or record.end or record.last_changed
        return dates.span(first, record.end or (None if record.start else first))
    end = record.closing.closed if record.closing else record.valid_to
    if record.valid_from is not None or end is not None:
        return dates.span(record.valid_from or record.established, end)
    moment = record.established or record.last_changed
    return dates.span(moment, moment)


def _tokens(value: str) -> list[tuple[str | None, str]]:
    """Values of which one is enough, each with its system; None: any."""
    found: list[tuple[str | None, str]] = []
    for each in value.split(","):
        system, bar, code = each.rpartition("|")
        found.append((system if bar else None, code))
    return found


def _of_category(value: str) -> Condition:
    codes = {code for system, code in _tokens(value) if system in (None, PLAN_TYPES)}
    return lambda record: isinstance(record, CarePlan) and record.type in codes


def _with_status(kind: str, value: str) -> Condition:
    codes = {code for _, code in _tokens(value)}

    def fits(record: Record) -> bool:
        if isinstance(record, CareContact):
            return (CONTACT_STATUS[record.status][0] if record.status else "unknown") in codes
        if kind == "DocumentReference":
            wrong = record.status is PlanStatus.ENTERED_IN_ERROR
            return ("entered-in-error" if wrong else "current") in codes
        return PLAN_STATUS[record.status] in codes

    return fits


def _is_format(form: DocumentForm, value: str) -> bool:
    return any(
        system in (None, FORMAT) and code in (FORMS[form].format_code, form.value)
        for system, code in _tokens(value)
    )


def _shown(names: list[str]) -> str:
    return ", ".join(name for name in dict.fromkeys(names) if _NAME.fullmatch(name)) or "an odd one"
