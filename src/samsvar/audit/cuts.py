"""Where an access log begins that was let go of in order: a signed head, its tree, and a row.

Old rows may go once the law lets them. What is left is proven on from the tree at a signed head:
the roots of its whole subtrees stand in for the rows that went. A row of the log itself tells of
it, and the next head signs for that row: so nobody lets go of rows unseen, and, since both heads
say when they were signed, nobody of rows that are younger than the law demands.
Calculation on what is handed in. Knows no table and no clock.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from samsvar.audit.heads import Head
from samsvar.audit.merkle import CompactRange
from samsvar.audit.row_form import NAMES

LAW_YEARS: Final = 5
"""How long the log is kept at least (HSLF-FS 2016:40 ch. 4, 9 §)."""
DROP: Final = "urn:samsvar:audit:drop:1"
"""The contract of rows that tell of it."""
_TOLD = re.compile(r"rows 1 to (\d+) let go: before (\d{4}-\d\d-\d\d); root ([0-9a-f]{64})")
_CONTRACT, _DETAIL = NAMES.index("contract"), NAMES.index("fault_detail")


@dataclass(frozen=True, slots=True)
class Cut:
    """The log begins after this tree; ``told_in``: the row that says so."""

    tree: CompactRange
    told_in: int


def told(tree: CompactRange, before: date) -> str:
    """What the row says."""
    return f"rows 1 to {tree.size} let go: before {before.isoformat()}; root {tree.root.hex()}"


def years_before(moment: datetime, years: int) -> datetime:
    """The same day so many years earlier; the 28th for a 29th of February."""
    try:
        return moment.replace(year=moment.year - years)
    except ValueError:
        return moment.replace(year=moment.year - years, day=28)


def wrong_with(cut: Cut, teller: Sequence[Any] | None, heads: Sequence[Head]) -> str | None:
    """Why the log may not begin there; None: it may.

    Args:
        teller: the values of the row that should tell of it, whose leaf has been held against it.
        heads: all that are signed, by size.
    """
    size = cut.tree.size
    at_cut = [head for head in heads if head.size == size]
    if not any(head.root == cut.tree.root.hex() for head in at_cut):
        return f"rows 1 to {size} are gone, and no signed head is of the tree that they left"
    found = _TOLD.fullmatch(str(teller[_DETAIL])) if teller is not None else None
    if (
        teller is None
        or found is None
        or teller[_CONTRACT] != DROP
        or (int(found[1]), found[3]) != (size, cut.tree.root.hex())
    ):
        return f"rows 1 to {size} are gone, and row {cut.told_in} does not tell of it"
    signing = next((head for head in heads if head.size >= cut.told_in), None)
    if signing is None:
        return f"rows 1 to {size} are gone, and no head has been signed over the row that tells so"
    signed_at = datetime.fromisoformat(signing.at)
    if max(datetime.fromisoformat(head.at) for head in at_cut) > years_before(signed_at, LAW_YEARS):
        return f"rows 1 to {size} were let go before the law's {LAW_YEARS} years had passed"
    return None
