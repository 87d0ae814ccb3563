"""Prator's words, as tables: message types, status texts, laws, owners' kinds, reasons.

Knows how the words are spelt. What a whole case means is in ``folding``.
"""

from __future__ import annotations

import re

from samsvar.adapter_api import care

_Status = care.PlanStatus

PLAN = "MÅL_OCH_AKTIVITETSPLAN"
ASSESSMENT = "KARTLÄGGNING_SBAR"
INITIATIVE = "INITIATIV"
SUMMONS = "KALLELSE"
FOLLOW_UP = "UPPFÖLJNING"
CLOSING = "UTVÄRDERING_OCH_AVSLUT"
INTERRUPTION = "ÄRENDE_AVBRUTET"

CASE_STATE: dict[str, care.PlanStatus] = {
    INITIATIVE: _Status.INITIATED,
    ASSESSMENT: _Status.ASSESSING,
    SUMMONS: _Status.INVITED,
    PLAN: _Status.ESTABLISHED,
    FOLLOW_UP: _Status.FOLLOW_UP,
    CLOSING: _Status.CLOSED,
    INTERRUPTION: _Status.INTERRUPTED,
}
WITHOUT_TEXT = frozenset({SUMMONS, INTERRUPTION})
WITHDRAWALS = frozenset({"MAKULERAT", "FELSÄNT"})
NOT_OF_THE_PLAN = frozenset({
    "INFORMATIONSMEDDELANDE",
    "FRISTÅENDE_MEDDELANDE",
    "INSKRIVNINGSMEDDELANDE",
    "PLANERINGSMEDDELANDE",
    "UTSKRIVNINGSKLAR",
    "UTSKRIVEN",
    "ÅTERTAGEN_UTSKRIVNINGSKLAR",
})  # fmt: skip

RANK: dict[care.PlanStatus, int] = {
    status: rank
    for rank, status in enumerate(
        (
            _Status.INITIATED,
            _Status.ASSESSING,
            _Status.INVITED,
            _Status.PLANNING,
            _Status.ESTABLISHED,
            _Status.FOLLOW_UP,
            _Status.CLOSED,
            _Status.INTERRUPTED,
            _Status.ENTERED_IN_ERROR,
        )
    )
}

# Keyed by ``squeezed`` text: small letters, digits and &, single blanks.
STATUS_TEXT: dict[str, care.PlanStatus] = {
    "initiativ": _Status.INITIATED,
    "initiativ taget": _Status.INITIATED,
    "initierad": _Status.INITIATED,
    "initierat": _Status.INITIATED,
    "init": _Status.INITIATED,
    "kartläggning": _Status.ASSESSING,
    "kartläggning pågår": _Status.ASSESSING,
    "kartl pågår": _Status.ASSESSING,
    "sbar": _Status.ASSESSING,
    "kallad": _Status.INVITED,
    "kallelse skickad": _Status.INVITED,
    "kallelse sänd": _Status.INVITED,
    "kallelse": _Status.INVITED,
    "planering": _Status.PLANNING,
    "planering pågår": _Status.PLANNING,
    "möte genomfört": _Status.PLANNING,
    "mål och aktivitetsplan upprättad": _Status.ESTABLISHED,
    "mål och aktivitetsplan upprättat": _Status.ESTABLISHED,
    "mål & aktivitetsplan upprättad": _Status.ESTABLISHED,
    "m&a plan upprättad": _Status.ESTABLISHED,
    "m&a plan uppr": _Status.ESTABLISHED,
    "m & a plan upprättad": _Status.ESTABLISHED,
    "map upprättad": _Status.ESTABLISHED,
    "upprättad": _Status.ESTABLISHED,
    "uppföljning": _Status.FOLLOW_UP,
    "uppföljning pågår": _Status.FOLLOW_UP,
    "uppf": _Status.FOLLOW_UP,
    "uppf pågår": _Status.FOLLOW_UP,
    "avslutad": _Status.CLOSED,
    "avslutat": _Status.CLOSED,
    "avsl": _Status.CLOSED,
    "utvärderad och avslutad": _Status.CLOSED,
    "utvärdering och avslut": _Status.CLOSED,
    "avbruten": _Status.INTERRUPTED,
    "avbrutet": _Status.INTERRUPTED,
    "avbr": _Status.INTERRUPTED,
    "ärende avbrutet": _Status.INTERRUPTED,
    "makulerad": _Status.ENTERED_IN_ERROR,
    "makulerat": _Status.ENTERED_IN_ERROR,
    "mak": _Status.ENTERED_IN_ERROR,
    "felsänd": _Status.ENTERED_IN_ERROR,
    "felsänt": _Status.ENTERED_IN_ERROR,
}

ACTIVITY_STATUS: dict[str, care.ActivityStatus] = {
    "planerad": care.ActivityStatus.PLANNED,
    "planerat": care.ActivityStatus.PLANNED,
    "planeras": care.ActivityStatus.PLANNED,
    "ej påbörjad": care.ActivityStatus.PLANNED,
    "pågår": care.ActivityStatus.ONGOING,
    "pågående": care.ActivityStatus.ONGOING,
    "påbörjad": care.ActivityStatus.ONGOING,
    "klar": care.ActivityStatus.COMPLETED,
    "klart": care.ActivityStatus.COMPLETED,
    "utförd": care.ActivityStatus.COMPLETED,
    "utfört": care.ActivityStatus.COMPLETED,
    "genomförd": care.ActivityStatus.COMPLETED,
    "avslutad": care.ActivityStatus.COMPLETED,
    "avbruten": care.ActivityStatus.CANCELLED,
    "inställd": care.ActivityStatus.CANCELLED,
    "utgår": care.ActivityStatus.CANCELLED,
}

GOAL_STATUS: dict[str, care.GoalStatus] = {
    "ja": care.GoalStatus.ACHIEVED,
    "uppfyllt": care.GoalStatus.ACHIEVED,
    "delvis": care.GoalStatus.PARTLY_ACHIEVED,
    "delvis uppfyllt": care.GoalStatus.PARTLY_ACHIEVED,
    "nej": care.GoalStatus.NOT_ACHIEVED,
    "ej uppfyllt": care.GoalStatus.NOT_ACHIEVED,
}

CLOSING_REASON: dict[str, str] = {
    "målen uppnådda": "GOALS_MET",
    "mål uppnådda": "GOALS_MET",
    "inget ytterligare behov": "NO_MORE_NEED",
    "behov finns ej längre": "NO_MORE_NEED",
    "samtycke återtaget": "CONSENT_WITHDRAWN",
    "återtaget samtycke": "CONSENT_WITHDRAWN",
    "flyttat": "MOVED",
    "avflyttad": "MOVED",
    "avliden": "DECEASED",
    "ersatt av ny plan": "REPLACED",
}

# By the kind of the unit that owns the case. Social care's own cases are not health data.
OWNER_BASIS: dict[str, care.LegalBasis] = {
    "öppenvård": care.LegalBasis.HSL,
    "slutenvård": care.LegalBasis.HSL,
    "primärvård": care.LegalBasis.HSL,
    "kommunal hälso och sjukvård": care.LegalBasis.HSL,
    "hemsjukvård": care.LegalBasis.HSL,
    "socialtjänst": care.LegalBasis.SOL_OTHER,
    "omsorg": care.LegalBasis.SOL_OTHER,
    "ifo": care.LegalBasis.SOL_OTHER,
    "skola": care.LegalBasis.OTHER_AUTHORITY,
    "elevhälsa": care.LegalBasis.OTHER_AUTHORITY,
}

_SCHOOL = re.compile(r"\b(?:skol\w*|\w+skola[ns]?|elevhälsa\w*|rektor\w*|emi\b)")
_FAMILY_CARE = re.compile(r"\bifo\b|\bindivid och familj|\blvu\b|\blvm\b|\bsocialtjänst\w* barn\b")
_LAWS: tuple[tuple[re.Pattern[str], care.LegalBasis], ...] = (
    (re.compile(r"\bhsl\b|\bhälso och sjukvårdslag\w*"), care.LegalBasis.HSL),
    (re.compile(r"\bsol\b|\bsocialtjänstlag\w*"), care.LegalBasis.SOL_OTHER),
    (re.compile(r"\blss\b|\blag\w* om stöd och service"), care.LegalBasis.LSS),
)
_ELDERLY = re.compile(r"\bäldre\w*")
_DISABILITY = re.compile(r"\bfunktions(?:nedsättning|hinder)\w*")


def squeezed(text: str | None) -> str:
    """A word as the tables have it: small letters and digits, no points, single blanks."""
    return " ".join(re.sub(r"[^\w&]+", " ", (text or "").casefold()).replace("_", " ").split())


def basis_of(law: str | None, who: str | None) -> care.LegalBasis:
    """Under which law, by the law's text and by who acts.

    School and individual and family care come first: their parts must not pass as something
    else because the law is named carelessly. SoL alone does not say for whom, so it is read
    as other social services.
    """
    stated, actor = squeezed(law), squeezed(who)
    if _FAMILY_CARE.search(stated) or _FAMILY_CARE.search(actor):
        return care.LegalBasis.SOL_OTHER
    law_named = _law_named(stated)
    if _SCHOOL.search(actor) or _SCHOOL.search(stated):
        if law_named is care.LegalBasis.HSL:
            return care.LegalBasis.SCHOOL_HEALTH
        return care.LegalBasis.OTHER_AUTHORITY
    if law_named is care.LegalBasis.SOL_OTHER:
        if _ELDERLY.search(stated):
            return care.LegalBasis.SOL_ELDERLY
        if _DISABILITY.search(stated):
            return care.LegalBasis.SOL_DISABILITY
    return law_named


def _law_named(stated: str) -> care.LegalBasis:
    # The text must begin with the law and name no other: "HSL/SoL" is nobody's to choose from,
    # and "ej HSL" names it too.
    named = {basis for pattern, basis in _LAWS if pattern.search(stated)}
    leading = {basis for pattern, basis in _LAWS if pattern.match(stated)}
    return named.pop() if len(named) == 1 and named == leading else care.LegalBasis.UNKNOWN
