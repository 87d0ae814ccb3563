"""Free text from source systems, made plain: no HTML, no control characters, one newline."""

from __future__ import annotations

import html
import re
import unicodedata

_BREAKS = re.compile(r"(?i)<\s*(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>")
_HIDDEN = re.compile(r"(?is)<\s*(script|style)\b.*?<\s*/\s*\1\s*>")
_TAG = re.compile(r"<[^<>]*>")
# Groups that are no text: fonts, colours, styles, and whatever is marked as skippable.
_RTF_HIDDEN = re.compile(
    r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_RTF_WORD = re.compile(
    r"\\u(?P<unicode>-?\d{1,5}) ?\??"  # the question mark is for readers without Unicode
    r"|\\(?P<word>[a-z]+)(?:-?\d{1,9})? ?"
    r"|\\'(?P<byte>[0-9a-fA-F]{2})|\\(?P<sign>[{}\\~])|[{}\r\n]"
)
_RTF_BREAKS = frozenset({"par", "line", "row", "page"})
_BLANKS = re.compile(r"[ \t\u00a0]+")


def plain_text(text: str) -> str:
    """Text that is safe to hand on: tags and RTF words gone, entities read, NFC, trimmed lines."""
    if text.lstrip().startswith("{\\rtf"):
        text = _RTF_WORD.sub(_rtf_text, _RTF_HIDDEN.sub("", text))
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "<" in text:
        text = _TAG.sub("", _BREAKS.sub("\n", _HIDDEN.sub("", text)))
    text = unicodedata.normalize("NFC", html.unescape(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c == "\n" or c == "\t" or unicodedata.category(c) != "Cc")
    lines = (_BLANKS.sub(" ", line).strip() for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _rtf_text(match: re.Match[str]) -> str:
    """What one control of RTF stands for; formatting and bare line ends stand for nothing."""
    if match["byte"]:
        return bytes.fromhex(match["byte"]).decode("cp1252", "replace")  # as its word ansi says
    if match["sign"]:
        return "\u00a0" if match["sign"] == "~" else match["sign"]
    if match["unicode"]:
        return chr(int(match["unicode"]) % 0x10000)  # written as a signed 16-bit number
    if match["word"] == "tab":
        return "\t"
    return "\n" if match["word"] in _RTF_BREAKS else ""
