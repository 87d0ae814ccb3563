"""What the pipeline needs of the world, as narrow protocols. Implementations say *how*."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.engagement import Engagement, EngagementFilter
from samsvar.model.exchange import Call, Question, QuestionRecord, Recipient, Reply


class Clock(Protocol):
    """The time of day, and a clock that never goes back."""

    def now(self) -> datetime:
        """Aware wall time."""

    def monotonic(self) -> float:
        """Seconds; for deadlines only."""


class CatalogueSource(Protocol):
    """Where the catalogue in force is found."""

    def current(self) -> Catalogue:
        """The catalogue in force.

        Raises:
            CatalogueUnavailable: none has been loaded.
        """


class EngagementIndex(Protocol):
    """Which sources know something about a person."""

    async def find(self, wanted: EngagementFilter) -> Sequence[Engagement]:
        """All posts that match, in a stable order.

        Raises:
            EngagementIndexUnavailable: never an empty answer instead.
        """


class Transport(Protocol):
    """Carries one question to one producer."""

    async def ask(
        self, call: Call, question: Question, recipient: Recipient, patience: float
    ) -> Reply:
        """The producer's answer, read and checked, within ``patience`` seconds.

        Raises:
            ProducerError: whatever went wrong at that producer.
        """


class AccessLog(Protocol):
    """The append-only record of who asked what and what left the house."""

    async def append(self, record: QuestionRecord) -> None:
        """Returns when the record is durable.

        Raises:
            AuditUnavailable: it could not be made durable.
        """
