"""What rows of the access log add to its digest, gathered until they are written together.

Pure: a row in, numbers and counts out. Looks at no person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from samsvar.model.exchange import Decision, Reason, Verdict
from samsvar.model.result import NOT_ASKED, WENT_WELL, result_of
from samsvar.pipeline.index_service import INDEX_CONTRACTS
from samsvar.pipeline.registry_service import REGISTRY_CONTRACTS
from samsvar.pipeline.security_service import SECURITY_CONTRACTS
from samsvar.store.digest_tables import DAY_MS, HOUR_MS, MINUTE_MS, pace_of

Number = Callable[[str, str], int]
_SERVICES = {*INDEX_CONTRACTS, *REGISTRY_CONTRACTS, *SECURITY_CONTRACTS}
"""What is asked of the hub itself: in the lists, not in the figures of answered questions."""


@dataclass(slots=True)
class Batch:
    """What some rows add."""

    questions: list[dict[str, Any]] = field(default_factory=list)
    sources: list[dict[str, Any]] = field(default_factory=list)
    minutes: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    hours: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    last: dict[tuple[int], dict[str, Any]] = field(default_factory=dict)
    paces: Counter[tuple[int, int, int]] = field(default_factory=Counter)
    day_paces: Counter[tuple[int, int, int]] = field(default_factory=Counter)

    def take(self, row: Mapping[str, Any], number: Number) -> None:
        """Add one row of the log. ``number``: of a word, by its kind and text.

        Raises:
            ValueError, KeyError, TypeError: the row cannot be read; nothing was added.
        """

        def word(kind: str, text: str | None) -> int | None:
            return None if text is None else number(kind, text)

        decisions = [_decision(one) for one in orjson.loads(row["decisions"])]
        at = int(datetime.fromisoformat(row["at"]).timestamp() * 1000)
        millis = round(row["elapsed"] * 1000)
        result = result_of(Verdict(row["verdict"]), decisions)
        asked = [one for one in decisions if one.reason not in NOT_ASKED]
        self.questions.append(
            {
                "sequence": row["sequence"],
                "at": at,
                "result": int(result),
                "sender": word("sender", row["sender"]),
                "contract": word("contract", row["contract"]),
                "millis": millis,
                "asked": len(asked),
                "lost": sum(one.reason not in WENT_WELL for one in asked),
                "items": row["items"],
            }
        )
        if row["contract"] not in _SERVICES:
            self.minutes[at // MINUTE_MS, int(result), pace_of(millis)] += 1
        slowest, waited = _held_up(asked)
        for decision in {one.logical_address: one for one in decisions}.values():
            source = number("source", decision.logical_address)
            took = None if decision.elapsed is None else round(decision.elapsed * 1000)
            reason = number("reason", decision.reason.value)
            self.sources.append(
                {
                    "source": source,
                    "sequence": row["sequence"],
                    "reason": reason,
                    "millis": took,
                    "items": decision.items,
                }
            )
            if took is None or decision.producer is None:
                continue
            producer = number("producer", decision.producer)
            self._count(
                at,
                source,
                producer,
                reason,
                decision,
                waited if decision is slowest else None,
            )
            self.paces[at // HOUR_MS, source, pace_of(took)] += 1
            self.day_paces[at // DAY_MS, source, pace_of(took)] += 1

    def _count(
        self,
        at: int,
        source: int,
        producer: int,
        reason: int,
        decision: Decision,
        waited: int | None,
    ) -> None:
        hour = self.hours.setdefault(
            (at // HOUR_MS, source),
            {"producer": producer, "asked": 0, "failed": 0, "empty": 0, "slowest": 0, "waited": 0},
        )
        last = self.last.setdefault(
            (source,),
            {"producer": producer, "last_well": None, "last_badly": None, "last_reason": None},
        )
        last["producer"] = producer
        hour["producer"] = producer
        hour["asked"] += 1
        if waited is not None:
            hour["slowest"] += 1
            hour["waited"] += waited
        if decision.reason in WENT_WELL:
            hour["empty"] += decision.reason is Reason.ANSWERED_EMPTY
            last["last_well"] = max(at, last["last_well"] or 0)
        else:
            hour["failed"] += 1
            last["last_badly"], last["last_reason"] = at, reason


def _decision(stored: Mapping[str, Any]) -> Decision:
    return Decision(
        stored["logical_address"],
        Reason(stored["reason"]),
        items=stored["items"],
        elapsed=stored["elapsed"],
        producer=stored["producer"],
    )


def _held_up(asked: Sequence[Decision]) -> tuple[Decision | None, int]:
    """Who answered last, and for how many milliseconds all others had to wait for that one."""
    times = sorted(((one.elapsed, place) for place, one in enumerate(asked) if one.elapsed))
    if not times:
        return None, 0
    last, place = times[-1]
    before = times[-2][0] if len(times) > 1 else 0.0
    return asked[place], round((last - before) * 1000)
