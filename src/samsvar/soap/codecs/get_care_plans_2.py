"""GetCarePlans 2.0: the request as a question, a canonical plan as a ``carePlan`` and back.

Knows the contract's names, order and content rules. Knows no producer and no consumer.
Source: TKB clinicalprocess:logistics:logistics 3.0.13.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import replace

from lxml import etree

from samsvar.errors import RecordUnreadable
from samsvar.model import plan_text
from samsvar.model.care import (
    OID_HSA,
    Attachment,
    CarePlan,
    CareQuery,
    DataQuality,
    PlanStatus,
    PlanType,
    Provenance,
    QualityCode,
    Signature,
    Unit,
)
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.selection import Selection, matching_plans
from samsvar.model.sharing import LARGEST_ATTACHMENT, PDF
from samsvar.soap.codecs.elements import Bricklayer, can_stand, to_bytes
from samsvar.soap.codecs.headers import read_header
from samsvar.soap.codecs.questions import RequestShape
from samsvar.soap.codecs.reading import Part, opened
from samsvar.soap.codecs.structured_plan import NAMESPACE, structured_plan
from samsvar.soap.codecs.structured_plan_reading import with_structure

CONTRACT = ContractUrn("urn:riv:clinicalprocess:logistics:logistics:GetCarePlansResponder:2")
CORE = "urn:riv:clinicalprocess:logistics:logistics:3"

_REQUEST = RequestShape("GetCarePlans", CONTRACT, CORE, period="datePeriod")
_LAY = Bricklayer(CORE)

_STATUS_LINE = re.compile(r"\s*Status:[ \t]*([^\n]*)", re.IGNORECASE)
_STATUSES = {words.lower(): status for status, words in plan_text.PLAN_STATUS.items()}

_CUT = "\n\n[Texten är avkortad här. Läs hela planen i källsystemet.]\n".encode()


def read_query(body: bytes, source_system: str) -> CareQuery:
    """The question; MalformedRequest where the contract says INVALID_REQUEST."""
    return _REQUEST.read(body, source_system)


def ask(about: PersonId, source_filter: str | None) -> bytes:
    """The request element of a question about a person; ``source_filter``: at one source."""
    return _REQUEST.write(about, source_filter)


def select(plans: Sequence[CarePlan], query: CareQuery) -> Selection[CarePlan]:
    """The plans that answer the question, whole: what of each may leave is decided later."""
    kept: list[CarePlan] = []
    remarks: list[DataQuality] = []
    for plan in matching_plans(plans, query):
        remarks += plan.quality
        if can_stand(plan.last_changed):
            kept.append(plan)
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
    _LAY.required(header, "documentTitle", plan_text.title(plan))
    _LAY.time(header, "documentTime", plan.established)
    _LAY.person_id(header, "patientId", plan.subject)
    _LAY.accountable(header, plan.last_changed, plan.accountable)
    _legal_authenticator(header, plan.signatures)
    _LAY.flag(header, "approvedForPatient", plan.approved_for_patient)
    _LAY.text(header, "careContactId", plan.care_contact_id)
    body = _LAY.branch(root, "carePlanBody")
    _content(body, "text/plain", _text_within_limit(plan))
    attachments = sorted(plan.attachments, key=lambda each: each.media_type != PDF)
    for attachment in attachments:
        _content(body, attachment.media_type, attachment.content)
    for unit in plan.participating_units:
        if unit.hsa_id:
            taking_part = _LAY.branch(body, "participatingCareUnitHSAId")
            _LAY.required(taking_part, "root", OID_HSA)
            _LAY.required(taking_part, "extension", unit.hsa_id)
    _LAY.text(body, "typeOfCarePlanEnum", plan.type)
    root.append(structured_plan(plan, attachments))
    return to_bytes(root)


def read(record: bytes) -> CarePlan:
    """One ``carePlan`` element, whoever wrote it, as a canonical plan.

    What our own extension says is read with it. Without the extension the plan is its header,
    its text (``narrative``) and its files; its status is the text's first line, if that is
    written as the contract advises, and else unknown.

    Raises:
        RecordUnreadable: it is no such element, or lacks what must be known of a plan.
    """
    part = opened(record, CONTRACT, "carePlan", CORE)
    header, body = part.needed("carePlanHeader"), part.needed("carePlanBody")
    known = read_header(header)
    narrative, attachments = _read_contents(body, known.provenance)
    plan = CarePlan(
        plan_id=known.document_id,
        source_system=known.source_system,
        subject=known.subject,
        status=_told_status(narrative),
        last_changed=known.last_changed,
        type=body.word("typeOfCarePlanEnum", PlanType),
        title=header.text("documentTitle"),
        established=header.time("documentTime"),
        accountable=known.accountable,
        signatures=_read_authenticator(header),
        approved_for_patient=known.approved_for_patient,
        care_contact_id=header.text("careContactId"),
        participating_units=_read_participating(body),
        narrative=narrative,
        attachments=attachments,
        provenance=known.provenance,
    )
    structured = _structured(part)
    if structured is not None:
        plan = with_structure(plan, structured)
    elif plan.status is PlanStatus.UNKNOWN:
        body.remark(QualityCode.STATUS_UNMAPPED, "content", "the text does not begin with a status")
    if known.nullified:
        plan = replace(plan, status=PlanStatus.ENTERED_IN_ERROR)
    return replace(plan, quality=tuple(part.remarks))


def _structured(part: Part) -> Part | None:
    """Our extension; it stands last in the plan."""
    found = list(part.element.iterchildren(f"{{{NAMESPACE}}}structuredPlan"))
    if not found:
        return None
    return Part(found[-1], NAMESPACE, f"{part.path}/structuredPlan", part.remarks)


def _told_status(narrative: str | None) -> PlanStatus:
    """What the text says in its first line, if it says one of our words."""
    match = _STATUS_LINE.match(narrative or "")
    words = match[1].strip().lower() if match else ""
    return _STATUSES.get(words, PlanStatus.UNKNOWN)


def _read_authenticator(header: Part) -> tuple[Signature, ...]:
    part = header.part("legalAuthenticator")
    at = part.time("signatureTime") if part else None
    if part is None or at is None:
        return ()
    return (
        Signature(at, part.text("legalAuthenticatorName"), part.text("legalAuthenticatorHSAId")),
    )


def _read_participating(body: Part) -> tuple[Unit, ...]:
    return tuple(
        Unit(hsa_id=extension)
        for part in body.parts("participatingCareUnitHSAId")
        if part.text("root") == OID_HSA and (extension := part.text("extension"))
    )


def _read_contents(body: Part, provenance: Provenance) -> tuple[str | None, tuple[Attachment, ...]]:
    """The first plain text, and every other content as a file."""
    narrative: str | None = None
    attachments: list[Attachment] = []
    for number, part in enumerate(body.parts("content"), start=1):
        media_type = part.needed_text("mediaType").strip()
        value = _decoded(part)
        if media_type == "text/plain" and narrative is None and value is not None:
            narrative = _text_of(part, value)
            continue
        if value is None:
            part.remark(QualityCode.ATTACHMENT_UNREADABLE, "reference", "a link is not followed")
        attachments.append(
            Attachment(
                f"content-{number}",
                media_type,
                value or b"",
                len(value or b""),
                provenance=provenance,
            )
        )
    return narrative, tuple(attachments)


def _decoded(part: Part) -> bytes | None:
    """The file; None where a link stands instead of it."""
    if part.part("value") is None:
        return None
    try:
        return base64.b64decode("".join((part.text("value") or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise RecordUnreadable(f"{part.path}/value is not base64") from None


def _text_of(part: Part, value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        part.remark(QualityCode.ATTACHMENT_UNREADABLE, "value", "not UTF-8: read as Windows-1252")
        return value.decode("cp1252", errors="replace")


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
