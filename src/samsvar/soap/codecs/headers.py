"""The header that plans and contacts share, read: whose record, about whom, by whom, when.

Knows PatientSummaryHeaderType and the rule that a record without its time of registration
cannot be judged: blocks are decided by it. Does not know under which law the owner writes: that
stands in no header, and is not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from samsvar.model.care import LegalBasis, Professional, Provenance, QualityCode
from samsvar.model.identifiers import PersonId
from samsvar.soap.codecs.reading import Part, person_id, professional_of


@dataclass(frozen=True, slots=True)
class RecordHeader:
    """What every record says of itself."""

    document_id: str
    source_system: str
    subject: PersonId
    last_changed: datetime
    accountable: Professional = field(repr=False)
    approved_for_patient: bool
    nullified: bool
    """Must not be sent: a record that says so all the same is not valid, and never shown."""
    provenance: Provenance


def read_header(header: Part) -> RecordHeader:
    """The header.

    The owner has let the record out by sending it, so it is marked for sharing; its law is
    UNKNOWN until whoever knows the owner decides it, and it is not shared before that.

    Raises:
        RecordUnreadable: something that must be known is missing or cannot be read.
    """
    # GetCareContacts 2 may leave the professional out: without an owner and a time no block can
    # be tried, and the contract's own first rule is that such a record is not shown.
    author = header.needed("accountableHealthcareProfessional")
    last_changed = author.needed_time("authorTime")
    accountable = professional_of(author)
    if not accountable.care_unit or not accountable.care_giver:
        header.remark(
            QualityCode.MISSING_HSA_UNIT,
            "accountableHealthcareProfessional",
            "care unit or care giver is not given: staff cannot be shown the record",
        )
    return RecordHeader(
        document_id=header.needed_text("documentId"),
        source_system=header.needed_text("sourceSystemHSAId"),
        subject=person_id(header),
        last_changed=last_changed,
        accountable=accountable,
        approved_for_patient=header.flag("approvedForPatient") or False,
        nullified=header.flag("nullified") or False,
        provenance=Provenance(
            LegalBasis.UNKNOWN,
            marked_for_sharing=True,
            owner=accountable.care_giver,
            owner_unit=accountable.care_unit,
            recorded_at=last_changed,
        ),
    )
