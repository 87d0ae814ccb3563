"""The page of one question: time, explanation, events, today's registry, and its neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from samsvar.inbound.console.access_words import told
from samsvar.inbound.console.listing import again, search_of
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Rendered, Row, Shown, Visit
from samsvar.inbound.console.waterfall import mark_of, steps
from samsvar.inbound.console.words import RESULTS, calm
from samsvar.model.exchange import QuestionRecord
from samsvar.model.identifiers import folded
from samsvar.model.questions import Page, Search
from samsvar.model.result import WENT_WELL, Result, result_of
from samsvar.onboarding.roles import Right

NEAR_SECONDS = 0.02
"""How long each neighbour is looked for: there are six at most, and the page is wanted now."""
TABS = ("timeline", "explain", "events", "today")


class Question:
    """The page."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        return (Row("GET", "/questions/{id}", Right.READ_QUESTIONS, self._page),)

    async def _page(self, visit: Visit) -> Rendered:
        return Rendered("question.html", await asyncio.to_thread(self._model, visit))

    def _model(self, visit: Visit) -> Mapping[str, Any]:
        world, name = self._world, visit.path["id"]
        logged = world.log.questions(name)
        if not logged:
            raise Shown(
                404,
                "Ingen fråga i åtkomstloggen har det korrelations-id:t.",
                "No question in the access log has that correlation id.",
            )
        number = visit.number("row")
        one = next((each for each in logged if each.sequence == number), logged[-1])
        tab = visit.query.get("tab", "timeline")
        registry, names = world.names()
        search, told = search_of(visit.query, visit.now, registry)
        record = one.record
        deadline = world.house.deadline(record.contract)
        limits = {each.id: each.timeout for each in registry.producers}
        return {
            "one": one,
            "several": logged if len(logged) > 1 else (),
            "record": record,
            "result": RESULTS[result_of(record.verdict, record.decisions)],
            "tab": tab if tab in TABS else TABS[0],
            "told": told,
            "filters": again(told),
            "again": lambda **changes: again(told, **changes),
            "deadline": deadline,
            "steps": steps(record, deadline, limits, names, swedish=visit.swedish),
            "explained": explained(record, names, swedish=visit.swedish),
            **self._around(search, one.sequence),
            "events": world.house.events(name, record.at) if tab == "events" else None,
            "today": self._today(record) if tab == "today" else (),
            "sender_name": names.get(folded(record.sender)) if record.sender else None,
            "good": WENT_WELL,
        }

    def _around(self, search: Search, at: int) -> Mapping[str, Any]:
        """Neighbours within the filters by correlation id: earlier, later, and the nearest that
        were not answered in full. ``far``: whether some may be further away than was looked."""
        wanted = [replace(search, before=at), replace(search, after=at)]
        pages = {
            name: [self._near(each) for each in searches]
            for name, searches in (
                ("earlier", wanted[:1]),
                ("later", wanted[1:]),
                ("bad_earlier", _bad(wanted[0])),
                ("bad_later", _bad(wanted[1])),
            )
        }
        found: dict[str, int | None] = {
            name: (max if "earlier" in name else min)(
                (page.lines[0].sequence for page in some if page.lines), default=None
            )
            for name, some in pages.items()
        }
        ids = self._world.questions.correlations([each for each in found.values() if each])
        far = any(not page.lines and page.go_on for some in pages.values() for page in some)
        return {
            "neighbours": {name: ids.get(each or 0) for name, each in found.items()},
            "far": far,
        }

    def _near(self, search: Search) -> Page:
        return self._world.questions.page(search, 1, NEAR_SECONDS)

    def _today(self, record: QuestionRecord) -> Sequence[tuple[str, str, str]]:
        """Address, what became of it, and what the registry in force says."""
        (now,) = self._world.registry.today([record])
        then = {str(one.logical_address): one.reason.value for one in record.decisions}
        every = dict.fromkeys((*then, *now))
        return [(each, then.get(each, "–"), now.get(each, "–")) for each in every]


def _bad(search: Search) -> list[Search]:
    """Those that were not answered in full, of some."""
    if search.result is not None and search.result not in (Result.FAILED, Result.PART):
        return []
    results = (Result.FAILED, Result.PART) if search.result is None else (search.result,)
    return [replace(search, result=result) for result in results]


def explained(
    record: QuestionRecord, names: Mapping[str, str], *, swedish: bool
) -> list[Mapping[str, Any]]:
    """Each candidate as ``samsvar explain`` tells it."""
    found: list[Mapping[str, Any]] = []
    for decision in record.decisions:
        kind, sign = mark_of(decision)
        why = []
        if decision.producer:
            producer = f"producent {decision.producer}, vägval {decision.route_trace}"
            english = f"producer {decision.producer}, by route {decision.route_trace}"
            why.append(producer if swedish else english)
        if decision.access:
            rules = told(decision.access)
            why.append(
                f"åtkomstregler: {rules.swedish}" if swedish else f"access rules: {rules.english}"
            )
        if decision.permission_trace:
            looked = "behörighet söktes vid" if swedish else "permission looked for at"
            why.append(f"{looked} {decision.permission_trace}")
        found.append(
            {
                "decision": decision,
                "kind": kind,
                "sign": sign,
                "words": calm(decision.reason)[0 if swedish else 1],
                "name": names.get(folded(decision.logical_address)),
                "quoted": decision.detail.split("; ") if decision.detail else (),
                "why": why,
            }
        )
    return found
