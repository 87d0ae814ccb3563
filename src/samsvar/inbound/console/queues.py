"""Queues: what waits for subscribers of the index; sent again, or dropped, by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Redirect, Rendered, Row, Visit
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.onboarding.roles import Right

MOST = 200


class Queues:
    """The pages."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        one = "/queues/{subscriber}"
        return (
            Row("GET", "/queues", Right.SEE_QUEUES, self._list),
            Row("GET", one, Right.SEE_QUEUES, self._one),
            Row("POST", f"{one}/retry", Right.CLEAR_QUEUES, self._retry),
            Row("POST", f"{one}/drop", Right.CLEAR_QUEUES, self._drop),
        )

    async def _list(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            _, names = self._world.names()
            lines = self._world.outbox.lines()
            return {
                "lines": lines,
                "names": {
                    each.subscriber: names.get(folded(LogicalAddress(each.subscriber)))
                    for each in lines
                },
            }

        return Rendered("queues.html", await asyncio.to_thread(model))

    async def _one(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            subscriber = visit.path["subscriber"]
            changes = self._world.outbox.changes(subscriber, MOST)
            return {
                "subscriber": subscriber,
                "changes": changes,
                "dead": sum(each.dead for each in changes),
                "most": MOST,
            }

        return Rendered("queue.html", await asyncio.to_thread(model))

    async def _retry(self, visit: Visit) -> Redirect:
        subscriber = visit.path["subscriber"]
        await asyncio.to_thread(self._world.outbox.retry, subscriber, _number(visit))
        return Redirect(f"/queues/{subscriber}", "retried")

    async def _drop(self, visit: Visit) -> Redirect:
        subscriber = visit.path["subscriber"]
        await asyncio.to_thread(self._world.outbox.drop, subscriber, _number(visit))
        return Redirect(f"/queues/{subscriber}", "forgotten")


def _number(visit: Visit) -> int | None:
    text = visit.form.get("number", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
