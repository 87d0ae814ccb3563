"""The Content-Type of an envelope: what may be read, and in which charset.

Knows RFC 9110 (8.3) and what Basic Profile 1.1 leaves of it: ``text/xml`` in UTF-8 or UTF-16.
Neutral, as the same label stands on requests and on producers' answers.
"""

from __future__ import annotations

import re
from functools import lru_cache

from samsvar.soap.parsing import CHARSETS, XmlRefused

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE = re.compile(rf"[ \t]*({_WORD}/{_WORD})[ \t]*")
_PARAMETER = re.compile(rf';[ \t]*(?:({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*"))?[ \t]*')
_LONGEST = 512  # a label is some tens of characters; RFC 9110 sets no limit


class MediaTypeRefused(Exception):
    """Not an envelope's label: answered with 415, and the body is never read."""


@lru_cache(maxsize=64)  # consumers send a handful of different labels, with every request
def charset_of(content_type: str | None) -> str | None:
    """The charset that the label names, for ``parse``; None if it names none.

    Raises:
        MediaTypeRefused: no label, another media type, or a charset that is not read: 415.
        XmlRefused: the label contradicts itself, so that two readers could read two things.
    """
    if content_type is None or len(content_type) > _LONGEST:
        raise MediaTypeRefused("no Content-Type of text/xml")
    kind = _TYPE.match(content_type)
    if kind is None or kind[1].lower() != "text/xml":
        raise MediaTypeRefused("the Content-Type is not text/xml")
    charsets = set()
    position = kind.end()
    while position < len(content_type):
        parameter = _PARAMETER.match(content_type, position)
        if parameter is None:
            raise MediaTypeRefused("the Content-Type cannot be read")
        if (parameter[1] or "").lower() == "charset":
            charsets.add(parameter[2].strip('"').lower())
        position = parameter.end()
    if len(charsets) > 1:
        raise XmlRefused("charset", "two charset parameters that differ")
    charset = next(iter(charsets), None)
    if charset is not None and charset not in CHARSETS:
        raise MediaTypeRefused("the charset is neither UTF-8 nor UTF-16")
    return charset
