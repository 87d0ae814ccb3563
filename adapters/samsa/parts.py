"""``Del`` to needs, goals, activities and the rest: one part at a time, by its heading.

A part is free text under a heading that somebody typed. It is split into what, who and when
only where its shape leaves no doubt; otherwise it is kept whole. Knows nothing of the case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from typing import Final

from samsvar.adapter_api import care
from samsvar_adapters.samsa import reading, tables
from samsvar_adapters.samsa.reading import Remarks


class Heading(Enum):
    """What a heading announces."""

    OWN_GOAL = auto()
    GOAL = auto()
    NEED = auto()
    IMPORTANT = auto()
    FOLLOW_UP = auto()
    EVALUATION = auto()
    CONTACT = auto()
    LEVEL_OF_CARE = auto()
    WHAT_WHO_WHEN = auto()
    MEASURE = auto()


_HEADINGS: Final = {
    "mitt mal": Heading.OWN_GOAL,
    "patientens mal": Heading.OWN_GOAL,
    "mina mal": Heading.OWN_GOAL,
    "mal": Heading.GOAL,
    "gemensamma mal": Heading.GOAL,
    "delmal": Heading.GOAL,
    "behov": Heading.NEED,
    "vad ar viktigt for dig": Heading.IMPORTANT,
    "vad ar viktigt for mig": Heading.IMPORTANT,
    "uppfoljning": Heading.FOLLOW_UP,
    "utvardering": Heading.EVALUATION,
    "fast vardkontakt": Heading.CONTACT,
    "beslut om vardniva": Heading.LEVEL_OF_CARE,
    "vardniva": Heading.LEVEL_OF_CARE,
    "behandlingsbegransning": Heading.LEVEL_OF_CARE,
    "vad vem nar": Heading.WHAT_WHO_WHEN,
    "insats": Heading.MEASURE,
    "insatser": Heading.MEASURE,
    "": Heading.MEASURE,
}

_LABELLED = re.compile(
    r"vad\s*:\s*(?P<what>[^\n]+)\n\s*vem\s*:\s*(?P<who>[^\n]+)\n\s*n[äa]r\s*:\s*(?P<when>[^\n]+)",
    re.IGNORECASE,
)
# Blanks on both sides: "och/eller" and "12/3" are no separators.
_SLASHED = re.compile(r"(?P<what>[^\n]+?) / (?P<who>[^\n]+?) / (?P<when>[^\n]+)")


@dataclass(slots=True)
class Found:
    """What the parts of one plan came to. ``hidden``: a part was left out for good."""

    goals: list[care.Goal] = field(default_factory=list)
    needs: list[care.Need] = field(default_factory=list)
    activities: list[care.Activity] = field(default_factory=list)
    contacts: list[care.Contact] = field(default_factory=list)
    follow_ups: list[care.FollowUp] = field(default_factory=list)
    important: list[str] = field(default_factory=list)
    evaluation: tuple[str, care.Provenance] | None = None
    units: list[care.Unit] = field(default_factory=list)
    hidden: bool = False


def heading_kind(heading: str | None) -> Heading | None:
    """What a heading announces; None: words of its own. Case, accents and signs do not count."""
    plain = unicodedata.normalize("NFD", heading or "").lower()
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return _HEADINGS.get(" ".join(re.findall(r"[a-z0-9]+", letters)))


def split(text: str) -> tuple[str, str, str] | None:
    """What, who and when; None unless the text is exactly three, labelled or between slashes."""
    match = _LABELLED.fullmatch(text)
    if match is None and text.count(" / ") == 2:
        match = _SLASHED.fullmatch(text)
    if match is None:
        return None
    what, who, when = (match[name].strip() for name in ("what", "who", "when"))
    return (what, who, when) if what and who and when else None


def legal_basis(
    actor: str | None, law: str | None, group: str | None
) -> tuple[care.LegalBasis, care.Principal | None]:
    """Under which law a part was written, and whose it is. Nothing known is UNKNOWN."""
    party = tables.PARTIES.get((actor or "").upper())
    if party is None:
        return care.LegalBasis.UNKNOWN, None
    if party.final and party.basis is not None:
        return party.basis, party.principal
    social = tables.TARGET_GROUPS.get((group or "").upper(), care.LegalBasis.SOL_OTHER)
    marked = (law or "").upper()
    if not marked:
        return party.basis or social, party.principal
    if (actor or "").upper() == tables.SCHOOL:
        # Only the medical part of school health is care; a school has no other mark that helps.
        school = care.LegalBasis.SCHOOL_HEALTH if marked == "HSL" else party.basis
        return school or care.LegalBasis.UNKNOWN, party.principal
    by_mark = {"HSL": care.LegalBasis.HSL, "LSS": care.LegalBasis.LSS, "SOL": social}
    return by_mark.get(marked, care.LegalBasis.UNKNOWN), party.principal


def _shared(basis: care.LegalBasis, mark: str | None) -> bool:
    """Care may be shared unless marked otherwise; social services only if marked so."""
    if basis in (care.LegalBasis.HSL, care.LegalBasis.SCHOOL_HEALTH):
        # A part is SCHOOL_HEALTH only where somebody has marked it as care.
        return mark is None or mark.lower() in ("true", "1")
    if basis in (
        care.LegalBasis.SOL_ELDERLY,
        care.LegalBasis.SOL_DISABILITY,
        care.LegalBasis.LSS,
    ):
        return (mark or "").lower() in ("true", "1")
    return False


@dataclass(frozen=True, slots=True)
class Context:
    """What the parts of one plan have in common."""

    group: str | None
    unit: care.Unit | None
    """The accountable unit: it owns what names no other."""
    recorded_at: datetime | None
    remarks: Remarks


def add_part(found: Found, part: Mapping[str, object], place: int, context: Context) -> None:
    """Read one ``Del`` into ``found``: at most one element for each part."""
    path = f"Plan/Del[{place}]"
    heading, text = reading.text(part, "Rubrik"), reading.text(part, "Text")
    if text is None:
        return
    kind = heading_kind(heading)
    if kind is Heading.LEVEL_OF_CARE:
        # Only that a decision exists may be told, and free text does not say that for certain.
        found.hidden = True
        return
    actor = reading.raw(part, "aktor")
    basis, principal = legal_basis(actor, reading.raw(part, "lagrum"), context.group)
    if basis is care.LegalBasis.UNKNOWN:
        context.remarks.add(care.QualityCode.BASIS_UNKNOWN, path)
    own = reading.unit(reading.raw(part, "enhet"), None, path, context.remarks)
    if own is not None:
        found.units.append(own)
    # The region's own parts may name no unit: they are the accountable unit's. Nobody else's are.
    owner = own or (context.unit if principal is care.Principal.REGION else None)
    if owner is None or owner.hsa_id is None:
        context.remarks.add(care.QualityCode.OWNER_UNKNOWN, path)
    provenance = care.Provenance(
        legal_basis=basis,
        marked_for_sharing=_shared(basis, reading.raw(part, "delas")),
        owner_unit=(owner.hsa_id or owner.local_id) if owner is not None else None,
        recorded_at=context.recorded_at,
    )
    match kind:
        case Heading.OWN_GOAL | Heading.GOAL:
            own_words = kind is Heading.OWN_GOAL
            whose = care.GoalKind.PATIENT_OWN if own_words else care.GoalKind.SHARED
            found.goals.append(care.Goal(f"m{place}", whose, text, provenance=provenance))
        case Heading.NEED:
            found.needs.append(care.Need(f"b{place}", text, provenance=provenance))
        case Heading.IMPORTANT if provenance.shareable:
            found.important.append(text)
        case Heading.FOLLOW_UP:
            found.follow_ups.append(care.FollowUp(text=text, provenance=provenance))
        case Heading.EVALUATION if found.evaluation is None:
            found.evaluation = (text, provenance)
        case Heading.CONTACT if "\n" not in text:
            found.contacts.append(care.Contact(name=text, type_code="1", provenance=provenance))
        case _:
            activity = _activity(f"i{place}", heading, text, kind, path, context.remarks)
            found.activities.append(
                replace(
                    activity,
                    responsible_principal=principal,
                    responsible_unit=own,
                    social_service_type=(
                        tables.SERVICES.get((actor or "").upper())
                        if basis is not care.LegalBasis.HSL  # care that home help gives is care
                        else None
                    ),
                    provenance=provenance,
                )
            )


def _activity(
    number: str, heading: str | None, text: str, kind: Heading | None, path: str, remarks: Remarks
) -> care.Activity:
    """What, and who and when if the text says so for certain; a heading of its own is kept."""
    if kind is Heading.WHAT_WHO_WHEN:
        if (three := split(text)) is not None:
            what, who, when = three
            return care.Activity(number, what, responsible_person=who, timing_text=when)
        remarks.add(care.QualityCode.TEXT_NOT_SPLIT, path)
        return care.Activity(number, text)
    if heading is not None and kind is not Heading.MEASURE:
        return care.Activity(number, f"{heading}: {text}")
    return care.Activity(number, text)
