"""A plan as XHTML: the narrative of a resource, and a page that can be read and printed.

Knows the few elements that FHIR allows in a narrative, and that every word comes from outside:
nothing is put in unescaped. Knows the plan only through its text (``model.plan_text``).
"""

from __future__ import annotations

import html
from collections.abc import Iterable

from samsvar.fhir.datatypes import Json
from samsvar.model.care import CarePlan
from samsvar.model.local_time import local_time
from samsvar.model.plain_text import xml_text
from samsvar.model.plan_text import head, own_text, sections, title

XHTML = "http://www.w3.org/1999/xhtml"
_ITEM = "- "

_STYLE = (
    "body{font-family:sans-serif;max-width:42em;margin:2em auto;padding:0 1em;line-height:1.45}"
    "h1{font-size:1.5em}h2{font-size:1.15em;margin-top:1.4em}"
    "@media print{body{margin:0;max-width:none}h2{page-break-after:avoid}}"
)


def narrative(plan: CarePlan) -> Json:
    """``text`` of the resource. It says more than the coded elements do."""
    return {"status": "additional", "div": f'<div xmlns="{XHTML}">{_body(plan, "h3")}</div>'}


def page(plan: CarePlan) -> str:
    """The whole plan as one XHTML document in the plan's language, for eyes and printers."""
    language = html.escape(xml_text(plan.language), quote=True)
    name = _escaped(title(plan))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n'
        f'<html xmlns="{XHTML}" lang="{language}" xml:lang="{language}">\n'
        f'<head><meta charset="UTF-8"/><title>{name}</title><style>{_STYLE}</style></head>\n'
        f"<body>\n<h1>{name}</h1>\n{_origin(plan)}\n{_body(plan, 'h2')}\n</body>\n</html>\n"
    )


def _origin(plan: CarePlan) -> str:
    """Who answers for the plan and how old it is: what a reader of a print must know."""
    author = plan.accountable
    who = ", ".join(
        part for part in (author.name, author.unit.name if author.unit else None) if part
    )
    lines = [f"Planansvarig: {who}"] if who else []
    if plan.established:
        lines.append(f"Upprättad {local_time(plan.established):%Y-%m-%d}")
    lines.append(f"Senast ändrad {local_time(plan.last_changed):%Y-%m-%d %H:%M}")
    return f"<p>{'<br/>'.join(map(_escaped, lines))}</p>"


def _body(plan: CarePlan, heading: str) -> str:
    if own := own_text(plan):
        return _paragraphs(own)
    parts = [f"<p>{'<br/>'.join(_escaped(line) for line in head(plan))}</p>"]
    for section in sections(plan):
        parts.append(f"<{heading}>{_escaped(section.heading)}</{heading}>")
        parts.append(_lines(section.lines))
    return "".join(parts)


def _lines(lines: Iterable[str]) -> str:
    """Lines of a list as a list, others as paragraphs."""
    listed = [line.removeprefix(_ITEM) for line in lines if line.startswith(_ITEM)]
    single = [line for line in lines if not line.startswith(_ITEM)]
    shown = "".join(_paragraphs(line) for line in single)
    if listed:
        shown += f"<ul>{''.join(f'<li>{_broken(line)}</li>' for line in listed)}</ul>"
    return shown


def _paragraphs(text: str) -> str:
    """Blank lines part paragraphs; other line breaks stay line breaks."""
    blocks = "\n".join(line.rstrip() for line in text.splitlines()).split("\n\n")
    return "".join(f"<p>{_broken(block.strip())}</p>" for block in blocks if block.strip())


def _broken(text: str) -> str:
    return "<br/>".join(_escaped(line.strip()) for line in text.splitlines())


def _escaped(text: str) -> str:
    return html.escape(xml_text(text), quote=True)
