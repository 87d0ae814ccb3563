"""Circuit breakers and bulkheads from outside: an ill source costs its own row, and no time."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from samsvar.onboarding.roles import Role
from samsvar.simulation import PEOPLE
from tests.admin_api import Api, token
from tests.bad_producer import Asked, BadProducer, echo, http, misbehaving, plans
from tests.command import Shell
from tests.hub import HUB, Running, Site, Source, post, running_hub, status_rows
from tests.world import envelope

pytestmark = pytest.mark.wire

ILL, GOOD = "SE2129999989-ILL", "SE2129999989-GOOD"
NUMBERS = [each.number for each in PEOPLE if each.root.endswith(".3.1")]
QUICK = """[breaker]
least_calls = 4
least_seconds = 0.1
open_seconds = 0.6
"""
FAULT = (
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
    "<faultcode>e:{}</faultcode><faultstring>{}</faultstring></e:Fault></e:Body></e:Envelope>"
)


class Patient:
    """A producer that does as it is told, from one question to the next."""

    def __init__(self, source: str) -> None:
        self.does = "answer"
        self.hanging = self.most_hanging = 0
        self._source = source
        self._echo = echo(source)

    async def __call__(self, asked: Asked, writer: asyncio.StreamWriter) -> bool:
        match self.does:
            case "answer":
                await self._echo(asked, writer)
            case "hang":
                self.hanging += 1
                self.most_hanging = max(self.most_hanging, self.hanging)
                await asked.reader.read()
                self.hanging -= 1
                return False
            case "break":
                return False
            case "later":
                writer.write(http(b"", "Retry-After: 2", status="503 Later"))
            case "foreign":
                other = next(number for number in NUMBERS if number != asked.person)
                writer.write(http(plans(other, self._source)))
            case fault:
                code, _, text = fault.partition(" ")
                writer.write(http(FAULT.format(code, text).encode(), status="500 No"))
        return True


class Scene:
    """A hub, a source that can be made ill, and one that is well."""

    def __init__(self, hub: Running, ill: Patient, producer: BadProducer) -> None:
        self.hub, self.ill, self.producer = hub, ill, producer

    async def ask(self, person: int = 0, address: str = HUB) -> tuple[float, Any, bytes]:
        """One question: how long it took, status rows by source, the answer."""
        begun = time.monotonic()
        status, _, body = await post(self.hub, envelope(address, NUMBERS[person % 8]))
        rows = {row[0]: row for row in status_rows(body)} if status == 200 else {}
        return time.monotonic() - begun, rows, body

    async def until_open(self, most: int = 20) -> int:
        """Ask until it is not asked any more; how many questions that took."""
        for number in range(most):
            before = len(self.producer.asked)
            await self.ask(number)
            await asyncio.sleep(0.02)  # else all of it would be a blip
            if len(self.producer.asked) == before:
                return number
        raise AssertionError("it never opened")

    def events(self, *names: str) -> list[dict[str, Any]]:
        """Those of the routing log that have these names, so far."""
        assert self.hub.hub is not None
        self.hub.hub.events.flush()
        lines = (self.hub.site.folder / "hub.log").read_bytes().splitlines()
        return [one for one in map(orjson.loads, lines) if one["event.action"] in names]

    def api(self, role: Role) -> Api:
        """A user of the administrative interface."""
        return Api(self.hub, token(self.hub.site, role))


@asynccontextmanager
async def scene(folder: Path, breaker: str = QUICK) -> AsyncIterator[Scene]:
    """The hub serves, and both sources know eight people."""
    ill = Patient(ILL)
    async with misbehaving(ill) as producer, misbehaving(echo(GOOD)) as good:
        site = Site(folder)
        settings = site.write(plain_listen="admin = true", security=breaker)
        site.load_registry(
            site.registry(
                [
                    Source(ILL, producer.url, extra="timeout = 0.3"),
                    Source(GOOD, good.url),
                ]
            )
        )
        for person in NUMBERS[:8]:
            await site.index(person, [ILL, GOOD])
        async with running_hub(site, settings) as hub:
            yield Scene(hub, ill, producer)


@pytest.mark.parametrize("illness", ["hang", "break", "Server Stopped.", "Server VP009 No contact"])
async def test_an_ill_source_is_left_alone_and_comes_back_by_itself(
    tmp_path: Path, illness: str
) -> None:
    """It costs time until it opens, then none; every answer has its row; a probe closes it."""
    async with scene(tmp_path) as made:
        made.ill.does = illness
        await made.until_open()

        before = len(made.producer.asked)
        _, rows, body = await made.ask()

        assert len(made.producer.asked) == before
        assert rows[ILL] == (ILL, "NoDataSynchFailed", "43000")
        assert rows[GOOD][1] == "DataFromSource"
        assert b"not asked: temporarily out of service until 20" in body
        made.ill.does = "answer"
        await asyncio.sleep(0.7)
        _, rows, _ = await made.ask()
        assert rows[ILL][1] == "DataFromSource"
        told = made.events("breaker-opened", "breaker-half-open", "breaker-closed")
        assert [one["event.action"] for one in told][-2:] == ["breaker-half-open", "breaker-closed"]
        assert {one["labels.producer"] for one in told} == {"p0"}
        reasons = {one["labels.reason"] for one in made.events("decision")}
        assert "breaker-open" in reasons


@pytest.mark.parametrize("answer", ["Client No such person.", "Server VP007 Not permitted"])
async def test_a_source_that_blames_the_question_is_asked_on(tmp_path: Path, answer: str) -> None:
    """It answers: what one sender may not ask must not be taken from others."""
    async with scene(tmp_path) as made:
        made.ill.does = answer
        for person in range(16):
            await made.ask(person)
        assert len(made.producer.asked) == 16
        assert made.events("breaker-opened") == []


async def test_a_source_that_says_when_to_come_back_is_heeded(tmp_path: Path) -> None:
    """Retry-After 2, where a breaker opens for 0.6 s."""
    async with scene(tmp_path, QUICK + "longest_seconds = 5") as made:
        made.ill.does = "later"
        await made.until_open()
        asked = len(made.producer.asked)
        made.ill.does = "answer"
        await asyncio.sleep(1.2)
        await made.ask()
        assert len(made.producer.asked) == asked
        await asyncio.sleep(0.9)
        _, rows, _ = await made.ask()
        assert rows[ILL][1] == "DataFromSource"


async def test_a_caller_who_will_not_wait_makes_nobody_ill(tmp_path: Path) -> None:
    """A deadline of a tenth of a second is the caller's own."""
    async with scene(tmp_path) as made:
        made.ill.does = "hang"
        headers = {"x-samsvar-deadline-seconds": "0.5"}
        for person in range(10):
            await post(made.hub, envelope(ILL, NUMBERS[person % 8]), headers=headers)
        assert len(made.producer.asked) == 10
        assert made.events("breaker-opened") == []


async def test_somebody_elses_records_shut_a_source_off_until_somebody_opens_it(
    tmp_path: Path,
) -> None:
    """At the first such answer; over a restart; and only a person lets it back."""
    async with scene(tmp_path) as made:
        made.ill.does = "foreign"
        await made.ask()
        made.ill.does = "answer"
        _, rows, body = await made.ask(1)
        assert rows[ILL][1] == "NoDataSynchFailed"
        assert b"not asked: out of service until further notice" in body
        assert len(made.producer.asked) == 1
        told = await made.api(Role.OBSERVER).get("/producers/p0/breaker")
        (one,) = told.body["breakers"]
        assert (one["state"], one["until"], one["hold"]["by"]) == ("open", None, "security")
        assert "somebody else's records came" in one["hold"]["reason"]
        status = await made.api(Role.OBSERVER).get("/status")
        assert [each["breaker"] for each in status.body["producers"]] == ["open", "closed"]
        await asyncio.sleep(0.7)  # no time opens it
        await made.ask(2)
        assert len(made.producer.asked) == 1
        site, hub = made.hub.site, made.hub
        assert hub.hub is not None
        await hub.hub.guards.keeper.look()
        async with running_hub(
            site, site.write(plain_listen="admin = true", security=QUICK)
        ) as new:
            again = Scene(new, made.ill, made.producer)
            await again.ask(3)
            assert len(made.producer.asked) == 1
            body_of = {"reason": "the supplier has mended it"}
            refused = await again.api(Role.AUDITOR).post("/producers/p0/breaker/close", body_of)
            assert refused.status == 403
            closed = await again.api(Role.SECURITY_OFFICER).post(
                "/producers/p0/breaker/close", body_of
            )
            assert closed.status == 200
            assert closed.body["breakers"][0]["state"] == "closed"
            await asyncio.sleep(0.3)
            _, rows, _ = await again.ask(4)
            assert rows[ILL][1] == "DataFromSource"


async def test_a_breaker_is_opened_by_command_for_a_time_and_ends_by_itself(
    tmp_path: Path,
) -> None:
    """A running hub hears of it within its refresh; show tells why."""
    async with scene(tmp_path) as made:
        await made.ask()
        settings = ["--settings", str(made.hub.site.settings_file)]
        shell = Shell(tmp_path)
        opened = await asyncio.to_thread(
            shell.run, "producers", "breaker", "open", "p0", "--reason", "Byter nät", *settings
        )
        assert opened.code == 0, opened.err
        assert "Byter nät" in opened.out
        await asyncio.sleep(2.3)
        _, rows, body = await made.ask()
        assert rows[ILL][1] == "NoDataSynchFailed"
        assert "Byter nät".encode() not in body
        shown = await asyncio.to_thread(shell.run, "producers", "breaker", "show", "p0", *settings)
        assert "open" in shown.out
        soon = await made.api(Role.OPERATOR).post(
            "/producers/p0/breaker/open", {"reason": "snart", "until": _in_seconds(0.8)}
        )
        assert soon.status == 200, soon.body
        await asyncio.sleep(0.1)
        _, rows, body = await made.ask()
        assert b"not asked: out of service until 20" in body
        await asyncio.sleep(1.0)
        _, rows, _ = await made.ask()
        assert rows[ILL][1] == "DataFromSource"
        unknown = await made.api(Role.OPERATOR).post(
            "/producers/nobody/breaker/open", {"reason": "x"}
        )
        assert unknown.status == 404
        past = await made.api(Role.OPERATOR).post(
            "/producers/p0/breaker/open", {"reason": "x", "until": "2020-01-01T00:00:00Z"}
        )
        assert past.status == 409


async def test_without_counting_nothing_opens_by_itself(tmp_path: Path) -> None:
    """Off is off; what somebody else's records do is not."""
    async with scene(tmp_path, QUICK + "enabled = false") as made:
        made.ill.does = "break"
        for person in range(20):
            await made.ask(person)
            await asyncio.sleep(0.02)
        assert made.events("breaker-opened") == []
        made.ill.does = "foreign"
        await made.ask()
        assert len(made.events("breaker-opened")) == 1


async def test_three_hundred_questions_of_which_many_wait_for_one_that_hangs(
    tmp_path: Path,
) -> None:
    """Nine good sources answer as they do alone; who finds no place at the tenth is told so."""
    names = [f"SE2129999989-G{number}" for number in range(9)]
    ill = Patient(ILL)
    async with AsyncExitStack() as stack:
        hanging = await stack.enter_async_context(misbehaving(ill))
        good = [await stack.enter_async_context(misbehaving(echo(name))) for name in names]
        site = Site(tmp_path)
        settings = site.write(
            producers="connections = 24\nconnections_each = 8\nwait_seconds = 0.5",
            hub="deadline_seconds = 6",
        )
        site.load_registry(
            site.registry(
                [
                    Source(ILL, hanging.url),
                    *(Source(name, each.url) for name, each in zip(names, good, strict=True)),
                ]
            )
        )
        hub = await stack.enter_async_context(running_hub(site, settings))

        async def one(address: str, number: int) -> tuple[str, float, int, bytes]:
            await asyncio.sleep(number * 0.004)
            begun = time.monotonic()
            status, _, body = await post(hub, envelope(address, NUMBERS[number % 8]))
            return address, time.monotonic() - begun, status, body

        async def measured(addresses: list[str]) -> list[tuple[str, float, int, bytes]]:
            return await asyncio.gather(
                *(one(address, number) for number, address in enumerate(addresses))
            )

        both = [ILL if number % 2 else names[number // 2 % 9] for number in range(300)]
        await measured(both[:60])  # connections are made
        alone = await measured(both)
        before = len(hanging.asked)
        ill.does = "hang"
        mixed = await measured(both)

        well = [one for one in mixed if one[0] != ILL]
        assert {one[2] for one in well} == {200}
        usual = statistics.median(one[1] for one in alone if one[0] != ILL)
        median = statistics.median(one[1] for one in well)
        slowest = max(one[1] for one in well)
        sys.stdout.write(
            f"good: {usual:.3f} s beside a good one, {median:.3f} s now, slowest {slowest:.3f}\n"
        )
        assert median < usual * 2 + 0.3
        assert slowest < 2.0, "far from the deadline of six seconds"
        busy = [body for address, _, _, body in mixed if address == ILL and b"busy" in body]
        late = [body for address, _, _, body in mixed if address == ILL and b"timeout" in body]
        assert len(busy) + len(late) == 150
        assert busy
        assert late
        assert len(hanging.asked) - before <= 16, "eight at once"


def _in_seconds(seconds: float) -> str:
    from datetime import timedelta

    from samsvar.clock import SystemClock

    return (SystemClock().now() + timedelta(seconds=seconds)).isoformat()
