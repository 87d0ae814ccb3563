"""Base64 in answers that carry documents: checked by hand, and left out of the schema.

Two reasons. Of what a large answer costs to validate, nearly all is libxml2 reading base64
sign by sign: 33 ms for 5 MB, against 8 ms here. And libxml2 steps over signs that are not in
the alphabet, which XML Schema does not allow.

Knows the lexical form of ``xs:base64Binary`` and how to compile a schema in which it is
``xs:string``. What that schema does not accept goes to the full one, which knows why.
"""

from __future__ import annotations

import string
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote

from lxml import etree

from samsvar.soap.interaction import ElementDeclaration, Interaction
from samsvar.soap.parsing import parse_trusted

if TYPE_CHECKING:
    from lxml.etree._docloader import _InputDocument

_BASE64_TYPE = "{http://www.w3.org/2001/XMLSchema}base64Binary"
_ALPHABET = (string.ascii_letters + string.digits + "+/").encode()
_BLANKS = b" \t\r\n"
#: The sign before the padding has bits that must be zero (XML Schema part 2, section 3.2.16).
_BEFORE_ONE = frozenset(b"AEIMQUYcgkosw048")
_BEFORE_TWO = frozenset(b"AQgw")


class RelaxedSchema:
    """A response schema in which base64 is text, and the tags whose text must be looked at."""

    def __init__(self, validator: etree.XMLSchema, tags: frozenset[str]) -> None:
        self._validator = validator
        self._tags = tags

    @classmethod
    def of(cls, interaction: Interaction) -> Self | None:
        """The relaxed schema; None where the response carries no base64, where a tag that does
        is also the name of something else (the text could not be told by the tag), or where two
        schema files have one name (the file could not be told by it)."""
        types: dict[str, set[str]] = {}
        for declaration in _reachable(interaction):
            types.setdefault(declaration.name, set()).add(declaration.type)
        tags = frozenset(name for name, kinds in types.items() if _BASE64_TYPE in kinds)
        if not tags or any(len(types[name]) > 1 for name in tags):
            return None
        files = interaction.outline.files
        if len({file.name for file in files}) < len(files):
            return None
        tree = parse_trusted(interaction.schema)
        parser = tree.parser
        if parser is None:
            return None
        parser.resolvers.add(_Base64AsText(files))
        return cls(etree.XMLSchema(tree), tags)

    def broken(self, element: etree._Element) -> list[etree._Element]:
        """The elements whose text ought to be base64 and is not."""
        return [
            found
            for found in element.iter(*self._tags)
            if not is_base64("".join(found.itertext()) if len(found) else found.text or "")
        ]

    def accepts(self, element: etree._Element) -> bool:
        """True if the element follows the schema for certain, once ``broken`` found nothing."""
        return self._validator.validate(element)


class _Base64AsText(etree.Resolver):
    """Gives each schema file with ``xs:base64Binary`` turned into ``xs:string``."""

    def __init__(self, files: tuple[Path, ...]) -> None:
        super().__init__()
        # By name, for libxml2 may ask with a URL or a path.
        self._files = {file.name: file for file in files}

    def resolve(
        self, system_url: str | None, public_id: str | None, context: object, /
    ) -> _InputDocument | None:
        """The changed file, if it is one of ours."""
        del public_id
        file = self._files.get(unquote(system_url or "").rpartition("/")[2])
        if file is None:
            return None
        tree = parse_trusted(file)
        for element in tree.iter("{*}element"):
            prefix, _, local = element.get("type", "").rpartition(":")
            if f"{{{element.nsmap.get(prefix or None)}}}{local}" == _BASE64_TYPE:
                element.set("type", f"{prefix}:string" if prefix else "string")
        return self.resolve_string(etree.tostring(tree), context, base_url=system_url)


def is_base64(text: str) -> bool:
    """Whether the text is an ``xs:base64Binary``, blanks anywhere included."""
    if not text.isascii():
        return False
    signs = text.encode("ascii").translate(None, _BLANKS)
    data = signs.rstrip(b"=")
    padding = len(signs) - len(data)
    if len(signs) % 4 or padding > 2 or data.translate(None, _ALPHABET):
        return False
    if padding:
        return data[-1] in (_BEFORE_ONE if padding == 1 else _BEFORE_TWO)
    return True


def _reachable(interaction: Interaction) -> list[ElementDeclaration]:
    """Every declaration that a response can reach, each type looked into once."""
    outline = interaction.outline
    waiting = [outline.elements[interaction.response_element]]
    seen: set[str] = set()
    found: list[ElementDeclaration] = []
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        for declaration in outline.children(current):
            found.append(declaration)
            waiting.append(declaration.type)
    return found
