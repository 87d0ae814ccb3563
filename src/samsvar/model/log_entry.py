"""One record of the national access log (StoreLog), as the hub fills it in.

Knows the fields, and that a patient and a user must not be printed by accident. Knows no XML.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from samsvar.model.identifiers import PersonId


@dataclass(frozen=True, slots=True)
class Resource:
    """What was reached: one kind of records, of one owner and perhaps one unit of it."""

    kind: str
    owner: str
    unit: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """Who did what with whose records of one owner, when and what for."""

    log_id: str
    """The same each time that it is sent."""
    at: datetime
    activity: str
    level: str
    arguments: str
    """What was asked, on what ground; without personal data."""
    purpose: str
    user_id: str = field(repr=False)
    user_name: str | None = field(repr=False)
    user_title: str | None
    assignment: str | None
    care_giver: str
    care_unit: str
    patient: PersonId = field(repr=False)
    resources: tuple[Resource, ...]
    system: str = ""
    """HSA-id of the hub whose log it is; empty: of the one that sends it."""


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one row of the access log has to tell a log service."""

    sequence: int
    entries: tuple[LogEntry, ...]
    cannot: str = ""
    """Why it cannot be told: it lacks what the service demands. Empty: it can."""
    refusals: int = 0
    uncertain: bool = False
    """It was sent before, and nobody knows what became of it."""


@dataclass(frozen=True, slots=True)
class LogRefusal:
    """The log service has looked at the records, and will not have them."""

    text: str
    duplicate: bool
    """It says that it has a record of that id."""
