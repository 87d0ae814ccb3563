"""The demo's directory of care givers: everybody whose information the six sources hold.

Parts whose owner the source does not name, nor a unit of, are nobody's, and are not here either.
"""

from __future__ import annotations

from samsvar.model.care import LegalBasis
from samsvar.model.catalogue import CareGiver, CareGiverKind
from samsvar.model.identifiers import HsaId

_MUNICIPALITY = "9999"  # a code that no municipality has


def _health(hsa_id: str, name: str) -> CareGiver:
    return CareGiver(HsaId(hsa_id), name, CareGiverKind.VG, legal_basis=LegalBasis.HSL)


def _social(hsa_id: str, name: str) -> CareGiver:
    return CareGiver(
        HsaId(hsa_id),
        name,
        CareGiverKind.OG,
        municipality=_MUNICIPALITY,
        legal_basis=LegalBasis.SOL_ELDERLY,
        marked=True,
    )


CARE_GIVERS = (
    # the three that speak the contract
    _health("SE2129999997-VG1", "Region Exempel"),
    _social("SE2129999989-OG1", "Omsorgsnämnden, Exempelkommun"),
    _health("SE2129999971-VG1", "Vårdcentralen Granen"),
    # has staff who read, and no source of its own
    _health("SE2129999989-VG1", "Exempelkommun"),
    # Prator
    _health("SE2321000032-0001", "Regionen i Prator"),
    _health("SE2129999997-0001", "Kommunens hälso- och sjukvård i Prator"),
    _social("SE2129999997-0002", "Kommunens omsorgsnämnd i Prator"),
    # SAMSA names units, and no owner: whose they are stands in the tree below
    _health("SE2321000131-0001", "Regionen i SAMSA"),
    _health("SE2129999997-H002", "Kommunens hälso- och sjukvård i SAMSA"),
    _social("SE2129999997-S002", "Kommunens omsorgsnämnd i SAMSA"),
    # Mina planer; an owner without HSA-id is named by its organisation number
    _health("SE2321000255-0001", "Regionen i Mina planer"),
    _health("SE2129999997-H001", "Kommunens hälso- och sjukvård i Mina planer"),
    _social("2129999997", "Kommunens omsorgsnämnd i Mina planer"),
)

#: unit -> the care giver that it stands under, as the HSA catalogue would say
UNITS = {
    "SE2321000131-E000000000123": "SE2321000131-0001",
    "SE2321000131-E000000004501": "SE2321000131-0001",
    "SE2321000131-E000000007310": "SE2321000131-0001",
    "SE2321000131-E000000008122": "SE2321000131-0001",
    "SE2129999997-HSV01": "SE2129999997-H002",
    "SE2129999997-HTJ04": "SE2129999997-S002",
    "SE2129999997-SAB01": "SE2129999997-S002",
}

#: units of those who log in, as the HSA catalogue would call them
UNIT_NAMES = {
    "SE2129999997-U1": "Medicinkliniken Exempelsjukhuset",
    "SE2129999997-U2": "Akutmottagningen Exempelsjukhuset",
    "SE2129999989-U1": "Hemsjukvården, Exempelkommun",
    "SE2129999989-U2": "Biståndsenheten, Exempelkommun",
}
