"""The registry: versions, drafts, what changes, what that would have meant; publish, go back."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from samsvar.inbound.console.ports import ConsoleWorld
from samsvar.inbound.console.visit import (
    MOST_UPLOAD_BYTES,
    Download,
    Redirect,
    Rendered,
    Row,
    Shown,
    Visit,
)
from samsvar.observe.masking import masked
from samsvar.onboarding.roles import Right
from samsvar.pipeline.preview import QuestionChange

HISTORY, LOOKED_AT, MOST_SHOWN = 50, 200, 300
_LONGEST_COMMENT = 500


class RegistryPages:
    """The pages."""

    def __init__(self, world: ConsoleWorld) -> None:
        self._world = world
        self._room = world.registry

    def rows(self) -> tuple[Row, ...]:
        """What is served."""
        see, change = Right.SEE_REGISTRY, Right.CHANGE_REGISTRY
        one = "/registry/{name}"
        return (
            Row("GET", "/registry", see, self._list),
            Row("GET", one, see, self._one),
            Row("GET", f"{one}/file", see, self._file),
            Row("POST", "/registry-drafts", change, self._new, MOST_UPLOAD_BYTES),
            Row("POST", f"{one}/edit", change, self._edit, MOST_UPLOAD_BYTES),
            Row("POST", f"{one}/drop", change, self._drop),
            Row("POST", f"{one}/move", change, self._move),
            Row("POST", f"{one}/publish", change, self._publish),
            Row("POST", f"{one}/roll-back", change, self._roll_back),
        )

    async def _list(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            versions = self._room.versions(HISTORY)
            return {
                "versions": versions,
                "drafts": self._room.drafts(),
                "newest": versions[0] if versions else None,
            }

        return Rendered("registry.html", await asyncio.to_thread(model))

    async def _one(self, visit: Visit) -> Rendered:
        def model() -> Mapping[str, Any]:
            name = visit.path["name"]
            versions = self._room.versions(HISTORY)
            newest = versions[0].number if versions else None
            version = name.isdecimal()
            against = visit.query.get("against", "")
            if not re.fullmatch(r"[0-9]{1,9}", against, re.ASCII):
                against = str(max(1, int(name) - 1)) if version else str(newest or "")
            changes = list(self._room.difference(against, name)) if against else []
            tab = visit.query.get("tab", "diff")
            preview = self._room.preview(name, LOOKED_AT) if tab == "preview" else None
            draft = next((each for each in self._room.drafts() if each.name == name), None)
            old = draft is not None and newest is not None and draft.base != newest
            asks = draft is not None or (version and newest is not None and name != str(newest))
            loss = self._room.loss(name) if asks and newest and not old else None
            return {
                "name": name,
                "draft": draft,
                "old": old,
                "loss": loss,
                "lost": loss.rows[:MOST_SHOWN] if loss else (),
                "version": next((each for each in versions if each.name == name), None),
                "is_version": version,
                "newest": newest,
                "against": against,
                "versions": versions,
                "counts": {
                    kind: sum(change.kind == kind for change in changes)
                    for kind in ("added", "removed", "changed")
                },
                "changes": changes[:MOST_SHOWN],
                "hidden": max(0, len(changes) - MOST_SHOWN),
                "tab": tab if tab in ("diff", "preview", "edit") else "diff",
                "preview": preview,
                "groups": alike(preview.changes) if preview else (),
                "looked_at": LOOKED_AT,
                "text": self._room.text(name) if tab == "edit" and not version else "",
            }

        return Rendered("registry_one.html", await asyncio.to_thread(model))

    async def _file(self, visit: Visit) -> Download:
        name = visit.path["name"]
        text = await asyncio.to_thread(self._room.text, name)
        return Download(f"registry-{name}.toml", "application/toml", text.encode())

    async def _new(self, visit: Visit) -> Redirect:
        name = visit.form.get("name", "").strip()

        def make() -> None:
            versions = self._room.versions(1)
            text = self._room.text(versions[0].name) if versions else ""
            self._room.new_draft(name, text, visit.user.name)

        await asyncio.to_thread(make)
        return Redirect(f"/registry/{name}?tab=edit", "drafted")

    async def _edit(self, visit: Visit) -> Redirect:
        name, text = visit.path["name"], visit.form.get("text", "").replace("\r\n", "\n")
        await asyncio.to_thread(self._room.edit_draft, name, text, visit.user.name)
        return Redirect(f"/registry/{name}", "drafted")

    async def _drop(self, visit: Visit) -> Redirect:
        await asyncio.to_thread(self._room.drop_draft, visit.path["name"])
        return Redirect("/registry", "dropped")

    async def _move(self, visit: Visit) -> Redirect:
        name = visit.path["name"]
        await asyncio.to_thread(self._room.move_draft, name, visit.user.name)
        return Redirect(f"/registry/{name}", "moved")

    async def _publish(self, visit: Visit) -> Redirect:
        name, comment = visit.path["name"], _comment(visit)

        def publish() -> int:
            return self._room.publish(name, visit.user.name, comment, self._seen(visit))

        await self._put(publish)
        return Redirect("/registry", "published")

    async def _roll_back(self, visit: Visit) -> Redirect:
        name, comment = visit.path["name"], _comment(visit)
        if not name.isdecimal():
            raise Shown(404, "Det är ingen version.", "That is no version.")

        def roll_back() -> int:
            return self._room.roll_back(int(name), visit.user.name, comment, self._seen(visit))

        await self._put(roll_back)
        return Redirect("/registry", "rolled-back")

    def _seen(self, visit: Visit) -> str:
        """Of the loss that was agreed to; empty where none was asked about.

        Raises:
            Shown: the number of rows that go was not written, or is another.
        """
        seen = visit.form.get("seen", "")
        if not seen:
            return ""
        loss = self._room.loss(visit.path["name"])
        if loss is not None and visit.form.get("rows", "").strip() != str(len(loss.rows)):
            raise Shown(
                422,
                "Skriv hur många rader som försvinner, som sidan säger: då vet du vad du gör.",
                "Write how many rows will be gone, as the page says: then you know what you do.",
            )
        return seen

    async def _put(self, change: Callable[[], int]) -> None:
        await asyncio.to_thread(change)
        await self._world.published()


def alike(changes: Iterable[QuestionChange]) -> list[tuple[QuestionChange, int]]:
    """Questions that would change in the same way are told once, with how many they are."""
    found: dict[object, tuple[QuestionChange, int]] = {}
    for change in changes:
        faults = change.fault_before, change.fault_after
        key = change.sender, change.contract, change.logical_address, faults, change.candidates
        first, count = found.get(key, (change, 0))
        found[key] = first, count + 1
    return sorted(found.values(), key=lambda pair: -pair[1])


def _comment(visit: Visit) -> str:
    comment = visit.form.get("comment", "").strip()
    if not comment or len(comment) > _LONGEST_COMMENT or masked(comment) != comment:
        raise Shown(
            422,
            f"Skriv varför, med högst {_LONGEST_COMMENT} tecken och utan personnummer: det står i"
            " historiken.",
            f"Say why, in at most {_LONGEST_COMMENT} characters and without personal numbers: it"
            " stands in the history.",
        )
    return comment
