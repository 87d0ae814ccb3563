"""Searches and reads: what the walk let be shown, as Bundles and resources.

Knows which records become which resources, and that a read asks the record's one source again
and decides anew. Knows no rule; makes no resource itself.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace

from samsvar.errors import NotPermitted
from samsvar.fhir.datatypes import Json
from samsvar.fhir.labels import Frame
from samsvar.fhir.mhd import document_reference
from samsvar.inbound.fhir.accesses import events, period_of
from samsvar.inbound.fhir.answers import bundle_of, single
from samsvar.inbound.fhir.records import (
    File,
    all_of,
    file_in,
    is_of,
    plans_of,
    resources,
    targets,
    urls,
)
from samsvar.inbound.fhir.search import Search, read_search
from samsvar.inbound.users.asking import CONTACTS, PLANS, Desk, Visit
from samsvar.inbound.users.handles import Opened
from samsvar.inbound.users.refusal import gone
from samsvar.inbound.users.router import DOCUMENTS, FHIR, Asked, Made
from samsvar.model.care import CareContact, CarePlan
from samsvar.model.exchange import Answer
from samsvar.model.identifiers import ContractUrn

MOST_ACCESSES = 1000
_FHIR_FORMS = ("application/fhir+json", "application/json")


class Facade:
    """Handlers of the rows for FHIR and document sharing."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def search(self, asked: Asked, kind: str, *, documents: bool = False) -> Made:
        """``POST [type]/_search``. ``documents``: by the base of document sharing."""
        search = read_search(kind, asked.body, asked.prefers)
        visit, person = asked.visit, search.person
        url = urls(visit.base, documents=documents)
        link = f"{visit.base}{DOCUMENTS if documents else FHIR}/{kind}/_search"
        if kind == "AuditEvent":
            seen = await self._accesses(visit, search)
            return bundle_of(seen, (), None, url, link, search)
        frame = Frame(self._desk.ids(visit, person))
        if kind == "Encounter":
            answer = await self._desk.contacts(
                visit, person, source=search.source, chosen=search.wants
            )
        else:
            answer = await self._desk.plans(
                visit, person, source=search.source, chosen=search.wants
            )
        frame = _guarded(frame, answer)
        if kind == "DocumentReference":
            found = [
                document_reference(plan, form, frame, url)
                for plan in plans_of(answer)
                for form in search.forms
            ]
            return bundle_of(found, (), (visit, answer), url, link, search)
        several = resources(answer, frame, url)
        if kind in ("CarePlan", "Encounter"):
            matches = [each.main for each in several]
        else:
            matches = [one for each in several for one in each.of(kind)]
        along = [one for each in several for one in each.of(*search.included)]
        if kind not in ("CarePlan", "Encounter"):
            names = {f"{each['resourceType']}/{each['id']}" for each in matches}
            along = [each for each in along if names & targets(each)]
        return bundle_of(matches, along, (visit, answer), url, link, search)

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
        url = urls(visit.base)

        def named(record: CarePlan | CareContact | None, frame: Frame) -> Json | None:
            return next(
                (
                    each
                    for each in all_of(record, frame, url, documents=kind == "DocumentReference")
                    if each["resourceType"] == kind and each["id"] == handle
                ),
                None,
            )

        ask = self._desk.contacts if contract == CONTACTS else self._desk.plans
        answer = await ask(
            visit,
            opened.person,
            source=self._desk.source_of(opened, contract),
            chosen=lambda record: named(record, frame) is not None,
        )
        # Once more: the access rules may have taken away what it was called for.
        guarded = _guarded(frame, answer)
        found = (named(item.record, guarded) for item in answer.records)
        shown = next((each for each in found if each is not None), None)
        return single(shown, answer) if shown is not None else None

    async def binary(self, asked: Asked) -> Made:
        """``GET Binary/[id]``: as FHIR where the client asks for that, else the file itself."""
        file, answer = await self._file(asked)
        wanted = [each.partition(";")[0].strip().lower() for each in asked.accepts.split(",")]
        if any(each in _FHIR_FORMS for each in wanted) and file.media_type not in wanted:
            return single(file.resource, answer)
        return Made(file.content, file.media_type, items=1)

    async def document(self, asked: Asked) -> Made:
        """ITI-68: the document, made of the plan as it is now."""
        file, _ = await self._file(asked)
        return Made(file.content, file.media_type, items=1)

    async def _file(self, asked: Asked) -> tuple[File, Answer]:
        visit, handle = asked.visit, asked.names["id"]
        opened = self._desk.opened(visit, handle)
        frame = Frame(self._desk.ids(visit, opened.person, opened.until))
        url = urls(visit.base)

        def held(record: CarePlan | CareContact) -> bool:
            return isinstance(record, CarePlan) and is_of(record, handle, frame)

        answer = await self._desk.plans(
            visit, opened.person, source=self._desk.source_of(opened, PLANS), chosen=held
        )
        for plan in plans_of(answer):
            file = file_in(plan, handle, _guarded(frame, answer), url)
            if file is not None:
                return file, answer
        raise gone()

    async def _accesses(self, visit: Visit, search: Search) -> list[Json]:
        period = period_of(search.dates, self._desk.now())
        found = await self._desk.accesses(visit, search.person, period, MOST_ACCESSES)
        return events(found, search.dates, search.person, self._desk.ids(visit, search.person))


def _guarded(frame: Frame, answer: Answer) -> Frame:
    """The frame, now that it is known how what came must be guarded."""
    return replace(frame, protected_identity=answer.protected_identity)
