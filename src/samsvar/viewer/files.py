"""A plan's file on its way to the browser: always something to save, never a page of ours."""

from __future__ import annotations

from aiohttp import web

from samsvar.viewer.hub import File

_NAMES = {
    "application/pdf": "plan.pdf",
    "text/plain": "plan.txt",
    "application/xhtml+xml": "plan.html",
    "application/fhir+json": "plan.json",
    "image/png": "plan.png",
    "image/jpeg": "plan.jpg",
}


def handed_over(file: File) -> web.Response:
    """The answer."""
    kind = file.media_type.partition(";")[0].strip().lower()
    known = kind in _NAMES
    return web.Response(
        body=file.content,
        headers={
            "Content-Type": file.media_type if known else "application/octet-stream",
            "Content-Disposition": f'attachment; filename="{_NAMES.get(kind, "plan.bin")}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
