"""Free text from source systems, made plain: no HTML, no control characters, one newline."""

from __future__ import annotations

import html
import re
import unicodedata

_BREAKS = re.compile(r"(?i)<\s*(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>")
_HIDDEN = re.compile(r"(?is)<\s*(script|style)\b.*?<\s*/\s*\1\s*>")
_TAG = re.compile(r"<[^<>]*>")
_RTF = re.compile(r"\\(?:[a-z]+-?\d* ?|'[0-9a-f]{2}|[{}\\])")
_BLANKS = re.compile(r"[ \t\u00a0]+")


def plain_text(text: str) -> str:
    """Text that is safe to hand on: tags and RTF words gone, entities read, NFC, trimmed lines."""
    if text.lstrip().startswith("{\\rtf"):
        text = _RTF.sub("", text).replace("{", "").replace("}", "")
    if "<" in text:
        text = _TAG.sub("", _BREAKS.sub("\n", _HIDDEN.sub("", text)))
    text = unicodedata.normalize("NFC", html.unescape(text))
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(c for c in text if c == "\n" or c == "\t" or unicodedata.category(c) != "Cc")
    lines = (_BLANKS.sub(" ", line).strip() for line in kept.split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
