"""How a question ended as those see it who run the hub: in full, in part, failed, denied.

A verdict says what the hub did; the result also looks at what became of the sources.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from samsvar.model.exchange import Decision, Reason, Verdict

WENT_WELL = frozenset({Reason.ANSWERED, Reason.ANSWERED_EMPTY, Reason.DENIED})
#: never asked, and nothing is missing for it
NOT_ASKED = frozenset(
    {Reason.NOT_INDEXED, Reason.NOT_PERMITTED, Reason.OWN_ADDRESS, Reason.FILTERED_BY_SOURCE}
)


class Result(IntEnum):
    """The numbers are stored."""

    FULL = 0
    PART = 1
    FAILED = 2
    DENIED = 3


def result_of(verdict: Verdict, decisions: Iterable[Decision]) -> Result:
    """FAILED too, where nobody who was asked gave anything."""
    if verdict is Verdict.REFUSED:
        return Result.DENIED
    if verdict is Verdict.FAILED:
        return Result.FAILED
    well = badly = 0
    for decision in decisions:
        if decision.reason in WENT_WELL:
            well += 1
        elif decision.reason not in NOT_ASKED:
            badly += 1
    if not badly:
        return Result.FULL
    return Result.PART if well else Result.FAILED
