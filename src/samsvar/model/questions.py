"""Words in which the operators' console asks of many questions, and is told of them. No person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from samsvar.model.result import Result


@dataclass(frozen=True, slots=True)
class Search:
    """Which questions. What is None narrows nothing."""

    since: datetime | None = None
    until: datetime | None = None
    result: Result | None = None
    sender: str | None = None
    contract: str | None = None
    sources: tuple[str, ...] | None = None
    """Logical addresses; any of them was a candidate."""
    over_ms: int = 0
    """Took at least so long."""
    before: int | None = None
    """Keyset: only what stands before this row of the log."""
    after: int | None = None
    """Only what stands after it, the oldest first."""


@dataclass(frozen=True, slots=True)
class Line:
    """One question in a list."""

    sequence: int
    at: datetime
    result: Result
    sender: str | None
    contract: str | None
    millis: int
    asked: int
    lost: int
    items: int
    reason: str | None = None
    """How the source that was searched for ended."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of them, the latest first."""

    lines: tuple[Line, ...]
    go_on: int | None = None
    """Where the next page begins; None: there is no more."""
    looked_back_to: datetime | None = None
    """Set where the time was up before the page was full."""


@dataclass(frozen=True, slots=True)
class Minute:
    """Questions of one minute, by result."""

    at: datetime
    counts: Mapping[Result, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """Some time back from now."""

    minutes: tuple[Minute, ...]
    counts: Mapping[Result, int]
    median_ms: int | None
    slow_ms: int | None
    """95 of a hundred are quicker."""
    behind: int = 0
    """Rows of the log that the figures do not know yet."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """How one source has fared for some time."""

    source: str
    producer: str
    asked: int
    failed: int
    empty: int
    slowest: int
    """How many questions waited for it last of all."""
    waited_ms: int
    """For how long these waited when all others had answered, together."""
    median_ms: int | None
    slow_ms: int | None
    last_well: datetime | None
    last_badly: datetime | None
    last_reason: str | None

    @property
    def answered(self) -> int:
        """Well."""
        return self.asked - self.failed

    @property
    def failing(self) -> float:
        """0 to 1."""
        return self.failed / self.asked if self.asked else 0.0

    @property
    def filled(self) -> float | None:
        """How many of its answers had something; None: there are none."""
        return (self.answered - self.empty) / self.answered if self.answered else None
