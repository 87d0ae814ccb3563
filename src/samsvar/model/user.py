"""Who asks, where a person does: what a token or an actor header has proven, and what is stated.

Knows the words of both, and that a name or a number must not be printed by accident. Knows no
token, no rule, and not which kind of care giver somebody works for: the registry says that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from samsvar.model.identifiers import HsaId, PersonId


class UserKind(StrEnum):
    """Staff of a care giver, or somebody who comes for own access."""

    STAFF = "staff"
    CITIZEN = "citizen"


class Capacity(StrEnum):
    """In what capacity a citizen reads: for oneself, as guardian, as an adult's agent (ombud)."""

    SELF = "self"
    GUARDIAN = "guardian"
    AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person who has logged in. Everything that names the person is kept out of ``repr``."""

    kind: UserKind
    subject: str = field(repr=False)
    """Who, as the issuer says it (``sub``); for logs it is hashed."""
    issuer: str
    assurance: int
    """Level of assurance, 1 to 4; 3 and over is strong authentication."""
    until: datetime | None = None
    """When the session ends."""
    hsa_id: HsaId | None = None
    name: str | None = field(repr=False, default=None)
    title: str | None = None
    assignment: str | None = None
    """Medarbetaruppdrag: its identifier."""
    care_giver: HsaId | None = None
    care_unit: HsaId | None = None
    purpose: str | None = None
    """A word of ``access.words.Purpose``; None: none was stated, or none that we know."""
    person: PersonId | None = None
    """A citizen's own number."""
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a user states for one question; nobody but the user can know it. Left out: unknown."""

    capacity: Capacity = Capacity.SELF
    """For citizens."""
    relevance: bool | None = None
    """The data can be assumed to matter for the purpose."""
    need: bool | None = None
    """Takes part in the care, or needs the data for the work there."""
    necessary: bool | None = None
    """The care, service or investigation is necessary (a person who cannot consent)."""
    emergency: bool | None = None
    emergency_reason: str | None = field(repr=False, default=None)
    """Demanded with ``emergency``."""
    indispensable: bool | None = None
    """The data can be assumed needed for care that the person must have."""
    consent_unobtainable: bool | None = None
    """The person cannot be asked, for whatever reason."""
