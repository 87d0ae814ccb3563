"""What of an exchange may stand in a report: no person's number, no document, no free text.

The test persons' numbers are replaced wherever they stand, in every spelling; whatever else
looks like a number is masked too. A test person may be somebody real in a test environment that
was filled from production.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from samsvar.bench.model import Shown
from samsvar.bench.wire import Exchanged
from samsvar.model.identifiers import PersonId
from samsvar.observe.masking import masked

HIDDEN = "[masked]"
LONGEST = 6000
"""Characters of a message in a report: enough for some records."""
_FREE_TEXT = (
    "value|documentTitle|careContactReason|healthcareProfessionalName|legalAuthenticatorName"
    "|orgUnitAddress|orgUnitTelecom|orgUnitEmail|originalText|nullifiedReason|dateOfBirth"
)
_FREE = re.compile(rf"(<(?:[\w.-]+:)?({_FREE_TEXT})(?:\s[^<>]*)?>)([^<]+)(</)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]{200,}")
_HEADERS = ("content-type", "content-length", "content-encoding", "connection", "soapaction")
_BETWEEN_TAGS = re.compile(r"(?<=>)\s*(?=<)")
_OPENS = re.compile(r"<[A-Za-z_]")
_CONTROL = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd]")


class Mask:
    """Masks for one run: it knows the test persons' numbers."""

    def __init__(self, persons: Sequence[PersonId]) -> None:
        spelled = sorted({each for person in persons for each in _spellings(person)}, key=len)
        self._numbers = re.compile("|".join(map(re.escape, reversed(spelled))))

    def text(self, text: str) -> str:
        """The text without numbers."""
        return masked(self._numbers.sub(HIDDEN, text)).replace("<masked>", HIDDEN)

    def exchange(self, name: str, exchange: Exchanged) -> Shown:
        """One exchange as a report may show it."""
        sent = _head("POST" if exchange.sent else "GET", exchange.sent_headers)
        if exchange.failure is not None:
            received = f"({exchange.failure})"
        else:
            received = _head(f"HTTP {exchange.status}", exchange.headers)
            received += self._body(exchange.body)
        return Shown(name, sent + self._body(exchange.sent), received, exchange.seconds)

    def _body(self, body: bytes) -> str:
        text = body.decode("utf-8", "replace")
        text = _FREE.sub(r"\1…\4", text)
        text = self.text(_BASE64.sub("…", text))
        text = _in_lines(_CONTROL.sub("\ufffd", text))
        cut = len(text) - LONGEST
        return text if cut <= 0 else f"{text[:LONGEST]}\n… (+{cut})"


def _in_lines(text: str) -> str:
    """The message with a line for each element, as people read XML. Only for the eye: a report is
    no copy of the bytes."""
    depth, lines = 0, []
    for piece in _BETWEEN_TAGS.split(text):
        closing = piece.startswith("</")
        depth -= closing
        lines.append("  " * min(max(depth, 0), 12) + piece)
        opens = _OPENS.match(piece) is not None
        depth += opens and not piece.endswith("/>") and "</" not in piece
    return "\n".join(lines)


def _spellings(person: PersonId) -> tuple[str, ...]:
    number = person.extension
    if len(number) != len("YYYYMMDDNNNN"):
        return (number,)
    short = number[2:]
    return (
        number,
        short,
        f"{number[:8]}-{number[8:]}",
        f"{short[:6]}-{short[6:]}",
        f"{short[:6]}+{short[6:]}",
    )


def _head(first: str, headers: Mapping[str, str]) -> str:
    lines = [f"{name}: {value}" for name, value in headers.items() if name.lower() in _HEADERS]
    return "\n".join([first, *lines, "", ""])
