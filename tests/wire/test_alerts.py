"""A source that falls silent is told of, once when it begins and once when it ends; from outside:
a real hub, an adapter with its simulator, a receiver of alerts on loopback."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiosmtpd.controller import Controller

from samsvar.clock import SystemClock
from samsvar.model.local_time import STOCKHOLM
from samsvar.settings import Settings
from samsvar.simulation import Installation, Knobs, running
from tests.command import Shell
from tests.hub import HUB, Running, Site, Source, free_port, post, running_hub
from tests.outbox import dead_letter
from tests.wire.test_alert_mail import Box
from tests.world import envelope

pytestmark = [pytest.mark.wire, pytest.mark.slow]

#: those of whom the simulator has a plan: just as many as the rule needs, where all have records
PEOPLE = (
    "191212121212",
    "193201027723",
    "195101151818",
    "196501022773",
    "199001032391",
    "200101012383",
    "200901072389",
    "201201252382",
    "202101012397",
    "189001019802",
)
SECRET = "a key that signs"
EVERY = 0.3


@dataclass
class Receiver:
    """What takes alerts: keeps them, and refuses the first so many."""

    refuse: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)
    attempts: list[str] = field(default_factory=list)

    def application(self) -> web.Application:
        """A web application."""

        async def take(request: web.Request) -> web.Response:
            body = await request.read()
            stamp = request.headers["x-samsvar-timestamp"]
            told = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256)
            assert request.headers["x-samsvar-signature"] == f"v1={told.hexdigest()}"
            assert request.content_type == "application/cloudevents+json"
            event = json.loads(body)
            self.attempts.append(event["id"])
            refused = len(self.attempts) <= self.refuse
            if not refused:
                self.events.append(event)
            self.came.set()
            if refused:
                return web.Response(status=503)
            return web.Response(status=204)

        built = web.Application()
        built.router.add_post("/alerts", take)
        return built

    async def until(self, count: int, seconds: float = 20) -> list[tuple[str, str]]:
        """Type and subject of each, when so many have come."""
        async with asyncio.timeout(seconds):
            while len(self.events) < count:
                self.came.clear()
                await self.came.wait()
        return [(one["type"].rpartition(".")[2], one["subject"]) for one in self.events]


@dataclass
class Scene:
    """A hub with one adapter whose silence can be turned on."""

    site: Site
    hub: Running
    knobs: Knobs
    receiver: Receiver
    source: Source
    settings: Settings
    written: Callable[..., Settings]
    """The same settings again, with another rule off or none."""

    async def ask(self, people: tuple[str, ...] = PEOPLE) -> int:
        """One question about each; how many plans came."""
        plans = 0
        for person in people:
            status, _, body = await post(self.hub, envelope(HUB, person))
            assert status == 200
            plans += b"carePlan>" in body
        return plans

    async def looks(self, count: int = 4) -> None:
        """So many looks of the watcher have gone by."""
        await asyncio.sleep(EVERY * count)


@contextlib.asynccontextmanager
async def scene(
    folder: Path, receiver: Receiver, more: str = "", *, off: str = ""
) -> AsyncIterator[Scene]:
    """Serve until the block ends. ``more``: further lines of ``[alerts]``; ``off``: a rule that
    does not count."""
    module = import_module("samsvar_adapters.prator.simulator")
    installation: Installation = module.INSTALLATION
    knobs, site = Knobs(), Site(folder)
    (folder / "key").write_text("demo-key", encoding="utf-8")
    (folder / "signing").write_text(SECRET + "\n", encoding="utf-8")
    async with (
        running(module.application(knobs)) as url,
        running(receiver.application()) as alerts,
    ):
        port = free_port()

        def written(off: str = "") -> Settings:
            rules = ", ".join(f'"{rule}"' for rule in ("disk-filling", off) if rule)
            return site.write(
                plain_port=port,
                plain_listen="metrics = true",
                alerts=f'webhook = "{alerts}/alerts"\nwebhook_secret = "file:signing"\n'
                f"every_seconds = {EVERY}\noff = [{rules}]\n{more}",
            )

        settings = written(off)
        options = {**installation.options, "api_key": "file:key"}
        source = Source(installation.hsa_id, f"{url}/", "prator", options)
        site.load_registry(site.registry([source]))
        for person in PEOPLE:
            await site.index(person, [installation.hsa_id])
        async with running_hub(site, settings) as hub:
            yield Scene(site, hub, knobs, receiver, source, settings, written)


async def test_an_adapter_that_answers_ok_with_nothing_is_told_of_once_and_once_when_it_is_over(
    tmp_path: Path,
) -> None:
    """And no message names a person."""
    async with scene(tmp_path, Receiver(refuse=1)) as one:
        for _ in range(3):
            assert await one.ask() == len(PEOPLE)
        await one.looks()
        assert one.receiver.events == []

        one.knobs.silent = True
        assert await one.ask() == 0
        async with asyncio.timeout(20):
            await one.receiver.came.wait()  # refused: it is tried again in some seconds
        await one.looks()
        assert await one.ask() == 0
        await one.looks()
        opened = one.receiver.attempts[0]
        assert set(one.receiver.attempts) == {opened}

        told = await _metrics(one)
        assert 'samsvar_alerts_open{process="1",rule="answers-empty"} 1.0' in told

        one.knobs.silent = False
        for _ in range(3):
            await one.ask()
        assert await one.receiver.until(2, 60) == [("opened", "p0"), ("closed", "p0")]
        await one.looks()

    assert len(one.receiver.events) == 2
    first, last = one.receiver.events
    assert first["specversion"] == "1.0"
    assert first["id"] == opened
    assert first["data"]["rule"] == "answers-empty"
    assert first["data"]["language"] == "sv"
    assert first["data"]["title"] == "p0: Den svarar, men med ingenting"
    assert "annars har 100 % av svaren poster" in first["data"]["reason"]
    assert last["data"]["closed"] is not None
    for person in PEOPLE:
        assert person not in json.dumps(one.receiver.events)
        assert person[2:] not in json.dumps(one.receiver.events)


async def test_a_planned_outage_is_not_told_of(tmp_path: Path) -> None:
    """Out of service with notice: its figures say that it is silent, and that is no news. One hub
    sees the silence and looks at no rule; the next one looks, and the source rests by then."""
    async with scene(tmp_path, Receiver(), off="answers-empty") as one:
        for _ in range(3):
            await one.ask()
        one.knobs.silent = True
        await one.ask()
        await one.looks()
        await _rests(one)
        await one.hub.hub.stop()  # type: ignore[union-attr]
        async with running_hub(one.site, one.written()) as again:
            one.hub = again
            await one.ask()
            await one.looks(8)
            assert 'samsvar_producer_disabled{process="1",producer="p0"} 1.0' in await _metrics(one)
            assert one.receiver.events == []
            assert one.receiver.attempts == []


async def test_an_alert_is_over_when_its_source_is_taken_out_of_service(tmp_path: Path) -> None:
    """Told as that, and not as if it were well again."""
    async with scene(tmp_path, Receiver()) as one:
        for _ in range(3):
            await one.ask()
        one.knobs.silent = True
        await one.ask()
        assert await one.receiver.until(1) == [("opened", "p0")]
        await _rests(one)
        assert await one.receiver.until(2) == [("opened", "p0"), ("closed", "p0")]
    assert one.receiver.events[1]["data"]["closedReason"] == "ur drift med meddelande"


async def _rests(one: Scene) -> None:
    """The source is out of service with notice, and the hub knows."""
    resting = Source(
        one.source.hsa_id,
        one.source.address,
        "prator",
        one.source.options,
        'disabled = { notice = "moved to another hall" }',
    )
    one.site.load_registry(one.site.registry([resting]))
    for _ in range(100):
        _, _, body = await post(one.hub, envelope(HUB, PEOPLE[0]))
        if b"moved to another hall" in body:
            return
        await asyncio.sleep(0.2)
    pytest.fail("the registry was not taken into use")


async def test_an_alert_outlives_the_hub_that_opened_it(tmp_path: Path) -> None:
    """A hub that starts again tells neither of it anew, nor forgets to tell of its end."""
    receiver = Receiver()
    async with scene(tmp_path, receiver, 'language = "en"') as one:
        for _ in range(3):
            await one.ask()
        one.knobs.silent = True
        await one.ask()
        assert await receiver.until(1) == [("opened", "p0")]
        assert receiver.events[0]["data"]["title"] == "p0: It answers, but with nothing"
        await one.hub.hub.stop()  # type: ignore[union-attr]
        async with running_hub(one.site, one.settings) as again:
            one.hub = again
            await one.looks(6)
            assert len(receiver.events) == 1
            one.knobs.silent = False
            for _ in range(3):
                await one.ask()
            assert await receiver.until(2) == [("opened", "p0"), ("closed", "p0")]


@pytest.mark.parametrize(
    ("quiet", "told"),
    [(True, {"answers-empty"}), (False, {"answers-empty", "outbox-growing"})],
    ids=["quiet-hours", "other-hours"],
)
async def test_in_quiet_hours_only_what_is_critical_is_told(
    tmp_path: Path, quiet: bool, told: set[str]
) -> None:
    """Both alerts are open; the warning waits for the morning."""
    now = SystemClock().now().astimezone(STOCKHOLM)
    begins, ends = now - timedelta(hours=1), now + timedelta(hours=3)
    more = f'quiet_hours = "{begins:%H:%M}-{ends:%H:%M}"' if quiet else ""
    receiver = Receiver()
    async with scene(tmp_path, receiver, more) as one:
        for _ in range(3):
            await one.ask()
        dead_letter(one.site)
        one.knobs.silent = True
        await one.ask()
        await receiver.until(len(told))
        both = {f'rule="{rule}"}} 1.0' for rule in ("answers-empty", "outbox-growing")}
        for _ in range(100):
            metrics = await _metrics(one)
            if all(each in metrics for each in both):
                break
            await asyncio.sleep(EVERY)
        else:
            pytest.fail("they are not both open")
        await one.looks(6)
        assert {event["data"]["rule"] for event in receiver.events} == told
        assert len(receiver.events) == len(told)


async def test_a_mail_about_a_silent_source_names_no_person(tmp_path: Path) -> None:
    """By a hub, to a mail server, in the language that is set; and so does the trial mail."""
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    server = (
        f'mail_server = "127.0.0.1:{controller.port}"\nmail_tls = "none"\n'
        'mail_from = "hub@example.se"\nmail_to = ["drift@example.se"]'
    )
    try:
        async with scene(tmp_path, Receiver(), server) as one:
            for _ in range(3):
                await one.ask()
            one.knobs.silent = True
            await one.ask()
            for _ in range(100):
                if box.mails:
                    break
                await asyncio.sleep(EVERY)
            fired = await asyncio.to_thread(
                Shell(tmp_path).inside,
                *("alerts", "test-fire", "--settings", one.site.settings_file),
            )
    finally:
        controller.stop()
    assert (fired.code, fired.out) == (0, "webhook  taken\nmail     taken\n")
    alert, trial = box.mails
    assert "kritiskt: p0: Den svarar, men med ingenting" in alert["Subject"]
    assert "varning: navet: Provlarm, inget är fel" in trial["Subject"]
    for mail in box.mails:
        text = f"{mail['Subject']} {mail.get_content()}"
        assert "personer, sedan" in text or "Provlarm" in text
        for person in PEOPLE:
            assert person not in text
            assert person[2:] not in text


async def _metrics(one: Scene) -> str:
    async with one.hub.client() as session, session.get(f"{one.hub.plain}/metrics") as answer:
        assert answer.status == 200
        text = await answer.text()
    assert not re.search(r"\d{10}", re.sub(r"SE\d{10}", "", _without_numbers(text)))
    return text


def _without_numbers(text: str) -> str:
    """The exposition without its values."""
    return "\n".join(line.rpartition(" ")[0] for line in text.splitlines() if line[:1] != "#")
