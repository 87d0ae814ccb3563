"""What breaks the rules about a plan's body: its documents, kind and units.

Each function yields the places; the table in ``record_rules`` says which rule that is.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from lxml import etree

from samsvar.bench.judged import Answered
from samsvar.bench.messages import core_namespace

LARGEST = 100 * 1024
HSA_ROOT = "1.2.752.129.2.1.4.1"
MEDIA_TYPES: dict[str, tuple[bytes, ...]] = {
    "text/plain": (),
    "text/html": (),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/tiff": (b"II*\x00", b"MM\x00*"),
    "application/pdf": (b"%PDF-",),
}
"""The media types that may be sent, and how a file of that kind begins."""


def value_and_reference(answered: Answered) -> Iterator[str]:
    """Both, or neither."""
    for place, content in answered.read.fields("content"):
        if (_text(answered, content, "value") is None) == (
            _text(answered, content, "reference") is None
        ):
            yield place


def other_media_types(answered: Answered) -> Iterator[str]:
    """Types that the schema lets through and the contract does not."""
    for place, content in answered.read.fields("content"):
        if _text(answered, content, "mediaType") not in MEDIA_TYPES:
            yield f"{place}/mediaType"


def too_big(answered: Answered) -> Iterator[str]:
    """Embedded files over the limit."""
    for place, _, data in _files(answered):
        if len(data) > LARGEST:
            yield f"{place}/value"


def text_not_utf_8(answered: Answered) -> Iterator[str]:
    """Text in another encoding."""
    for place, kind, data in _files(answered):
        if kind.startswith("text/"):
            try:
                data.decode("utf-8")
            except UnicodeDecodeError:
                yield f"{place}/value"


def false_media_types(answered: Answered) -> Iterator[str]:
    """Files that begin as no file of their kind does."""
    for place, kind, data in _files(answered):
        beginnings = MEDIA_TYPES.get(kind, ())
        if beginnings and not data.startswith(beginnings):
            yield f"{place}/mediaType"


def has_id(answered: Answered) -> Iterator[str]:
    """Content with an id."""
    for place, content in answered.read.fields("content"):
        if _text(answered, content, "id") is not None:
            yield f"{place}/id"


def no_content(answered: Answered) -> Iterator[str]:
    """Plans with nothing to read."""
    yield from _bodies_without(answered, "content")


def no_kind(answered: Answered) -> Iterator[str]:
    """Plans that do not say their kind."""
    yield from _bodies_without(answered, "typeOfCarePlanEnum")


def local_units(answered: Answered) -> Iterator[str]:
    """Units by other identifiers than HSA-ids."""
    for place, unit in answered.read.fields("participatingCareUnitHSAId"):
        if _text(answered, unit, "root") != HSA_ROOT:
            yield f"{place}/root"


def _text(answered: Answered, parent: etree._Element, name: str) -> str | None:
    return parent.findtext(f"{{{core_namespace(answered.read.contract)}}}{name}")


def _files(answered: Answered) -> Iterator[tuple[str, str, bytes]]:
    """Place, media type and bytes of each embedded file that can be read."""
    for place, content in answered.read.fields("content"):
        value = _text(answered, content, "value")
        if value is None:
            continue
        try:
            data = base64.b64decode(value)
        except (binascii.Error, ValueError):
            continue  # the schema's business
        yield place, _text(answered, content, "mediaType") or "", data


def _bodies_without(answered: Answered, name: str) -> Iterator[str]:
    for place, body in answered.read.fields("carePlanBody"):
        if body.find(f"{{{core_namespace(answered.read.contract)}}}{name}") is None:
            yield f"{place}/{name}"
