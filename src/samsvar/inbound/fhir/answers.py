"""Answers of the FHIR door, written: Bundles with what is missing told in them, single resources.

Knows who may hear the name of a source that did not answer. Makes no resource of a record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson

from samsvar.fhir.attachments import Url
from samsvar.fhir.bundle import searchset
from samsvar.fhir.datatypes import Json
from samsvar.fhir.operation_outcome import is_silent, unnamed_outcome
from samsvar.inbound.fhir.search import Search
from samsvar.inbound.users.asking import Visit, may_name_sources
from samsvar.inbound.users.router import FHIR_JSON, Made
from samsvar.model.exchange import Answer
from samsvar.model.status import StatusRecord

_CONTENT_TYPE = f"{FHIR_JSON}; charset=utf-8"


def bundle_of(
    matches: Sequence[Json],
    along: Iterable[Json],
    collected: tuple[Visit, Answer] | None,
    url: Url,
    link: str,
    search: Search,
) -> Made:
    """The answer to a search. ``collected``: what came of the sources; None: none was asked."""
    statuses: Sequence[StatusRecord] = collected[1].statuses if collected else ()
    named = collected is None or may_name_sources(collected[0], search.person, collected[1])
    outcomes = [_ignored(search.ignored)] if search.ignored else []
    if not named and any(map(is_silent, statuses)):
        outcomes.append(unnamed_outcome())
    made = searchset(matches, along, statuses if named else (), url, self_link=link)
    if outcomes:
        made.setdefault("entry", []).extend(
            {"resource": each, "search": {"mode": "outcome"}} for each in outcomes
        )
    return Made(
        orjson.dumps(made),
        _CONTENT_TYPE,
        items=len(matches),
        sources_total=len(statuses),
        sources_failed=sum(map(is_silent, statuses)),
    )


def _ignored(names: Sequence[str]) -> Json:
    text = f"Parameters that are not known here were not used: {', '.join(names)}"
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "warning", "code": "not-supported", "diagnostics": text}],
    }


def single(resource: Json, answer: Answer) -> Made:
    """One resource."""
    return Made(orjson.dumps(resource), _CONTENT_TYPE, items=1, sources_total=len(answer.statuses))
