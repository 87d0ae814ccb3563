"""Engagements: which source system holds something about a person, and who hears of changes.

Source: itintegration:engagementindex 1.0. Knows the fields, what makes two the same, and which
changes a subscriber wants to hear of.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from samsvar.model.catalogue import PermissionFilter
from samsvar.model.identifiers import LogicalAddress, folded


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
    """What a message did. ``stored + updated + deleted + unchanged`` = transactions sent."""

    stored: int = 0
    updated: int = 0
    deleted: int = 0
    unchanged: int = 0
    late: int = 0
    """Those of ``unchanged`` that told of an older state than the one that is stored."""
    replaced: int = 0
    """Posts of our own that gave way to the same post of another owner (R5)."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Another index, which is told of changes by ProcessNotification."""

    address: LogicalAddress
    filters: tuple[PermissionFilter, ...] = ()
    """None: everything."""

    def wants(self, post: Engagement) -> bool:
        """Whether any filter lets the post through; case does not count."""
        return not self.filters or any(
            folded(wanted.service_domain) == folded(post.service_domain)
            and (
                not wanted.categorizations
                or folded(post.categorization) in map(folded, wanted.categorizations)
            )
            for wanted in self.filters
        )


@dataclass(frozen=True, slots=True)
class Audience:
    """Who hears of what one message changes, and what they are told of its way here."""

    subscribers: tuple[Subscriber, ...] = ()
    correlation_id: str = "-"
    history: str = ""
    """Who has had the news already, as ``x-rivta-routing-history`` writes it."""

    def for_post(self, post: Engagement) -> tuple[LogicalAddress, ...]:
        """Whom a change of this post is told. Its owner is not: that is where it comes from."""
        return tuple(
            subscriber.address
            for subscriber in self.subscribers
            if folded(subscriber.address) != folded(post.owner) and subscriber.wants(post)
        )


NOBODY = Audience()


@dataclass(frozen=True, slots=True)
class Notification:
    """One change on its way to one subscriber."""

    number: int
    """Its place in the order of all changes."""
    transaction: EngagementTransaction
    correlation_id: str
    history: str
    refusals: int = 0
    """How often the subscriber has looked at this very change and said no."""
    written: str = ""
    """When it went into the outbox, ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What another index's outbox knows of changes that it tells: enough to have each once, and
    none after a later one of the same post."""

    teller: str
    """Its HSA-id."""
    numbers: tuple[int, ...]
    """Of each change: its place in that outbox."""
    written: tuple[str, ...]
    """And when it went into it, ISO 8601, UTC."""
