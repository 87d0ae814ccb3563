"""Owners: whose an element is, and what the directory of care givers says of them.

Knows the catalogue and what a record says of itself. Knows no rule. Who owns an element is never
told by the source system that keeps it: many care givers share one.
"""

from __future__ import annotations

from dataclasses import dataclass

from samsvar.access.words import OwnerKind, Truth
from samsvar.model.care import LegalBasis, Provenance
from samsvar.model.catalogue import CareGiver, CareGiverKind, OrganisationKind, Producer
from samsvar.model.catalogue_lookup import Catalogue

_KIND_OF_PRODUCER: dict[OrganisationKind | None, OwnerKind] = {
    OrganisationKind.REGION: OwnerKind.VG,
    OrganisationKind.NAMND: OwnerKind.OG,
}
KINDS = {CareGiverKind.VG: OwnerKind.VG, CareGiverKind.OG: OwnerKind.OG}


def truth(known: bool | None) -> Truth:
    """What is known, as a fact; None: it is not."""
    return Truth.UNKNOWN if known is None else Truth.YES if known else Truth.NO


_SOCIAL_CARE = frozenset(
    {LegalBasis.SOL_ELDERLY, LegalBasis.SOL_DISABILITY, LegalBasis.LSS, LegalBasis.SOL_OTHER}
)


@dataclass(frozen=True, slots=True)
class Owned:
    """One element's owner, and the law and marking that hold for it."""

    owner: str | None
    unit: str | None
    kind: OwnerKind
    connected: Truth
    municipality: str | None
    legal_basis: LegalBasis
    marked: bool

    @property
    def social_care(self) -> bool:
        """Information of social care (omsorg), by its owner or by its law."""
        return self.kind is OwnerKind.OG or self.legal_basis in _SOCIAL_CARE


@dataclass(frozen=True, slots=True)
class Owners:
    """Finds whose an element is. An owner that the directory does not list has no kind, and so is
    closed to all who are judged by that: people, citizens, but not systems under agreement. For
    these whoever is registered as a producer takes part, unless ``listed_only``."""

    catalogue: Catalogue
    producer: Producer | None
    """Where the element came from."""
    listed_only: bool = False

    def of(self, provenance: Provenance, *, silent: bool = False) -> Owned:
        """Whose it is. ``silent``: its form has no place to say under which law it was written;
        then the line of its owner says it, or of the one who answers for the producer."""
        named = self._care_giver(provenance)
        giver = named or (self._answerable() if silent else None)
        basis, marked = provenance.legal_basis, provenance.marked_for_sharing
        if giver is not None:
            kind = KINDS[giver.kind]
            connected = truth(giver.connected)
        else:
            kind = self._kind_by_producer()
            connected = Truth.UNKNOWN if self.listed_only else Truth.YES
        if silent:
            basis, marked = _by_owner(giver, kind)
        elif basis is LegalBasis.HSL and not marked and connected is Truth.YES:
            connected = Truth.NO  # health care's needs no marking: one that is closed has opted out
        return Owned(
            provenance.owner or (named.id if named else None),
            provenance.owner_unit,
            kind,
            connected,
            giver.municipality if giver else None,
            basis,
            marked,
        )

    def of_unit(self, unit: str) -> str | None:
        """The care giver that a unit stands under."""
        giver = self.catalogue.care_giver_above(unit)
        return giver.id if giver else None

    def _care_giver(self, provenance: Provenance) -> CareGiver | None:
        """As the element says; or else the one that its unit stands under in the HSA tree."""
        if provenance.owner:
            return self.catalogue.care_giver(provenance.owner)
        unit = provenance.owner_unit
        return self.catalogue.care_giver_above(unit) if unit else None

    def _answerable(self) -> CareGiver | None:
        """The one whom the registry calls the producer's owner."""
        return self.catalogue.care_giver(self.producer.owner) if self.producer else None

    def _kind_by_producer(self) -> OwnerKind:
        organisation = self.producer.organisation if self.producer else None
        return _KIND_OF_PRODUCER.get(organisation, OwnerKind.UNKNOWN)


def _by_owner(giver: CareGiver | None, kind: OwnerKind) -> tuple[LegalBasis, bool]:
    """Of records that cannot say under which law they were written."""
    if giver is not None and giver.legal_basis is not None:
        return giver.legal_basis, giver.marked
    if kind is OwnerKind.OG:
        return LegalBasis.UNKNOWN, False
    return LegalBasis.HSL, True
