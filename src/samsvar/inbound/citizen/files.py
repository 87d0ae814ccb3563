"""The documents and files of a plan, with where each can be fetched."""

from __future__ import annotations

from samsvar.fhir.labels import Frame
from samsvar.fhir.mhd import FORMS, DocumentForm, document_id
from samsvar.fhir.plan_refs import plan_refs
from samsvar.inbound.citizen.bodies import FileBody, Words
from samsvar.inbound.users.router import DOCUMENTS, FHIR
from samsvar.model.care import CarePlan

_TITLES = {
    DocumentForm.TEXT: Words(sv="Planen som text", en="The plan as text"),
    DocumentForm.PAGE: Words(sv="Planen som utskrift", en="The plan to print"),
    DocumentForm.FHIR: Words(sv="Planen som FHIR-dokument", en="The plan as a FHIR document"),
}
_ATTACHED = Words(sv="Bilaga", en="Attachment")


def files(plan: CarePlan, frame: Frame, base: str) -> list[FileBody]:
    """Made on the spot, and those that came with it."""
    refs = plan_refs(plan, frame)
    made = [
        FileBody(
            title=_TITLES[form],
            media_type=FORMS[form].media_type,
            url=f"{base}{DOCUMENTS}/{document_id(plan, form, frame)}",
        )
        for form in DocumentForm
    ]
    made += [
        FileBody(title=_ATTACHED, media_type=each.media_type, url=f"{base}{FHIR}/Binary/{handle}")
        for each, handle in zip(plan.attachments, refs.attachments, strict=True)
        if each.content
    ]
    return made
