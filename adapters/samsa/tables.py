"""SAMSA's codes, and what each means here. Tables only.

Knows which law a party writes under. A code that is not in a table is never guessed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from samsvar.adapter_api import care

PERSONNUMMER: Final = "1.2.752.129.2.1.3.1"
SAMORDNINGSNUMMER: Final = "1.2.752.129.2.1.3.3"
RESERVNUMMER_VGR: Final = "1.2.752.113.11.0.2.1.1.1"

NUMBER_KINDS: Final = {PERSONNUMMER: "PNR", SAMORDNINGSNUMMER: "SNR", RESERVNUMMER_VGR: "RES"}
"""Whose number it is, as ``Id/@typ`` says it. Other issuers' numbers are not in SAMSA."""

STATUS: Final = {
    "10": care.PlanStatus.INITIATED,  # Påbörjad
    "20": care.PlanStatus.INVITED,  # Kallad
    "30": care.PlanStatus.PLANNING,  # Planering
    "35": care.PlanStatus.PLANNING,  # Delvis justerad: not a plan until all have approved it
    "40": care.PlanStatus.ESTABLISHED,  # Justerad
    "50": care.PlanStatus.FOLLOW_UP,  # Uppföljning
    "60": care.PlanStatus.CLOSED,  # Avslutad
    "90": care.PlanStatus.INTERRUPTED,  # Avbrott
    "99": care.PlanStatus.ENTERED_IN_ERROR,  # Felsänt, makulerad
}

DISCHARGED: Final = "60"
"""In a discharge case "Avslutad" says that the patient has gone home, not that the plan is over."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of case that is a plan."""

    type: care.PlanType
    title: str
    trigger: care.Trigger | None = None


KINDS: Final = {
    "SIP": Kind(care.PlanType.SIP, "Samordnad individuell plan"),
    "SVU": Kind(
        care.PlanType.SPU, "Samordnad plan vid in- och utskrivning", care.Trigger.DISCHARGE
    ),
    # The predecessor KLARA's vårdplan: the same kind of plan under an older law.
    "SVPL": Kind(care.PlanType.SPU, "Samordnad vårdplan", care.Trigger.DISCHARGE),
}

MESSAGES: Final = frozenset({"ADMINISTRATIVT_MEDDELANDE", "MEDDELANDE_VARD_OMSORG"})
"""Cases that are letters between units, not plans."""


@dataclass(frozen=True, slots=True)
class Party:
    """Who wrote a part: the principal, and the law where the party alone decides it."""

    principal: care.Principal | None
    basis: care.LegalBasis | None
    """None: social services; the target group decides which."""
    final: bool = False
    """A mark on the part cannot change the law."""


_REGION_CARE = Party(care.Principal.REGION, care.LegalBasis.HSL)
_SOCIAL = Party(care.Principal.MUNICIPALITY, None)
# Family law, abuse and placements: never in joined-up documentation, whatever a mark says.
_IFO = Party(care.Principal.MUNICIPALITY, care.LegalBasis.SOL_OTHER, final=True)
_AUTHORITY = Party(care.Principal.OTHER, care.LegalBasis.OTHER_AUTHORITY, final=True)

PARTIES: Final = {
    "PRIMARVARD": _REGION_CARE,
    "SJUKHUS": _REGION_CARE,
    "PSYKIATRI": _REGION_CARE,
    "BUP": _REGION_CARE,
    "HABILITERING": _REGION_CARE,
    "REHAB": _REGION_CARE,
    "PRIVAT_VARD": Party(None, care.LegalBasis.HSL),  # under contract with either principal
    "KOMMUN_HSV": Party(care.Principal.MUNICIPALITY, care.LegalBasis.HSL),
    "HEMTJANST": _SOCIAL,
    "BISTAND": _SOCIAL,
    "SARSKILT_BOENDE": _SOCIAL,
    "LSS": Party(care.Principal.MUNICIPALITY, care.LegalBasis.LSS),
    "IFO_BARN": _IFO,
    "IFO_VUXEN": _IFO,
    # School health only where the part is marked HSL: see parts.legal_basis.
    "SKOLA": Party(care.Principal.OTHER, care.LegalBasis.OTHER_AUTHORITY),
    "FORSAKRINGSKASSAN": _AUTHORITY,
    "ARBETSFORMEDLINGEN": _AUTHORITY,
}

SCHOOL: Final = "SKOLA"

TARGET_GROUPS: Final = {
    "ALDRE": care.LegalBasis.SOL_ELDERLY,
    "FUNKTIONSNEDSATTNING": care.LegalBasis.SOL_DISABILITY,
}
"""Under which part of the Social Services Act help is given; other groups are SOL_OTHER."""

SERVICES: Final = {
    "HEMTJANST": "HEMTJANST",
    "SARSKILT_BOENDE": "SARSKILT_BOENDE",
}
"""Kinds of social service that the party alone tells."""
