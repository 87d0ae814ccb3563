"""Small files that the simulated SAMSA hands out: real PDFs of a wanted size, and a scan.

Deterministic: the same words and size give the same bytes.
"""

from __future__ import annotations

import struct


def pdf(words: str, size: int | None = None) -> bytes:
    """A one-page PDF that a reader opens; filled with comments up to ``size`` bytes."""
    stream = f"BT /F1 14 Tf 60 780 Td ({_escaped(words)}) Tj ET".encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]"
        b" /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    body = b"%PDF-1.4\n%\xe5\xe4\xf6\xc5\n"
    places = []
    for number, each in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    if size is not None:
        body += _filling(size - len(body) - len(_end(places, size)))
    return body + _end(places, len(body))


def _end(places: list[int], start: int) -> bytes:
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(places) + 1, rows)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(places) + 1)
        + b"startxref\n%d\n%%%%EOF\n" % start
    )


def _filling(length: int) -> bytes:
    line = b"%" + b" utfyllnad" * 7 + b"\n"
    whole, rest = divmod(max(length, 0), len(line))
    return line * whole + (b"%" * (rest - 1) + b"\n" if rest else b"")


def _escaped(words: str) -> str:
    return words.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


def scan() -> bytes:
    """A TIFF of one white pixel: a paper that somebody has scanned, under a PDF's name."""
    fields = [(256, 1), (257, 1), (258, 1), (259, 1), (262, 0), (273, 110), (277, 1), (279, 1)]
    directory = struct.pack("<H", len(fields)) + b"".join(
        struct.pack("<HHII", tag, 3, 1, value) for tag, value in fields
    )
    return b"II*\x00" + struct.pack("<I", 8) + directory + struct.pack("<I", 0) + b"\x00"
