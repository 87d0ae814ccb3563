"""Searches and reads: what the walk let be shown, as Bundles and resources.

Knows which records become which resources, and that a read asks the record's one source again
and decides anew. Knows no rule; makes no resource itself.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import orjson

from samsvar.errors import NotPermitted
from samsvar.fhir.attachments import Url, attachment_binary, binary
from samsvar.fhir.audit_event import AccessEvent, audit_event
from samsvar.fhir.bundle import searchset
from samsvar.fhir.datatypes import Json
from samsvar.fhir.labels import Frame
from samsvar.fhir.mhd import DocumentForm, document_id, document_reference, rendition
from samsvar.fhir.operation_outcome import is_silent, unnamed_outcome
from samsvar.fhir.plan_refs import plan_refs
from samsvar.fhir.plan_resources import Resources, contact_resources, plan_resources
from samsvar.inbound.fhir.dates import Asked as AskedDate
from samsvar.inbound.fhir.search import Search, read_search
from samsvar.inbound.users.asking import (
    CONTACTS,
    PLANS,
    Desk,
    Visit,
    gone,
    may_name_sources,
)
from samsvar.inbound.users.handles import Opened
from samsvar.inbound.users.router import DOCUMENTS, FHIR, FHIR_JSON, Asked, Made
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.exchange import Answer
from samsvar.model.identifiers import ContractUrn, PersonId
from samsvar.model.status import StatusRecord
from samsvar.pipeline.access_report import Access, Period

#: resources that a plan becomes
OF_PLANS = ("CarePlan", "Goal", "ServiceRequest", "CareTeam", "Flag", "Provenance")
MOST_ACCESSES = 1000
#: how far back accesses are told of where no date is asked for
_DAYS_BACK = 5 * 365
_CONTENT_TYPE = f"{FHIR_JSON}; charset=utf-8"
_FHIR_FORMS = ("application/fhir+json", "application/json")


@dataclass(frozen=True, slots=True)
class File:
    """What a Binary is, before anybody has said in what form it is wanted."""

    media_type: str
    content: bytes = field(repr=False)
    resource: Json = field(repr=False)


class Facade:
    """Handlers of the rows for FHIR and document sharing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def search(self, asked: Asked, kind: str, *, documents: bool = False) -> Made:
        """``POST [type]/_search``. ``documents``: by the base of document sharing."""
        search = read_search(kind, asked.body, asked.prefers)
        visit, person = asked.visit, search.person
        url = _urls(visit, documents=documents)
        link = f"{visit.base}{DOCUMENTS if documents else FHIR}/{kind}/_search"
        if kind == "AuditEvent":
            events = await self._accesses(visit, search)
            return _bundle(events, (), None, url, link, search)
        frame = Frame(self._desk.ids(visit, person))
        if kind == "Encounter":
            answer = await self._desk.contacts(
                visit, person, source=search.source, chosen=search.wants
            )
        else:
            answer = await self._desk.plans(
                visit, person, source=search.source, chosen=search.wants
            )
        if kind == "DocumentReference":
            found = [
                document_reference(plan, form, frame, url)
                for plan in plans_of(answer)
                for form in search.forms
            ]
            return _bundle(found, (), (visit, answer), url, link, search)
        several = _resources(answer, frame, url)
        if kind in ("CarePlan", "Encounter"):
            matches = [each.main for each in several]
        else:
            matches = [one for each in several for one in each.of(kind)]
        along = [one for each in several for one in each.of(*search.included)]
        if kind not in ("CarePlan", "Encounter"):
            names = {f"{each['resourceType']}/{each['id']}" for each in matches}
            along = [each for each in along if names & _targets(each)]
        return _bundle(matches, along, (visit, answer), url, link, search)

    async def read(self, asked: Asked, kind: str) -> Made:
        """``GET [type]/[id]``."""
        visit, handle = asked.visit, asked.names["id"]
        opened = self._desk.opened(visit, handle)
        contracts = {"Encounter": (CONTACTS,), "Provenance": (PLANS, CONTACTS)}
        with contextlib.suppress(*(NotPermitted,) if kind == "Provenance" else ()):
            for contract in contracts.get(kind, (PLANS,)):
                made = await self._read(visit, opened, contract, kind, handle)
                if made is not None:
                    return made
        raise gone()  # also for a system that may not ask for contacts at all

    async def _read(
        self, visit: Visit, opened: Opened, contract: ContractUrn, kind: str, handle: str
    ) -> Made | None:
        frame = Frame(self._desk.ids(visit, opened.person, opened.until))
        url = _urls(visit)

        def named(record: CarePlan | CareContact | None) -> Json | None:
            return next(
                (
                    each
                    for each in _all_of(record, frame, url)
                    if each["resourceType"] == kind and each["id"] == handle
                ),
                None,
            )

        ask = self._desk.contacts if contract == CONTACTS else self._desk.plans
        answer = await ask(
            visit,
            opened.person,
            source=self._desk.source_of(opened, contract),
            chosen=lambda record: named(record) is not None,
        )
        # Once more: the access rules may have taken away what it was called for.
        found = (named(item.record) for item in answer.records)
        shown = next((each for each in found if each is not None), None)
        return _made(shown, answer) if shown is not None else None

    async def binary(self, asked: Asked) -> Made:
        """``GET Binary/[id]``: as FHIR where the client asks for that, else the file itself."""
        file, answer = await self._file(asked)
        wanted = [each.partition(";")[0].strip().lower() for each in asked.accepts.split(",")]
        if any(each in _FHIR_FORMS for each in wanted) and file.media_type not in wanted:
            return _made(file.resource, answer)
        return Made(file.content, file.media_type, items=1)

    async def document(self, asked: Asked) -> Made:
        """ITI-68: the document, made of the plan as it is now."""
        file, _ = await self._file(asked)
        return Made(file.content, file.media_type, items=1)

    async def _file(self, asked: Asked) -> tuple[File, Answer]:
        visit, handle = asked.visit, asked.names["id"]
        opened = self._desk.opened(visit, handle)
        frame = Frame(self._desk.ids(visit, opened.person, opened.until))
        url = _urls(visit)

        def held(record: CarePlan | CareContact) -> bool:
            return isinstance(record, CarePlan) and _is_of(record, handle, frame)

        answer = await self._desk.plans(
            visit, opened.person, source=self._desk.source_of(opened, PLANS), chosen=held
        )
        for plan in plans_of(answer):
            file = _file_in(plan, handle, frame, url)
            if file is not None:
                return file, answer
        raise gone()

    async def _accesses(self, visit: Visit, search: Search) -> list[Json]:
        period = _period(search.dates, self._desk.now())
        found = await self._desk.accesses(visit, search.person, period, MOST_ACCESSES)
        ids = self._desk.ids(visit, search.person)
        return [
            audit_event(_event(each, ids("AuditEvent", "", str(each.sequence)), search.person))
            for each in found
            if all(asked.fits((each.at, each.at + timedelta(seconds=1))) for asked in search.dates)
        ]


def plans_of(answer: Answer) -> list[CarePlan]:
    """The plans that may be shown."""
    return [item.record for item in answer.records if isinstance(item.record, CarePlan)]


def _urls(visit: Visit, *, documents: bool = False) -> Url:
    """Where resources are found; a document by the base of document sharing."""

    def url(kind: str, resource_id: str) -> str:
        if documents and kind == "Binary":
            return f"{visit.base}{DOCUMENTS}/{resource_id}"
        return f"{visit.base}{FHIR}/{kind}/{resource_id}"

    return url


def _resources(answer: Answer, frame: Frame, url: Url) -> list[Resources]:
    several = []
    for item in answer.records:
        if isinstance(item.record, CarePlan):
            several.append(plan_resources(item.record, frame, url))
        elif isinstance(item.record, CareContact):
            several.append(contact_resources(item.record, frame))
    return several


def _all_of(record: CarePlan | CareContact | None, frame: Frame, url: Url) -> Iterator[Json]:
    """Everything that a record can be read as."""
    if isinstance(record, CareContact):
        made = contact_resources(record, frame)
        yield from (made.main, *made.included)
    elif isinstance(record, CarePlan):
        made = plan_resources(record, frame, url)
        yield from (made.main, *made.included)
        yield from (document_reference(record, form, frame, url) for form in DocumentForm)


def _is_of(plan: CarePlan, handle: str, frame: Frame) -> bool:
    """Whether a Binary of this id is the plan's."""
    return handle in plan_refs(plan, frame).attachments or any(
        document_id(plan, form, frame) == handle for form in DocumentForm
    )


def _file_in(plan: CarePlan, handle: str, frame: Frame, url: Url) -> File | None:
    refs = plan_refs(plan, frame)
    for number, attachment in enumerate(plan.attachments):
        if refs.attachments[number] == handle and attachment.content:
            resource = attachment_binary(plan, number, refs)
            return File(attachment.media_type, attachment.content, resource)
    for form in DocumentForm:
        if document_id(plan, form, frame) == handle:
            made = rendition(plan, form, frame, url)
            return File(
                made.media_type, made.content, binary(handle, made.media_type, made.content)
            )
    return None


def _targets(resource: Json) -> set[str]:
    """What a Provenance is of."""
    return {each.get("reference", "") for each in resource.get("target", ())}


def _bundle(
    matches: Sequence[Json],
    along: Iterable[Json],
    collected: tuple[Visit, Answer] | None,
    url: Url,
    link: str,
    search: Search,
) -> Made:
    statuses: Sequence[StatusRecord] = collected[1].statuses if collected else ()
    named = collected is None or may_name_sources(collected[0], search.person, collected[1])
    outcomes = [_ignored(search.ignored)] if search.ignored else []
    if not named and any(map(is_silent, statuses)):
        outcomes.append(unnamed_outcome())
    bundle = searchset(matches, along, statuses if named else (), url, self_link=link)
    if outcomes:
        bundle.setdefault("entry", []).extend(
            {"resource": each, "search": {"mode": "outcome"}} for each in outcomes
        )
    return Made(
        orjson.dumps(bundle),
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


def _made(resource: Json, answer: Answer) -> Made:
    return Made(orjson.dumps(resource), _CONTENT_TYPE, items=1, sources_total=len(answer.statuses))


def _period(asked: Sequence[AskedDate], now: datetime) -> Period:
    """The widest that the conditions leave: each access is held to them afterwards."""
    since, until = now - timedelta(days=_DAYS_BACK), now + timedelta(seconds=1)
    for each in asked:
        if each.prefix in ("eq", "ge", "gt", "sa"):
            since = max(since, each.span[0])
        if each.prefix in ("eq", "le", "lt", "eb"):
            until = min(until, each.span[1])
    return Period(since, max(since, until))


def _event(access: Access, event_id: str, subject: PersonId) -> AccessEvent:
    return AccessEvent(
        event_id=event_id,
        at=access.at,
        granted=True,
        observer="Samsvar",
        resource_type="Encounter" if access.resource == "Vårdkontakter" else "CarePlan",
        subject=subject,
        care_giver=access.care_giver,
        care_giver_name=access.care_giver_name or (None if access.care_giver else access.reader),
        unit=access.care_unit,
        unit_name=access.care_unit_name,
        purpose=access.purpose,
    )
