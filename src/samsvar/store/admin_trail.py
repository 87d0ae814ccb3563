"""Changes of the hub itself as rows of the access log: who was about to change what.

A row is made before the change: it says that somebody set about it, and no change can be made
behind its back. How it ended is told by the histories of what was changed. Such a row has no
contract and no person, and came in by the door ``admin``. Knows no command and no request.
"""

from __future__ import annotations

import asyncio
from uuid import uuid4

from samsvar.model.exchange import QuestionRecord, Verdict
from samsvar.model.identifiers import CorrelationId, HsaId
from samsvar.ports import AccessLog, Clock
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import Database
from samsvar.store.secrets import open_vault

DOOR = "admin"
_LONGEST = 500


class AdminTrail:
    """Makes the rows."""

    def __init__(self, log: AccessLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    async def note(self, who: str, what: str, where: str) -> None:
        """Returns when the row is durable.

        Raises:
            AuditUnavailable: it is not: then nothing may be changed.
        """
        await self._log.append(
            QuestionRecord(
                correlation_id=CorrelationId(str(uuid4())),
                at=self._clock.now(),
                sender=HsaId(f"admin:{who}"),
                original_consumer=None,
                contract=None,
                logical_address=None,
                subject=None,
                verdict=Verdict.ANSWERED,
                fault=None,
                fault_detail=what[:_LONGEST],
                catalogue_version=None,
                elapsed=0.0,
                decisions=(),
                peer=where,
                door=DOOR,
            )
        )


def note_in(database: Database, clock: Clock, who: str, what: str) -> None:
    """The same for a command, in a process of its own; waits for the disk.

    Raises:
        ResourcesMissing: the row could not be made.
    """

    async def note() -> None:
        log = SqlAccessLog(database, open_vault(database))
        try:
            await AdminTrail(log, clock).note(who, what, "local")
        finally:
            await log.close()

    asyncio.run(note())
