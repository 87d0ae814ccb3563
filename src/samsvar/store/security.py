"""The embedded consent and block services: the books, asked beside the event loop.

A check is one indexed query for a person. Implements the ports of whoever decides, and those of
the SOAP services.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar

from samsvar.access.standing import block_standing, consent_standing, giver_of
from samsvar.access.words import Block
from samsvar.fact_ports import (
    Accessing,
    BlockQuestion,
    BlockService,
    ConsentAnswer,
    ConsentService,
)
from samsvar.model.blocks import BlockFilter, BlockPage, BlockRecord
from samsvar.model.consents import ConsentRecord
from samsvar.model.identifiers import PersonId
from samsvar.model.registration import Action, Refusal
from samsvar.ports import BlockRegister, ConsentRegister
from samsvar.store.block_book import BlockBook
from samsvar.store.consent_book import ConsentBook

_THREADS = 2
_Done = TypeVar("_Done")


class _Desk:
    """Threads of its own: nobody waits for what others do."""

    def __init__(self, name: str) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix=name)

    async def _run(self, work: Callable[[], _Done]) -> _Done:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Finish what is being done."""
        self._threads.shutdown(wait=True)


class StoredConsents(_Desk):
    """The consents in our own book. Every method raises FactsUnavailable if it cannot be done."""

    def __init__(self, book: ConsentBook) -> None:
        super().__init__("consents")
        self._book = book

    async def check(self, subject: PersonId, accessing: Accessing, at: datetime) -> ConsentAnswer:
        """How consent stands."""
        records = await self.of_person(subject, accessing.care_giver)
        consent, found = consent_standing(records, accessing, at)
        if found is None:
            return ConsentAnswer(consent)
        return ConsentAnswer(consent, giver_of(found, at), found.assertion_id)

    async def register(
        self, record: ConsentRecord, now: datetime, *, from_now: bool
    ) -> Refusal | None:
        """See ``ConsentBook``."""
        return await self._run(partial(self._book.register, record, now, from_now=from_now))

    async def cancel(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None
    ) -> Refusal | None:
        """See ``ConsentBook``."""
        return await self._run(partial(self._book.cancel, assertion_id, action, now, care_giver))

    async def nullify(
        self, assertion_id: str, action: Action, now: datetime, care_giver: str | None
    ) -> Refusal | None:
        """See ``ConsentBook``."""
        return await self._run(partial(self._book.nullify, assertion_id, action, now, care_giver))

    async def subject_of(self, assertion_id: str) -> PersonId | None:
        """See ``ConsentBook``."""
        return await self._run(partial(self._book.subject_of, assertion_id))

    async def of_person(self, subject: PersonId, care_giver: str | None) -> Sequence[ConsentRecord]:
        """See ``ConsentBook``."""
        return await self._run(partial(self._book.of_person, subject, care_giver))


class StoredBlocks(_Desk):
    """The blocks in our own book. Every method raises FactsUnavailable if it cannot be done."""

    def __init__(self, book: BlockBook) -> None:
        super().__init__("blocks")
        self._book = book

    async def check(
        self,
        subject: PersonId,
        accessing: Accessing,
        questions: Sequence[BlockQuestion],
        at: datetime,
    ) -> Sequence[Block]:
        """How each stands for those who want to see, in their order."""
        records = await self.of_person(subject)
        return tuple(block_standing(records, accessing, one, at) for one in questions)

    async def register(
        self, record: BlockRecord, now: datetime, represented_by: PersonId | None
    ) -> Refusal | None:
        """See ``BlockBook``."""
        return await self._run(partial(self._book.register, record, now, represented_by))

    async def of_person(self, subject: PersonId) -> Sequence[BlockRecord]:
        """See ``BlockBook``."""
        return await self._run(partial(self._book.of_person, subject))

    async def in_force(self, wanted: BlockFilter) -> BlockPage | Refusal:
        """See ``BlockBook``."""
        return await self._run(partial(self._book.in_force, wanted))


_consents: tuple[type[ConsentService], type[ConsentRegister]] = (StoredConsents, StoredConsents)
_blocks: tuple[type[BlockService], type[BlockRegister]] = (StoredBlocks, StoredBlocks)
