"""Producers: how each fares, one of them in full, out of service and back, its breaker."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from samsvar.inbound.console.charts import share_bar
from samsvar.inbound.console.listing import lines_of
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.standing import ProducerLine, by_slowness, producer_lines
from samsvar.inbound.console.visit import Redirect, Rendered, Row, Shown, Visit
from samsvar.model.local_time import STOCKHOLM
from samsvar.model.questions import Search
from samsvar.onboarding.desk import Standing
from samsvar.onboarding.roles import Right

HOURS = {"1h": 1, "24h": 24, "7d": 168}
_UNTIL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)


class Producers:
    """The pages."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        one = "/producers/{id}"
        return (
            Row("GET", "/producers", Right.SEE_PRODUCERS, self._list),
            Row("GET", one, Right.SEE_PRODUCERS, self._one),
            Row("POST", f"{one}/disable", Right.SUSPEND, self._disable),
            Row("POST", f"{one}/enable", Right.SUSPEND, self._enable),
            Row("POST", f"{one}/breaker", Right.HOLD_BREAKERS, self._breaker),
        )

    async def _list(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            lines = self._lines(visit, self._world.desk.all(visit.user))
            by = visit.query.get("sort", "trouble")
            if by == "slow":
                lines.sort(key=by_slowness)
            return {
                "lines": lines,
                "sort": by if by == "slow" else "trouble",
                "span": _span_name(visit),
                "spans": tuple(HOURS),
                "bar": share_bar,
            }

        return Rendered("producers.html", await asyncio.to_thread(model))

    async def _one(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            world, name = self._world, visit.path["id"]
            standing = world.desk.one(visit.user, name)
            (line,) = self._lines(visit, [standing])
            _, names = world.names()
            reads = visit.user.may(Right.READ_QUESTIONS)
            page = (
                world.questions.page(Search(sources=line.addresses), 10)
                if reads and line.addresses
                else None
            )
            application = standing.application
            return {
                "standing": standing,
                "line": line,
                "span": _span_name(visit),
                "spans": tuple(HOURS),
                "bar": share_bar,
                "reports": [
                    (address, world.conformance.report(address)) for address in line.addresses
                ],
                "rows": lines_of(page.lines, world, names) if page else [],
                "reads": reads,
                "breakers": world.breakers.present(),
                "breaker": world.breakers.open().get(name),
                "history": tuple(reversed(application.history))[:20] if application else (),
                "events": visit.query.get("tab") == "history",
            }

        return Rendered("producer.html", await asyncio.to_thread(model))

    def _lines(self, visit: Visit, standings: Sequence[Standing]) -> list[ProducerLine]:
        """One standing alone needs its own figures alone."""
        world = self._world
        of = [address for _, address in standings[0].routes] if len(standings) == 1 else None
        return producer_lines(
            standings,
            world.questions.sources(visit.now, _span(visit), of),
            world.breakers.open(),
            world.conformance.scores(),
            visit.now,
        )

    async def _disable(self, visit: Visit) -> Redirect:
        name = visit.path["id"]
        until = _until(visit.form.get("until", "").strip())
        notice = visit.form.get("notice", "").strip()
        await asyncio.to_thread(self._world.desk.disable, visit.user, name, notice, until)
        await self._world.published()
        return Redirect(f"/producers/{name}", "disabled")

    async def _enable(self, visit: Visit) -> Redirect:
        name = visit.path["id"]
        await asyncio.to_thread(self._world.desk.enable, visit.user, name)
        await self._world.published()
        return Redirect(f"/producers/{name}", "enabled")

    async def _breaker(self, visit: Visit) -> Redirect:
        name = visit.path["id"]
        reason = visit.form.get("reason", "").strip()
        if not reason or len(reason) > 200 or not reason.isprintable():
            raise Shown(
                422,
                "Skriv varför, på en rad med högst 200 tecken: det står i historiken.",
                "Say why, in one line of at most 200 characters: it stands in the history.",
            )
        await asyncio.to_thread(self._world.desk.one, visit.user, name)  # its own, or not there

        def set_() -> None:
            self._world.breakers.set(
                name,
                open_=visit.form.get("open") == "yes",
                who=visit.user.name,
                reason=reason,
            )

        await asyncio.to_thread(set_)
        return Redirect(f"/producers/{name}", "breaker")


def _span_name(visit: Visit) -> str:
    wanted = visit.query.get("span", "24h")
    return wanted if wanted in HOURS else "24h"


def _span(visit: Visit) -> int:
    return HOURS[_span_name(visit)]


def _until(text: str) -> datetime | None:
    """As a browser's field for local time sends it."""
    if not text:
        return None
    if _UNTIL.fullmatch(text):
        try:
            return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)
        except ValueError:
            pass
    raise Shown(
        422,
        "Tiden ska skrivas som 2026-01-31T18:00.",
        "The time is written as 2026-01-31T18:00.",
    )
