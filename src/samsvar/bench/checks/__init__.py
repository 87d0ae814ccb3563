"""All checks of the bench, in the order of a report. The rows stand in the modules beside.

``docs/bench-rules.md`` lists each with its rule; a test holds page and table together.
"""

from __future__ import annotations

from samsvar.bench.checks.connection import CONNECTION
from samsvar.bench.checks.faults import FAULTS
from samsvar.bench.checks.load import INDEX, LOAD
from samsvar.bench.checks.messages import MESSAGES
from samsvar.bench.checks.questions import QUESTIONS
from samsvar.bench.checks.records import RECORDS
from samsvar.bench.connection import DoorSeen
from samsvar.bench.evidence import Evidence
from samsvar.bench.model import Check

DOOR_CHECKS: tuple[Check[DoorSeen], ...] = CONNECTION
"""Judged once, by what was seen of the door."""

CONTRACT_CHECKS: tuple[Check[Evidence], ...] = (
    *MESSAGES,
    *FAULTS,
    *QUESTIONS,
    *RECORDS,
    *LOAD,
    *INDEX,
)
"""Judged for each contract."""

CHECKS: tuple[Check[DoorSeen] | Check[Evidence], ...] = (*DOOR_CHECKS, *CONTRACT_CHECKS)
