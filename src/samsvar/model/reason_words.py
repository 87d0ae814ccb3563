"""How each reason is told to people, in Swedish and in English: for ``explain`` and the console."""

from __future__ import annotations

from collections.abc import Mapping

from samsvar.model.exchange import Reason

Words = tuple[str, str]
"""Swedish, English."""

WORDS: Mapping[Reason, Words] = {
    Reason.ANSWERED: ("svarade", "answered"),
    Reason.ANSWERED_EMPTY: ("svarade: har inget", "answered: it has nothing"),
    Reason.NOT_INDEXED: (
        "inte tillfrågad: indexet nämner den inte",
        "not asked: the index does not name it",
    ),
    Reason.NO_ROUTE: ("inte tillfrågad: vägval saknas", "not asked: no route"),
    Reason.NOT_PERMITTED: (
        "inte tillfrågad, inte nämnd: avsändaren får inte",
        "not asked, not mentioned: the sender may not",
    ),
    Reason.OWN_ADDRESS: (
        "inte tillfrågad: det är navet självt",
        "not asked: it is the hub itself",
    ),
    Reason.FILTERED_BY_SOURCE: (
        "inte tillfrågad: frågan gäller en annan källa",
        "not asked: the question wants another source",
    ),
    Reason.LATE: ("MISSLYCKADES: för sent", "FAILED: late"),
    Reason.UNREACHABLE: ("MISSLYCKADES: kan inte nås", "FAILED: unreachable"),
    Reason.FAULT: ("MISSLYCKADES: svarade med ett fel", "FAILED: it answered with a fault"),
    Reason.RESULT_ERROR: ("MISSLYCKADES: svarade result ERROR", "FAILED: it answered result ERROR"),
    Reason.INVALID: (
        "MISSLYCKADES: svaret kan inte användas",
        "FAILED: its answer cannot be used",
    ),
    Reason.FOREIGN_PATIENT: (
        "KASTADES: någon annans uppgifter",
        "DROPPED: somebody else's records",
    ),
    Reason.FOREIGN_SOURCE: (
        "KASTADES: ett annat systems uppgifter",
        "DROPPED: another system's records",
    ),
    Reason.ADAPTER_BROKE: ("MISSLYCKADES: vår adapter gick sönder", "FAILED: our adapter broke"),
    Reason.DISABLED: ("inte tillfrågad: ur drift", "not asked: out of service"),
    Reason.BREAKER_OPEN: (
        "inte tillfrågad: dess brytare är öppen",
        "not asked: its circuit breaker is open",
    ),
    Reason.BUSY: (
        "MISSLYCKADES: inte tillfrågad, för många frågor väntar på den",
        "FAILED: not asked, too many questions wait for it",
    ),
    Reason.DENIED: ("svarade: inget som får visas", "answered: nothing that may be shown"),
}


def told(reason: str) -> Words:
    """In both languages. A reason without words is told by its name."""
    known = {each.value: words for each, words in WORDS.items()}
    return known.get(reason, (reason, reason))
