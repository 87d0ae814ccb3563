"""The questions of the bench, in order: what is sent, and why. A literal table.

Some are made of the first answer (a day, a unit, an id of the known person's first record).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from lxml import etree

from samsvar.bench.evidence import Evidence, Sample
from samsvar.bench.messages import (
    EXTENSION,
    core_namespace,
    cut_short,
    of_unknown_operation,
    with_doctype,
    without_person,
)
from samsvar.bench.model import CONTACTS, EVERY, LOGISTICS, Kind
from samsvar.bench.wire import Wire

STRANGER = "SE2129999963-BENCH"
"""An HSA-id that no producer has."""
NOBODY = "BENCH-0000"
LONG_AGO = ("19000101", "19000102")
_MANY = 40  # headers: a chain of platforms adds a dozen or so

Make = Callable[[Evidence], bytes | None]


@dataclass(frozen=True, slots=True)
class Probe:
    """One question. ``make`` gives None where the first answer has nothing to make it of."""

    name: str
    title: str
    make: Make = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    kinds: frozenset[Kind] = EVERY
    action: str | None = None
    """Another SOAPAction than the contract's."""


def _plain(evidence: Evidence) -> bytes:
    return evidence.ask().bytes()


def _with_sample(change: Callable[[Evidence, Sample], bytes]) -> Make:
    def make(evidence: Evidence) -> bytes | None:
        return None if evidence.sample is None else change(evidence, evidence.sample)

    return make


def _period(days_before: int, of_last: bool, days_after: int) -> Make:
    """A period around the first or the last day of the sample."""

    def change(evidence: Evidence, sample: Sample) -> bytes:
        day = sample.last if of_last else sample.first
        period = (_moved(day, -days_before), _moved(day, days_after))
        return replace(evidence.ask(), period=period).bytes()

    return _with_sample(change)


def _unit(evidence: Evidence, sample: Sample) -> bytes:
    return replace(evidence.ask(), unit=sample.unit).bytes()


def _giver(evidence: Evidence, sample: Sample) -> bytes:
    return replace(evidence.ask(), giver=sample.giver).bytes()


def _contact(evidence: Evidence, sample: Sample) -> bytes:
    source = evidence.target.logical_address
    return replace(evidence.ask(), source=source, contact=sample.document_id).bytes()


PROBES: tuple[Probe, ...] = (
    Probe("known", "the person with data", _plain),
    Probe("again", "the same once more", _plain),
    Probe(
        "unknown",
        "the person without data",
        lambda seen: replace(seen.ask(), person=seen.target.unknown).bytes(),
    ),
    Probe(
        "own-source",
        "sourceSystemHSAId = LogicalAddress",
        lambda seen: replace(seen.ask(), source=seen.target.logical_address).bytes(),
    ),
    Probe(
        "other-source",
        "sourceSystemHSAId of another system",
        lambda seen: replace(seen.ask(), source=STRANGER).bytes(),
        kinds=LOGISTICS,
    ),
    Probe(
        "contact-without-source",
        "careContactId alone",
        lambda seen: replace(seen.ask(), contact=NOBODY).bytes(),
        kinds=LOGISTICS,
    ),
    Probe(
        "unknown-contact",
        "a careContactId that nobody has",
        lambda seen: replace(
            seen.ask(), contact=NOBODY, source=seen.target.logical_address
        ).bytes(),
        kinds=LOGISTICS,
    ),
    Probe("contact", "one contact by its id", _with_sample(_contact), kinds=CONTACTS),
    Probe("period-start", "a period that starts on the day", _period(0, True, 30), kinds=LOGISTICS),
    Probe("period-end", "a period that ends on the day", _period(30, False, 0), kinds=LOGISTICS),
    Probe("single-day", "start = end", _period(0, False, 0), kinds=LOGISTICS),
    Probe(
        "long-ago",
        "a period long ago",
        lambda seen: replace(seen.ask(), period=LONG_AGO).bytes(),
        kinds=LOGISTICS,
    ),
    Probe("unit", "one care unit", _with_sample(_unit), kinds=LOGISTICS),
    Probe(
        "unknown-unit",
        "a care unit that nobody has",
        lambda seen: replace(seen.ask(), unit=STRANGER).bytes(),
        kinds=LOGISTICS,
    ),
    Probe("giver", "one care giver", _with_sample(_giver), kinds=frozenset({Kind.CONTACTS_3})),
    Probe(
        "unknown-giver",
        "a care giver that nobody has",
        lambda seen: replace(seen.ask(), giver=STRANGER).bytes(),
        kinds=frozenset({Kind.CONTACTS_3}),
    ),
    Probe(
        "other-address",
        "another LogicalAddress",
        lambda seen: replace(seen.ask(), address=STRANGER).bytes(),
    ),
    Probe(
        "extension",
        "an extension element in the request",
        lambda seen: replace(seen.ask(), extension=EXTENSION).bytes(),
    ),
    Probe(
        "prefixes",
        "default namespace instead of prefixes",
        lambda seen: replace(seen.ask(), default_namespace=True).bytes(),
    ),
    Probe(
        "odd-headers", "unknown HTTP headers", _plain, {"X-Bench": "1", "X-Bench-Note": "unknown"}
    ),
    Probe(
        "many-headers",
        f"{_MANY} further HTTP headers",
        _plain,
        {f"x-rivta-bench-{number}": "b" * 100 for number in range(_MANY)},
    ),
    Probe("odd-action", "another SOAPAction", _plain, action='"urn:example:bench"'),
    Probe("no-action", "an empty SOAPAction", _plain, action='""'),
    Probe("cut-short", "broken XML", lambda seen: cut_short(seen.ask())),
    Probe(
        "unknown-operation", "an unknown operation", lambda seen: of_unknown_operation(seen.ask())
    ),
    Probe(
        "no-person", "a question that breaks the schema", lambda seen: without_person(seen.ask())
    ),
    Probe("doctype", "a document type", lambda seen: with_doctype(seen.ask())),
)


async def put_questions(evidence: Evidence, wire: Wire, progress: Callable[[str], None]) -> None:
    """Put every question of the contract, one after another, then some at once."""
    title = f"{evidence.contract.operation} {str(evidence.contract.urn).rpartition(':')[2]}"
    for probe in PROBES:
        if evidence.kind not in probe.kinds:
            continue
        body = probe.make(evidence)
        if body is None:
            continue
        progress(f"{title}: {probe.title}")
        headers = {**_headers(evidence, probe.action), **probe.headers}
        evidence.exchanges[probe.name] = await wire.post(probe.name, body, headers)
        if probe.name == "known":
            evidence.sample = sample_of(evidence)
    progress(f"{title}: WSDL")
    evidence.exchanges["wsdl"] = await wire.get_wsdl("wsdl")
    progress(f"{title}: {evidence.target.parallel} at once")
    names = [f"parallel-{number}" for number in range(1, evidence.target.parallel + 1)]
    many = await asyncio.gather(
        *(wire.post(name, _plain(evidence), _headers(evidence, None)) for name in names)
    )
    evidence.exchanges.update(zip(names, many, strict=True))


def _headers(evidence: Evidence, action: str | None) -> dict[str, str]:
    return {
        "Content-Type": "text/xml; charset=UTF-8",
        "SOAPAction": action if action is not None else f'"{evidence.contract.soap_action}"',
    }


def sample_of(evidence: Evidence) -> Sample | None:
    """The first record that later questions can be made of: best one with an end."""
    if evidence.kind not in LOGISTICS:
        return None
    found = [one for one in map(_sample, _records(evidence)) if one is not None]
    given = evidence.target.period
    if not found and given is not None:
        return Sample(NOBODY, given[0], given[1], None, None)
    return next((one for one in found if one.last != ""), found[0] if found else None)


def _records(evidence: Evidence) -> list[tuple[str, etree._Element]]:
    core = core_namespace(evidence.contract)
    return [(f"{{{core}}}", record) for record in evidence.read("known").records]


def _sample(found: tuple[str, etree._Element]) -> Sample | None:
    core, record = found

    def text(name: str) -> str:
        element = next(record.iter(f"{core}{name}"), None)
        return "" if element is None else (element.text or "").strip()

    start = text("documentTime") or text("start") or text("end")
    last = text("documentTime") or text("end") or text("start")
    if not _is_day(start[:8]) or not _is_day(last[:8]):
        return None
    return Sample(
        text("documentId"),
        start[:8],
        last[:8],
        text("healthcareProfessionalCareUnitHSAId") or None,
        text("healthcareProfessionalCareGiverHSAId") or None,
    )


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(f"{text[:4]}-{text[4:6]}-{text[6:]}")
    except ValueError:
        return False
    return len(text) == len("YYYYMMDD")


def _moved(day: str, days: int) -> str:
    moved = date(int(day[:4]), int(day[4:6]), int(day[6:])) + timedelta(days=days)
    return f"{moved:%Y%m%d}"
