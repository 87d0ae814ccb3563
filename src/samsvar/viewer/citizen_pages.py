"""What citizens see, of their own or of a child: what happens, all plans, one plan, who has read.

Knows which question each page puts to the hub. Decides nothing of what may be seen.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from aiohttp import web

from samsvar.viewer.files import handed_over
from samsvar.viewer.hub import HubRefused
from samsvar.viewer.readers import by_day
from samsvar.viewer.sessions import Stated
from samsvar.viewer.staff_pages import person_typed
from samsvar.viewer.timeline import timeline
from samsvar.viewer.visit import Visit, elsewhere

_KIND = "citizen"
FILTERS = ("responsible", "status", "goal", "theme", "from", "until")


class CitizenPages:
    """Handlers."""

    async def overview(self, visit: Visit) -> web.Response:
        """Level 1."""
        told = await self._asked(visit, "overview")
        return visit.page(
            "citizen_overview.html",
            here="overview",
            told=told,
            timeline=timeline(told["timeline"], visit.today),
        )

    async def plans(self, visit: Visit) -> web.Response:
        """Level 2."""
        return visit.page(
            "citizen_plans.html", here="plans", told=await self._asked(visit, "plans")
        )

    async def plan(self, visit: Visit) -> web.Response:
        """Level 3."""
        query = visit.request.query
        chosen = {name: query[name].strip() for name in FILTERS if query.get(name, "").strip()}
        chosen = {
            name: value
            for name, value in chosen.items()
            if name not in ("from", "until") or _is_day(value)
        }
        handle = visit.request.match_info["handle"]
        try:
            told = await self._asked(visit, "plan", plan=handle, **chosen)
        except HubRefused as refused:
            if refused.status in (404, 422):
                return visit.page("message.html", status=404, what="plan-gone", here="plans")
            raise
        return visit.page(
            "citizen_plan.html", here="plans", plan=told, chosen=chosen, handle=handle
        )

    async def file(self, visit: Visit) -> web.Response:
        """A file of a plan."""
        session = visit.of(_KIND)
        names = visit.request.match_info
        found = await visit.tools.hub.file(
            session.user,
            names["place"],
            names["handle"],
            Stated(),
            guardian=session.person is not None,
        )
        return handed_over(found)

    async def readers(self, visit: Visit) -> web.Response:
        """Who has read."""
        if visit.of(_KIND).person is not None:
            return visit.page("citizen_readers.html", here="readers", told=None)
        told = await self._asked(visit, "access-report")
        days = by_day(told["accesses"])
        return visit.page("citizen_readers.html", here="readers", told=told, days=days)

    async def whose(self, visit: Visit) -> web.Response:
        """Oneself, or a child."""
        visit.of(_KIND)
        return visit.page("citizen_whose.html", here="whose", fault=None)

    async def choose(self, visit: Visit) -> web.Response:
        """A child's number was typed, or oneself was chosen."""
        session = visit.of(_KIND)
        if "myself" in visit.form:
            session.look_at(None)
            return elsewhere("/citizen")
        person = person_typed(visit.form.get("person", ""))
        if person is None:
            return visit.page("citizen_whose.html", status=422, here="whose", fault="person")
        session.look_at(person)
        return elsewhere("/citizen")

    async def _asked(self, visit: Visit, path: str, **more: object) -> dict[str, Any]:
        session = visit.of(_KIND)
        return await visit.tools.hub.citizen(session.user, path, session.person, **more)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
