"""What stands where in a Bundle of FHIR, as far as the viewer reads it. Knows no page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from samsvar.viewer.words import Pair

Json = Mapping[str, Any]
_OURS = "urn:samsvar:fhir:"


def of_mode(bundle: Json, mode: str) -> list[Json]:
    """The resources that are matches, or included, or outcomes."""
    return [
        entry["resource"]
        for entry in bundle.get("entry", ())
        if entry.get("search", {}).get("mode") == mode
    ]


def silent_sources(bundle: Json) -> list[Pair]:
    """What is told of sources that did not answer."""
    found = []
    for outcome in of_mode(bundle, "outcome"):
        for issue in outcome.get("issue", ()):
            if outcome.get("resourceType") == "OperationOutcome" and issue.get("code") in (
                "timeout",
                "exception",
                "security",
                "transient",
                "incomplete",
            ):
                swedish = issue.get("details", {}).get("text", "")
                english = issue.get("diagnostics", "").removeprefix(swedish).strip()
                found.append((swedish, english.partition(" (")[0] or swedish))
    return found


def owners_in(bundle: Json) -> dict[str, str]:
    """What belongs to whom, by the Provenance that was sent along."""
    found = {}
    for one in of_mode(bundle, "include"):
        if one.get("resourceType") != "Provenance":
            continue
        names = [
            agent.get("who", {}).get("identifier", {}).get("value")
            for agent in one.get("agent", ())
            if coding(agent.get("type", {})) == "custodian"
        ]
        for target in one.get("target", ()):
            if names and names[0]:
                found[target.get("reference", "")] = names[0]
    return found


def first(resource: Json, name: str) -> Json:
    """The first of a list, or an empty one of its kind."""
    several: list[Json] = resource.get(name) or [{}]
    return several[0]


def source_of(plan: Json) -> str:
    """Which source system it comes from, as one URI."""
    source: str = plan.get("meta", {}).get("source", "")
    return source


def coding(concept: Json) -> str:
    """The first code of a concept; empty where it has none."""
    code: str = first(concept, "coding").get("code", "")
    return code


def ours(resource: Json, name: str, kind: str) -> str | None:
    """The value of an extension of the hub's own."""
    for each in resource.get("extension", ()):
        if each.get("url") == f"{_OURS}{name}":
            value: str | None = each.get(kind)
            return value
    return None


def parts(resource: Json, name: str) -> Iterator[dict[str, Any]]:
    """Each extension of this name as a table of its parts."""
    for each in resource.get("extension", ()):
        if each.get("url") == f"{_OURS}{name}":
            yield {
                part["url"]: next(
                    (value for key, value in part.items() if key.startswith("value")), None
                )
                for part in each.get("extension", ())
            }
