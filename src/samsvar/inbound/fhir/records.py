"""Records as everything that they can be read as, each with its address.

Pure: what may be shown goes in. Knows which records become which resources, files and documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from samsvar.fhir.attachments import Url, attachment_binary, binary
from samsvar.fhir.datatypes import Json
from samsvar.fhir.labels import Frame
from samsvar.fhir.mhd import DocumentForm, document_id, document_reference, rendition
from samsvar.fhir.plan_refs import plan_refs
from samsvar.fhir.plan_resources import Resources, contact_resources, plan_resources
from samsvar.inbound.users.router import DOCUMENTS, FHIR
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.exchange import Answer

_MEDIA_TYPE = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,63}/[A-Za-z0-9!#$&^_.+-]{1,63}(?:; ?charset=[A-Za-z0-9-]{1,40})?"
)


@dataclass(frozen=True, slots=True)
class File:
    """What a Binary is, before anybody has said in what form it is wanted."""

    media_type: str
    content: bytes = field(repr=False)
    resource: Json = field(repr=False)


def plans_of(answer: Answer) -> list[CarePlan]:
    """The plans that may be shown."""
    return [item.record for item in answer.records if isinstance(item.record, CarePlan)]


def urls(base: str, *, documents: bool = False) -> Url:
    """Where resources are found below ``base``; a document by the base of document sharing."""

    def url(kind: str, resource_id: str) -> str:
        if documents and kind == "Binary":
            return f"{base}{DOCUMENTS}/{resource_id}"
        return f"{base}{FHIR}/{kind}/{resource_id}"

    return url


def resources(answer: Answer, frame: Frame, url: Url) -> list[Resources]:
    """Of each record, its main resource and what may be sent along."""
    several = []
    for item in answer.records:
        if isinstance(item.record, CarePlan):
            several.append(plan_resources(item.record, frame, url))
        elif isinstance(item.record, CareContact):
            several.append(contact_resources(item.record, frame))
    return several


def all_of(
    record: CarePlan | CareContact | None, frame: Frame, url: Url, *, documents: bool
) -> Iterator[Json]:
    """Everything that a record can be read as; ``documents``: made documents too."""
    if isinstance(record, CareContact):
        made = contact_resources(record, frame)
        yield from (made.main, *made.included)
    elif isinstance(record, CarePlan):
        made = plan_resources(record, frame, url)
        yield from (made.main, *made.included)
        if documents:
            yield from (document_reference(record, form, frame, url) for form in DocumentForm)


def is_of(plan: CarePlan, handle: str, frame: Frame) -> bool:
    """Whether a Binary of this id is the plan's."""
    return handle in plan_refs(plan, frame).attachments or any(
        document_id(plan, form, frame) == handle for form in DocumentForm
    )


def file_in(plan: CarePlan, handle: str, frame: Frame, url: Url) -> File | None:
    """The file or document of this id; None: it is not in the plan, or has no bytes."""
    refs = plan_refs(plan, frame)
    for number, attachment in enumerate(plan.attachments):
        if refs.attachments[number] == handle and attachment.content:
            resource = attachment_binary(plan, number, refs)
            return File(_safe(attachment.media_type), attachment.content, resource)
    for form in DocumentForm:
        if document_id(plan, form, frame) == handle:
            made = rendition(plan, form, frame, url)
            return File(
                made.media_type, made.content, binary(handle, made.media_type, made.content)
            )
    return None


def _safe(media_type: str) -> str:
    """What a source calls a file goes into the head of an answer: only what can stand there."""
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else "application/octet-stream"


def targets(resource: Json) -> set[str]:
    """What a Provenance is of."""
    return {each.get("reference", "") for each in resource.get("target", ())}
