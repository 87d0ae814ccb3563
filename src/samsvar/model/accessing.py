"""Who wants to see what of whom, as consents and blocks ask it. Knows no rule and no storage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samsvar.model.identifiers import HsaId, folded


@dataclass(frozen=True, slots=True)
class Accessing:
    """Who wants to see: the care giver (vårdgivare or omsorgsgivare), its unit, the employee."""

    care_giver: HsaId
    care_unit: HsaId | None = None
    employee: HsaId | None = None


@dataclass(frozen=True, slots=True)
class BlockQuestion:
    """Information of one owner, registered in a period; no period: at any time."""

    owner: HsaId
    owner_unit: HsaId | None = None
    start: datetime | None = None
    end: datetime | None = None
    information_type: str | None = None
    """Only ``lak`` and ``upp`` say anything; None and all others: unspecified."""


def same(one: str | None, other: str | None) -> bool:
    """Whether both are known, and name the same; their case means nothing."""
    return one is not None and other is not None and folded(one) == folded(other)
