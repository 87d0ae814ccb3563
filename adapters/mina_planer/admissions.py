"""Admissions (Vårdtillfällen) that the discharge process carries, to canonical care contacts.

The system has no resource of its own for them: a plan has the extension ``inskrivning``.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.identity import (
    approved_in,
    each_once,
    identified_in,
    plans_among,
)
from samsvar_adapters.mina_planer.parties import accountable_in, unit_in
from samsvar_adapters.mina_planer.provenance import of_part, of_plan
from samsvar_adapters.mina_planer.reading import Extensions, JsonObject, Remarks, moment
from samsvar_adapters.mina_planer.statuses import contact_status_in

_OPEN_ENDED = frozenset(
    {
        care.ContactStatus.BOOKED,
        care.ContactStatus.WAITING_LIST,
        care.ContactStatus.ONGOING,
        care.ContactStatus.ON_LEAVE,
    }
)


def care_contacts(
    resources: Sequence[JsonObject], query: care.CareQuery
) -> tuple[care.CareContact, ...]:
    """The admissions, each once, in the source's order.

    Raises:
        ProducerAnswerInvalid: there are admissions, and not one can be read.
    """
    admitted = [
        resource
        for resource in plans_among(resources)
        if Extensions.of(resource).named("inskrivning")
    ]
    mapped = [_contact(resource, query) for resource in admitted]
    return each_once(mapped, lambda contact: contact.contact_id)


def _contact(resource: JsonObject, query: care.CareQuery) -> care.CareContact | None:
    remarks = Remarks()
    identified = identified_in(resource, query, remarks)
    admission = Extensions.of(resource).first("inskrivning")
    contact_id = admission.text("vardtillfalleId")
    if identified is None or contact_id is None:
        return None
    _, subject, changed = identified
    start = moment(admission.value("start"), "inskrivning.start", remarks)
    # "beraknadUtskrivning" is a forecast and is never read as the end.
    end = moment(admission.value("slut"), "inskrivning.slut", remarks)
    status = contact_status_in(
        resource, admission, begun=start is not None, ended=end is not None, remarks=remarks
    )
    accountable = accountable_in(resource, remarks)
    ward = unit_in(admission.object("avdelning"), "inskrivning.avdelning", remarks)
    provenance = of_part(
        admission,
        of_plan(Extensions.of(resource), accountable, Remarks()),
        remarks,
        "inskrivning",
        performer=ward.hsa_id if ward else None,
        usual=care.LegalBasis.HSL,  # an admission is hospital care, whoever wrote the plan
    )
    return care.CareContact(
        contact_id=contact_id,
        source_system=query.source_system,
        subject=subject,
        last_changed=changed,
        type=care.ContactType.EPISODE,
        reason=admission.text("orsak"),
        unit=ward,
        start=start,
        end=None if status in _OPEN_ENDED else end,
        status=status,
        status_text=admission.text("status") if status is None else None,
        accountable=accountable,
        approved_for_patient=approved_in(Extensions.of(resource)),
        provenance=provenance,
        quality=tuple(remarks.found),
    )
