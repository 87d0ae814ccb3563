"""Words in which the console is told of versions of the registry and of the access log's state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Version:
    """A published version, or a draft (``number`` None)."""

    name: str
    number: int | None
    at: datetime
    who: str
    comment: str
    routes: int
    permissions: int
    base: int | None = None
    """The version that a draft was begun from."""


@dataclass(frozen=True, slots=True)
class LogState:
    """How the access log stands, as far as can be told without looking at each row."""

    rows: int
    signed_rows: int
    signed_at: str | None
    """ISO 8601, of the last head."""
    key: str
    heads_file: str | None


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification of every row has found."""

    at: datetime
    rows: int
    heads: int
    unsigned: int
    faults: tuple[str, ...]
    notes: tuple[str, ...]
