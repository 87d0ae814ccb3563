"""Document sharing (MHD): a plan as a document that is found with ITI-67 and fetched with ITI-68.

Knows the metadata of a shared document and the forms in which a plan can be had. Documents are
made on the spot and kept nowhere, so what is told of one (its size, its hash) holds as long as
the plan is the same. Knows no address: whoever serves says where a document is found.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

from samsvar.fhir.attachments import Url, described
from samsvar.fhir.care_plan import plan_type
from samsvar.fhir.composition import LOINC_CARE_PLAN, document_bundle
from samsvar.fhir.datatypes import (
    Json,
    built,
    concept,
    contained,
    identifier,
    instant,
    organisation,
    patient,
    period,
    reference,
)
from samsvar.fhir.labels import Frame, laws_of, record_identifier
from samsvar.fhir.narrative import page
from samsvar.fhir.people import professional
from samsvar.fhir.plan_refs import plan_refs
from samsvar.model.care import CarePlan, PlanStatus
from samsvar.model.plain_text import xml_text
from samsvar.model.plan_text import render, title

FORMAT = "urn:samsvar:cs:document-format"


class DocumentForm(StrEnum):
    """What a plan can be had as."""

    TEXT = "text"
    """Swedish plain text: the form that everybody understands."""
    PAGE = "page"
    """XHTML, to read and to print."""
    FHIR = "fhir"
    """A FHIR document: Composition first, then all that the plan becomes."""


@dataclass(frozen=True, slots=True)
class _Kind:
    media_type: str
    format_code: str
    display: str


FORMS: dict[DocumentForm, _Kind] = {
    DocumentForm.TEXT: _Kind(
        "text/plain; charset=utf-8", "urn:samsvar:plan-text:1", "Plan som text"
    ),
    DocumentForm.PAGE: _Kind(
        "application/xhtml+xml", "urn:samsvar:plan-page:1", "Plan som utskrift"
    ),
    DocumentForm.FHIR: _Kind(
        "application/fhir+json", "urn:samsvar:plan-fhir:1", "Plan som FHIR-dokument"
    ),
}


@dataclass(frozen=True, slots=True)
class Rendition:
    """A document as it is sent."""

    media_type: str
    content: bytes = field(repr=False)


def document_id(plan: CarePlan, form: DocumentForm, frame: Frame) -> str:
    """What the document is called, as DocumentReference and as Binary."""
    return frame.ids("Document", plan.source_system, plan.plan_id, form.value)


def rendition(plan: CarePlan, form: DocumentForm, frame: Frame, url: Url) -> Rendition:
    """ITI-68: the document, made of the plan as it is now."""
    return Rendition(FORMS[form].media_type, _content(plan, form, frame, url))


def _content(plan: CarePlan, form: DocumentForm, frame: Frame, url: Url) -> bytes:
    match form:
        case DocumentForm.TEXT:
            return xml_text(render(plan)).encode()
        case DocumentForm.PAGE:
            return page(plan).encode()
        case DocumentForm.FHIR:
            return orjson.dumps(document_bundle(plan, frame, url))


def document_reference(plan: CarePlan, form: DocumentForm, frame: Frame, url: Url) -> Json:
    """ITI-67: one entry of the answer, for one form of one plan."""
    resource_id = document_id(plan, form, frame)
    made = rendition(plan, form, frame, url)
    author = professional("author", plan.accountable)
    kind = FORMS[form]
    owner = plan.provenance.owner or plan.accountable.care_giver
    subject = {
        "resourceType": "Patient",
        "id": "patient",
        "identifier": [identifier(plan.subject.root, plan.subject.extension)],
    }
    attachment = described(
        made.media_type,
        made.content,
        url("Binary", resource_id),
        title=title(plan),
        language=plan.language,
    )
    created = plan.established or plan.last_changed
    return built(
        {
            "resourceType": "DocumentReference",
            "id": resource_id,
            "meta": frame.meta(plan, *laws_of(plan)),
            "contained": [subject, author],
            "masterIdentifier": {
                "system": "urn:ietf:rfc:3986",
                "value": uuid.uuid5(uuid.NAMESPACE_OID, resource_id).urn,
            },
            "identifier": [record_identifier(plan)],
            "status": "entered-in-error"
            if plan.status is PlanStatus.ENTERED_IN_ERROR
            else "current",
            "type": concept(LOINC_CARE_PLAN),
            "category": [plan_type(plan.type)] if plan.type else [],
            "subject": patient(plan.subject),
            "date": instant(plan.last_changed),
            "author": [contained("author")] if author else [],
            "custodian": organisation(owner),
            "securityLabel": [
                concept(each) for each in frame.security(laws_of(plan), plan.approved_for_patient)
            ],
            "content": [
                {
                    "attachment": {**attachment, "creation": instant(created)},
                    "format": {
                        "system": FORMAT,
                        "code": kind.format_code,
                        "display": kind.display,
                    },
                }
            ],
            "context": {
                "period": period(plan.valid_from, plan.valid_to),
                "sourcePatientInfo": contained("patient"),
                "related": [reference("CarePlan", plan_refs(plan, frame).plan)],
            },
        }
    )
