"""A plan's files (bilagor) as DocumentReference and Binary.

Knows how a file is described and how its bytes are handed over. Knows no address: whoever
serves says where a Binary is found.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Protocol

from samsvar.fhir.care_plan import plan_type
from samsvar.fhir.datatypes import (
    Json,
    built,
    concept,
    instant,
    organisation,
    patient,
    reference,
    source_identifier,
    token,
)
from samsvar.fhir.labels import Frame
from samsvar.fhir.plan_refs import PlanRefs
from samsvar.model.care import Attachment, CarePlan
from samsvar.model.plan_text import title

ATTACHMENT_KIND = "urn:samsvar:cs:attachment"


class Url(Protocol):
    """Where a resource of this server is found: absolute, and without anybody's number."""

    def __call__(self, kind: str, resource_id: str) -> str: ...


def attachment_reference(
    plan: CarePlan, number: int, refs: PlanRefs, frame: Frame, url: Url
) -> Json:
    """The DocumentReference of the file that is number ``number`` of the plan's, from 0.

    A file that the source only links to has no address here: the link would go round the
    access decision.
    """
    known: Attachment = plan.attachments[number]
    resource_id = refs.attachments[number]
    there = bool(known.content)
    kind = ("whole-plan", "Planen i sin helhet") if known.whole_plan else ("part", "Bilaga")
    return built(
        {
            "resourceType": "DocumentReference",
            "id": resource_id,
            "meta": frame.meta(
                plan, known.provenance.legal_basis, changed=known.provenance.recorded_at
            ),
            "identifier": [source_identifier(plan.source_system, known.attachment_id)],
            "status": "current",
            "type": concept({"system": ATTACHMENT_KIND, "code": kind[0], "display": kind[1]}),
            "category": [plan_type(plan.type)] if plan.type else [],
            "subject": patient(plan.subject),
            "date": instant(known.provenance.recorded_at or plan.last_changed),
            "custodian": organisation(known.provenance.owner),
            "description": None if there else "Filen läses i källsystemet.",
            "securityLabel": [concept(frame.confidentiality())],
            "content": [
                {
                    "attachment": described(
                        known.media_type,
                        known.content if there else None,
                        url("Binary", resource_id) if there else None,
                        title=f"{title(plan)}, {kind[1].lower()}",
                        language=plan.language,
                    )
                }
            ],
            "context": {"related": [reference("CarePlan", refs.plan)]},
        }
    )


def described(
    media_type: str, content: bytes | None, url: str | None, *, title: str, language: str
) -> Json:
    """An Attachment that is fetched elsewhere; size and hash where its bytes are known."""
    known: Json = {}
    if content is not None:
        digest = hashlib.sha1(content, usedforsecurity=False).digest()  # the standard's own choice
        known = {"size": len(content), "hash": base64.b64encode(digest).decode("ascii")}
    return {
        "contentType": token(media_type),
        "language": token(language),
        "url": url,
        **known,
        "title": title,
    }


def binary(
    resource_id: str, media_type: str, content: bytes, *, security_context: Json | None = None
) -> Json:
    """The bytes as a Binary, for a client that asks for FHIR instead of the file itself."""
    return built(
        {
            "resourceType": "Binary",
            "id": resource_id,
            "contentType": token(media_type),
            "securityContext": security_context,
            "data": base64.b64encode(content).decode("ascii"),
        }
    )


def attachment_binary(plan: CarePlan, number: int, refs: PlanRefs) -> Json:
    """The Binary of the file that is number ``number`` of the plan's, from 0."""
    known = plan.attachments[number]
    resource_id = refs.attachments[number]
    return binary(
        resource_id,
        known.media_type,
        known.content,
        security_context=reference("DocumentReference", resource_id),
    )
