"""Under which law an element was written, whose it is, and whether it may be shared.

Fails closed: what the source does not say is unknown, and what is unknown is not shared.
"""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.adapter_api import care
from samsvar_adapters.mina_planer.parties import organisation_of, owner_in
from samsvar_adapters.mina_planer.reading import Extensions, Remarks, flag, moment
from samsvar_adapters.mina_planer.words import (
    INDIVIDUAL_AND_FAMILY,
    LEGAL_BASES,
    OTHER_AUTHORITIES,
    SCHOOL,
    SOCIAL_SERVICE_GROUPS,
)

REGION_SKANE = "2321000255"


@dataclass(frozen=True, slots=True)
class Marking:
    """What the source says of sharing: yes, no, or nothing at all."""

    said: bool
    wanted: bool


def marking_in(extensions: Extensions) -> Marking:
    """A marking that cannot be read is a no."""
    if not extensions.named("delasSammanhallet"):
        return Marking(said=False, wanted=False)
    return Marking(said=True, wanted=flag(extensions.value("delasSammanhallet")) is True)


def basis_in(extensions: Extensions) -> care.LegalBasis | None:
    """The law that the source names; None if it names none, UNKNOWN if it is none that we know.

    The part of school or of individual and family care (IFO) decides before the paragraph:
    such parts are kept, but under a basis that is never shared, unless the school's medical
    part is marked as health care.
    """
    law = extensions.word("lagrum").split(" ")[0].rstrip(":")
    part = extensions.word("verksamhet")
    if part in INDIVIDUAL_AND_FAMILY:
        return care.LegalBasis.SOL_OTHER
    if part in SCHOOL:
        return care.LegalBasis.SCHOOL_HEALTH if law == "hsl" else care.LegalBasis.OTHER_AUTHORITY
    if part in OTHER_AUTHORITIES:
        return care.LegalBasis.OTHER_AUTHORITY
    if law == "sol":
        group = extensions.word("malgrupp")
        return SOCIAL_SERVICE_GROUPS.get(group, care.LegalBasis.SOL_OTHER)
    if law or extensions.named("lagrum"):
        return LEGAL_BASES.get(law, care.LegalBasis.UNKNOWN)
    return None


def of_plan(
    extensions: Extensions, accountable: care.Professional, remarks: Remarks
) -> care.Provenance:
    """The plan's own. A unit of the region writes under HSL even where no law is named; of
    anybody else that cannot be said."""
    basis = basis_in(extensions)
    unit = accountable.unit.hsa_id if accountable.unit else None
    houses = {organisation_of(unit), organisation_of(accountable.care_giver)}
    if basis is None and REGION_SKANE in houses:
        basis = care.LegalBasis.HSL
    if accountable.care_giver is None:
        remarks.add(care.QualityCode.OWNER_UNKNOWN, "ansvarig", "no HSA-id of the care giver")
    return _made(basis, extensions, remarks, "", owner=accountable.care_giver, owner_unit=unit)


def of_part(
    extensions: Extensions,
    plan: care.Provenance,
    remarks: Remarks,
    path: str,
    *,
    performer: str | None = None,
    inherits: bool = True,
    usual: care.LegalBasis | None = None,
) -> care.Provenance:
    """A part's own, from its extensions.

    A part that names no law is the plan's (``inherits``); an activity is not, for it is done
    by others than those who write. The owner is the one named; else the plan's, for what is
    the plan's or is done by a unit of the plan's owner; else unknown. ``usual``: the law of
    such a part wherever it stands, if the source names none.
    """
    basis = basis_in(extensions) or usual
    of_the_plan = basis is None and inherits
    owner = owner_in(extensions.object("informationsagare"))
    same_house = performer is not None and organisation_of(performer) == organisation_of(plan.owner)
    if owner is None and (of_the_plan or same_house):
        owner = plan.owner
    if owner is None and not of_the_plan:
        remarks.add(care.QualityCode.OWNER_UNKNOWN, path, "no information owner is named")
    made = _made(
        plan.legal_basis if of_the_plan else basis,
        extensions,
        remarks,
        path,
        owner=owner,
        owner_unit=plan.owner_unit if of_the_plan else performer,
    )
    if of_the_plan and not marking_in(extensions).said:
        return _marked(made, plan.marked_for_sharing)
    # What the owner has closed as a whole is not opened by one of its parts.
    closed = plan.legal_basis is care.LegalBasis.HSL and not plan.marked_for_sharing
    return _marked(made, made.marked_for_sharing and not closed)


def _made(
    basis: care.LegalBasis | None,
    extensions: Extensions,
    remarks: Remarks,
    path: str,
    *,
    owner: str | None,
    owner_unit: str | None,
) -> care.Provenance:
    if basis is None or basis is care.LegalBasis.UNKNOWN:
        remarks.add(care.QualityCode.BASIS_UNKNOWN, path, "no law is named that is known")
        basis = care.LegalBasis.UNKNOWN
    marking = marking_in(extensions)
    by_default = basis is care.LegalBasis.HSL
    never = basis in (
        care.LegalBasis.UNKNOWN,
        care.LegalBasis.SOL_OTHER,
        care.LegalBasis.OTHER_AUTHORITY,
    )
    return care.Provenance(
        legal_basis=basis,
        marked_for_sharing=not never and (marking.wanted if marking.said else by_default),
        owner=owner,
        owner_unit=owner_unit,
        recorded_at=moment(extensions.value("dokumenterad"), f"{path}.dokumenterad", remarks),
    )


def _marked(made: care.Provenance, marked: bool) -> care.Provenance:
    return care.Provenance(made.legal_basis, marked, made.owner, made.owner_unit, made.recorded_at)
