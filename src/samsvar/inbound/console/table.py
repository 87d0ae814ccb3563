"""The table of pages: every row that the console serves, put together."""

from __future__ import annotations

from samsvar.inbound.console.access_log import AccessLog
from samsvar.inbound.console.diagnostics import Diagnostics
from samsvar.inbound.console.overview import Overview
from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.producers import Producers
from samsvar.inbound.console.question import Question
from samsvar.inbound.console.questions import Questions
from samsvar.inbound.console.queues import Queues
from samsvar.inbound.console.registry import RegistryPages
from samsvar.inbound.console.visit import Redirect, Row, Visit


def table(world: ConsoleWorld) -> tuple[Row, ...]:
    """Every row."""
    pages = (
        Overview(world),
        Questions(world),
        Question(world),
        Producers(world),
        RegistryPages(world),
        Queues(world),
        AccessLog(world),
        Diagnostics(world),
    )
    rows: list[Row] = [Row("POST", "/logout", None, _logout, changes=False)]
    for page in pages:
        rows += page.rows()
    return tuple(rows)


async def _logout(_visit: Visit) -> Redirect:
    """The door itself ends the session; nobody comes here."""
    return Redirect("/login")
