"""Heads are signed in time, copied out whole, found false; keys hand over; hubs do not collide."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from samsvar.audit.heads import SignedHead
from samsvar.errors import ResourcesMissing
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.audit_chore import HeadChore
from samsvar.store.audit_heads import HeadHabits, HeadWriter
from samsvar.store.audit_keys import KEY_FILE, AuditKeys
from samsvar.store.audit_view import viewed
from samsvar.store.database import Database
from samsvar.store.heads_file import read
from samsvar.store.secrets import open_vault
from samsvar.store.sqlite import FILE_NAME
from tests.audit_log import HandClock, add, falsify, fill, head_writer, report_on
from tests.databases import open_database
from tests.unit.test_store_access_log import record

pytestmark = pytest.mark.databases


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(tmp_path / "data")
    yield opened
    opened.close()


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return tmp_path / "witness.jsonl"


def heads_in(database: Database) -> list[SignedHead]:
    with viewed(database) as view:
        return list(view.heads())


def test_a_head_is_signed_when_time_has_gone_or_rows_have_come(database: Database) -> None:
    clock = HandClock()
    writer = HeadWriter(database, clock, HeadHabits(seconds=60, rows=10))
    signed: list[tuple[float, int]] = []

    def look() -> None:
        head = writer.look().head
        if head is not None:
            signed.append((clock.seconds, head.head.size))

    look()
    add(database, [1])
    for _ in range(130):
        look()
        clock.seconds += 1
    add(database, range(2, 11))
    look()
    assert signed == [(1060.0, 1)]  # the nine have company to wait for, and sixty seconds
    add(database, [11])
    look()
    assert signed[1:] == [(1130.0, 11)]


def test_what_an_earlier_process_left_unsigned_is_signed_at_once(database: Database) -> None:
    add(database, [1, 2])
    head = head_writer(database).look().head
    assert head is not None
    assert head.head.size == 2


def test_the_file_has_each_head_once_and_the_key_before_them(
    database: Database, outside: Path
) -> None:
    writer = head_writer(database, outside)
    writer.look()
    for number in range(1, 6):
        add(database, [number])
        assert writer.look(at_once=True).alarms == ()
        writer.look()
    heads, keys, unreadable = read(outside)

    assert heads == heads_in(database)
    assert [head.head.number for head in heads] == [1, 2, 3, 4, 5]
    assert [key.key for key in keys] == [heads[0].head.key]
    assert outside.read_bytes().startswith(b'{"key"')
    assert unreadable == 0
    assert stat.S_IMODE(outside.stat().st_mode) & 0o007 == 0
    assert report_on(database.folder, outside).faults == ()


def test_a_file_that_was_away_or_torn_gets_what_it_lacks(database: Database, outside: Path) -> None:
    """As after a power cut in the middle of a line."""
    writer = head_writer(database, outside)
    add(database, [1])
    writer.look(at_once=True)
    with outside.open("ab") as file:
        file.write(b'{"head":{"at":"2026')
    add(database, [2])
    writer.look(at_once=True)
    heads, _, unreadable = read(outside)

    assert heads == heads_in(database)
    assert unreadable == 1
    outside.unlink()
    add(database, [3])
    writer.look(at_once=True)
    assert read(outside)[0] == heads_in(database)
    assert report_on(database.folder, outside).faults == ()


def test_a_file_that_cannot_be_written_is_told_and_caught_up_with(
    database: Database, tmp_path: Path
) -> None:
    clock = HandClock()
    path = tmp_path / "away" / "heads.jsonl"
    writer = HeadWriter(database, clock, HeadHabits(file=path))
    add(database, [1])
    (alarm,) = writer.look().alarms
    assert "cannot be copied" in alarm
    assert len(heads_in(database)) == 1
    assert writer.look().alarms == ()  # told once in a while, not each second

    path.parent.mkdir()
    clock.seconds += 61
    assert writer.look().alarms == ()
    assert read(path)[0] == heads_in(database)


@pytest.mark.sqlite
def test_an_older_copy_of_the_database_is_told_when_the_hub_starts(tmp_path: Path) -> None:
    outside = tmp_path / "heads.jsonl"
    fill(tmp_path / "data", 20, every=5, heads_file=outside)
    kept = (tmp_path / "data" / FILE_NAME).read_bytes()
    database = open_database(tmp_path / "data")
    add(database, range(21, 31))
    head_writer(database, outside).look(at_once=True)
    database.close()
    before = outside.read_bytes()
    (tmp_path / "data" / FILE_NAME).write_bytes(kept)
    for name in ("-wal", "-shm"):
        (tmp_path / "data" / f"{FILE_NAME}{name}").unlink(missing_ok=True)

    database = open_database(tmp_path / "data")
    (alarm,) = head_writer(database, outside).look().alarms
    database.close()

    assert "head 5 of 30 rows" in alarm
    assert "older copy" in alarm
    assert outside.read_bytes() == before
    assert report_on(tmp_path / "data").faults == ()
    assert report_on(tmp_path / "data", outside).first_bad == (21, 30)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE question SET sender = 'x' WHERE sequence = 7", "row 7 is not as it was written"),
        ("DELETE FROM question WHERE sequence = 7", "row 7 is missing"),
        ("DELETE FROM question WHERE sequence > 8", "row 9 is missing, and all after it"),
    ],
)
def test_what_is_done_behind_the_hubs_back_is_told_at_the_next_head(
    database: Database, statement: str, told: str
) -> None:
    writer = head_writer(database)
    add(database, range(1, 6))
    writer.look(at_once=True)
    add(database, range(6, 11))
    falsify(database.folder, statement)

    assert writer.look(at_once=True).alarms[0] == told
    assert report_on(database.folder).first_bad in [(7, 7), (9, 10)]


def test_heads_and_keys_cannot_be_changed_or_taken_away(database: Database) -> None:
    add(database, [1])
    head_writer(database).look()
    connection = database.raw()
    for table in ("audit_head", "audit_key"):
        for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET line = ''"):
            with pytest.raises(sa.exc.IntegrityError, match="append-only"):
                connection.all(statement)
    connection.close()


def test_the_key_is_for_its_owner_alone_and_stays(database: Database) -> None:
    path = database.folder / KEY_FILE
    add(database, [1])
    head_writer(database).look()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    made = path.read_text()
    add(database, [2])
    head_writer(database).look()
    assert path.read_text() == made
    assert len({head.head.key for head in heads_in(database)}) == 1


@pytest.mark.parametrize("harm", ["gone", "another", "open"])
def test_without_its_key_the_hub_does_not_sign(database: Database, harm: str) -> None:
    path = database.folder / KEY_FILE
    add(database, [1])
    head_writer(database).look()
    if harm == "gone":
        path.unlink()
    elif harm == "another":
        path.write_text("11" * 32)
    else:
        path.chmod(0o644)
    add(database, [2])

    with pytest.raises(ResourcesMissing, match=r"restore it|chmod 600"):
        head_writer(database).look()
    assert [head.head.size for head in heads_in(database)] == [1]


def test_a_rotated_key_signs_and_old_heads_are_still_proven(
    database: Database, outside: Path
) -> None:
    clock = HandClock()
    running = HeadWriter(database, clock, HeadHabits(file=outside))
    add(database, [1])
    running.look(at_once=True)
    made = [AuditKeys(database).rotate(clock.now()).key for _ in range(2)]
    add(database, [2])
    running.look(at_once=True)  # the hub that runs takes the new key by itself
    heads, keys, _ = read(outside)

    assert [head.head.key for head in heads] == [keys[0].key, made[1]]
    assert [key.key for key in keys] == [keys[0].key, *made]
    assert not (database.folder / "audit.key.next").exists()
    report = report_on(database.folder, outside)
    assert (report.faults, report.keys) == ((), tuple(key.key for key in keys))


def test_a_rotation_that_was_cut_short_is_finished(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database knows the new key; the file has not got its name yet."""
    clock = HandClock()
    add(database, [1])
    head_writer(database).look()

    def power_cut(_from: object, _to: object) -> None:
        raise OSError

    with monkeypatch.context() as cut:
        cut.setattr(os, "replace", power_cut)
        with pytest.raises(ResourcesMissing):
            AuditKeys(database).rotate(clock.now())
    add(database, [2])
    head_writer(database).look()

    one, two = heads_in(database)
    assert one.head.key != two.head.key
    assert report_on(database.folder).faults == ()


def test_hubs_that_sign_at_once_make_one_chain(database: Database, outside: Path) -> None:
    writers = [head_writer(database, outside) for _ in range(4)]
    add(database, [1])
    writers[0].look()
    with ThreadPoolExecutor(4) as pool:
        for number in range(2, 21):
            add(database, [number])
            list(pool.map(lambda writer: writer.look(at_once=True), writers))
    assert [head.head.size for head in heads_in(database)] == list(range(1, 21))
    assert read(outside)[0] == heads_in(database)
    assert report_on(database.folder, outside).faults == ()


async def test_two_hubs_write_one_sequence_of_rows(database: Database) -> None:
    other = open_database(database.folder)
    logs = [SqlAccessLog(each, open_vault(each)) for each in (database, other)]
    await asyncio.gather(*(logs[n % 2].append(record(n)) for n in range(200)))
    for log in logs:
        await log.close()
    other.close()
    head_writer(database).look()
    report = report_on(database.folder)
    assert (report.rows, report.heads, report.faults) == (200, 1, ())


class Heard:
    """Keeps events."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    def emit(self, action: str, correlation_id: str, **fields: object) -> None:
        self.events.append((action, fields.get("items", fields["detail"])))


async def test_what_was_signed_and_found_becomes_events(database: Database) -> None:
    heard = Heard()
    chore = HeadChore(head_writer(database), heard, 60)
    add(database, range(1, 4))
    await chore.close()
    add(database, [4])
    falsify(database.folder, "UPDATE question SET peer = 'x' WHERE sequence = 4")
    await chore.close()
    (database.folder / KEY_FILE).chmod(0o644)
    add(database, [5])
    failing = HeadChore(head_writer(database), heard, 60)
    await failing.close()

    assert heard.events == [
        ("audit-head", 3),
        ("audit-head", 1),
        ("audit-alarm", "row 4 is not as it was written"),
        ("audit-head-failed", "audit.key can be read by others: chmod 600 it"),
    ]
