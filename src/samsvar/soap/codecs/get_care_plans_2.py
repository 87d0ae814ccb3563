"""GetCarePlans 2.0: the request as a question, a canonical plan as a ``carePlan`` element.

Knows the contract's names, order and content rules. Knows no producer and no consumer.
Source: TKB clinicalprocess:logistics:logistics 3.0.13.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from lxml import etree

from samsvar.model.care import (
    OID_HSA,
    CarePlan,
    CareQuery,
    DataQuality,
    PlanType,
    QualityCode,
    Signature,
)
from samsvar.model.identifiers import ContractUrn
from samsvar.model.selection import Selection, matching_plans
from samsvar.model.sharing import LARGEST_ATTACHMENT, PDF, shareable_part
from samsvar.soap.codecs import plan_text
from samsvar.soap.codecs.elements import Bricklayer, can_stand, to_bytes, xml_text
from samsvar.soap.codecs.questions import RequestShape
from samsvar.soap.codecs.structured_plan import structured_plan

CONTRACT = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
CORE = "urn:riv:clinicalprocess:logistics:logistics:3"

_REQUEST = RequestShape("GetCarePlans", CONTRACT, CORE, period="datePeriod")
_LAY = Bricklayer(CORE)

# The TKB wants a title always; a source without one gets the name of the kind of plan.
_TITLES: dict[PlanType, str] = {
    PlanType.SIP: "Samordnad individuell plan",
    PlanType.SPLPTLRV: "Samordnad vårdplan enligt LPT/LRV",
    PlanType.SPU: "Samordnad plan vid utskrivning",
    PlanType.VP: "Vårdplan",
    PlanType.HP: "Habiliteringsplan",
    PlanType.RP: "Rehabiliteringsplan",
    PlanType.GP: "Genomförandeplan",
    PlanType.SVP: "Standardiserad vårdplan",
}

_CUT = "\n\n[Texten är avkortad här. Läs hela planen i källsystemet.]\n".encode()


def read_query(body: bytes, source_system: str) -> CareQuery:
    """The question; MalformedRequest where the contract says INVALID_REQUEST."""
    return _REQUEST.read(body, source_system)


def select(plans: Sequence[CarePlan], query: CareQuery) -> Selection[CarePlan]:
    """The plans that answer the question, each cut to what may leave."""
    kept: list[CarePlan] = []
    remarks: list[DataQuality] = []
    for plan in matching_plans(plans, query):
        part = shareable_part(plan)
        if part is None:
            continue
        remarks += part.quality
        if can_stand(part.last_changed):
            kept.append(part)
        else:
            remarks.append(
                DataQuality(
                    QualityCode.UNPARSED_DATE, "last_changed", "plan left out: no such year"
                )
            )
    return Selection(tuple(kept), tuple(remarks))


def write(plan: CarePlan) -> bytes:
    """One selected plan as one ``carePlan`` element.

    Never nullified: a nullified plan is not sent at all. Of several signatures the last one
    stands in the header, and all in the structured plan.
    """
    root = etree.Element(f"{{{CONTRACT}}}carePlan", nsmap={"plan": CONTRACT, "core": CORE})
    header = _LAY.branch(root, "carePlanHeader")
    _LAY.required(header, "documentId", plan.plan_id)
    _LAY.required(header, "sourceSystemHSAId", plan.source_system)
    _LAY.required(header, "documentTitle", _title(plan))
    _LAY.time(header, "documentTime", plan.established)
    _LAY.person_id(header, "patientId", plan.subject)
    _LAY.accountable(header, plan.last_changed, plan.accountable)
    _legal_authenticator(header, plan.signatures)
    _LAY.flag(header, "approvedForPatient", plan.approved_for_patient)
    _LAY.text(header, "careContactId", plan.care_contact_id)
    body = _LAY.branch(root, "carePlanBody")
    _content(body, "text/plain", _text_within_limit(plan))
    for attachment in sorted(plan.attachments, key=lambda each: each.media_type != PDF):
        _content(body, attachment.media_type, attachment.content)
    for unit in plan.participating_units:
        if unit.hsa_id:
            taking_part = _LAY.branch(body, "participatingCareUnitHSAId")
            _LAY.required(taking_part, "root", OID_HSA)
            _LAY.required(taking_part, "extension", unit.hsa_id)
    _LAY.text(body, "typeOfCarePlanEnum", plan.type)
    root.append(structured_plan(plan))
    return to_bytes(root)


def _title(plan: CarePlan) -> str:
    if plan.title and xml_text(plan.title).strip():
        return plan.title
    return _TITLES[plan.type] if plan.type else "Plan"


def _legal_authenticator(header: etree._Element, signatures: tuple[Signature, ...]) -> None:
    usable = [signature for signature in signatures if can_stand(signature.at)]
    if not usable:
        return
    last = max(usable, key=lambda signature: signature.at)
    branch = _LAY.branch(header, "legalAuthenticator")
    _LAY.time(branch, "signatureTime", last.at)
    _LAY.text(branch, "legalAuthenticatorHSAId", last.hsa_id)
    _LAY.text(branch, "legalAuthenticatorName", last.name)


def _content(body: etree._Element, media_type: str, value: bytes) -> None:
    branch = _LAY.branch(body, "content")
    _LAY.required(branch, "mediaType", media_type)
    _LAY.required(branch, "value", base64.b64encode(value).decode("ascii"))


def _text_within_limit(plan: CarePlan) -> bytes:
    """The plan's text in UTF-8. The contract embeds 100 KB at most: what is longer is cut
    between two characters, and says so."""
    text = plan_text.render(plan).encode()
    if len(text) <= LARGEST_ATTACHMENT:
        return text
    whole = text[: LARGEST_ATTACHMENT - len(_CUT)].decode("utf-8", errors="ignore")
    return whole.encode() + _CUT
