"""Which characters a text may hold when it leaves as XML, XHTML or JSON.

Knows XML 1.0's set of characters, which the FHIR string type narrows no further in practice.
Knows no document.
"""

from __future__ import annotations

import re

# XML 1.0, section 2.2: what a document can hold at all; no escape helps the others.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """The text without the characters that no XML document can hold."""
    return _NOT_XML.sub("", text)
