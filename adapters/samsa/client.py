"""Asking SAMSA: the person's cases, then each plan, then the attachments worth having.

The only I/O, and all of it through the ``Http`` port. A person's number stands in a message's
body and never in an address. Knows the order of the calls; what they mean is the mapping's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final, TypeVar

from samsvar.adapter_api import (
    Adapter,
    AdapterOptions,
    Http,
    ProducerAnswerInvalid,
    care,
)
from samsvar_adapters.samsa import attachments, mapping, messages, reading, tables
from samsvar_adapters.samsa.reading import Document

AT_ONCE: Final = 4  # what the system's own web client does; more only queues there
MOST_CASES: Final = 200  # a person with more is a fault in somebody's register

_Result = TypeVar("_Result")


class SamsaAdapter:
    """The adapter. It keeps nothing between questions."""

    async def care_plans(
        self, query: care.CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[care.CarePlan]:
        """All plans of the person, of every status.

        Raises:
            ProducerError: the system failed, or its answer cannot be used.
        """
        if query.subject.root not in tables.NUMBER_KINDS:
            return ()  # other issuers' reservnummer cannot be written in SAMSA
        session = _Session(address, _credentials(options), http)
        cases = [
            case
            for case in await session.all(map(session.case, await session.case_ids(query)))
            if case is not None
        ]
        files = await session.all(
            session.attachment(case_id, attachment_id)
            for case in cases
            if (case_id := reading.raw(case, "ArendeId")) is not None and mapping.is_plan(case)
            for attachment_id in attachments.wanted(case)
        )
        contents = {key: content for key, content in files if content is not None}
        return await asyncio.to_thread(mapping.care_plans, cases, contents, query)

    async def care_contacts(
        self, query: care.CareQuery, address: str, options: AdapterOptions, http: Http
    ) -> Sequence[care.CareContact]:
        """None: SAMSA holds plans, not care contacts. Nothing is asked."""
        return ()


class _Session:
    """The calls of one question."""

    def __init__(self, address: str, credentials: messages.Credentials | None, http: Http) -> None:
        self._address = address
        self._credentials = credentials
        self._http = http
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def all(self, calls: Iterable[Awaitable[_Result]]) -> list[_Result]:
        """All results, in order. The first failure ends the other calls."""
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(_awaited(call)) for call in calls]
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def case_ids(self, query: care.CareQuery) -> tuple[str, ...]:
        """The person's cases, each once; none if the person is not there."""
        number = query.subject.extension
        try:
            answer = await self._ask(
                "HamtaArendeLista",
                Individ={
                    "Id": {
                        reading.TEXT: f"{number[:8]}-{number[8:]}",
                        "typ": tables.NUMBER_KINDS[query.subject.root],
                    }
                },
            )
        except messages.NotThere:
            return ()
        listed = [reading.raw(row, "ArendeId") for row in reading.children(answer, "Arende")]
        found = dict.fromkeys(case_id for case_id in listed if case_id is not None)
        if len(found) > MOST_CASES:
            raise ProducerAnswerInvalid(f"the list holds more than {MOST_CASES} cases")
        if listed and not found:
            raise ProducerAnswerInvalid("no case in the list has an id")
        return tuple(found)

    async def case(self, case_id: str) -> Document | None:
        """One case; None if it went away after the list was made.

        Raises:
            ProducerAnswerInvalid: another case came than the one asked for.
        """
        try:
            answer = await self._ask("HamtaPlan", ArendeId=case_id)
        except messages.NotThere:
            return None
        found = reading.child(answer, "Arende")
        if not found:
            return None
        if reading.raw(found, "ArendeId") not in (case_id, None):
            raise ProducerAnswerInvalid("another case came than the one that was asked for")
        return found

    async def attachment(
        self, case_id: str, attachment_id: str
    ) -> tuple[tuple[str, str], bytes | None]:
        """The bytes of one attachment; None if it went away after the case was read."""
        key = (case_id, attachment_id)
        try:
            answer = await self._ask("HamtaBilaga", ArendeId=case_id, BilagaId=attachment_id)
        except messages.NotThere:
            return key, None
        if reading.raw(answer, "BilagaId") not in (attachment_id, None):
            raise ProducerAnswerInvalid("another attachment came than the one asked for")
        content = answer.get("Innehall")
        return key, content if isinstance(content, bytes) else None

    async def _ask(self, operation: str, **values: object) -> Mapping[str, object]:
        # In a thread: the schema work on a large plan must not hold the other questions up.
        async with self._gate:
            asked = await asyncio.to_thread(
                messages.request, operation, self._credentials, **values
            )
            answer = await self._http.request(
                "POST", self._address, headers=asked.headers, body=asked.body
            )
            return await asyncio.to_thread(messages.decoded, operation, answer)


async def _awaited(call: Awaitable[_Result]) -> _Result:
    return await call


def _credentials(options: AdapterOptions) -> messages.Credentials | None:
    username = options.get("username")
    return messages.Credentials(username, options.get("password") or None) if username else None


_: type[Adapter] = SamsaAdapter  # interface guard
