"""Texts of plans for a page: a FHIR narrative with everything taken out but plain structure, and
plain text with its headings found. Whatever comes, nothing but text and a few tags goes out.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from html.parser import HTMLParser

from markupsafe import Markup

_KEPT = {"p": "p", "ul": "ul", "ol": "ol", "li": "li", "h1": "h3", "h2": "h3", "h3": "h3"}
_SILENT = frozenset({"script", "style", "template", "iframe", "object"})
_LONGEST_HEADING = 60


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self._open: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, _attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._silent += 1
        elif tag == "br":
            self.out.append("<br>")
        elif tag in _KEPT:
            self._open.append(_KEPT[tag])
            self.out.append(f"<{_KEPT[tag]}>")

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in _SILENT:
            self.handle_starttag(tag, attributes)
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self._silent = max(0, self._silent - 1)
        elif tag in _KEPT and _KEPT[tag] in self._open:
            while self._open:
                closed = self._open.pop()
                self.out.append(f"</{closed}>")
                if closed == _KEPT[tag]:
                    break

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.out.append(escape(data))

    def finished(self) -> str:
        self.close()
        return "".join([*self.out, *(f"</{tag}>" for tag in reversed(self._open))])


def plain_structure(div: str) -> Markup:
    """A narrative's paragraphs, headings and lists: no attribute, no link, nothing that acts."""
    reader = _Plain()
    reader.feed(div)
    return Markup(reader.finished())  # noqa: S704 - what is not in the table above was escaped


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together."""

    heading: str | None
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """Plain text in its parts: a short first line over others is their heading."""
    found = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = tuple(line.strip() for line in part.split("\n") if line.strip())
        if not lines:
            continue
        first = lines[0]
        is_heading = (
            len(lines) > 1
            and len(first) <= _LONGEST_HEADING
            and not first.endswith((".", "!", "?", ","))
            and " – " not in first
            and ": " not in first
            and not first.startswith("-")
        )
        if is_heading:
            found.append(Block(first.rstrip(":"), _unwrapped(lines[1:])))
        else:
            found.append(Block(None, _unwrapped(lines)))
    return found


def _unwrapped(lines: Iterable[str]) -> tuple[str, ...]:
    """A line that goes on in small letters was only too long for whoever wrote it."""
    found: list[str] = []
    for line in lines:
        if found and line[0].islower() and not found[-1].endswith((".", ":", "!", "?")):
            found[-1] = f"{found[-1]} {line}"
        else:
            found.append(line)
    return tuple(found)
