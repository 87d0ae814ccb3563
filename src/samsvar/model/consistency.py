"""How true the engagement index is of one source: what its answers say of the posts about it.

Source: the decisions of answered questions. Knows the figures, not where they come from.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Consistency:
    """Figures of one source and contract since counting began."""

    contract: str
    logical_address: str
    producer: str
    """Id in the registry, as it was last."""
    indexed_answers: int
    """Answers to questions that the index led here."""
    indexed_empty: int
    """Those without a record: a post too many, or a question whose own filters left nothing."""
    direct_answers: int
    """Answers with records to questions that were addressed here and not led by the index."""
    direct_not_indexed: int
    """Those about somebody whom the index did not name this source for: a post too few."""
    last_at: str
    """When the last question that counts was asked, ISO 8601, UTC."""
