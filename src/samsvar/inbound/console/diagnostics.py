"""Diagnostics: how the hub is, the way to each producer hop by hop, and a bundle for who helps."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import Download, Rendered, Row, Shown, Visit
from samsvar.onboarding.roles import Right


class Diagnostics:
    """The pages. One way is tried at a time: it opens connections."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world
        self._trying = asyncio.Lock()

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        right = Right.DIAGNOSE
        return (
            Row("GET", "/diagnostics", right, self._page),
            Row("POST", "/diagnostics", right, self._try, changes=False),
            Row("POST", "/diagnostics/bundle", right, self._bundle, changes=False),
        )

    async def _page(self, visit: Visit) -> Rendered:
        return Rendered("diagnostics.html", await asyncio.to_thread(self._model, visit))

    def _model(self, visit: Visit, **tried: Any) -> Mapping[str, Any]:
        standings = self._world.desk.all(visit.user)
        chosen = visit.query.get("producer", "")
        return {
            "health": self._world.house.health(),
            "producers": [
                (each.id, each.producer.title) for each in standings if each.producer is not None
            ],
            "chosen": chosen,
            "hops": None,
            **tried,
        }

    async def _try(self, visit: Visit) -> Rendered:
        name = visit.form.get("producer", "")
        if self._trying.locked():
            raise Shown(
                409,
                "En annan väg prövas just nu: försök igen om en stund.",
                "Another way is being tried just now: try again in a while.",
            )
        async with self._trying:
            await asyncio.to_thread(self._world.desk.one, visit.user, name)
            hops = await asyncio.to_thread(self._world.house.hops, name)
        model = await asyncio.to_thread(self._model, visit)
        return Rendered("diagnostics.html", {**model, "hops": hops, "chosen": name})

    async def _bundle(self, visit: Visit) -> Download:
        body = await asyncio.to_thread(self._world.house.bundle)
        return Download(f"samsvar-{visit.now:%Y%m%d-%H%M}.zip", "application/zip", body)
