"""What an answer is worth: whole, honest about what it lacks, or wrong.

Whole: every source's records, as many as when nothing was hurt. Honest: a status row with a code
for each source that is missing, a fault with a code of ours, or 503 that says when to come back.
All else is wrong: a source that is missing without a word, fewer records, a page that says
nothing. Knows GetCarePlans 2, Update 1 and their faults as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from bench.kills.production import SOURCES
from bench.messages import HUB
from samsvar.observe.masking import masked
from samsvar.soap.parsing import ANSWER_LIMITS, XmlRefused, parse

_STATUS = "{urn:riv:interoperability:headers:1}"
_FAULT = re.compile(rb"<faultstring[^>]*>((?:VP|EI)\d{3}[^<]*)<")
_RECORD = re.compile(rb"</(?:[^<>:]+:)?carePlanHeader>")
_ACCEPTED = re.compile(rb":ResultCode>OK<")
_SHORT = 160


class Ended(Enum):
    """How a question ended for the one who asked."""

    WELL = "well"
    HONEST = "honest fault or status"
    CUT = "no answer, connection lost"
    WRONG = "wrong, or a word that says nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one answer."""

    ended: Ended
    records: int = 0
    missing: frozenset[str] = frozenset()
    """Sources that said nothing, each with a status; of a fault: all that were asked."""
    words: str = ""
    """What it said of what was missing. No person stands there."""


def judged(address: str, status: int, headers: Mapping[str, str], body: bytes) -> Verdict:
    """An answer to a question that was put to ``address``: the hub itself, or one source."""
    asked = frozenset(SOURCES) if address == HUB else frozenset({address})
    if status != 200:
        words = refusal(status, headers, body)
        return _verdict(words, asked, f"HTTP {status} without a fault of ours")
    records = len(_RECORD.findall(body))
    if address != HUB:
        if records:
            return Verdict(Ended.WELL, records)
        return Verdict(Ended.WRONG, 0, asked, "an answer of one source without a record")
    try:
        missing, said = _missing(body)
    except XmlRefused as error:
        return Verdict(Ended.WRONG, records, asked, f"unreadable: {error}")
    if said is None:
        return Verdict(Ended.WRONG, records, missing, "a source is missing without a word")
    return Verdict(Ended.HONEST if missing else Ended.WELL, records, missing, said)


def accepted(status: int, body: bytes) -> bool:
    """Whether an Update was acknowledged."""
    return status == 200 and _ACCEPTED.search(body) is not None


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> str:
    """What a refusal says to those who must act; empty: nothing."""
    fault = _FAULT.search(body)
    if status == 500 and fault is not None:
        return masked(fault[1].decode(errors="replace"))[:_SHORT]
    if status == 503 and "Retry-After" in headers:
        return f"503: {masked(body.decode(errors='replace').strip())[:_SHORT]}"
    return ""


def _verdict(words: str, asked: frozenset[str], otherwise: str) -> Verdict:
    if words:
        return Verdict(Ended.HONEST, 0, asked, words)
    return Verdict(Ended.WRONG, 0, asked, otherwise)


def _missing(body: bytes) -> tuple[frozenset[str], str | None]:
    """Sources without records, and what is said of them; None: of one of them nothing is said."""
    root = parse(body, charset="utf-8", limits=ANSWER_LIMITS).root
    rows = list(root.iter(f"{_STATUS}ProcessingStatusList"))
    named = [row.findtext(f"{_STATUS}logicalAddress") or "" for row in rows]
    missing, words = set(), set()
    for address, row in zip(named, rows, strict=True):
        if row.findtext(f"{_STATUS}statusCode") == "DataFromSource":
            continue
        missing.add(address)
        error = row.find(f"{_STATUS}lastUnsuccessfulSynchError")
        told = " ".join(each.text or "" for each in error) if error is not None else ""
        if not told.strip():
            return frozenset(missing), None
        words.add(told)
    if sorted(named) != sorted(SOURCES):
        return frozenset(SOURCES) - frozenset(named), None
    return frozenset(missing), masked("; ".join(sorted(words)))[:_SHORT]
