"""Bytes of one answer to the resources of one page. Pure.

Knows JSON in the encodings met, FHIR's Bundle, its paging link and its OperationOutcome.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from samsvar.adapter_api import ProducerAnswerInvalid, ProducerFault
from samsvar_adapters.mina_planer.reading import JsonObject, as_object, objects, text, word

_CHARSET = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_-]{1,20})""", re.IGNORECASE)
# JSON is UTF-8; an older installation says that it sends Latin-1, and does.
_CHARSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
}
_FAILURES = frozenset({"fatal", "error"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page. ``next_url`` is None on the last; ``total`` is how many there are on all."""

    resources: tuple[JsonObject, ...] = field(repr=False)
    next_url: str | None = field(repr=False, default=None)
    total: int | None = None


def json_in(body: bytes, content_type: str = "") -> JsonObject:
    """The JSON object of an answer.

    Raises:
        ProducerAnswerInvalid: it is none, or its encoding is not one that we know.
    """
    stated = _CHARSET.search(content_type)
    charset = _CHARSETS.get(stated[1].lower()) if stated else "utf-8-sig"
    if charset is None:
        raise ProducerAnswerInvalid("the answer's charset is not one that is known")
    try:
        read = json.loads(body.decode(charset))
    except (ValueError, RecursionError) as error:
        raise ProducerAnswerInvalid("the answer is no JSON that can be read") from error
    if not isinstance(read, dict):
        raise ProducerAnswerInvalid("the answer is no JSON object")
    return read


def page_in(document: JsonObject) -> Page:
    """The page that a search answered.

    Raises:
        ProducerFault: it is the system's own word for having failed.
        ProducerAnswerInvalid: it is no search answer.
    """
    _refuse_failure(document)
    if document.get("resourceType") != "Bundle":
        raise ProducerAnswerInvalid("the answer is no Bundle")
    entries = document.get("entry", [])
    if not isinstance(entries, list):
        raise ProducerAnswerInvalid("the Bundle's entry is no list")
    resources: list[JsonObject] = []
    for entry in entries:
        resource = as_object(as_object(entry).get("resource"))
        if not resource:
            raise ProducerAnswerInvalid("an entry of the Bundle holds no resource")
        _refuse_failure(resource)
        resources.append(resource)
    links = [link for link in objects(document.get("link")) if word(link.get("relation")) == "next"]
    total = document.get("total")
    return Page(
        resources=tuple(resources),
        next_url=text(links[0].get("url")) if links else None,
        total=total if isinstance(total, int) and not isinstance(total, bool) else None,
    )


def whole(pages: Sequence[Page]) -> tuple[JsonObject, ...]:
    """The resources of all pages, if they are as many as the source says that there are.

    Raises:
        ProducerAnswerInvalid: some are missing. Half an answer must not pass for a whole one.
    """
    resources = tuple(resource for page in pages for resource in page.resources)
    plans = sum(1 for resource in resources if resource.get("resourceType") == "CarePlan")
    total = next((page.total for page in reversed(pages) if page.total is not None), None)
    if total is not None and plans < total:
        raise ProducerAnswerInvalid("fewer plans came than the source says that there are")
    return resources


def _refuse_failure(resource: JsonObject) -> None:
    # A warning or a piece of information beside the plans is no failure.
    if resource.get("resourceType") == "OperationOutcome":
        severities = {word(issue.get("severity")) for issue in objects(resource.get("issue"))}
        if severities & _FAILURES or not severities:
            raise ProducerFault("the source answered with an OperationOutcome that says: failed")
