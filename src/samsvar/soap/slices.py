"""Cuts records out of a message as bytes: passed on as they came, never rebuilt.

An element that is parsed and written again loses what the hub has no business to lose: CDATA,
comments, prefixes, the order of attributes. So the tree says *which* elements are wanted, and
the producer's own bytes are what leaves. All that is added is the namespace declarations that
stood further out, since a record must be readable where it is put.

Knows well-formed XML as bytes and its tree. Knows no contract, no SOAP, and judges nothing:
whoever calls has parsed ``data`` through the one door and taken ``parent`` from that tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from lxml import etree

_AFTER_NAME = b" \t\r\n/>"
_SLASH = b"/"[0]  # before the end of a tag only in an empty one: a value ends with a quotation mark
_GREATER = b">"[0]

#: The rest of a start tag after its name. A value may hold ``>`` but never ``<``
#: (XML 1.0, section 2.3). Possessive: nothing to try again, whatever is written.
_START_TAG_REST = re.compile(rb"""[^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*+>""")

_ATTRIBUTE = re.compile(rb"""([^\s=<>"'/]++)\s*+=\s*+(?:"[^"]*+"|'[^']*+')""")

#: Everything that begins with ``<`` in a document without DOCTYPE, one alternative for each.
_MARKUP = re.compile(
    rb"""<(?:
        !--(?P<comment>.*?)-->
      | !\[CDATA\[(?P<cdata>.*?)\]\]>
      | \?(?P<instruction>.*?)\?>
      | /(?P<end>[^\s<>]++)\s*+>
      | (?P<start>[^\s<>/!?"'=]++)[^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*+>
    )""",
    re.DOTALL | re.VERBOSE,
)

_IN_ATTRIBUTE = str.maketrans(
    {"&": "&amp;", "<": "&lt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


#: A few declarations of a hundred bytes on records of a few hundred: well below this.
_SWELLS_AT_MOST = 4

#: Each name costs one pass over the bytes; a walk costs the same whatever the names.
_NAMES_AT_MOST = 8


class CannotCut(ValueError):
    """The records cannot be cut out of these bytes; the message says why, and quotes nothing."""


def cut(
    data: bytes, parent: etree._Element, children: Sequence[etree._Element]
) -> tuple[bytes, ...]:
    """The bytes of each child, in their order, each readable alone.

    ``data``: UTF-8 without DOCTYPE, of which ``parent`` is an element and ``children`` some of
    its child elements in document order. A slice carries the declarations that are in force at
    ``parent``, save those that its own start tag makes anew. Where it is put, no default
    namespace may be in force: a record in no namespace would take it on.

    ``len(slices) == len(children)``, in the same order.

    Raises:
        CannotCut: the promise about ``data`` was not kept, or the declarations are so large
            and the records so many that the slices together would be a bomb.
    """
    if not children:
        return ()
    declared = _declarations(parent)
    everything = b"".join(text for _, text in declared)
    if len(everything) * len(children) > _SWELLS_AT_MOST * len(data):
        raise CannotCut("too large namespace declarations for so many records")
    spans = _spans_by_name(data, parent, children)
    if spans is None:
        spans = _spans_by_walk(data, parent, children)
    view = memoryview(data)
    slices = []
    for start, name_end, end in spans:
        added = everything if data[name_end] in b"/>" else _missing(data, name_end, declared)
        slices.append(b"".join((view[start:name_end], added, view[name_end:end])))
    return tuple(slices)


def _qualified_names(children: Sequence[etree._Element]) -> dict[bytes, int]:
    """The names as they are written, with the number of children written so."""
    kinds: dict[tuple[str | None, str], int] = {}
    for child in children:
        kind = (child.prefix, str(child.tag))
        kinds[kind] = kinds.get(kind, 0) + 1
    names: dict[bytes, int] = {}
    for (prefix, tag), count in kinds.items():
        local = tag.rpartition("}")[2]
        name = (f"{prefix}:{local}" if prefix else local).encode()
        names[name] = names.get(name, 0) + count
    return names


def _spans_by_name(
    data: bytes, parent: etree._Element, children: Sequence[etree._Element]
) -> list[tuple[int, int, int]] | None:
    """Start, end of name, end of each child; None where searching for names could mislead.

    Exact when the document has no comment, CDATA or instruction (a name after ``<`` is then a
    tag), and no other element is written with a child's qualified name: then the tags found
    are the children's own, and the first end tag after a start tag closes it.
    """
    body = data.find(b"?>") + 2 if data.startswith(b"<?xml") else 0
    # One byte is found many times faster than two, and most documents have neither.
    if data.find(b"!", body) >= 0 and data.find(b"<!", body) >= 0:
        return None
    if data.find(b"?", body) >= 0 and data.find(b"<?", body) >= 0:
        return None
    names = _qualified_names(children)
    if len(names) > _NAMES_AT_MOST:
        return None
    spans = []
    for name, expected in names.items():
        found = _spans_of(data, name, expected)
        if found is None:
            return None
        spans += found
    if len(names) > 1:
        spans.sort()
    return spans


def _spans_of(data: bytes, name: bytes, expected: int) -> list[tuple[int, int, int]] | None:
    opening, closing = b"<" + name, b"</" + name
    length = len(opening)
    spans: list[tuple[int, int, int]] = []
    start = data.find(opening)
    while start >= 0:
        name_end = start + length
        if data[name_end] not in _AFTER_NAME:  # a longer name: carePlan, carePlanHeader
            start = data.find(opening, name_end)
            continue
        if len(spans) == expected:
            return None
        tag_end = name_end + 1 if data[name_end] == _GREATER else _tag_end(data, name_end)
        empty = data[tag_end - 2] == _SLASH
        end = tag_end if empty else _closing_end(data, closing, tag_end)
        spans.append((start, name_end, end))
        # Not from ``end``: an element of the same name inside must be seen.
        start = data.find(opening, tag_end)
    return spans if len(spans) == expected else None


def _tag_end(data: bytes, name_end: int) -> int:
    rest = _START_TAG_REST.match(data, name_end)
    if rest is None:
        raise CannotCut("a start tag does not end")
    return rest.end()


def _closing_end(data: bytes, closing: bytes, position: int) -> int:
    while (position := data.find(closing, position)) >= 0:
        position += len(closing)
        if data[position] in _AFTER_NAME:
            return data.index(b">", position) + 1
    raise CannotCut("an element does not end")


def _spans_by_walk(
    data: bytes, parent: etree._Element, children: Sequence[etree._Element]
) -> list[tuple[int, int, int]]:
    """The same, by reading every piece of markup: slower, right for every document."""
    wanted = set(children)
    siblings = parent.iterchildren(etree.Element)
    spans = [
        span
        for sibling, span in zip(siblings, _child_spans(data, _order_of(parent)), strict=False)
        if sibling in wanted
    ]
    if len(spans) != len(children):
        raise CannotCut(f"{len(children)} elements in the tree, {len(spans)} in the bytes")
    return spans


def _order_of(parent: etree._Element) -> int:
    """How many elements begin before ``parent``."""
    for order, element in enumerate(parent.getroottree().getroot().iter(etree.Element)):
        if element is parent:
            return order
    raise CannotCut("the parent is not in its own tree")


def _child_spans(data: bytes, order: int) -> Iterator[tuple[int, int, int]]:
    """Spans of the child elements of the element that is number ``order`` in the document."""
    begun = -1
    depth = 0  # inside the parent; 0 is outside it or, once begun, its own end
    start = name_end = 0
    for markup in _MARKUP.finditer(data):
        kind = markup.lastgroup
        if kind == "start":
            begun += 1
            if begun < order:
                continue
            if begun > order and depth == 1:
                start, name_end = markup.span("start")
            empty = data[markup.end() - 2] == _SLASH
            if not empty:
                depth += 1
            elif begun == order:
                return
            elif depth == 1:
                yield start - 1, name_end, markup.end()
        elif kind == "end" and begun >= order:
            depth -= 1
            if depth == 0:
                return
            if depth == 1:
                yield start - 1, name_end, markup.end()


def _declarations(parent: etree._Element) -> list[tuple[bytes, bytes]]:
    """Attribute name and text of each namespace declaration in force at ``parent``."""
    # xmlns="" is left out: no default namespace, as where the record is put.
    return [_declaration(prefix, uri) for prefix, uri in parent.nsmap.items() if uri]


@lru_cache(maxsize=256)  # producers write the same ones in every answer
def _declaration(prefix: str | None, uri: str) -> tuple[bytes, bytes]:
    name = f"xmlns:{prefix}" if prefix else "xmlns"
    return name.encode(), f' {name}="{uri.translate(_IN_ATTRIBUTE)}"'.encode()


def _missing(data: bytes, name_end: int, declared: list[tuple[bytes, bytes]]) -> bytes:
    """The declarations that the start tag at ``name_end`` does not make itself."""
    rest = data[name_end : _tag_end(data, name_end)]
    if b"xmlns" not in rest:
        return b"".join(text for _, text in declared)
    own = {attribute[1] for attribute in _ATTRIBUTE.finditer(rest)}
    return b"".join(text for name, text in declared if name not in own)
