"""Looks every second, beside the event loop, whether a head of the access log is due.

What was signed, what could not be, and what was found changed become events. A hub that cannot
sign goes on serving: its rows are durable, and are signed for as soon as it can be done.
"""

from __future__ import annotations

import asyncio

from samsvar.errors import ResourcesMissing
from samsvar.ports import Events
from samsvar.store.audit_heads import HeadWriter

LOOK_SECONDS = 1.0


class HeadChore:
    """The head writer as a task of the hub."""

    def __init__(self, writer: HeadWriter, events: Events, pause_after_failure: float) -> None:
        self._writer = writer
        self._events = events
        self._pause = pause_after_failure

    async def run(self) -> None:
        """Look until cancelled."""
        pause = LOOK_SECONDS
        while True:
            await asyncio.sleep(pause)
            pause = LOOK_SECONDS if await self.look() else self._pause

    async def close(self) -> None:
        """Sign what has not been signed. After the access log is closed: then nothing follows."""
        await self.look(at_once=True)

    async def look(self, *, at_once: bool = False) -> bool:
        """Look once; whether that could be done."""
        try:
            seen = await asyncio.to_thread(self._writer.look, at_once=at_once)
        except ResourcesMissing as error:
            self._events.emit("audit-head-failed", "-", detail=str(error))
            return False
        if seen.head is not None:
            head = seen.head.head
            self._events.emit(
                "audit-head",
                "-",
                items=seen.new_rows,
                detail=f"head {head.number}: {head.size} rows, root {head.root}, key {head.key}",
            )
        for alarm in seen.alarms:
            self._events.emit("audit-alarm", "-", detail=alarm)
        return True
