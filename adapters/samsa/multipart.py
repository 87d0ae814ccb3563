"""MTOM: a SOAP message in several MIME parts, made into one plain XML document.

Knows multipart/related and xop:Include, with limits. The root part is read by the hub's rules
for XML and no others. Knows no SAMSA.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import Final
from urllib.parse import unquote

from lxml import etree

from samsvar.adapter_api import ProducerAnswerInvalid
from samsvar.adapter_api.xml import checked_element

LARGEST: Final = 4_194_304  # forty times what is embedded in the end; the rest is somebody's scan
MOST_PARTS: Final = 8  # an attachment is asked for alone: one root and one file
_MOST_HEADER_BYTES: Final = 4_096

_INCLUDE: Final = "{http://www.w3.org/2004/08/xop/include}Include"
_ROOT_TYPES: Final = frozenset({"application/xop+xml", "text/xml"})
_HEADER_END: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Part:
    """One part: header names in lower case, the bytes as they were sent."""

    headers: Mapping[str, str]
    content: bytes = field(repr=False)


def content_type(value: str) -> tuple[str, Mapping[str, str]]:
    """The media type and its parameters, both names in lower case."""
    message = Message()
    message["Content-Type"] = " ".join(value.split())[:1_000]
    parameters: list[tuple[str, object]] = [*message.get_params(failobj=[])]
    # A value in the extended form of RFC 2231 comes as a triple; none that is needed here does.
    plain = {name.lower(): text for name, text in parameters[1:] if isinstance(text, str)}
    return message.get_content_type(), plain


def whole_document(body: bytes, content_type_header: str) -> bytes:
    """The root document of a multipart message, the included parts put in their places.

    Raises:
        ProducerAnswerInvalid: it is too big, has too many parts, or does not hold together.
    """
    if len(body) > LARGEST:
        raise ProducerAnswerInvalid(f"the multipart answer is larger than {LARGEST} bytes")
    _, parameters = content_type(content_type_header)
    parts = _split(body, parameters.get("boundary", ""))
    by_id = {_bare(part.headers.get("content-id", "")): part for part in parts}
    start = _bare(parameters.get("start", ""))
    root_part = by_id.get(start) if start else parts[0]
    if root_part is None:
        raise ProducerAnswerInvalid("the multipart answer names a root part that is not there")
    root_type, root_parameters = content_type(root_part.headers.get("content-type", "text/xml"))
    if root_type not in _ROOT_TYPES:
        raise ProducerAnswerInvalid("the root part of the multipart answer is no XML")
    root = checked_element(_decoded(root_part), root_parameters.get("charset"))
    included: set[str] = set()
    for include in list(root.iter(_INCLUDE)):
        reference = include.get("href", "")
        content_id = unquote(reference.removeprefix("cid:"))
        part = by_id.get(content_id) if reference.startswith("cid:") else None
        parent = include.getparent()
        # Each part once: ten thousand references to one file are ten thousand files.
        if part is None or part is root_part or parent is None or content_id in included:
            raise ProducerAnswerInvalid("an xop:Include does not lead to a part of its own")
        included.add(content_id)
        parent.remove(include)
        parent.text = base64.b64encode(_decoded(part)).decode("ascii")
    return etree.tostring(root, encoding="utf-8")


def _split(body: bytes, boundary: str) -> list[Part]:
    if not 1 <= len(boundary) <= 70 or not boundary.isascii():  # RFC 2046, section 5.1.1
        raise ProducerAnswerInvalid("the multipart answer has no boundary")
    pieces = (b"\r\n" + body).split(b"\r\n--" + boundary.encode("ascii"), MOST_PARTS + 1)
    closed = [place for place, piece in enumerate(pieces) if place and piece.startswith(b"--")]
    if not closed:
        raise ProducerAnswerInvalid(
            f"the multipart answer is cut off, or has more than {MOST_PARTS} parts"
        )
    parts = [_part(piece) for piece in pieces[1 : closed[0]]]
    if not parts:
        raise ProducerAnswerInvalid("the multipart answer has no parts")
    return parts


def _part(piece: bytes) -> Part:
    # What is left of the boundary's line may only be blank.
    first, line_end, rest = piece.partition(b"\n")
    if first.strip() or not line_end:
        raise ProducerAnswerInvalid("the multipart answer's boundary is not alone on its line")
    if rest.startswith((b"\r\n", b"\n")):
        return Part({}, rest.removeprefix(b"\r").removeprefix(b"\n"))
    end = _HEADER_END.search(rest, 0, _MOST_HEADER_BYTES)
    if end is None:
        raise ProducerAnswerInvalid("a part of the multipart answer has no end of its headers")
    headers = {}
    unfolded = re.sub(rb"\r?\n[ \t]+", b" ", rest[: end.start()])
    for line in unfolded.decode("latin-1").splitlines():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return Part(headers, rest[end.end() :])


def _decoded(part: Part) -> bytes:
    encoding = part.headers.get("content-transfer-encoding", "binary").lower()
    if encoding in ("binary", "8bit", "7bit"):
        return part.content
    if encoding == "base64":
        try:
            return base64.b64decode(b"".join(part.content.split()), validate=True)
        except ValueError as error:
            raise ProducerAnswerInvalid("a part of the answer is no base64") from error
    raise ProducerAnswerInvalid("a part of the answer is encoded in a way that is not known")


def _bare(content_id: str) -> str:
    return content_id.strip().removeprefix("<").removesuffix(">")
