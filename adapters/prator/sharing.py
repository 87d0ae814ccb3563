"""Under which law each part of a case stands, who owns it, and whether it may be shared.

Fail closed: a part whose law the source does not state is ``UNKNOWN`` and never shared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from samsvar.adapter_api import care
from samsvar_adapters.prator import vocabulary
from samsvar_adapters.prator.folding import Message
from samsvar_adapters.prator.native import (
    Remarks,
    line_of,
    object_of,
    texts_of,
    time_of,
    yes_or_no,
)
from samsvar_adapters.prator.units import Units

# Shared only where the source says so itself (``delas``); health care is shared unless it says no.
_ON_REQUEST = frozenset({
    care.LegalBasis.SOL_ELDERLY,
    care.LegalBasis.SOL_DISABILITY,
    care.LegalBasis.LSS,
    care.LegalBasis.SCHOOL_HEALTH,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sharing:
    """The case's own conditions."""

    units: Units
    exceptions: tuple[str, ...]
    """Parties whom the person took out of the consent (``samtycke.undantag``), squeezed."""
    remarks: Remarks

    @classmethod
    def of_case(cls, case: Mapping[str, object], units: Units, remarks: Remarks) -> Sharing:
        """The conditions that the case states."""
        consent = object_of(case.get("samtycke"))
        parties = (vocabulary.squeezed(party) for party in texts_of(consent.get("undantag")))
        return cls(units, tuple(party for party in parties if party), remarks)

    def of_root(self, case: Mapping[str, object]) -> care.Provenance:
        """The plan as a whole: by the kind of the unit that owns the case."""
        owner = object_of(case.get("ägarenhet"))
        kind = vocabulary.squeezed(line_of(owner.get("typ")))
        basis = vocabulary.OWNER_BASIS.get(kind, care.LegalBasis.UNKNOWN)
        return self._provenance(
            basis, owner.get("kod"), None, kind, None, "ägarenhet.typ"
        )  # fmt: skip

    def of_message(self, message: Message) -> care.Provenance:
        """The texts of a message: by the law that the message itself states."""
        law = line_of(message.body.get("lagrum"))
        sender = line_of(message.body.get("från"))
        return self._provenance(
            vocabulary.basis_of(law, sender),
            sender,
            _wish(message.body),
            sender,
            time_of(message.body.get("sänt"), f"{message.path}.sänt", self.remarks),
            f"{message.path}.lagrum",
        )

    def of_activity(
        self, row: Mapping[str, object], message: Message, path: str
    ) -> care.Provenance:
        """One activity: by its own law only. A plan written by health care holds others' too."""
        law, unit = line_of(row.get("lagrum")), line_of(row.get("enhet"))
        actor = " ".join(filter(None, (line_of(row.get("vem")), unit)))
        return self._provenance(
            vocabulary.basis_of(law, actor),
            unit,
            _wish(row),
            actor,
            time_of(message.body.get("sänt"), f"{message.path}.sänt", self.remarks),
            f"{path}.lagrum",
        )

    def _provenance(
        self,
        basis: care.LegalBasis,
        unit: object,
        wish: bool | None,
        actor: str | None,
        recorded: datetime | None,
        path: str,
    ) -> care.Provenance:
        if basis is care.LegalBasis.UNKNOWN:
            self.remarks.add(care.QualityCode.BASIS_UNKNOWN, path, "the source states no law")
        registered = self.units.registered(line_of(unit))
        if registered.care_giver is None:
            owned = path.rpartition(".")[0]
            self.remarks.add(care.QualityCode.OWNER_UNKNOWN, owned, "no care giver is registered")
        marked = wish is not False if basis is care.LegalBasis.HSL else bool(wish)
        allowed = basis is care.LegalBasis.HSL or basis in _ON_REQUEST
        return care.Provenance(
            legal_basis=basis,
            marked_for_sharing=marked and allowed and not self._excepted(actor),
            owner=registered.care_giver,
            owner_unit=registered.unit,
            recorded_at=recorded,
        )

    def _excepted(self, actor: str | None) -> bool:
        who = f" {vocabulary.squeezed(actor)} "
        return any(f" {party}" in who for party in self.exceptions)


def _wish(body: Mapping[str, object]) -> bool | None:
    """What the source says of sharing; a word that we do not know is no leave to share."""
    written = body.get("delas")
    return None if written is None else yes_or_no(written) is True
