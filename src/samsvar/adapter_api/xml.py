"""XML answers of source systems, read by the hub's own hardened rules and no others.

An adapter that hands a document to a library with a parser of its own hands it over from here:
what comes out has no DOCTYPE, no entities, and no more nodes than an answer may have. Source
systems also write Latin-1, which the service contracts do not allow: it is turned into UTF-8
before the rules are applied.
"""

from __future__ import annotations

import re

from lxml import etree

from samsvar.errors import ProducerAnswerInvalid
from samsvar.soap.parsing import ANSWER_LIMITS, Limits, XmlRefused, parse

# What older systems write. Latin-1 is read as its superset: smart quotes come from Windows.
_LATIN = frozenset({"iso-8859-1", "iso8859-1", "latin-1", "latin1", "windows-1252", "cp1252"})
_SAID_ENCODING = re.compile(rb"""<\?xml[^>]{0,80}\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,20})["']""")


def checked_element(
    body: bytes, charset: str | None = None, limits: Limits = ANSWER_LIMITS
) -> etree._Element:
    """The root of a document from a source; ``charset`` is what its Content-Type says, if it
    says anything. Only then is the document's own declaration not asked.

    Raises:
        ProducerAnswerInvalid: it is no XML that the hub reads; the text says why.
    """
    if len(body) > limits.size:
        raise ProducerAnswerInvalid(f"the answer is larger than {limits.size} bytes")
    label = charset
    if label is None and (said := _SAID_ENCODING.match(body)):
        label = said[1].decode("ascii") if said[1].decode("ascii").lower() in _LATIN else None
    if label is not None and label.lower() in _LATIN:
        # The five bytes that mean nothing in Windows-1252 are control characters in Latin-1.
        body, label = body.decode("cp1252", "replace").encode("utf-8"), "utf-8"
    try:
        return parse(body, charset=label, limits=limits).root
    except XmlRefused as refused:
        raise ProducerAnswerInvalid(f"the answer is no XML that is read: {refused}") from refused


def checked_xml(body: bytes, charset: str | None = None, limits: Limits = ANSWER_LIMITS) -> bytes:
    """The same document, checked and written again as plain UTF-8.

    Raises:
        ProducerAnswerInvalid: it is no XML that the hub reads; the text says why.
    """
    return etree.tostring(checked_element(body, charset, limits), encoding="utf-8")
