"""Queues: what waits for subscribers of the index and for the log service, and what was given up.

News can be sent again, or dropped, by hand; records of an access log only sent again. What lies at
the message broker is counted: the command line shows it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from samsvar.broker.durable import INDEX_NEWS, LOG_RECORDS
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Redirect, Rendered, Row, Shown, Visit
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.model.words import Words
from samsvar.onboarding.roles import Right

MOST = 200
#: what others have sent us, by the exchange of its stream
AT_BROKER: Mapping[str, Words] = {
    INDEX_NEWS.exchange: Words("nyheter till indexet", "news of the index"),
    LOG_RECORDS.exchange: Words("poster ur åtkomstloggar", "records of access logs"),
}


class Queues:
    """The pages."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world
        self._logs = {"own": world.own_log, "others": world.others_log}

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        one = "/queues/{subscriber}"
        return (
            Row("GET", "/queues", Right.SEE_QUEUES, self._list),
            Row("GET", one, Right.SEE_QUEUES, self._one),
            Row("POST", f"{one}/retry", Right.CLEAR_QUEUES, self._retry),
            Row("POST", f"{one}/drop", Right.CLEAR_QUEUES, self._drop),
            Row("POST", "/log-queues/{whose}/retry", Right.CLEAR_QUEUES, self._retry_log),
        )

    async def _list(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            _, names = self._world.names()
            lines = self._world.outbox.lines()
            logs = [
                (whose, *counted) for whose, log in self._logs.items() for counted in log.counts()
            ]
            addresses = [each.subscriber for each in lines] + [receiver for _, receiver, *_ in logs]
            return {
                "lines": lines,
                "logs": logs,
                "at_broker": [
                    (AT_BROKER[exchange], dead)
                    for exchange, dead in self._world.broker_letters().items()
                    if dead
                ],
                "names": {each: names.get(folded(LogicalAddress(each))) for each in addresses},
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

    async def _retry_log(self, visit: Visit) -> Redirect:
        log = self._logs.get(visit.path["whose"])
        if log is None:
            raise Shown(404, "Det finns ingen sådan kö.", "There is no such queue.")
        await asyncio.to_thread(log.retry, None, visit.form.get("receiver", ""))
        return Redirect("/queues", "retried")

    async def _drop(self, visit: Visit) -> Redirect:
        subscriber = visit.path["subscriber"]
        await asyncio.to_thread(self._world.outbox.drop, subscriber, _number(visit))
        return Redirect(f"/queues/{subscriber}", "forgotten")


def _number(visit: Visit) -> int | None:
    text = visit.form.get("number", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else None
