"""Engagements: which source system holds something about a person.

Source: itintegration:engagementindex 1.0. Knows the fields and what makes two the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Engagement:
    """One post of the index. Texts as sent; ``None`` where the post has no value."""

    resident: str = field(repr=False)
    """12 characters (``[0-9]{8}[0-9A-Zptf]{4}``); personal data, hence not printed."""
    service_domain: str
    categorization: str
    logical_address: str
    business_object: str
    interest: str
    source_system: str
    data_controller: str
    owner: str
    most_recent_content: str | None = None
    creation_time: str | None = None
    update_time: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The nine fields that make two posts the same; case counts."""
        return (
            self.resident,
            self.service_domain,
            self.categorization,
            self.logical_address,
            self.business_object,
            self.source_system,
            self.data_controller,
            self.owner,
            self.interest,
        )


@dataclass(frozen=True, slots=True)
class EngagementTransaction:
    """One row of an Update: store the engagement, or delete it."""

    delete: bool
    engagement: Engagement


@dataclass(frozen=True, slots=True)
class EngagementFilter:
    """What FindContent asks for: every given field must match exactly (pR2);
    ``most_recent_content`` means at or after."""

    resident: str = field(repr=False)
    service_domain: str
    categorization: str | None = None
    logical_address: str | None = None
    business_object: str | None = None
    interest: str | None = None
    source_system: str | None = None
    data_controller: str | None = None
    owner: str | None = None
    most_recent_content: str | None = None


@dataclass(frozen=True, slots=True)
class UpdateCounts:
    """What an Update did. ``stored + updated + deleted + unchanged`` = transactions sent."""

    stored: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
