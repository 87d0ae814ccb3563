"""What staff see: whose plans, what is stated, the plans of all sources, one plan, existence.

Knows which question each page puts to the hub. Decides nothing of what may be seen.
"""

from __future__ import annotations

import re
from dataclasses import replace

from aiohttp import web

from samsvar.viewer.bundle import silent_sources
from samsvar.viewer.files import handed_over
from samsvar.viewer.sessions import Session, Stated
from samsvar.viewer.staff_plans import lines, whole
from samsvar.viewer.visit import Visit, elsewhere

_KIND = "staff"
_NUMBER = re.compile(r"([0-9]{8})[-+ ]?([0-9A-Z][0-9]{3})", re.ASCII)
MOST_REASON = 400


def person_typed(text: str) -> str | None:
    """The 12 characters of a number as people type it; None: it is none."""
    found = _NUMBER.fullmatch(text.strip().upper())
    return f"{found[1]}{found[2]}" if found else None


class StaffPages:
    """Handlers."""

    async def start(self, visit: Visit) -> web.Response:
        """Whose plans, and what is stated."""
        visit.of(_KIND)
        return visit.page("staff_start.html", here="person", fault=None)

    async def choose(self, visit: Visit) -> web.Response:
        """The form was sent."""
        session = visit.of(_KIND)
        person = person_typed(visit.form.get("person", ""))
        if person is None:
            return visit.page("staff_start.html", status=422, here="person", fault="person")
        session.look_at(
            person,
            Stated(
                need="need" in visit.form,
                relevance="relevance" in visit.form,
                necessary="necessary" in visit.form,
            ),
        )
        return elsewhere("/staff/plans")

    async def plans(self, visit: Visit) -> web.Response:
        """All plans that may be seen."""
        session = visit.of(_KIND)
        if session.person is None:
            return elsewhere("/staff")
        bundle = await visit.tools.hub.plans(session.user, session.person, session.stated)
        found = [(session.key_of(line.place), line) for line in lines(bundle)]
        return visit.page(
            "staff_plans.html", here="plans", plans=found, silent=silent_sources(bundle)
        )

    async def plan(self, visit: Visit) -> web.Response:
        """One plan, asked for anew."""
        session = visit.of(_KIND)
        place = session.opened.get(visit.request.match_info["key"])
        if session.person is None or place is None:
            return visit.page("message.html", status=404, what="plan-gone", here="plans")
        bundle = await visit.tools.hub.plans(
            session.user,
            session.person,
            session.stated,
            source=place.source,
            category=place.category,
        )
        plan = whole(bundle, place)
        if plan is None:
            silent = silent_sources(bundle)
            what = "source-silent" if silent else "plan-gone"
            return visit.page(
                "message.html", status=503 if silent else 404, what=what, here="plans"
            )
        return visit.page("staff_plan.html", here="plans", plan=plan)

    async def file(self, visit: Visit) -> web.Response:
        """A file of a plan."""
        session = visit.of(_KIND)
        handle = visit.request.match_info["handle"]
        found = await visit.tools.hub.file(
            session.user, "binary", handle, session.stated, guardian=False
        )
        return handed_over(found)

    async def existence(self, visit: Visit) -> web.Response:
        """What the question means, before it is put."""
        if visit.of(_KIND).person is None:
            return elsewhere("/staff")
        return visit.page("staff_existence.html", here="existence", told=None)

    async def ask_existence(self, visit: Visit) -> web.Response:
        """It was put."""
        session = visit.of(_KIND)
        if session.person is None:
            return elsewhere("/staff")
        told = await visit.tools.hub.existence(session.user, session.person, session.stated)
        return visit.page("staff_existence.html", here="existence", told=told)

    async def emergency(self, visit: Visit) -> web.Response:
        """What emergency access means, before it is stated."""
        if visit.of(_KIND).person is None:
            return elsewhere("/staff")
        return self._emergency(visit)

    async def open_in_emergency(self, visit: Visit) -> web.Response:
        """It was stated, with its reason."""
        session = visit.of(_KIND)
        if session.person is None:
            return elsewhere("/staff")
        if not visit.may_open_in_emergency:
            return self._emergency(visit, "social-care")
        reason = " ".join(visit.form.get("reason", "").split())
        if not 3 <= len(reason) <= MOST_REASON or not reason.isprintable():
            return self._emergency(visit, "reason")
        if re.search(r"[0-9]{6,8}[-+ ]?[0-9A-Za-z][0-9]{3}", reason):
            return self._emergency(visit, "number")
        if "indispensable" not in visit.form or "unobtainable" not in visit.form:
            return self._emergency(visit, "conditions")
        stated = replace(
            session.stated,
            need=True,
            relevance=True,
            emergency=reason,
            indispensable=True,
            unobtainable=True,
        )
        session.look_at(session.person, stated)
        return elsewhere("/staff/plans")

    async def end_emergency(self, visit: Visit) -> web.Response:
        """As before it."""
        session = visit.of(_KIND)
        before = replace(session.stated, emergency=None, indispensable=False, unobtainable=False)
        session.look_at(session.person, before)
        return elsewhere("/staff/plans" if session.person else "/staff")

    async def close(self, visit: Visit) -> web.Response:
        """Nobody is looked at any more."""
        session: Session = visit.of(_KIND)
        session.look_at(None)
        return elsewhere("/staff")

    def _emergency(self, visit: Visit, fault: str | None = None) -> web.Response:
        status = 422 if fault else 200
        return visit.page("staff_emergency.html", status=status, here="emergency", fault=fault)
