"""Checks of the records in the first answer: one for each row of ``record_rules``."""

from __future__ import annotations

from samsvar.bench.checks.common import Judge
from samsvar.bench.evidence import Evidence
from samsvar.bench.model import Area, Check, Judgement, broken, fine, places, unknown
from samsvar.bench.record_rules import RECORD_RULES, RecordRule
from samsvar.bench.swedish import in_swedish


def _by(rule: RecordRule) -> Judge:
    def judged(seen: Evidence) -> Judgement:
        stopped = seen.without_answer("known")
        if stopped is not None:
            return stopped
        if not rule.of_result and not seen.read("known").records:
            return unknown("Det finns inga poster att bedöma.", "There are no records.", "known")
        found = list(rule.find(seen.known()))
        if not found:
            return fine("known")
        where = places(found)
        return broken(f"Bryts i {in_swedish(where)}.", f"Broken at {where}.", "known")

    return judged


RECORDS: tuple[Check[Evidence], ...] = tuple(
    Check(
        rule.id,
        Area.RECORDS,
        rule.swedish,
        rule.english,
        rule.source,
        rule.severity,
        _by(rule),
        rule.kinds,
    )
    for rule in RECORD_RULES
)
