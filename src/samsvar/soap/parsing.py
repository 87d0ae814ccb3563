"""THE door for XML: the only module that lets libxml2 see bytes.

Knows how a document may lie, and how big it may be. Knows nothing of SOAP, nor of who sent it:
``XmlRefused`` is neutral, and the caller says whom to blame. What libxml2 says about a broken
document is never repeated, for it quotes the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from lxml import etree

if TYPE_CHECKING:
    from pathlib import Path


class XmlRefused(Exception):
    """A document that is not read. ``code`` is one word; the text is fixed, or a number."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of each thing a document may hold, counted before it can cost anything."""

    size: int
    """Bytes, as sent."""
    markup: int
    """Occurrences of ``<``."""
    declarations: int
    """Occurrences of ``xmlns``."""
    children: int
    """Child elements of one element."""
    prefixes: int = 512
    """Different namespace prefixes: 20 000 made one cut-out take half a second."""
    attributes: int = 64
    """Attributes of one element: lxml's ``attrib`` is quadratic in them."""
    quotations: int = 300_000
    """Occurrences of ``="`` and ``='``: a million attributes, 64 at a time, took over a second."""
    attribute_value: int = 4096
    name: int = 1000


REQUEST_LIMITS: Final = Limits(size=131_072, markup=5_000, declarations=512, children=2_000)
# An Update has up to 1 000 engagements of 14 elements; more are let in, to be told that it is
# too many in the index's own words.
UPDATE_LIMITS: Final = Limits(size=4_194_304, markup=60_000, declarations=60_000, children=2_000)
# 50 000 elements, each with an end tag and, as some toolkits write, a declaration of its own.
ANSWER_LIMITS: Final = Limits(
    size=10_485_760, markup=110_000, declarations=110_000, children=50_000
)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document that has been let in."""

    root: etree._Element = field(repr=False)
    data: bytes = field(repr=False)
    """Exactly what was parsed: UTF-8 without byte order mark and XML declaration.

    There is no DOCTYPE and no processing instruction in it. Comments and CDATA sections stand
    as they came (``root`` has no comments), so ``<`` may stand inside ``<!-- -->`` and
    ``<![CDATA[ ]]>``; a search for tags must step over those two and nothing else.
    """


_BOM = b"\xef\xbb\xbf"
_BOMS_16 = (b"\xff\xfe", b"\xfe\xff")
_UTF_8 = frozenset({"utf-8", "utf8"})
_UTF_16 = frozenset({"utf-16", "utf16"})
_UTF_16_NAMED = frozenset({"utf-16le", "utf-16be"})
CHARSETS: Final = _UTF_8 | _UTF_16 | _UTF_16_NAMED
"""The charset labels that :func:`parse` takes, in lower case (Basic Profile 1.1, R1012)."""

# The encoding it names is not believed (R1019), but the declaration must be one.
_DECLARATION = re.compile(
    rb"""<\?xml[ \t\r\n]+version[ \t\r\n]*=[ \t\r\n]*(?:"1\.0"|'1\.0')"""
    rb"""(?:[ \t\r\n]+encoding[ \t\r\n]*=[ \t\r\n]*(?:"[A-Za-z][\w.-]*"|'[A-Za-z][\w.-]*'))?"""
    rb"""(?:[ \t\r\n]+standalone[ \t\r\n]*=[ \t\r\n]*(?:"(?:yes|no)"|'(?:yes|no)'))?"""
    rb"""[ \t\r\n]*\?>"""
)
_DECLARATION_START = re.compile(rb"<\?xml[ \t\r\n]")
_LONGEST_DECLARATION = 256
_PREFIX = re.compile(rb"xmlns:([^\s=]+)")
_PROLOG_BLANKS = re.compile(rb"[ \t\r\n]*")
_PROCESSING_INSTRUCTION = etree.XPath("boolean(//processing-instruction())")
#: a tag that is shorter than this cannot hold more than any limit above allows
_SHORT_TAG = 320
_LONG_GAP = re.compile(rb"<[^<]{%d}" % _SHORT_TAG)
#: a value may hold ``>`` but never ``<``; possessive: nothing to try again, whatever is written
_TAG = re.compile(rb"""<[^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*+>""")
_TOO_MANY_ATTRIBUTES = etree.XPath("boolean(//*[count(@*) > $most])")
_TOO_LONG_VALUE = etree.XPath("boolean(//@*[string-length() > $most])")
# Not (//*|//@*): libxml2 sorts a union, which took 3.4 s for an answer of 10 MB.
_TOO_LONG_NAME = etree.XPath(
    "boolean(//*[string-length(name()) > $most]) or boolean(//@*[string-length(name()) > $most])"
)
_TOO_MANY_CHILDREN = etree.XPath("boolean(//*[count(*) > $most])")


def parse(document: bytes, *, charset: str | None, limits: Limits) -> Parsed:
    """Read a document from outside. ``charset`` is the transport's label, one of CHARSETS.

    Without a label a UTF-16 byte order mark decides; otherwise it is UTF-8.

    Raises:
        XmlRefused: it is broken, too big, or carries what SOAP 1.1 section 3 forbids.
    """
    if len(document) > limits.size:
        raise XmlRefused("size", f"larger than {limits.size} bytes")
    data = _without_declaration(_utf8(document, charset))
    if _holds(data, b"<!") and _has_doctype(data):
        raise XmlRefused("doctype", "carries a DOCTYPE")
    markup = data.count(b"<")
    if markup > limits.markup:
        raise XmlRefused("limit", f"more than {limits.markup} markup characters")
    _refuse_too_many_attributes(data, limits)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        # Not chained: the message of libxml2 quotes the document.
        raise XmlRefused("syntax", f"not well-formed XML (line {error.lineno or 1})") from None
    _refuse_what_is_forbidden(root, data)
    _refuse_what_is_too_much(root, data, markup, limits)
    return Parsed(root, data)


def parse_trusted(path: Path) -> etree._ElementTree:
    """Read a file of our own package: an XSD or a WSDL. Reaches no net and takes no DTD."""
    return etree.parse(path, _parser())


def _parser() -> etree.XMLParser:
    """One for each document: a shared one is locked while it parses, and keeps an error log.

    ``collect_ids=False`` is never given: with it lxml opens the files that a DTD names.
    """
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,  # libxml2 then holds the depth to 256 and a text to 10 MB
        recover=False,
        remove_comments=True,  # a million of them made itertext() take 47 s
        remove_pis=False,
        strip_cdata=True,
    )


def _utf8(document: bytes, charset: str | None) -> bytes:
    """The document in UTF-8, strictly read, without the one byte order mark it may have."""
    label = charset.lower() if charset is not None else None
    if label is None:
        label = "utf-16" if document.startswith(_BOMS_16) else "utf-8"
    if label not in CHARSETS:
        raise XmlRefused("charset", "neither UTF-8 nor UTF-16")
    if label in _UTF_16 and not document.startswith(_BOMS_16):
        raise XmlRefused("charset", "UTF-16 without a byte order mark")  # XML 1.0, 4.3.3
    try:
        text = document.decode("utf-8" if label in _UTF_8 else label)
        data = document if label in _UTF_8 else text.encode("utf-8")
    except UnicodeError:
        raise XmlRefused("charset", "not in the encoding that its label names") from None
    data = data.removeprefix(_BOM)  # Python's utf-16 has already eaten its own
    if data.startswith(_BOM) or (label in _UTF_16 and text.startswith("\ufeff")):
        raise XmlRefused("charset", "more than one byte order mark")
    return data


def _without_declaration(data: bytes) -> bytes:
    if not _DECLARATION_START.match(data):
        return data
    declaration = _DECLARATION.match(data, 0, _LONGEST_DECLARATION)
    if declaration is None:
        raise XmlRefused("syntax", "no XML declaration of version 1.0")
    data = data[declaration.end() :]
    if _DECLARATION_START.match(data):
        # Without the first, libxml2 would take the second for the first.
        raise XmlRefused("syntax", "more than one XML declaration")
    return data


def _has_doctype(data: bytes) -> bool:
    """Whether one stands before the document element, the only place where it may stand.

    One step for each comment or instruction, never back: a regular expression for the same
    took twice the time for each blank.
    """
    position = 0
    while True:
        blanks = _PROLOG_BLANKS.match(data, position)
        position = blanks.end() if blanks else position
        if data.startswith(b"<!--", position):
            end = data.find(b"-->", position + 4)
        elif data.startswith(b"<?", position):
            end = data.find(b"?>", position + 2)
        else:
            return data[position : position + 9].upper() == b"<!DOCTYPE"
        if end < 0:
            return False  # never closed: the parser will say so
        position = end + (3 if data.startswith(b"<!--", position) else 2)


def _holds(data: bytes, pair: bytes) -> bool:
    """Whether two bytes stand there together. One byte is found many times faster than two,
    and most documents do not even hold the second."""
    return pair[1:] in data and pair in data


def _refuse_too_many_attributes(data: bytes, limits: Limits) -> None:
    """Attributes and declarations of the whole document, before the parser meets them."""
    quotes = data.count(b'"') + data.count(b"'")
    if quotes // 2 <= min(limits.declarations, limits.prefixes, limits.quotations):
        return  # each takes two: there cannot be more than that, and this is quickly seen
    if data.count(b'="') + data.count(b"='") > limits.quotations:
        raise XmlRefused("limit", f"more than {limits.quotations} attributes")
    declarations = data.count(b"xmlns")
    if declarations > limits.declarations:
        raise XmlRefused("limit", f"more than {limits.declarations} namespace declarations")
    if declarations > limits.prefixes and len(set(_PREFIX.findall(data))) > limits.prefixes:
        raise XmlRefused("limit", f"more than {limits.prefixes} namespace prefixes")


def _refuse_what_is_forbidden(root: etree._Element, data: bytes) -> None:
    # Only where the bytes could hold one: neither can be written in any other way.
    if _holds(data, b"<!") and root.getroottree().docinfo.internalDTD is not None:
        raise XmlRefused("doctype", "carries a DOCTYPE")
    if _holds(data, b"<?") and _PROCESSING_INSTRUCTION(root):
        raise XmlRefused("instruction", "carries a processing instruction")


def _refuse_what_is_too_much(
    root: etree._Element, data: bytes, markup: int, limits: Limits
) -> None:
    if markup > limits.children and _TOO_MANY_CHILDREN(root, most=limits.children):
        raise XmlRefused("limit", f"an element with more than {limits.children} children")
    if not _may_hold_a_long_tag(data):
        return
    if _TOO_MANY_ATTRIBUTES(root, most=limits.attributes):
        raise XmlRefused("limit", f"an element with more than {limits.attributes} attributes")
    if _TOO_LONG_VALUE(root, most=limits.attribute_value):
        raise XmlRefused("limit", f"an attribute longer than {limits.attribute_value}")
    if _TOO_LONG_NAME(root, most=limits.name):
        raise XmlRefused("limit", f"a name longer than {limits.name}")


def _may_hold_a_long_tag(data: bytes) -> bool:
    """False for certain only: a long text after a short tag is told apart from a long tag."""
    for gap in _LONG_GAP.finditer(data):
        tag = _TAG.match(data, gap.start())
        if tag is None or tag.end() - tag.start() > _SHORT_TAG:
            return True
    return False
