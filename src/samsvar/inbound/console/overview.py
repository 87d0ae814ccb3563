"""The overview: how the last hour went, who is in trouble, what should be looked at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from samsvar.inbound.console.charts import minutes_chart, share_bar
from samsvar.inbound.console.listing import lines_of
from samsvar.inbound.console.ports import Alert, ConsoleWorld
from samsvar.inbound.console.standing import ProducerLine, producer_lines
from samsvar.inbound.console.visit import Live, Redirect, Rendered, Row, Visit
from samsvar.inbound.console.words import RESULTS
from samsvar.model.questions import Figures, Search
from samsvar.model.result import Result
from samsvar.model.words import Words
from samsvar.onboarding.roles import Right, Role, User

MINUTES, HOURS, FEW = 60, 24, 8
HUB = "hub"  # what an alert is about that is about no producer
EVERY_SECONDS = 5.0


class Overview:
    """The page, and its part that renews itself."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        return (
            Row("GET", "/", Right.SEE_STATUS, self._page),
            Row("GET", "/alerts", Right.SEE_STATUS, self._alert),
            Row("GET", "/live/overview", Right.SEE_STATUS, self._live),
        )

    async def _page(self, visit: Visit) -> Rendered:
        return Rendered("overview.html", await asyncio.to_thread(self._model, visit))

    async def _alert(self, visit: Visit) -> Redirect:
        """Where the link in an alert's message leads: to what it is about."""
        subject = visit.query.get("subject", "")
        known = any(producer.id == subject for producer in self._world.names()[0].producers)
        return Redirect(f"/producers/{subject}" if known else "/")

    async def _live(self, visit: Visit) -> Live:
        async def events() -> AsyncIterator[tuple[str, str, Mapping[str, Any]]]:
            while await visit.still_in():
                await asyncio.sleep(EVERY_SECONDS)
                model = await asyncio.to_thread(self._model, visit)
                yield "replace", "overview_part.html", model

        return Live(events())

    def _model(self, visit: Visit) -> Mapping[str, Any]:
        world = self._world
        health = world.house.health()
        now = health.now
        ours = visit.user.may(Right.READ_QUESTIONS)
        figures = world.questions.figures(now, MINUTES)
        standings = world.desk.all(visit.user)
        sources = world.questions.sources(now, HOURS)
        producers = producer_lines(
            standings, sources, world.breakers.open(), world.conformance.scores(), now
        )
        _, names = world.names()
        failed = world.questions.page(Search(result=Result.FAILED), 5).lines if ours else ()
        part = world.questions.page(Search(result=Result.PART), 5).lines if ours else ()
        latest = sorted((*failed, *part), key=lambda line: -line.sequence)[:6]
        return {
            "now": now,
            "health": health,
            "may": visit.user.may,
            "tiles": tiles(figures),
            "any": sum(figures.counts.values()),
            "chart": minutes_chart(
                figures.minutes,
                visit.t("Frågor per minut den senaste timmen", "Questions a minute, last hour"),
            ),
            "minutes": figures.minutes,
            "median": figures.median_ms,
            "slow": figures.slow_ms,
            "behind": figures.behind,
            "producers": producers[:FEW],
            "more_producers": max(0, len(producers) - FEW),
            "bar": share_bar,
            "alerts": alert_lines(world.alerts.open(), producers, visit.user),
            "watching": world.alerts.watching(),
            "latest": lines_of(latest, world, names),
            "ours": ours,
        }


def alert_lines(
    alerts: Iterable[Alert], producers: Iterable[ProducerLine], user: User
) -> list[tuple[Alert, Words, str]]:
    """Each alert, whom it is about in words, and the path to look at (empty: none for this user);
    what is critical first.

    Who answers for some producers is told of those, and nothing of the others nor of the hub.
    """
    titles = {line.id: line.title for line in producers}
    hub = "/diagnostics" if user.may(Right.DIAGNOSE) else ""
    found = []
    for alert in sorted(alerts, key=lambda each: not each.critical):
        if title := titles.get(alert.subject):
            found.append((alert, Words(title, title), f"/producers/{alert.subject}"))
        elif user.role is Role.PRODUCER:
            continue
        elif alert.subject == HUB:
            found.append((alert, Words("Navet", "The hub"), hub))
        else:
            whose = Words(f"Navet ({alert.subject})", f"The hub ({alert.subject})")
            found.append((alert, whose, hub))
    return found


def tiles(figures: Figures) -> list[Mapping[str, Any]]:
    """Each result with its count and share."""
    every = sum(figures.counts.values())
    return [
        {
            "result": result,
            "mark": RESULTS[result],
            "count": figures.counts.get(result, 0),
            "share": figures.counts.get(result, 0) / every if every else None,
        }
        for result in Result
    ]
