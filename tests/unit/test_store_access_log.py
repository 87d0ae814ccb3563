"""The access log: durable when it says so, honest when it cannot, append-only, masked at rest."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.errors import AuditUnavailable, ResourcesMissing
from samsvar.model.exchange import (
    Activity,
    Decision,
    Disclosure,
    QuestionRecord,
    Reason,
    Shown,
    Verdict,
)
from samsvar.model.identifiers import (
    ContractUrn,
    CorrelationId,
    HsaId,
    LogicalAddress,
    PersonId,
)
from samsvar.model.user import Capacity, Statement, User, UserKind
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.access_row import user_hash, user_id_hash
from samsvar.store.database import Database, Lock
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import FILE_NAME, SqliteDatabase
from samsvar.store.tables import QUESTION
from tests import databases
from tests.databases import open_database

pytestmark = pytest.mark.databases

TOLVAN = PersonId("1.2.752.129.2.1.3.1", "191212121212")
DECISIONS = (
    Decision(
        LogicalAddress("SE-A"), Reason.ANSWERED, "", 2, 0.25, "region", "SE-A", "SE-A,(default),*"
    ),
    Decision(LogicalAddress("SE-B"), Reason.LATE, "no answer within 27 s", 0, 27.0, "sörmland"),
    Decision(LogicalAddress("SE-C"), Reason.NOT_PERMITTED),
)


def _commits(database: Database) -> int:
    """Commits so far. SQLite: those of the write-ahead log, the frames that tell the size of the
    database after them (file format, section 4.1). PostgreSQL: transactions that wrote the tree,
    as its row tells."""
    if databases.chosen() == databases.POSTGRESQL:
        ((last,),) = databases.tamper(
            database.folder, "SELECT count(DISTINCT xmin::text) FROM question"
        )
        return int(last)
    log = (database.folder / f"{FILE_NAME}-wal").read_bytes()
    page_size = int.from_bytes(log[8:12])
    frames = (log[at : at + 24] for at in range(32, len(log), 24 + page_size))
    return sum(frame[8:16] == log[16:24] and any(frame[4:8]) for frame in frames)


def record(number: int = 1, subject: PersonId | None = TOLVAN) -> QuestionRecord:
    return QuestionRecord(
        correlation_id=CorrelationId(f"question-{number}"),
        at=datetime(2026, 6, 1, 12, 0, 0, number, tzinfo=UTC),
        sender=HsaId("SE5565594230-NPO"),
        original_consumer=HsaId("SE-REGION"),
        contract=ContractUrn("urn:riv:x:GetCarePlansResponder:2"),
        logical_address=LogicalAddress("5565594230"),
        subject=subject,
        verdict=Verdict.ANSWERED,
        fault=None,
        fault_detail="",
        catalogue_version=4,
        elapsed=27.125,
        decisions=DECISIONS,
        security=("foreign-patient",),
        peer="192.0.2.1",
    )


NURSE = User(
    kind=UserKind.STAFF,
    subject="auth0|karin.ek@kommun.example",
    issuer="https://idp.kommun.example",
    assurance=3,
    until=datetime(2026, 6, 1, 16, 0, tzinfo=UTC),
    hsa_id=HsaId("SE2321000131-P0001"),
    name="Karin Ek",
    title="Distriktssköterska",
    assignment="SE2321000131-U0001",
    care_giver=HsaId("SE2321000131-E0001"),
    care_unit=HsaId("SE2321000131-E0002"),
    purpose="CARE",
    scopes=frozenset({"plans", "contacts"}),
)
CITIZEN = User(
    kind=UserKind.CITIZEN,
    subject="199001012385",
    issuer="https://e-id.example",
    assurance=4,
    person=PersonId(TOLVAN.root, "199001012385"),
)
SHOWN = (
    Disclosure(
        LogicalAddress("SE-A"), "SE2321000016-A", "SE2321000016-U", Shown.ALLOW, ("VG1",), 2
    ),
    Disclosure(
        LogicalAddress("SE-A"),
        "SE2120001355-Nämnd",
        None,
        Shown.MASK,
        ("VG5", "GT7"),
        1,
        Activity.EMERGENCY,
    ),
    Disclosure(LogicalAddress("SE-B"), "SE2321000016-B", None, Shown.DENY, ("VG3",), 0),
)


def disclosed(number: int = 1, user: User = NURSE) -> QuestionRecord:
    """A question of a person who has logged in."""
    return replace(
        record(number),
        door="fhir",
        user=user,
        statement=Statement(
            relevance=True, emergency=True, emergency_reason="Found by 19121212-1212's door"
        )
        if user is NURSE
        else Statement(capacity=Capacity.GUARDIAN),
        disclosures=SHOWN,
        policy="cautious-1",
        consent_id="0f8fad5b-d9cb-469f-a165-70867728950e",
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path)
    yield opened
    opened.close()


async def test_what_was_appended_is_read_back_whole(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    refused = QuestionRecord(
        CorrelationId("question-2"),
        datetime(2026, 6, 1, 12, 1, tzinfo=UTC),
        *(None, None, None, None, None),
        Verdict.REFUSED,
        "VP002",
        "no certificate",
        None,
        0.001,
        (),
    )
    await log.append(record(1))
    await log.append(refused)
    await log.close()
    reader = AccessLogReader(database, vault)

    assert [(q.sequence, q.record, q.items) for q in reader.latest(10)] == [
        (2, refused, 0),
        (1, record(1), 2),
    ]
    assert [q.record for q in reader.questions("question-1")] == [record(1)]
    assert reader.questions("question-9") == []


async def test_an_auditor_finds_all_who_asked_about_a_person(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    other = PersonId(TOLVAN.root, "199001012385")
    for number, person in enumerate([TOLVAN, other, TOLVAN, None]):
        await log.append(record(number, person))
    await log.close()
    reader = AccessLogReader(database, vault)

    assert [q.record.correlation_id for q in reader.about(TOLVAN)] == ["question-2", "question-0"]
    assert len(reader.about(TOLVAN, limit=1)) == 1


@pytest.mark.parametrize("user", [NURSE, CITIZEN])
async def test_who_the_user_was_and_what_was_shown_is_read_back_whole(
    database: Database, user: User
) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    await asyncio.gather(*(log.append(one) for one in (record(1), disclosed(2, user), record(3))))
    await log.close()

    found = AccessLogReader(database, vault).latest(5)
    assert [q.record for q in found] == [record(3), disclosed(2, user), record(1)]


async def test_a_user_is_found_by_either_name_and_stands_open_in_neither(
    database: Database,
) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    for number, user in enumerate([NURSE, CITIZEN, NURSE]):
        await log.append(disclosed(number, user))
    await log.close()

    def rows(column: str, wanted: str) -> list[int]:
        with database.read() as connection:
            found = sa.select(QUESTION.c.sequence).where(QUESTION.c[column] == wanted)
            return list(connection.scalars(found.order_by(QUESTION.c.sequence)))

    assert rows("user_hash", user_hash(vault, NURSE.issuer, NURSE.subject)) == [1, 3]
    assert rows("user_id_hash", user_id_hash(vault, HsaId("se2321000131-p0001"))) == [1, 3]
    assert CITIZEN.person is not None
    assert rows("user_id_hash", user_id_hash(vault, CITIZEN.person)) == [2]
    # A citizen as user is not found by what one is found by as the person asked about.
    assert rows("user_id_hash", vault.keyed_hash(CITIZEN.person)) == []
    stored = databases.stored(database.folder)
    for secret in ("Karin", "karin.ek", "P0001", "199001012385", "Found by", "19121212-1212"):
        assert secret.encode() not in stored, secret


async def test_a_number_that_stands_as_an_owner_is_masked(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    odd = replace(SHOWN[0], owner="19121212-1212", owner_unit="SE\x00\ud800å")
    await log.append(replace(disclosed(1), disclosures=(odd, SHOWN[1])))
    await log.close()
    (found,) = AccessLogReader(database, vault).latest(1)
    first, second = found.record.disclosures
    assert (first.owner, first.owner_unit) == ("<masked>", "SE\\x00\\ud800å")
    assert second == SHOWN[1]
    stored = databases.stored(database.folder)
    assert b"19121212" not in stored


async def test_owners_and_what_a_log_service_must_hear_are_kept_beside_the_row(
    database: Database,
) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault, ships=True)
    refused = replace(disclosed(3), disclosures=SHOWN[2:])
    for one in (record(1), disclosed(2), refused, disclosed(4, CITIZEN)):
        await log.append(one)
    await log.close()

    with database.read() as connection:
        owners = connection.execute(
            sa.text("SELECT owner, sequence FROM disclosure_owner ORDER BY sequence, owner")
        ).all()
        waiting = connection.execute(sa.text("SELECT sequence, receiver FROM log_outbox")).all()
    three = ("se2120001355-nämnd", "se2321000016-a", "se2321000016-b")
    assert [tuple(row) for row in owners] == [
        *((owner, 2) for owner in three),
        ("se2321000016-b", 3),
        *((owner, 4) for owner in three),
    ]
    assert [tuple(row) for row in waiting] == [(2, NURSE.care_giver)]


async def test_no_number_stands_in_the_files(database: Database) -> None:
    log = SqlAccessLog(database, open_vault(database))
    await log.append(record())
    await log.close()
    stored = databases.stored(database.folder)

    assert b"question-1" in stored
    assert TOLVAN.extension.encode() not in stored
    assert TOLVAN.extension[2:].encode() not in stored


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM question",
        "UPDATE question SET sender = 'somebody else'",
        {
            databases.SQLITE: "INSERT OR REPLACE INTO question SELECT * FROM question",
            databases.POSTGRESQL: "TRUNCATE question",
        },
    ],
)
async def test_rows_can_only_be_added(
    database: Database, statement: str | dict[str, str], database_kind: str
) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    await log.append(record())
    await log.close()

    chosen = statement if isinstance(statement, str) else statement[database_kind]
    with (
        database.write() as connection,
        pytest.raises(sa.exc.IntegrityError, match="append-only"),
    ):
        connection.execute(sa.text(chosen))

    assert [q.record for q in AccessLogReader(database, vault).latest(5)] == [record()]


async def test_those_who_wait_together_share_few_commits(database: Database) -> None:
    """While another process holds the write lock, all wait; then they share a commit."""
    log = SqlAccessLog(database, open_vault(database))
    blocker = database.raw()
    before = _commits(database)
    blocker.begin(Lock.ACCESS_LOG)
    waiting = [asyncio.create_task(log.append(record(n))) for n in range(50)]
    await asyncio.sleep(0.1)
    assert not any(task.done() for task in waiting)
    blocker.rollback()
    blocker.close()

    await asyncio.gather(*waiting)
    await log.close()

    assert (
        _commits(database) - before <= 2
    )  # one for those in line when the lock fell, one for the rest
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM question")) == 50


async def test_rows_that_wait_together_stand_in_their_order_each_with_its_own(
    database: Database,
) -> None:
    """Seventy at once are more than one statement takes, and no whole number of such."""
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    with log.pause():
        waiting = [asyncio.create_task(log.append(record(number))) for number in range(1, 71)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    await log.close()
    found = AccessLogReader(database, vault).latest(100)

    assert [(q.sequence, q.record) for q in reversed(found)] == [
        (number, record(number)) for number in range(1, 71)
    ]


async def test_a_locked_database_is_told_and_forgotten_when_it_opens(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault, patience=0.2)
    blocker = database.raw()
    blocker.begin(Lock.ACCESS_LOG)

    with pytest.raises(AuditUnavailable, match=r"did not answer within 0\.2 s"):
        await log.append(record(1))
    blocker.rollback()
    blocker.close()
    await log.append(record(2))
    await log.close()

    newest = AccessLogReader(database, vault).latest(1)
    assert newest[0].record == record(2)


async def test_a_write_that_fails_is_told_to_all_and_the_next_is_tried_anew(
    database: Database,
) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    databases.refuse_inserts(database.folder, "question")

    told = await asyncio.gather(*(log.append(record(n)) for n in range(5)), return_exceptions=True)
    assert [type(one) for one in told] == [AuditUnavailable] * 5
    assert not any("1212" in str(one) for one in told)
    assert AccessLogReader(database, vault).latest(5) == []

    databases.take_inserts(database.folder, "question")
    await log.append(record(9))
    await log.close()
    assert [q.record for q in AccessLogReader(database, vault).latest(5)] == [record(9)]


@pytest.mark.sqlite
async def test_a_replaced_file_is_refused_not_filled(database: Database) -> None:
    assert isinstance(database, SqliteDatabase)
    log = SqlAccessLog(database, open_vault(database))
    await log.append(record(1))
    kept = database.path.with_name("kept")
    database.path.rename(kept)

    with pytest.raises(AuditUnavailable, match="moved or replaced"):
        await log.append(record(2))
    assert not database.path.exists()

    kept.rename(database.path)
    await log.append(record(3))
    await log.close()


async def test_more_than_may_wait_is_refused_at_once(database: Database) -> None:
    log = SqlAccessLog(database, open_vault(database), most_waiting=3)
    blocker = database.raw()
    blocker.begin(Lock.ACCESS_LOG)
    first = asyncio.create_task(log.append(record(0)))
    await asyncio.sleep(0.1)  # the writer has taken it, and waits for the lock
    queued = [asyncio.create_task(log.append(record(n))) for n in (1, 2, 3)]
    await asyncio.sleep(0)

    with pytest.raises(AuditUnavailable, match="too many rows wait"):
        await log.append(record(4))

    blocker.rollback()
    blocker.close()
    await asyncio.gather(first, *queued)
    await log.close()


async def test_one_who_hangs_up_is_in_the_log(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    task = asyncio.create_task(log.append(record(1)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await log.close()

    assert [q.record for q in AccessLogReader(database, vault).latest(5)] == [record(1)]


async def test_closing_writes_what_waits_and_takes_no_more(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    waiting = [asyncio.create_task(log.append(record(n))) for n in range(1200)]
    await asyncio.sleep(0)
    await log.close()
    await asyncio.gather(*waiting)

    with pytest.raises(AuditUnavailable, match="closed"):
        await log.append(record(1))
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM question")) == 1200


async def test_odd_characters_from_outside_do_not_stop_the_log(database: Database) -> None:
    """Half a surrogate or a NUL cannot be stored; a neighbour in the commit must not suffer."""
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    odd = QuestionRecord(
        CorrelationId("odd"),
        datetime(2026, 6, 1, tzinfo=UTC),
        HsaId("SE\x00\ud800"),
        None,
        None,
        LogicalAddress("SE-å"),
        None,
        Verdict.FAILED,
        "VP012",
        "",
        None,
        0.0,
        (Decision(LogicalAddress("\ud800"), Reason.FAULT),),
    )
    await asyncio.gather(log.append(odd), log.append(record(1)))
    await log.close()

    (found,) = AccessLogReader(database, vault).questions("odd")
    assert (found.record.sender, found.record.logical_address) == ("SE\\x00\\ud800", "SE-å")
    assert found.record.decisions == odd.decisions


@pytest.mark.parametrize(("most_waiting", "patience"), [(0, 1.0), (1, 0.0), (1, float("nan"))])
def test_zero_is_not_for_ever(database: Database, most_waiting: int, patience: float) -> None:
    with pytest.raises(ValueError, match="nothing is unbounded"):
        SqlAccessLog(database, open_vault(database), most_waiting=most_waiting, patience=patience)


async def test_another_process_reads_while_the_hub_writes(database: Database) -> None:
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    await log.append(record(1))
    looking = open_database(database.folder, read_only=True)
    reader = AccessLogReader(looking, open_vault(looking))

    assert [q.record for q in reader.latest(5)] == [record(1)]
    await log.append(record(2))
    assert [q.record for q in reader.questions("question-2")] == [record(2)]
    await log.close()
    databases.tamper(database.folder, "ALTER TABLE question RENAME TO lost")
    with pytest.raises(ResourcesMissing, match="cannot be read"):
        reader.latest(1)
    looking.close()


APPENDER = """
import asyncio, dataclasses, sys
from pathlib import Path
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.database import open_database
from samsvar.store.secrets import open_vault
from pydantic import SecretStr
sys.path.insert(0, sys.argv[2])
from tests.unit.test_store_access_log import record

async def main():
    url = SecretStr(sys.argv[3]) if sys.argv[3] else None
    database = open_database(Path(sys.argv[1]), url)
    log = SqlAccessLog(database, open_vault(database))
    async def ask(first):
        number = first
        while True:
            await log.append(record(number))
            print(number, flush=True)
            number += 8
    await asyncio.gather(*(ask(first) for first in range(8)))

asyncio.run(main())
"""


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_killed_process(tmp_path: Path) -> None:
    """Killed in the middle of its work, at three different moments of it."""
    root = str(Path(__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    for round_, most in enumerate((1, 100, 400)):
        folder = tmp_path / str(round_)
        process = subprocess.Popen(
            [sys.executable, "-c", APPENDER, str(folder), root, databases.url_text(folder)],
            stdout=subprocess.PIPE,
            env=environment,
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(most)]
        process.kill()
        lines += process.stdout.readlines()
        process.stdout.close()
        process.wait(30)
        # The last line may be cut short by the kill: it says nothing for sure.
        acknowledged = {f"question-{int(line)}" for line in lines if line.endswith(b"\n")}

        database = open_database(folder)
        with database.read() as connection:
            rows = connection.scalars(sa.text("SELECT correlation_id FROM question")).all()
        database.close()
        if databases.chosen() == databases.SQLITE:
            assert databases.tamper(folder, "PRAGMA integrity_check") == [("ok",)]

        assert len(acknowledged) >= most
        assert acknowledged <= set(rows)
        assert len(rows) == len(set(rows))
