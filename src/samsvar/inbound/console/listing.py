"""Questions in a list: filters as they stand in the address, and rows as they are shown.

Pure but for looking up correlation ids. A filter that cannot be read is told, not passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Shown
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.questions import Line, Search
from samsvar.model.result import Result
from samsvar.registry import Registry

RESULT_NAMES = {"full": Result.FULL, "part": Result.PART, "failed": Result.FAILED}
RESULT_NAMES["denied"] = Result.DENIED
#: name -> hours back from now
RANGES = {"15m": 0.25, "1h": 1.0, "12h": 12.0, "24h": 24.0, "7d": 168.0}
FILTERS = ("range", "from", "to", "result", "consumer", "contract", "source", "over")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Shell:
    """One question, with what people call things."""

    line: Line
    correlation_id: str
    sender_name: str | None


def lines_of(lines: Iterable[Line], world: ConsoleWorld, names: Mapping[str, str]) -> list[Shell]:
    """Rows for a page."""
    found = list(lines)
    ids = world.questions.correlations([line.sequence for line in found])
    return [
        Shell(
            line, ids.get(line.sequence, ""), names.get(folded(LogicalAddress(line.sender or "")))
        )
        for line in found
    ]


def search_of(
    query: Mapping[str, str], now: datetime, registry: Registry
) -> tuple[Search, Mapping[str, str]]:
    """What the address asks for, and the filters that count, as they are written again.

    Raises:
        Shown: a filter cannot be read.
    """
    told = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
    since = until = None
    if "range" in told:
        hours = RANGES.get(told["range"])
        if hours is None:
            raise _unreadable("range")
        since = now - timedelta(hours=hours)
    if "from" in told:
        since = _moment(told["from"], "from")
    if "to" in told:
        until = _moment(told["to"], "to")
    result = RESULT_NAMES.get(told.get("result", ""))
    if "result" in told and result is None:
        raise _unreadable("result")
    over = 0
    if "over" in told:
        if not re.fullmatch(r"[0-9]{1,6}", told["over"], re.ASCII):
            raise _unreadable("over")
        over = int(told["over"])
    search = Search(
        since,
        until,
        result,
        told.get("consumer"),
        told.get("contract"),
        addresses(told["source"], registry) if "source" in told else None,
        over,
    )
    return search, told


def addresses(source: str, registry: Registry) -> tuple[str, ...]:
    """The logical addresses that a producer's id stands for; an address stands for itself."""
    routed = {
        str(route.logical_address) for route in registry.routes if route.producer.id == source
    }
    return (*sorted(routed), source)


def again(told: Mapping[str, str], **changes: str | int | None) -> str:
    """The filters as they stand in an address, some of them changed; empty where there are none."""
    pairs = {**told, **changes}
    text = urlencode({name: value for name, value in pairs.items() if value not in (None, "")})
    return f"?{text}" if text else ""


def _moment(text: str, name: str) -> datetime:
    if not _MOMENT.fullmatch(text):
        raise _unreadable(name)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)
    except ValueError as error:
        raise _unreadable(name) from error


def _unreadable(name: str) -> Shown:
    return Shown(
        400,
        f"Filtret ”{name}” i adressen kan inte läsas. Ta bort det, eller välj det på sidan.",
        f"The filter “{name}” in the address cannot be read. Take it away, or choose it here.",
    )
