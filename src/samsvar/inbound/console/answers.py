"""Answers of the console as HTTP has them: headers that close a browser's doors, cookies, files."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Mapping

from samsvar.inbound.console.visit import PREFIX
from samsvar.inbound.http import Headers, Scope

Lines = list[tuple[bytes, bytes]]
Answer = tuple[int, Lines, bytes | AsyncIterator[bytes]]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAFE: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_FRESH = (b"cache-control", b"no-store")
_KEEP = "Path=/console; Max-Age=31536000; SameSite=Lax"
_NAMES = ("samsvar_console", "samsvar_login", "samsvar_language", "samsvar_theme")
_BACK = re.compile(r"/console(?:[/?][!-~]*)?", re.ASCII)


def html(status: int, text: str, more: Iterable[str] = ()) -> Answer:
    """A page. ``more``: cookies to set."""
    lines = [(b"content-type", b"text/html; charset=utf-8"), _FRESH, *_SAFE, *_set(more)]
    return status, lines, text.encode()


def redirect(to: str, more: Iterable[str] = ()) -> Answer:
    """Go there by GET."""
    return 303, [(b"location", to.encode("latin-1")), _FRESH, *_SAFE, *_set(more)], b""


def download(name: str, content_type: str, body: bytes) -> Answer:
    """A file to keep."""
    lines = [
        (b"content-type", content_type.encode()),
        (b"content-disposition", f'attachment; filename="{name}"'.encode()),
        _FRESH,
        *_SAFE,
    ]
    return 200, lines, body


def file_answer(found: tuple[str, bytes] | None) -> Answer:
    """A file that pages refer to, by an address that changes with its content."""
    if found is None:
        return 404, [(b"content-type", b"text/plain"), *_SAFE], b"no such file"
    kept_long = (b"cache-control", b"public, max-age=31536000, immutable")
    return 200, [(b"content-type", found[0].encode()), kept_long, *_SAFE], found[1]


def stream_headers() -> Lines:
    """Of server-sent events; a front must not gather them."""
    return [
        (b"content-type", b"text/event-stream; charset=utf-8"),
        (b"x-accel-buffering", b"no"),
        _FRESH,
        *_SAFE,
    ]


def kept(form: Mapping[str, str], is_secure: bool) -> Answer:
    """Language and theme, kept for a year in the browser; back to where one was."""
    more = []
    tail = "; Secure" if is_secure else ""
    if form.get("language") in ("sv", "en"):
        more.append(f"samsvar_language={form['language']}; {_KEEP}{tail}")
    if form.get("theme") in ("auto", "light", "dark"):
        more.append(f"samsvar_theme={form['theme']}; {_KEEP}{tail}")
    return redirect(inside(form.get("back", "")), more)


def inside(wanted: str) -> str:
    """An address of the console; another one is not gone to."""
    return wanted if _BACK.fullmatch(wanted) and "\\" not in wanted else PREFIX


def cookies(headers: Headers) -> Mapping[str, str]:
    """The console's own cookies; of two with one name, none."""
    found: dict[str, str] = {}
    twice = set()
    for _, line in headers.starting(b"cookie"):
        for part in line.split(";"):
            name, _, value = part.strip().partition("=")
            if name in _NAMES:
                if name in found:
                    twice.add(name)
                found[name] = value
    return {name: value for name, value in found.items() if name not in twice}


def secure(scope: Scope) -> bool:
    """Whether cookies go back over TLS only: everywhere but on a plain loopback listener."""
    return scope["scheme"] == "https" or scope["client"] is None


def _set(lines: Iterable[str]) -> Lines:
    return [(b"set-cookie", line.encode("latin-1")) for line in lines]
