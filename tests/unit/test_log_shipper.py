"""What staff has seen reaches the log service: once, whole, whatever the service does; and no
answer waits for it. Over real sockets, from the access log's own rows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from samsvar.audit.log_entries import CannotBeTold, entries_of
from samsvar.clock import SystemClock
from samsvar.model.exchange import Disclosure, QuestionRecord, Shown
from samsvar.model.identifiers import CorrelationId, HsaId, LogicalAddress
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.store_log import SoapLogService
from samsvar.pipeline.log_shipper import LogShipper, ShippingHabits
from samsvar.settings import ProducerSettings
from samsvar.simulation.server import running
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import Database
from samsvar.store.log_outbox import LogOutboxDesk, SqlLogOutbox
from samsvar.store.secrets import PersonVault, open_vault
from samsvar.store.tables import LOG_OUTBOX, QUESTION
from tests import databases
from tests.command import Shell
from tests.databases import open_database
from tests.log_service import CORE, LogKeeper
from tests.plans import looked_at, overheard, plans
from tests.unit.test_store_access_log import CITIZEN, NURSE, disclosed, record
from tests.world import MemoryEvents

LOG = "0123456789abcdef" * 2
QUICK = ShippingHabits(
    refusals=3, patience=60, first_pause=0.02, longest_pause=0.05, look_every=0.01, renew_every=5
)
GIVER = str(NURSE.care_giver)

pytestmark = pytest.mark.databases


@dataclass
class Stand:
    """The hub's side: its log, and what sends from it."""

    database: Database
    vault: PersonVault
    log: SqlAccessLog
    keeper: LogKeeper
    url: str
    events: MemoryEvents

    async def append(self, *records: QuestionRecord) -> None:
        await asyncio.gather(*(self.log.append(one) for one in records))

    @contextlib.asynccontextmanager
    async def shipping(
        self, habits: ShippingHabits = QUICK, url: str = "", **more: Any
    ) -> AsyncIterator[LogShipper]:
        """A hub's shipper, for as long as the block lasts."""
        client = HttpClient(ProducerSettings(), None)
        outbox = SqlLogOutbox(self.database, self.vault)
        service = SoapLogService(client, url or self.url, system_id="SE5565594230-HUB", **more)
        shipper = LogShipper(outbox, service, self.events, SystemClock(), habits)
        task = asyncio.create_task(shipper.run())
        try:
            yield shipper
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            outbox.close()
            await client.close()

    def told(self, action: str) -> list[dict[str, object]]:
        """Events of a kind."""
        return [fields for name, fields in self.events.events if name == action]

    def waiting(self) -> tuple[int, int]:
        """How many rows wait, and how many are dead."""
        counts = LogOutboxDesk(self.database).counts()
        return sum(one[1] for one in counts), sum(one[2] for one in counts)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(90):
            while not done():  # noqa: ASYNC110 - it looks into files
                await asyncio.sleep(0.01)


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    database = open_database(tmp_path / "data")
    vault = open_vault(database)
    log = SqlAccessLog(database, vault, ships=True)
    keeper = LogKeeper()
    async with running(keeper.application()) as url:
        yield Stand(database, vault, log, keeper, url, MemoryEvents())
    await log.close()
    database.close()
    assert keeper.faults == []


def question(number: int) -> QuestionRecord:
    return replace(disclosed(number), correlation_id=CorrelationId(f"question-{number}"))


def told_of(keeper: LogKeeper) -> dict[str, int]:
    """How many records there are of each question."""
    found: dict[str, int] = {}
    for element in keeper.kept.values():
        arguments = element.findtext(f"{CORE}activity/{CORE}activityArgs") or ""
        name = arguments.split("correlationId=")[1].split(";")[0]
        found[name] = found.get(name, 0) + 1
    return found


async def test_each_access_of_staff_is_told_and_no_other(stand: Stand) -> None:
    refused = replace(question(3), disclosures=question(3).disclosures[2:])
    await stand.append(record(1), question(2), refused, disclosed(4, CITIZEN))
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 0))

    assert told_of(stand.keeper) == {"question-2": 2}
    assert stand.keeper.addresses == [GIVER]
    read, emergency = stand.keeper.kept.values()

    def texts(element: Any, *names: str) -> list[str | None]:
        return [element.findtext("/".join(f"{CORE}{one}" for one in n.split("/"))) for n in names]

    assert texts(
        read,
        "activity/activityType",
        "activity/startDate",
        "activity/purpose",
        "user/userId",
        "user/careProvider/careProviderId",
        "user/careUnit/careUnitId",
        "resources/resource/resourceType",
        "resources/resource/patient/patientId/extension",
        "resources/resource/careProvider/careProviderId",
        "resources/resource/careUnit/careUnitId",
        "system/systemId",
    ) == [
        "Läsa",
        "2026-06-01T14:00:00",
        "Vård och behandling",
        "SE2321000131-P0001",
        GIVER,
        "SE2321000131-E0002",
        "Vård- och omsorgsplan SIP",
        "191212121212",
        "SE2321000016-A",
        "SE2321000016-U",
        "SE5565594230-HUB",
    ]
    assert texts(emergency, "activity/activityType") == ["Nödöppning"]
    (arguments,) = texts(emergency, "activity/activityArgs")
    assert arguments is not None
    assert "outcome=MASK; rules=VG5,GT7; records=1; policy=cautious-1; consent=" in arguments
    assert "Found by" not in arguments  # the reason is free text, and stays with us


async def test_one_address_may_keep_everybodys_log(stand: Stand) -> None:
    await stand.append(question(1))
    async with stand.shipping(logical_address="SE165565594230-1000"):
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert stand.keeper.addresses == ["SE165565594230-1000"]


async def test_no_call_has_over_five_hundred_records(stand: Stand) -> None:
    await stand.append(*(question(number) for number in range(1, 421)))
    many = tuple(
        Disclosure(LogicalAddress("SE-A"), f"SE-OWNER-{number}", None, Shown.ALLOW, ("VG1",), 1)
        for number in range(1203)
    )
    await stand.append(replace(question(999), disclosures=many))
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert max(stand.keeper.calls) == 500
    assert sum(stand.keeper.calls) == 2 * 420 + 1203 == len(stand.keeper.kept)


async def test_a_service_that_is_down_stops_no_row_and_is_told(stand: Stand) -> None:
    stand.keeper.down = True
    async with stand.shipping() as shipper:
        await stand.append(question(1))  # returns: nobody waits for the service
        await stand.until(lambda: len(stand.told("access-log-send-failed")) >= 3)
        assert stand.waiting() == (1, 0)
        (note,) = shipper.notes()
        assert f"has not taken {GIVER}'s for " in note
        assert note.endswith("tries in a row: HTTP status 503")
        stand.keeper.down = False
        await stand.until(lambda: stand.waiting() == (0, 0))
        assert shipper.notes() == []
    assert told_of(stand.keeper) == {"question-1": 2}


@pytest.mark.parametrize("words", [True, False])
async def test_a_repeat_has_the_same_ids_and_counts_as_delivered(stand: Stand, words: bool) -> None:
    """The service took the records, and its OK was lost: again, with all that came since."""
    stand.keeper.tells_duplicates = words
    stand.keeper.silent = 1
    await stand.append(*(question(number) for number in range(1, 8)))
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 0))
        await stand.append(question(8))
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert told_of(stand.keeper) == {f"question-{number}": 2 for number in range(1, 9)}
    assert stand.told("access-log-dead-letter") == []


async def test_a_row_that_is_refused_is_found_among_others_and_becomes_a_dead_letter(
    stand: Stand, tmp_path: Path
) -> None:
    stand.keeper.refuses = {"question-37"}
    await stand.append(*(question(number) for number in range(1, 101)))
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 1))
        assert told_of(stand.keeper) == {
            f"question-{number}": 2 for number in range(1, 101) if number != 37
        }
        (letter,) = LogOutboxDesk(stand.database).letters(5)
        assert (letter.receiver, letter.dead) == (GIVER, True)
        assert letter.reason == "it answered VALIDATION_ERROR"
        await stand.until(lambda: stand.told("access-log-dead-letter") != [])  # said afterwards
        assert len(stand.told("access-log-dead-letter")) == 1

        (tmp_path / "samsvar.toml").write_text(f"[hub]\n{databases.hub_setting(tmp_path / 'data')}")
        shell, settings = Shell(tmp_path), ("--settings", tmp_path / "samsvar.toml")
        shown = await asyncio.to_thread(shell.run, "audit", "outbox", "list", *settings)
        assert f"{GIVER}: 0 waiting, 1 dead" in shown.out
        assert (
            await asyncio.to_thread(shell.run, "audit", "outbox", "retry", "--row", 1, *settings)
        ).code == 3
        stand.keeper.refuses = set()
        again = await asyncio.to_thread(shell.run, "audit", "outbox", "retry", *settings)
        assert again.out == "1 row waits again\n"
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert told_of(stand.keeper)["question-37"] == 2
    shown = await asyncio.to_thread(shell.run, "audit", "outbox", "list", *settings)
    assert shown.out == "Nothing waits: the log service has taken every row.\n"


async def test_a_call_costs_what_it_tells_and_neither_what_waits_nor_the_whole_log(
    stand: Stand,
) -> None:
    """What a database has counted last is an empty outbox, and then the service was away."""
    await stand.append(question(1))
    with stand.database.write() as connection, connection.begin():
        asked_once = dict(connection.execute(sa.select(QUESTION)).mappings().one())
        waits = dict(connection.execute(sa.select(LOG_OUTBOX)).mappings().one())
        numbers = range(2, 6001)
        connection.execute(sa.insert(QUESTION), [asked_once | {"sequence": n} for n in numbers])
        late = [waits | {"sequence": n} for n in numbers if n > 3000]
        connection.execute(sa.insert(LOG_OUTBOX), late)
        connection.execute(sa.delete(LOG_OUTBOX).where(LOG_OUTBOX.c.sequence == 1))
    outbox = SqlLogOutbox(stand.database, stand.vault)

    with overheard(stand.database, "SELECT") as asked:
        batch = await outbox.batch(GIVER, 50, SystemClock().now())
    outbox.close()

    assert [each.sequence for each in batch] == list(range(3001, 3026))
    assert looked_at(stand.database, asked, "question") in (50, None)
    assert looked_at(stand.database, asked, "log_outbox") in (50, None)
    for plan in plans(stand.database, asked):
        assert "FOR ORDER BY" not in plan
        assert "SCAN question" not in plan


@pytest.mark.parametrize("code", ["ERROR", "ACCESSDENIED"])
async def test_a_service_that_has_not_looked_at_the_records_is_tried_again(
    stand: Stand, code: str
) -> None:
    stand.keeper.code = code
    await stand.append(*(question(number) for number in range(1, 6)))
    async with stand.shipping():
        await stand.until(lambda: len(stand.told("access-log-send-failed")) >= 4)
        assert set(stand.keeper.calls) == {10}  # never halved
        stand.keeper.code = ""
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert len(stand.keeper.kept) == 10


async def test_a_row_that_cannot_be_told_is_a_dead_letter_and_holds_up_nobody(
    stand: Stand,
) -> None:
    odd = replace(question(1), user=replace(NURSE, hsa_id=None))
    await stand.append(odd, question(2))
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 1))
        await stand.until(lambda: "question-2" in told_of(stand.keeper))
    (letter,) = LogOutboxDesk(stand.database).letters(5)
    assert letter.reason == "the user's HSA-id is not known"


async def test_a_killed_hub_leaves_what_it_had_not_sent_to_the_next(stand: Stand) -> None:
    """The shipper is gone in the middle of a call; another begins with what the rows say."""
    stand.keeper.silent = 1
    await stand.append(question(1))
    async with stand.shipping(replace(QUICK, first_pause=60, longest_pause=60)):
        await stand.until(lambda: len(stand.told("access-log-send-failed")) == 1)
    assert stand.waiting() == (1, 0)
    stand.keeper.tells_duplicates = False
    async with stand.shipping():
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert told_of(stand.keeper) == {"question-1": 2}


async def test_one_of_two_hubs_sends(stand: Stand) -> None:
    async with stand.shipping(), stand.shipping():
        await stand.append(*(question(number) for number in range(1, 51)))
        await stand.until(lambda: stand.waiting() == (0, 0))
    assert len(stand.keeper.kept) == sum(stand.keeper.calls) == 100


async def test_a_hub_without_a_log_service_keeps_nothing_for_one(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    log = SqlAccessLog(database, open_vault(database))
    await log.append(question(1))
    await log.close()
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM log_outbox")) == 0
    database.close()


def test_a_record_is_made_for_each_owner_and_activity() -> None:
    def part(owner: str | None, unit: str | None, shown: Shown = Shown.ALLOW) -> Disclosure:
        return Disclosure(LogicalAddress("SE-SOURCE"), owner, unit, shown, ("VG1",), 1)

    parts = (
        part("SE-A", "SE-U1"),
        part("se-a", "SE-U2"),
        part("SE-A", "SE-U1"),
        part("SE-B", None),
        part(None, None),
        part("SE-A", None, Shown.EXISTENCE),
        part("SE-C", None, Shown.DENY),
    )
    made = entries_of(7, replace(question(1), disclosures=parts), LOG)
    assert [(entry.level, [(r.owner, r.unit) for r in entry.resources]) for entry in made] == [
        ("Vård- och omsorgsplan SIP", [("SE-A", "SE-U1"), ("se-a", "SE-U2")]),
        ("Vård- och omsorgsplan SIP", [("SE-B", None)]),
        ("Vård- och omsorgsplan SIP", [("SE-SOURCE", None)]),
        ("Förekomst", [("SE-A", None)]),
    ]
    assert len({entry.log_id for entry in made}) == 4
    again = entries_of(7, replace(question(1), disclosures=parts), LOG)
    assert [entry.log_id for entry in again] == [entry.log_id for entry in made]
    other = entries_of(8, replace(question(1), disclosures=parts), LOG)
    assert {entry.log_id for entry in made}.isdisjoint(entry.log_id for entry in other)
    assert "Karin" not in repr(made)
    assert "191212121212" not in repr(made)


@pytest.mark.parametrize(
    "change",
    [
        {"care_unit": None},
        {"care_giver": HsaId("SE" + "1" * 31)},
        {"hsa_id": HsaId("")},
    ],
)
def test_a_record_that_no_service_would_take_is_not_made(change: dict[str, Any]) -> None:
    with pytest.raises(CannotBeTold):
        entries_of(7, replace(question(1), user=replace(NURSE, **change)), LOG)
