"""Many questions: the list with its filters, the live tail, and the one search box."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

from samsvar.inbound.console.listing import (
    RANGES,
    RESULT_NAMES,
    again,
    lines_of,
    search_of,
)
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Live, Redirect, Rendered, Reply, Row, Shown, Visit
from samsvar.model.identifiers import LogicalAddress, folded
from samsvar.observe.masking import masked
from samsvar.onboarding.roles import Right

AT_ONCE = 50
TAIL_ROWS = 12
"""The most that the tail shows of each second: people read no more."""
TAIL_SECONDS = 1.0
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


class Questions:
    """The pages."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        read = Right.READ_QUESTIONS
        return (
            Row("GET", "/questions", read, self._list),
            Row("GET", "/tail", read, self._tail),
            Row("GET", "/live/tail", read, self._live),
            Row("POST", "/search", None, self._search, changes=False),
        )

    async def _list(self, visit: Visit) -> Rendered:
        return Rendered("questions.html", await asyncio.to_thread(self._listed, visit))

    def _listed(self, visit: Visit) -> Mapping[str, Any]:
        world = self._world
        registry, names = world.names()
        search, told = search_of(visit.query, visit.now, registry)
        search = replace(search, before=visit.number("before"))
        page = world.questions.page(search, AT_ONCE)
        return {
            **self._choices(told, names),
            "rows": lines_of(page.lines, world, names),
            "go_on": page.go_on,
            "looked_back_to": page.looked_back_to,
            "first": search.before is None,
            "last": world.questions.last(),
        }

    def _choices(self, told: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
        questions = self._world.questions
        known = {kind: questions.named(kind) for kind in ("sender", "contract", "source")}
        producers = questions.named("producer")
        return {
            "told": told,
            "again": lambda **changes: again(told, **changes),
            "filters": again(told),
            "ranges": tuple(RANGES),
            "result_names": RESULT_NAMES,
            "consumers": known["sender"],
            "contracts": known["contract"],
            "sources": [
                *((each, each) for each in producers),
                *(
                    (each, names.get(folded(LogicalAddress(each)), each))
                    for each in known["source"]
                ),
            ],
            "names": {each: names.get(folded(LogicalAddress(each))) for each in known["sender"]},
        }

    async def _tail(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            registry, names = self._world.names()
            search, told = search_of(visit.query, visit.now, registry)
            page = self._world.questions.page(search, TAIL_ROWS)
            return {
                **self._choices(told, names),
                "rows": lines_of(page.lines, self._world, names),
                "last": self._world.questions.last(),
            }

        return Rendered("tail.html", await asyncio.to_thread(model))

    async def _live(self, visit: Visit) -> Live:
        registry, names = self._world.names()
        search, told = search_of(visit.query, visit.now, registry)
        search = replace(search, since=None, until=None)
        after = visit.number("after")

        def since(last: int) -> tuple[int, Mapping[str, Any]]:
            newest = self._world.questions.last()
            wanted = replace(search, after=last, before=newest + 1)
            lines, count = self._world.questions.between(wanted, TAIL_ROWS)
            return newest, {
                "rows": lines_of(lines, self._world, names),
                "hidden": count - len(lines),
                "filters": again(told),
                "now": None,
            }

        async def events() -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
            newest = self._world.questions.last
            last = after if after is not None else await asyncio.to_thread(newest)
            turns = 0
            while turns % 30 or await visit.still_in():
                turns += 1
                await asyncio.sleep(TAIL_SECONDS)
                last, model = await asyncio.to_thread(since, last)
                if model["rows"] or turns % 15 == 0:
                    yield "rows", "tail_rows.html", model

        return Live(events())

    async def _search(self, visit: Visit) -> Reply:
        text = visit.form.get("id", "").strip()
        return await asyncio.to_thread(self._found, text, visit)

    def _found(self, text: str, visit: Visit) -> Reply:
        if masked(text) != text:
            raise Shown(
                400,
                "Det där ser ut som ett personnummer. Efter personer söker granskare under"
                " Åtkomstlogg; sökningen loggas.",
                "That looks like a personal number. Auditors search for persons under Access log;"
                " the search is logged.",
            )
        if not _ID.fullmatch(text):
            raise Shown(
                400,
                "Sök på ett id: korrelations-id, HSA-id, logisk adress eller producentens id.",
                "Search for an id: correlation id, HSA-id, logical address or a producer's id.",
            )
        questions = self._world.questions
        reads = visit.user.may(Right.READ_QUESTIONS)
        if reads and questions.sequence_of(text) is not None:
            return Redirect(f"/questions/{text}")
        standings = self._world.desk.all(visit.user)
        wanted = folded(LogicalAddress(text))
        for standing in standings:
            addresses = {folded(LogicalAddress(address)) for _, address in standing.routes}
            if standing.id == text or wanted in addresses:
                return Redirect(f"/producers/{standing.id}")
        if reads:
            for kind, filter_ in (("sender", "consumer"), ("source", "source")):
                for known in questions.named(kind):
                    if folded(LogicalAddress(known)) == wanted:
                        return Redirect(f"/questions{again({filter_: known})}")
        raise Shown(
            404,
            "Inget här har det id:t: ingen fråga, konsument, källa eller producent. En fråga syns"
            " någon sekund efter att den ställts.",
            "Nothing here has that id: no question, consumer, source or producer. A question is"
            " seen about a second after it was asked.",
        )
