"""Two tables of a registry file: the directory of care givers, and the consumers.

What stands here decides what the law lets be shown: a fault closes, it never opens. Knows each
table's keys and what must agree in one; not whether two are alike.
"""

from __future__ import annotations

import re

from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiver, CareGiverKind, Channel, Consumer
from samsvar.model.identifiers import HsaId
from samsvar.model.words import Words
from samsvar.registry.fields import Table

_MUNICIPALITY = re.compile(r"[0-9]{4}", re.ASCII)

#: the laws that a giver of each kind can write its records under
BASES = {
    CareGiverKind.VG: (LegalBasis.HSL, LegalBasis.SCHOOL_HEALTH, LegalBasis.OTHER_AUTHORITY),
    CareGiverKind.OG: (
        LegalBasis.SOL_ELDERLY,
        LegalBasis.SOL_DISABILITY,
        LegalBasis.LSS,
        LegalBasis.SOL_OTHER,
        LegalBasis.OTHER_AUTHORITY,
    ),
}


def read_care_giver(table: Table) -> CareGiver | None:
    """One [[care_giver]]; None where a fault leaves no row."""
    hsa_id, name = table.id("id"), table.text("name")
    kind = table.choice("kind", tuple(CareGiverKind))
    connected = table.flag("connected", default=True)
    municipality = table.text("municipality", required=False)
    given = table.raw("legal_basis") is not None
    allowed = BASES[CareGiverKind(kind)] if kind else tuple(LegalBasis)
    basis = table.choice("legal_basis", allowed, default="")
    marked = table.flag("marked", default=False)
    table.end()
    if municipality is not None and not _MUNICIPALITY.fullmatch(municipality):
        table.fault(
            "municipality",
            Words(
                'ska vara kodens fyra siffror, inom citattecken: "0180"',
                'must be the four digits of the code, in quotes: "0180"',
            ),
        )
    if municipality is not None and kind == CareGiverKind.VG:
        table.fault(
            "municipality",
            Words(
                'gäller nämnder: bara slaget "OG" har en kommun',
                'is for boards (nämnder): only kind "OG" has one',
            ),
        )
    if marked and not given:
        table.fault(
            "marked",
            Words(
                "märker inget utan legal_basis: ange den också",
                "marks nothing without legal_basis: give that too",
            ),
        )
    if hsa_id is None or kind is None:
        return None
    return CareGiver(
        HsaId(hsa_id),
        name or "",
        CareGiverKind(kind),
        connected=connected,
        municipality=municipality,
        legal_basis=LegalBasis(basis) if basis else None,
        marked=marked,
    )


def read_consumer(table: Table) -> Consumer | None:
    """One [[consumer]]; None where a fault leaves no row."""
    hsa_id = table.id("id")
    channel = table.choice("channel", tuple(Channel))
    social_care = table.flag("social_care", default=False)
    if table.raw("social_care") is None:
        table.fault("social_care", Words("saknas: true eller false", "is missing: true or false"))
    table.end()
    if hsa_id is None or channel is None:
        return None
    return Consumer(HsaId(hsa_id), Channel(channel), social_care=social_care)
