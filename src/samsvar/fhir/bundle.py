"""Answers as Bundle: what was found, what belongs to it, and how each silent source fared.

Knows searchset and document. A source that gave nothing is always told of, beside whatever the
others gave: an answer that looks whole and is not would be worse than none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samsvar.fhir.attachments import Url
from samsvar.fhir.datatypes import Json, built
from samsvar.fhir.operation_outcome import source_outcomes
from samsvar.model.status import StatusRecord


def searchset(
    matches: Sequence[Json],
    included: Iterable[Json],
    statuses: Sequence[StatusRecord],
    url: Url,
    *,
    self_link: str | None = None,
) -> Json:
    """The answer to a search.

    ``total`` counts matches alone. A resource that several records share stands once.
    ``self_link`` holds no person's number: questions come in bodies.
    """
    entries = [_entry(each, "match", url) for each in matches]
    told = {_name(each) for each in matches}
    for each in included:
        if _name(each) not in told:
            told.add(_name(each))
            entries.append(_entry(each, "include", url))
    outcomes = [
        {"resource": each, "search": {"mode": "outcome"}} for each in source_outcomes(statuses)
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(matches),
        "link": [{"relation": "self", "url": self_link}] if self_link else [],
        "entry": [*entries, *outcomes],
    }
    return built(bundle)


def _entry(resource: Json, mode: str, url: Url) -> Json:
    return {
        "fullUrl": url(resource["resourceType"], resource["id"]),
        "resource": resource,
        "search": {"mode": mode},
    }


def _name(resource: Json) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]
