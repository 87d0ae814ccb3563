"""One question: waterfall, explanation, events; what today's registry would decide; neighbours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from samsvar.inbound.console.charts import Bar, waterfall_bar
from samsvar.inbound.console.listing import again, search_of
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Rendered, Row, Shown, Visit
from samsvar.inbound.console.words import RESULTS, calm
from samsvar.model.exchange import Decision, QuestionRecord, Reason, Verdict
from samsvar.model.identifiers import folded
from samsvar.model.questions import Page, Search
from samsvar.model.result import NOT_ASKED, WENT_WELL, Result, result_of
from samsvar.onboarding.roles import Right

NEAR_SECONDS = 0.02
"""How long each neighbour is looked for: there are six at most, and the page is wanted now."""
TABS = ("timeline", "explain", "events", "today")


@dataclass(frozen=True, slots=True)
class Step:
    """One row of the waterfall."""

    name: tuple[str, str]
    told: tuple[str, str]
    kind: str
    sign: str
    bar: Markup
    seconds: float | None
    details: tuple[str, ...] = ()
    address: str = ""


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


def steps(
    record: QuestionRecord,
    deadline: float,
    limits: Mapping[str, float | None],
    names: Mapping[str, str],
    *,
    swedish: bool,
) -> list[Step]:
    """The walk in time, as far as the log knows it. The scale is what the question took."""
    whole = max(record.elapsed, 0.001)
    asked = [one for one in record.decisions if one.elapsed is not None]
    begun = min((one.begun for one in asked if one.begun is not None), default=None)
    ended = max(
        (one.begun + one.elapsed for one in asked if one.begun is not None and one.elapsed),
        default=None,
    )
    # rows of an older program have no beginnings: all are asked at once, and the rest is little
    if asked and begun is None:
        ended = None
    found = _before_asking(record, begun, whole)
    found += [
        _step(decision, whole, deadline, limits, names, swedish=swedish)
        for decision in record.decisions
    ]
    if ended is not None or not asked:
        start = min(ended if ended is not None else 0.0, whole)
        found.append(
            Step(
                ("Åtkomstregler, sammanslagning", "Access rules, merge"),
                ("vad får visas; ett svar av alla", "what may be shown; one answer of all"),
                "hub",
                "→",
                waterfall_bar(Bar(start, max(0.0, whole - start), "hub"), whole),
                max(0.0, whole - start) if record.verdict is Verdict.ANSWERED else None,
            )
        )
    found.append(
        Step(
            ("Åtkomstlogg", "Access log"),
            (
                "raden är varaktig innan svaret lämnar navet",
                "the row is durable before the answer leaves",
            ),
            "hub",
            "✓",
            waterfall_bar(Bar(whole, 0.0, "hub"), whole),
            None,
        )
    )
    return found


def _before_asking(record: QuestionRecord, begun: float | None, whole: float) -> list[Step]:
    """What the hub did before it asked anybody: apart, as far as the row has it apart."""
    timed = [one for one in record.decisions if one.looked is not None]
    if not timed:
        name = ("Behörighet, index, vägval", "Permission, index, route")
        told = ("vem frågar, vem vet något, vart", "who asks, who knows, whereto")
        return [_stretch(name, told, 0.0, begun, whole)]
    looked, found = timed[0].looked or 0.0, timed[0].found or 0.0
    placed = max(one.placed or found for one in timed)
    named = sum(one.reason is not Reason.NOT_INDEXED for one in timed)
    refused = sum(one.reason is Reason.NOT_PERMITTED for one in timed)
    return [
        _stretch(
            ("Avsändare, kontrakt", "Sender, contract"),
            ("vem frågar; är frågan rätt ställd", "who asks; is the question well put"),
            0.0,
            looked,
            whole,
        ),
        _stretch(
            ("Index", "Index"),
            (f"vem vet något: {named} nämnda", f"who knows something: {named} named"),
            looked,
            found,
            whole,
        ),
        _stretch(
            ("Behörighet, vägval", "Permission, route"),
            (
                f"vem får tillfrågas, och vart: {refused} får inte",
                f"who may be asked, and where: {refused} may not",
            ),
            found,
            placed,
            whole,
        ),
    ]


def _stretch(
    name: tuple[str, str],
    told: tuple[str, str],
    begin: float,
    end: float | None,
    whole: float,
) -> Step:
    """Something that the hub itself did; ``end`` None: nobody knows for how long."""
    bar = None if end is None else Bar(begin, max(0.0, end - begin), "hub")
    seconds = None if end is None else max(0.0, end - begin)
    return Step(name, told, "hub", "→", waterfall_bar(bar, whole), seconds)


def _step(
    decision: Decision,
    whole: float,
    deadline: float,
    limits: Mapping[str, float | None],
    names: Mapping[str, str],
    *,
    swedish: bool,
) -> Step:
    kind, sign = mark_of(decision)
    bar = None
    if decision.elapsed is not None:
        begun = decision.begun or 0.0
        limit = limits.get(decision.producer or "")
        allowed = min(deadline, begun + limit) if limit is not None else deadline
        bar = Bar(begun, decision.elapsed, kind, allowed)
    name = names.get(folded(decision.logical_address)) or decision.producer
    reason = calm(decision.reason)[0 if swedish else 1]
    records = {1: ("1 post", "1 record")}.get(
        decision.items, (f"{decision.items} poster", f"{decision.items} records")
    )
    words = f"{reason}, {records[0 if swedish else 1]}" if decision.items else reason
    return Step(
        (name or decision.logical_address,) * 2,
        (words, words),
        kind,
        sign,
        waterfall_bar(bar, whole),
        decision.elapsed,
        tuple(decision.detail.split("; ")) if decision.detail else (),
        decision.logical_address,
    )


def mark_of(decision: Decision) -> tuple[str, str]:
    """The class and the sign of how a candidate ended."""
    if decision.reason in WENT_WELL:
        return "full", "✓"
    if decision.reason in NOT_ASKED:
        return "quiet", "–"
    return ("denied", "⏸") if decision.elapsed is None else ("failed", "✕")


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
            why.append(f"{'åtkomstregler' if swedish else 'access rules'}: {decision.access}")
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
