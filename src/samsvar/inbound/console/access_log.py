"""The access log: whether it is whole, proofs of rows, and who has asked about a person.

A person's number comes in a form's body only, is shown nowhere, and each search is itself a row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from samsvar.inbound.console.ports import AccessLogRoom, ConsoleWorld
from samsvar.inbound.console.visit import Download, Redirect, Rendered, Row, Shown, Visit
from samsvar.model.exchange import Decision, Reason, Verdict
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.model.person_numbers import told_by_form
from samsvar.model.result import result_of
from samsvar.onboarding.roles import Right
from samsvar.onboarding.rooms import Verified

MOST = 200


class AccessLog:
    """The pages. Verifying takes its time: one at a time, and what it found is kept here."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world
        self._room: AccessLogRoom = world.access_log
        self._verified: Verified | None = None
        self._failed = ""
        self._task: asyncio.Task[None] | None = None

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        see, search = Right.SEE_LOG_STATE, Right.SEARCH_PERSON
        return (
            Row("GET", "/access-log", see, self._page),
            Row("POST", "/access-log", search, self._search, changes=False),
            Row("POST", "/access-log/verify", see, self._verify, changes=False),
            Row("GET", "/access-log/proof/{sequence}", search, self._proof),
        )

    async def _page(self, visit: Visit) -> Rendered:
        return Rendered("access_log.html", await asyncio.to_thread(self._model, visit))

    def _model(self, visit: Visit, **found: Any) -> Mapping[str, Any]:
        return {
            "state": self._room.state(),
            "verified": self._verified,
            "verifying": self._task is not None and not self._task.done(),
            "verify_failed": self._failed,
            "searched": False,
            "found": (),
            "most": MOST,
            **found,
        }

    async def _search(self, visit: Visit) -> Rendered:
        person = told_by_form(visit.form.get("person", "").strip().replace("-", ""))
        if person is None:
            raise Shown(
                422,
                "Skriv personnumret med 12 siffror: ÅÅÅÅMMDDNNNN.",
                "Write the personal number with 12 digits: YYYYMMDDNNNN.",
            )

        def model() -> Mapping[str, Any]:
            rows = self._room.about(person, visit.user.id, MOST)
            _, names = self._world.names()
            return self._model(visit, searched=True, found=[_shown(row, names) for row in rows])

        return Rendered("access_log.html", await asyncio.to_thread(model))

    async def _verify(self, visit: Visit) -> Redirect:
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._verifying())
        return Redirect("/access-log", "verified")

    async def _verifying(self) -> None:
        try:
            self._verified = await asyncio.to_thread(self._room.verify)
            self._failed = ""
        except Exception as error:  # noqa: BLE001 - it is told on the page; nobody else waits for it
            self._failed = f"{type(error).__name__}"

    async def _proof(self, visit: Visit) -> Download:
        text = visit.path["sequence"]
        proof = None
        if text.isascii() and text.isdecimal() and len(text) < 16:
            proof = await asyncio.to_thread(self._room.proof, int(text))
        if proof is None:
            raise Shown(
                404,
                "Raden finns inte, eller inget huvud är undertecknat över den än: vänta en minut.",
                "There is no such row, or no head has been signed over it yet: wait a minute.",
            )
        return Download(f"proof-{text}.json", "application/json", proof)


def _shown(row: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    """A row of the log as an auditor sees it: who, when, on what basis, from where. Not about
    whom: that was asked."""
    told = [
        Decision(
            one["logical_address"],
            Reason(one["reason"]),
            items=one["items"],
            access=one.get("access", ""),
        )
        for one in orjson.loads(row["decisions"])
    ]
    sender = row["sender"]
    own = (row["contract"] or "").startswith("urn:samsvar:")
    return {
        "sequence": row["sequence"],
        "at": datetime.fromisoformat(row["at"]),
        "sender": sender,
        "sender_name": names.get(folded(LogicalAddress(sender))) if sender else None,
        "behalf": row["original_consumer"],
        "contract": row["contract"],
        "own": own,
        "result": result_of(Verdict(row["verdict"]), told),
        "correlation_id": row["correlation_id"],
        "sources": [
            {
                "name": names.get(folded(one.logical_address)) or one.logical_address,
                "records": one.items,
                "access": one.access,
            }
            for one in told
            if one.items
        ],
    }
