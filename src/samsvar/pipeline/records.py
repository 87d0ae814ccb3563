"""Records taken apart: whose the header is and whose each part, and what is asked about them.

Knows how the canonical model and a contract's own header name owners. Knows no rule.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from samsvar.fact_ports import BlockQuestion
from samsvar.model.care import CarePlan, LegalBasis, Provenance
from samsvar.model.exchange import Item
from samsvar.model.identifiers import HsaId
from samsvar.model.sharing import Part, parts_of
from samsvar.pipeline.owners import Owned, Owners


@dataclass(frozen=True, slots=True)
class Record:
    """A record taken apart: whose its header and its parts are."""

    item: Item
    header: Owned
    recorded_at: datetime | None
    parts: tuple[tuple[Part, Owned], ...] = ()

    def block_questions(self) -> set[BlockQuestion]:
        """What must be asked of the block service about it."""
        asked = [(self.header, self.recorded_at)]
        asked += [
            (whose, part.provenance.recorded_at or self.recorded_at) for part, whose in self.parts
        ]
        found = (block_question(whose, recorded) for whose, recorded in asked)
        return {question for question in found if question is not None}


def taken_apart(item: Item, owners: Owners) -> Record:
    """Whose each part of a record is, by the record itself and the directory."""
    record = item.record
    if record is None:
        # Nothing but its header was read: it says whose it is, and not under which law.
        header = owners.of(Provenance(owner=item.owner), silent=True)
        return Record(item, header, None)
    told = record.provenance
    provenance = replace(
        told,
        owner=record.accountable.care_giver or told.owner,
        owner_unit=record.accountable.care_unit or told.owner_unit,
    )
    silent = item.foreign and told.legal_basis is LegalBasis.UNKNOWN
    header = owners.of(provenance, silent=silent)
    parts: tuple[tuple[Part, Owned], ...] = ()
    if isinstance(record, CarePlan):
        parts = tuple(
            (part, _of_part(part, header, owners, silent=silent)) for part in parts_of(record)
        )
    return Record(item, header, told.recorded_at or record.last_changed, parts)


def block_question(whose: Owned, recorded: datetime | None) -> BlockQuestion | None:
    """What to ask the block service; None: nobody knows whose it is."""
    if whose.owner is None:
        return None
    unit = HsaId(whose.unit) if whose.unit else None
    return BlockQuestion(HsaId(whose.owner), unit, recorded, recorded)


def _of_part(part: Part, header: Owned, owners: Owners, *, silent: bool) -> Owned:
    """In a record that says nothing of laws, a file has no more to say: it is the header's."""
    if silent and part.provenance.legal_basis is LegalBasis.UNKNOWN:
        return header
    return owners.of(part.provenance)
