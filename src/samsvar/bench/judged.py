"""One answer, ready to be judged by the rules that need nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from samsvar.bench.reading import Read
from samsvar.model.identifiers import PersonId


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered, about whom it was asked, at which address, and when."""

    read: Read
    person: PersonId
    address: str
    now: datetime
    schema_faults: tuple[str, ...] = field(default=())


def answered(
    read: Read,
    person: PersonId,
    address: str,
    now: datetime,
    check_response: Callable[[Any], Sequence[object]],
) -> Answered:
    """Judge the schema once; every rule sees the same answer."""
    response = read.response
    faults = () if response is None else tuple(str(fault) for fault in check_response(response))
    return Answered(read, person, address, now, faults)
