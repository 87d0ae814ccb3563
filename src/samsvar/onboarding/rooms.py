"""Words in which the console is told of versions of the registry and of the access log's state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from samsvar.model.words import Words
from samsvar.registry.difference import RowChange


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
class Loss:
    """What would go if a draft or an old version were put in force: so much that it is asked."""

    of: tuple[tuple[Words, int, int], ...]
    """Of what too much would go, how many there are now, how many there would be."""
    rows: tuple[RowChange, ...]
    """Every row that would be gone."""
    seen: str
    """Stands for just this content in place of just the version in force."""


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
