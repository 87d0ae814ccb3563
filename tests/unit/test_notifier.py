"""The notifier: each subscriber by itself, in order, again and again, and never for ever."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import AuditUnavailable, ProducerTimedOut, ProducerUnreachable, WayBlocked
from samsvar.model.catalogue import (
    CallPermission,
    PermissionFilter,
    Producer,
    ProducerKind,
    RivtaProfile,
    RoutingEntry,
)
from samsvar.model.catalogue_lookup import Catalogue
from samsvar.model.engagement import (
    Audience,
    Engagement,
    EngagementTransaction,
    Notification,
    Subscriber,
)
from samsvar.model.identifiers import HsaId, LogicalAddress
from samsvar.pipeline.notifier import Habits, Notifier
from samsvar.pipeline.subscribers import history, subscribers, way_to
from samsvar.ports import HouseRules
from samsvar.soap.index_messages import PROCESS_NOTIFICATION
from samsvar.store.index import SqlIndex
from samsvar.store.outbox import SqlOutbox
from samsvar.store.outbox_desk import OutboxDesk
from samsvar.store.secrets import open_vault
from tests.databases import open_database
from tests.world import FixedCatalogue, MemoryEvents, MemoryLog, call

OWN = "5565594230"
FIRST = LogicalAddress("SE2129999997-EI1")
SECOND = LogicalAddress("SE2129999997-EI2")
POST = Engagement(
    "191212121212", "riv:x", "cll-cp", "SE-A", "NA", "NA", "SE-A", "SE1", "", "20260501120000"
)
QUICK = Habits(
    attempts=4,
    refusals=3,
    first_pause=0.02,
    longest_pause=0.05,
    blocked_pause=0.02,
    look_every=0.01,
    rest=0.02,
)
RULES = HouseRules(frozenset({OWN}), "TEST", frozenset(), index_addresses=(OWN,))
CLOCK = SystemClock()


def catalogue(*addresses: str, permissions: Sequence[CallPermission] = ()) -> Catalogue:
    now = CLOCK.now()
    entries = tuple(
        RoutingEntry(
            PROCESS_NOTIFICATION,
            LogicalAddress(address),
            Producer(address, address, ProducerKind.SOAP, f"http://127.0.0.1/{address}", "SE1"),
            RivtaProfile.BP21,
            now - timedelta(days=1),
            now + timedelta(days=1),
        )
        for address in addresses
    )
    return Catalogue(1, entries, tuple(permissions), frozenset({PROCESS_NOTIFICATION}))


@dataclass
class Wire:
    """A deliverer that keeps what it is given; ``say`` decides what becomes of a message."""

    say: Callable[[str, Sequence[Notification]], str | None] = lambda address, batch: None
    taken: list[tuple[str, list[str]]] = field(default_factory=list)
    tried: list[tuple[str, int]] = field(default_factory=list)

    async def deliver(
        self,
        entry: RoutingEntry,
        batch: Sequence[Notification],
        correlation_id: str,
        patience: float,
    ) -> str | None:
        self.tried.append((entry.logical_address, len(batch)))
        refusal = self.say(entry.logical_address, batch)
        if refusal is None:
            names = [each.transaction.engagement.source_system for each in batch]
            self.taken.append((entry.logical_address, names))
        return refusal

    def by(self, address: str) -> list[str]:
        return [name for who, names in self.taken if who == address for name in names]


@dataclass
class Stage:
    """A notifier at work on a real outbox."""

    index: SqlIndex
    desk: OutboxDesk
    wire: Wire
    log: MemoryLog
    events: MemoryEvents
    catalogue: FixedCatalogue

    async def change(self, *names: str) -> None:
        posts = [dataclasses.replace(POST, source_system=name) for name in names]
        told = subscribers(self.catalogue.catalogue, RULES, CLOCK.now())
        await self.index.update(
            [EngagementTransaction(False, post) for post in posts],
            OWN,
            CLOCK.now(),
            Audience(told, "cause-1", OWN),
        )

    async def until(self, fulfilled: Callable[[], bool]) -> None:
        give_up = CLOCK.monotonic() + 10
        while not fulfilled():
            assert CLOCK.monotonic() < give_up, "it did not come to pass"
            await asyncio.sleep(0.01)

    def actions(self) -> list[str]:
        return [action for action, _ in self.events.events]


@contextlib.asynccontextmanager
async def at_work(
    folder: Path, wire: Wire, *addresses: str, habits: Habits = QUICK, log: MemoryLog | None = None
) -> AsyncIterator[Stage]:
    database = open_database(folder)
    vault = open_vault(database)
    outbox = SqlOutbox(database, vault)
    stage = Stage(
        SqlIndex(database, vault),
        OutboxDesk(database),
        wire,
        log or MemoryLog(),
        MemoryEvents(),
        FixedCatalogue(catalogue(*addresses)),
    )
    notifier = Notifier(
        outbox, wire, stage.catalogue, stage.log, stage.events, CLOCK, own=OWN, habits=habits
    )
    running = asyncio.create_task(notifier.run())
    try:
        yield stage
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        outbox.close()
        stage.index.close()
        database.close()


async def test_each_subscriber_gets_each_change_once_and_each_message_is_logged_before(
    tmp_path: Path,
) -> None:
    async with at_work(tmp_path, Wire(), FIRST, SECOND) as stage:
        await stage.change("A", "B")
        await stage.until(lambda: len(stage.wire.taken) == 2)
        await stage.until(lambda: not stage.desk.lines())

    assert stage.wire.by(FIRST) == stage.wire.by(SECOND) == ["A", "B"]
    assert {record.logical_address for record in stage.log.records} == {FIRST, SECOND}
    assert {record.correlation_id for record in stage.log.records} == {"cause-1"}
    assert [record.decisions[0].items for record in stage.log.records] == [2, 2]


async def test_a_subscriber_that_hangs_delays_no_other(tmp_path: Path) -> None:
    class Hanging(Wire):
        async def deliver(
            self,
            entry: RoutingEntry,
            batch: Sequence[Notification],
            correlation_id: str,
            patience: float,
        ) -> str | None:
            if entry.logical_address == FIRST:
                await asyncio.sleep(60)
            return await super().deliver(entry, batch, correlation_id, patience)

    async with at_work(tmp_path, Hanging(), FIRST, SECOND) as stage:
        for name in ("A", "B", "C"):
            await stage.change(name)
        await stage.until(lambda: stage.wire.by(SECOND) == ["A", "B", "C"])

    assert stage.wire.by(FIRST) == []


async def test_what_fails_is_tried_again_with_the_same_and_what_came_since(tmp_path: Path) -> None:
    answers = [ProducerUnreachable("connection refused"), ProducerTimedOut("timeout")]

    def say(_address: str, _batch: Sequence[Notification]) -> str | None:
        if answers:
            raise answers.pop()
        return None

    async with at_work(tmp_path, Wire(say), FIRST) as stage:
        await stage.change("A")
        await stage.until(lambda: len(stage.wire.tried) == 2)
        await stage.change("B")
        await stage.until(lambda: stage.wire.by(FIRST) == ["A", "B"])
        await stage.until(lambda: not stage.desk.lines())

    assert stage.actions().count("index-notify-failed") == 2


async def test_after_enough_failures_all_that_waits_becomes_dead_letters_and_nothing_is_tried(
    tmp_path: Path,
) -> None:
    def say(_address: str, _batch: Sequence[Notification]) -> str | None:
        raise ProducerUnreachable("connection refused")

    async with at_work(tmp_path, Wire(say), FIRST) as stage:
        await stage.change("A", "B")
        await stage.until(lambda: "index-dead-letters" in stage.actions())
        tried = len(stage.wire.tried)
        await asyncio.sleep(0.15)
        (line,) = stage.desk.lines()
        assert (line.waiting, line.dead) == (0, 2)
        assert len(stage.wire.tried) == tried == QUICK.attempts
        stage.wire.say = lambda address, batch: None
        assert stage.desk.retry(FIRST) == 2
        await stage.until(lambda: stage.wire.by(FIRST) == ["A", "B"])


async def test_a_way_that_is_blocked_is_told_of_once_and_nothing_is_ever_given_up_for_it(
    tmp_path: Path,
) -> None:
    def say(_address: str, _batch: Sequence[Notification]) -> str | None:
        raise WayBlocked("the message broker is away")

    async with at_work(tmp_path, Wire(say), FIRST) as stage:
        await stage.change("A", "B")
        await stage.until(lambda: len(stage.wire.tried) > 3 * QUICK.attempts)
        (line,) = stage.desk.lines()
        assert (line.waiting, line.dead, line.failures) == (2, 0, 0)
        assert "the message broker is away" in line.reason
        assert stage.actions().count("index-notify-failed") == 1
        stage.wire.say = lambda address, batch: None
        await stage.until(lambda: stage.wire.by(FIRST) == ["A", "B"])


async def test_one_refused_change_is_found_among_many_and_given_up_alone(tmp_path: Path) -> None:
    def say(_address: str, batch: Sequence[Notification]) -> str | None:
        names = {each.transaction.engagement.source_system for each in batch}
        return "it answered with the fault EI004" if "BAD" in names else None

    names = [f"S{number:02}" for number in range(20)]
    async with at_work(tmp_path, Wire(say), FIRST) as stage:
        await stage.change(*names[:13], "BAD", *names[13:])
        await stage.until(lambda: "index-dead-letters" in stage.actions())
        await stage.until(lambda: sorted(stage.wire.by(FIRST)) == names)
        (left,) = stage.desk.changes(FIRST, 10)

    assert (left.source_system, left.dead) == ("BAD", True)
    alone = [1 for _, size in stage.wire.tried if size == 1]
    assert len(alone) >= QUICK.refusals


async def test_nothing_is_sent_that_could_not_be_logged(tmp_path: Path) -> None:
    full = MemoryLog(error=AuditUnavailable("the disk is full"))
    async with at_work(tmp_path, Wire(), FIRST, log=full) as stage:
        await stage.change("A")
        await stage.until(lambda: "index-notify-failed" in stage.actions())
        assert stage.wire.tried == []
        full.error = None
        await stage.until(lambda: stage.wire.by(FIRST) == ["A"])


async def test_a_route_that_is_gone_is_a_failure_like_any_other(tmp_path: Path) -> None:
    async with at_work(tmp_path, Wire(), FIRST, SECOND) as stage:
        told = Audience((Subscriber(LogicalAddress("SE-GONE")),), "cause-1", OWN)
        await stage.index.update([EngagementTransaction(False, POST)], OWN, CLOCK.now(), told)
        await stage.until(lambda: "index-dead-letters" in stage.actions())

    assert stage.wire.tried == []
    failed = [told for action, told in stage.events.events if action == "index-notify-failed"]
    assert failed[0]["reason"] == "not-routed"


async def test_without_a_route_the_outbox_is_not_even_looked_at(tmp_path: Path) -> None:
    async with at_work(tmp_path, Wire()) as stage:
        told = Audience((Subscriber(FIRST),), "cause-1", OWN)
        await stage.index.update([EngagementTransaction(False, POST)], OWN, CLOCK.now(), told)
        await asyncio.sleep(0.1)

    assert stage.events.events == []


def test_subscribers_are_routes_of_the_day_but_not_ourselves_nor_those_who_know() -> None:
    now = CLOCK.now()
    found = catalogue(FIRST, SECOND, OWN, "*", "se2129999997-ei3")

    assert {s.address for s in subscribers(found, RULES, now)} == {
        FIRST,
        SECOND,
        "se2129999997-ei3",
    }
    informed = subscribers(found, RULES, now, informed=["SE2129999997-EI3", FIRST.lower()])
    assert [s.address for s in informed] == [SECOND]
    assert subscribers(found, RULES, now + timedelta(days=2)) == ()
    assert way_to(FIRST, found, now)[0] is not None
    assert way_to(FIRST, found, now + timedelta(days=2)) == (None, "no route leads to it")


def test_filters_are_those_of_the_permission_of_the_index() -> None:
    now = CLOCK.now()
    wanted = (PermissionFilter("riv:x", ("cll-cp",)),)
    permission = CallPermission(
        HsaId(OWN),
        PROCESS_NOTIFICATION,
        FIRST,
        now - timedelta(days=1),
        now + timedelta(days=1),
        wanted,
    )
    found = subscribers(catalogue(FIRST, SECOND, permissions=[permission]), RULES, now)

    assert {s.address: s.filters for s in found} == {FIRST: wanted, SECOND: ()}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "SE-X#5565594230"),
        ("SE-A#se-x", "SE-A#se-x#5565594230"),
        ("SE-A#5565594230#", "SE-A#5565594230#SE-X"),
    ],
)
def test_the_history_names_the_sender_and_us_once(before: str | None, after: str) -> None:
    asked = dataclasses.replace(call(), sender=HsaId("SE-X"), routing_history=before)

    assert history(asked, OWN) == after


def test_a_history_that_grows_too_long_forgets_its_beginning() -> None:
    asked = dataclasses.replace(
        call(), sender=HsaId("SE-X"), routing_history="#".join(f"SE{n:060}" for n in range(8))
    )

    assert len(history(asked, OWN)) <= 512
    assert history(asked, OWN).endswith(f"#SE-X#{OWN}")
