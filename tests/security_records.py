"""Consents and blocks for tests: fictive people, invented HSA-ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from samsvar.model.accessing import Accessing
from samsvar.model.blocks import BlockRecord, BlockType, RevokeReason, TemporaryRevoke
from samsvar.model.catalogue import CareGiverKind
from samsvar.model.consents import AssertionType, ConsentRecord
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.person_numbers import PERSONNUMMER
from samsvar.model.registration import Action, Employee

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
TOLVAN = PersonId(PERSONNUMMER, "191212121212")
CHILD = PersonId(PERSONNUMMER, "202101012397")
REGION, BOARD = HsaId("SE2129999963-REGION"), HsaId("SE2129999963-NAMND")
WARD, CLINIC = HsaId("SE2129999963-AVD1"), HsaId("SE2129999963-MOTT2")
NURSE, DOCTOR = HsaId("SE2129999963-SSK1"), HsaId("SE2129999963-LAK2")
ACTION = Action(NOW - DAY, Employee(NURSE), NOW - DAY, Employee(NURSE), "Önskemål vid besök")
AT_WARD = Accessing(REGION, WARD, NURSE)
CONSENT = ConsentRecord("c-1", AssertionType.CONSENT, TOLVAN, REGION, WARD, NOW - DAY, ACTION)
BLOCK = BlockRecord("b-1", BlockType.OUTER, TOLVAN, REGION, ACTION)


def consent(**changed: Any) -> ConsentRecord:
    """A consent for all of the ward, from yesterday on."""
    return replace(CONSENT, **changed)


def block(**changed: Any) -> BlockRecord:
    """An outer block of all that the region has."""
    return replace(BLOCK, **changed)


def inner(**changed: Any) -> BlockRecord:
    """An inner block of all that the ward has."""
    return replace(BLOCK, kind=BlockType.INNER, care_unit=WARD, **changed)


def revoke(**changed: Any) -> TemporaryRevoke:
    """Until tomorrow, for all of the clinic."""
    made = TemporaryRevoke("r-1", NOW + DAY, CLINIC, RevokeReason.CONSENT, ACTION)
    return replace(made, **changed)


def kind_of(identifier: str) -> CareGiverKind | None:
    """The region is a vårdgivare, the board an omsorgsgivare; nobody else is known."""
    kinds = {REGION: CareGiverKind.VG, BOARD: CareGiverKind.OG}
    return kinds.get(HsaId(identifier))
