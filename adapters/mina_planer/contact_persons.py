"""The contact persons of a plan: staff only, each under the law of their kind.

A relative, guardian or proxy in the care team is other people's data and is never read.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.parties import kind_of, unit_in
from samsvar_adapters.mina_planer.provenance import of_part
from samsvar_adapters.mina_planer.reading import (
    Extensions,
    JsonObject,
    Remarks,
    as_object,
    objects,
    text,
    word,
)
from samsvar_adapters.mina_planer.words import STAFF_KINDS, THIRD_PARTY_ROLES

# Kinds 1, 2 and 4 are appointed under HSL. Kind 3 is home help: social services, and of which
# group the source must say itself.
_USUAL_BASES = {
    "1": care.LegalBasis.HSL,
    "2": care.LegalBasis.HSL,
    "3": care.LegalBasis.SOL_OTHER,
    "4": care.LegalBasis.HSL,
}


def contacts_in(
    contained: Sequence[JsonObject], plan: care.Provenance, remarks: Remarks
) -> tuple[care.Contact, ...]:
    """The staff among the care team's members, each with the kind of contact that they are."""
    found: list[care.Contact] = []
    for team in contained:
        if team.get("resourceType") != "CareTeam":
            continue
        found.extend(
            _contact(participant, plan, remarks)
            for participant in objects(team.get("participant"))
            if _is_staff(participant)
        )
    return tuple(found)


def _is_staff(participant: JsonObject) -> bool:
    if kind_of(as_object(participant.get("member"))) not in STAFF_KINDS:
        return False
    roles = objects(participant.get("role"))
    said = {word(role.get("text")) for role in roles}
    said |= {word(coding.get("code")) for role in roles for coding in objects(role.get("coding"))}
    return not said & THIRD_PARTY_ROLES


def _contact(participant: JsonObject, plan: care.Provenance, remarks: Remarks) -> care.Contact:
    member = as_object(participant.get("member"))
    roles = objects(participant.get("role"))
    codings = [coding for role in roles for coding in objects(role.get("coding"))]
    types = [
        word(coding.get("code"))
        for coding in codings
        if word(coding.get("system")).removeprefix("urn:oid:") == care.OID_CONTACT_TYPE
        and word(coding.get("code")) in _USUAL_BASES
    ]
    spoken = [text(role.get("text")) for role in roles]
    extensions = Extensions.of(participant)
    type_code = types[0] if types else None
    unit = unit_in(as_object(participant.get("onBehalfOf")), "careTeam", remarks)
    return care.Contact(
        name=text(member.get("display")),
        type_code=type_code,
        type_text=next((said for said in spoken if said), None) if type_code is None else None,
        profession=extensions.text("befattning"),
        unit=unit,
        phone=extensions.text("telefon"),
        email=extensions.text("epost"),
        provenance=of_part(
            extensions,
            plan,
            remarks,
            "careTeam",
            performer=unit.hsa_id if unit else None,
            usual=_USUAL_BASES.get(type_code) if type_code else None,
        ),
    )
