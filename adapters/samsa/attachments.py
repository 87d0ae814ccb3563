"""``Bilaga`` to attachments: which are worth fetching, and what the fetched bytes are.

Every attachment in SAMSA is a print of the whole plan or a scanned paper of it. Knows sizes and
the first bytes of files; reads no file further.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samsvar.adapter_api import care
from samsvar_adapters.samsa import reading
from samsvar_adapters.samsa.reading import Document, Remarks

LARGEST: Final = 102_400
"""What the contract lets us embed (100 KB). A bigger file is not even fetched."""

Contents = Mapping[tuple[str, str], bytes]
"""What was fetched, by case id and attachment id."""

_PDF: Final = "application/pdf"
_FIRST_BYTES: Final = (
    (b"%PDF-", _PDF),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_SPELLINGS: Final = {"pdf": _PDF, "application/x-pdf": _PDF, "image/tif": "image/tiff"}


def wanted(case: Document) -> tuple[str, ...]:
    """The ids of the attachments to fetch: those that the case does not say are too big."""
    ids = (
        reading.raw(each, "id")
        for each in reading.children(case, "Bilaga")
        if _said_size(each) <= LARGEST
    )
    return tuple(dict.fromkeys(found for found in ids if found is not None))


def attached(
    case: Document,
    case_id: str,
    contents: Contents,
    provenance: care.Provenance,
    remarks: Remarks,
) -> tuple[care.Attachment, ...]:
    """Each attachment of the case, with its bytes if they were fetched and are a file we know."""
    found: dict[str, care.Attachment] = {}
    for place, each in enumerate(reading.children(case, "Bilaga"), start=1):
        attachment_id = reading.raw(each, "id")
        if attachment_id is None or attachment_id in found:
            continue
        content = contents.get((case_id, attachment_id), b"")
        size = len(content) or _said_size(each)
        said = (reading.raw(each, "typ") or "").split(";")[0].strip().lower()
        media_type = _SPELLINGS.get(said, said) or "application/octet-stream"
        if size > LARGEST:
            remarks.add(care.QualityCode.ATTACHMENT_TOO_BIG, f"Bilaga[{place}]")
            content = b""
        elif content:
            known = _media_type(content)
            if known is None:
                # Not what it says, and nothing that a reader of plans opens.
                remarks.add(care.QualityCode.ATTACHMENT_UNREADABLE, f"Bilaga[{place}]")
                content = b""
            else:
                media_type = known
        found[attachment_id] = care.Attachment(
            attachment_id=attachment_id,
            media_type=media_type,
            content=content,
            size=size,
            whole_plan=True,
            provenance=provenance,
        )
    return tuple(found.values())


def _media_type(content: bytes) -> str | None:
    for start, media_type in _FIRST_BYTES:
        if content.startswith(start):
            return media_type
    return None


def _said_size(attachment: Document) -> int:
    """The size that the case states; 0 if it states none that can be read."""
    said = reading.raw(attachment, "storlek") or ""
    return int(said) if said.isascii() and said.isdigit() and len(said) <= 12 else 0
