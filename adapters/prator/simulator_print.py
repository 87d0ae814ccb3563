"""The print of a case as the simulator makes it: a small, real PDF, padded when asked.

Knows just enough PDF for one page of Swedish text. Deterministic.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence


def printed(lines: Sequence[str], *, at_least: int = 0) -> dict[str, str]:
    """Prator's ``utskrift`` with these lines; ``at_least`` bytes of PDF."""
    return {
        "typ": "application/pdf",
        "innehåll": base64.b64encode(pdf(lines, at_least=at_least)).decode("ascii"),
    }


def pdf(lines: Sequence[str], *, at_least: int = 0) -> bytes:
    """One A4 page of text. The padding is a comment, as a scanner's picture would be bulk."""
    drawn = " ".join(f"({_escaped(line)}) Tj T*" for line in lines)
    stream = f"BT /F1 11 Tf 14 TL 56 780 Td {drawn} ET".encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    document = b"%PDF-1.4\n"
    if at_least:
        document += b"%" + b"." * at_least + b"\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = len(document)
    rows = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    document += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, rows)
    return document + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        table,
    )


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
