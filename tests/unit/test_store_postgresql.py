"""PostgreSQL: refused where it does not keep its promises, met again when it has been away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from samsvar.audit.merkle import CompactRange, Growing
from samsvar.errors import AuditUnavailable, EngagementIndexUnavailable, ResourcesMissing
from samsvar.store import postgresql, postgresql_server
from samsvar.store.access_log import SqlAccessLog
from samsvar.store.access_log_reader import AccessLogReader
from samsvar.store.database import Database, DatabaseMissing, Lock, open_database
from samsvar.store.index import SqlIndex
from samsvar.store.postgresql_raw import lock_statement
from samsvar.store.secrets import open_vault
from samsvar.store.tables import SETTING
from tests import databases
from tests.unit.test_store_access_log import record
from tests.unit.test_store_index import ANY, NOON, OWNER, POST, STORED, store

SOUND = (150_000, "UTF8", "on", "on", "on", False, "public")


@pytest.fixture(autouse=True)
def on_a_server(database_kind: str) -> None:
    databases.choose(databases.POSTGRESQL)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = databases.make_database(tmp_path)
    yield opened
    opened.close()


def cut(folder: Path) -> None:
    """As when the server is restarted: every connection to this schema ends."""
    schema = databases.url_text(folder).rpartition("%3D")[2]
    databases.tamper(
        folder,
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
        f" JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = '{schema}'"
        " AND l.pid <> pg_backend_pid()",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        " AND application_name = 'samsvar' AND datname = current_database()"
        f" AND pid IN ({_mine(folder)})",
    )
    time.sleep(0.1)


_PIDS: dict[Path, set[int]] = {}


def _mine(folder: Path) -> str:
    return ", ".join(map(str, _PIDS.get(folder, set()))) or "0"


@pytest.fixture(autouse=True)
def pids(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Which of the server's processes are this test's."""
    plain = psycopg.connect
    known = _PIDS.setdefault(tmp_path, set())

    def connect(*args: Any, **told: Any) -> psycopg.Connection[Any]:
        made = plain(*args, **told)
        if told.get("application_name") == "samsvar":
            known.add(made.info.backend_pid)
        return made

    monkeypatch.setattr(psycopg, "connect", connect)


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (0, 130_022, "is of PostgreSQL 13: it must be 14 or later"),
        (1, "SQL_ASCII", "keeps its texts in SQL_ASCII: make a new database"),
        (2, "off", "set synchronous_commit = on there"),
        (3, "off", "set fsync = on there"),
        (4, "off", "set full_page_writes = on there"),
        (5, True, "is a standby, which cannot be written"),
        (6, None, "has no schema for this user"),
    ],
)
def test_what_does_not_fit_is_named_with_what_to_change(
    place: int, value: object, told: str
) -> None:
    found = [*SOUND]
    assert postgresql_server._unfit(tuple(found), read_only=False) == ""
    found[place] = value
    assert told in postgresql_server._unfit(tuple(found), read_only=False)


def test_one_who_looks_may_look_at_a_standby() -> None:
    standby = (*SOUND[:5], True, "public")
    assert postgresql_server._unfit(standby, read_only=True) == ""


@pytest.mark.parametrize("name", ["remote_apply", "remote_write", "local"])
def test_what_keeps_more_or_as_much_on_this_server_is_taken(name: str) -> None:
    assert postgresql_server._unfit((*SOUND[:2], name, *SOUND[3:]), read_only=False) == ""


def test_a_server_that_does_not_sync_is_refused(tmp_path: Path) -> None:
    url = SecretStr(databases.url_text(tmp_path) + "%20-csynchronous_commit%3Doff")
    for read_only in (False, True):
        with pytest.raises(ResourcesMissing, match="set synchronous_commit = on"):
            open_database(tmp_path, url, read_only=read_only)


async def test_a_server_that_ceases_to_sync_is_told_at_the_next_connection(
    database: Database, tmp_path: Path
) -> None:
    """The role is changed while the hub runs."""
    log = SqlAccessLog(database, open_vault(database))
    await log.append(record(1))
    real = postgresql_server._LOOK
    try:
        postgresql_server._LOOK = real.replace("current_setting('synchronous_commit')", "'off'")
        cut(tmp_path)
        with pytest.raises(AuditUnavailable):
            await log.append(record(2))
        with pytest.raises(AuditUnavailable, match="OperationalError"):
            await log.append(record(3))
        assert database.trouble()
    finally:
        postgresql_server._LOOK = real
    await log.append(record(4))
    await log.close()
    assert database.trouble() == ""


def test_a_database_of_another_encoding_is_refused(tmp_path: Path) -> None:
    name = databases.url_text(tmp_path).rpartition("%3D")[2] + "_ascii"
    with psycopg.connect(databases.SERVER, autocommit=True) as server:
        server.execute(
            f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'"
            " TEMPLATE template0".encode()
        )
        try:
            url = databases.SERVER.rpartition("/")[0] + f"/{name}"
            with pytest.raises(ResourcesMissing, match="ENCODING 'UTF8'"):
                open_database(tmp_path, SecretStr(url))
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://eva-karin:s3cret@127.0.0.1:1/name", "is the server running"),
        ("postgresql://eva-karin:s3cret@127.0.0.1:1/name?nonsense=1", "no URL of PostgreSQL"),
        ("postgresql://eva-karin:s3cret@127.0.0.1:port/name", "no URL of PostgreSQL|is the server"),
    ],
)
def test_nobody_reads_the_password_in_what_is_told(tmp_path: Path, url: str, told: str) -> None:
    with pytest.raises(ResourcesMissing, match=told) as caught:
        open_database(tmp_path, SecretStr(url))

    assert "s3cret" not in str(caught.value)
    assert "eva-karin" not in str(caught.value)


def test_one_who_only_looks_makes_nothing(tmp_path: Path) -> None:
    url = databases.url_for(tmp_path / "data")
    with pytest.raises(DatabaseMissing, match=r"there is no database: .* has no tables"):
        open_database(tmp_path / "data", url, read_only=True)
    assert not (tmp_path / "data").exists()

    owner = open_database(tmp_path / "data", url)
    looking = open_database(tmp_path / "data", url, read_only=True)
    with looking.write() as connection:
        assert connection.execute(sa.select(SETTING)).all() == []
        with pytest.raises(sa.exc.InternalError, match="read-only"):
            connection.execute(sa.insert(SETTING).values(name="a", value="b"))
    looking.close()
    owner.close()


def test_a_table_that_a_crash_would_empty_is_refused(tmp_path: Path) -> None:
    databases.make_database(tmp_path).close()
    databases.tamper(tmp_path, "ALTER TABLE question SET UNLOGGED")

    for read_only in (False, True):
        with pytest.raises(ResourcesMissing, match="ALTER TABLE question SET LOGGED"):
            databases.make_database(tmp_path, read_only=read_only)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    databases.make_database(tmp_path).close()
    databases.tamper(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    databases.tamper(tmp_path, "DROP TABLE schema_compatibility")

    with pytest.raises(ResourcesMissing, match="newer than this program"):
        databases.make_database(tmp_path)
    with pytest.raises(ResourcesMissing, match="newer than this program"):
        databases.make_database(tmp_path, read_only=True)


def test_after_a_restart_of_the_server_nobody_meets_an_old_connection(
    database: Database, tmp_path: Path
) -> None:
    with database.write() as connection, connection.begin():
        connection.execute(sa.insert(SETTING).values(name="a", value="b"))
    cut(tmp_path)
    with database.read() as connection:
        assert connection.execute(sa.select(SETTING)).all() == [("a", "b")]
    assert database.trouble() == ""


async def test_a_search_begins_anew_where_its_connection_has_gone(
    database: Database, tmp_path: Path
) -> None:
    index = SqlIndex(database, open_vault(database))
    await index.update(store(POST), OWNER, NOON)
    assert list(await index.find(ANY)) == [STORED]
    cut(tmp_path)
    assert list(await index.find(ANY)) == [STORED]
    index.close()


async def test_a_connection_that_has_gone_costs_nobody_an_answer(
    database: Database, tmp_path: Path
) -> None:
    """It is made anew, and the row is written once."""
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    await log.append(record(1))
    cut(tmp_path)
    await log.append(record(2))
    await log.close()

    found = AccessLogReader(database, vault).latest(5)
    assert [(each.sequence, each.record) for each in found] == [(2, record(2)), (1, record(1))]


async def test_a_locked_table_ends_in_a_refusal_and_not_in_waiting(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    vault = open_vault(database)
    monkeypatch.setattr(postgresql, "BUSY_MILLISECONDS", 200)
    monkeypatch.setattr(postgresql.PostgresDatabase.raw, "__defaults__", (200,))
    log = SqlAccessLog(database, vault)
    index = SqlIndex(database, vault)
    blocker = database.raw(60_000)
    blocker.all("BEGIN")
    blocker.all("LOCK TABLE question, engagement, engagement_place")

    with pytest.raises(AuditUnavailable, match="cannot be written"):
        await log.append(record(1))
    with pytest.raises(EngagementIndexUnavailable, match="cannot be read"):
        await index.find(ANY)
    blocker.rollback()
    blocker.close()

    await log.append(record(2))
    assert list(await index.find(ANY)) == []
    await log.close()
    index.close()


async def test_a_holder_that_says_nothing_more_is_ended_by_the_server(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a hub that is stopped in the middle of a commit: the others need not wait for it."""
    monkeypatch.setattr(postgresql_server, "_IDLE_MILLISECONDS", 1000)
    holder = database.raw()
    holder.begin(Lock.ACCESS_LOG)
    log = SqlAccessLog(database, open_vault(database), patience=60)
    await log.append(record(1))
    await log.close()
    holder.close()


def test_who_wants_more_connections_than_there_are_to_be_waits_and_is_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server keeps room for others; one that is given back serves the next."""
    monkeypatch.setattr(database.engine.pool, "_timeout", 0.1)
    held = [database.read() for _ in range(8)]
    with pytest.raises(sa.exc.TimeoutError):
        database.read()
    held.pop().close()
    with database.read() as connection:
        assert connection.scalar(sa.text("SELECT 1")) == 1
    for each in held:
        each.close()


def undo(folder: Path, table: str, times: int, state: str = "40001") -> None:
    """The server undoes so many transactions that write into a table, as for others' sake."""
    databases.tamper(
        folder,
        "CREATE SEQUENCE tries",
        "CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF nextval('tries')"
        f" <= {times} THEN RAISE EXCEPTION 'could not serialize access' USING ERRCODE = '{state}';"
        " END IF; RETURN NEW; END $$",
        f"CREATE TRIGGER undo BEFORE INSERT ON {table} FOR EACH STATEMENT EXECUTE FUNCTION undo()",
    )


def tries(folder: Path) -> int:
    """How many transactions came so far."""
    return int(databases.tamper(folder, "SELECT last_value FROM tries")[0][0])


@pytest.mark.parametrize("state", ["40001", "40P01"])
async def test_a_row_that_the_server_undoes_for_others_sake_is_tried_three_times_more(
    database: Database, tmp_path: Path, state: str
) -> None:
    """Nobody hears of it; what is undone for ever is told, and no harm to what comes after."""
    vault = open_vault(database)
    log = SqlAccessLog(database, vault)
    undo(tmp_path, "question", 7, state)
    with pytest.raises(AuditUnavailable, match="cannot be written"):
        await log.append(record(1))
    assert tries(tmp_path) == 4
    await log.append(record(2))
    assert tries(tmp_path) == 8
    await log.close()

    found = AccessLogReader(database, vault).latest(5)
    assert [(each.sequence, each.record) for each in found] == [(1, record(2))]


async def test_an_update_that_the_server_undoes_for_others_sake_is_tried_three_times_more(
    database: Database, tmp_path: Path
) -> None:
    index = SqlIndex(database, open_vault(database))
    undo(tmp_path, "engagement", 7)
    with pytest.raises(EngagementIndexUnavailable, match="cannot be written"):
        await index.update(store(POST), OWNER, NOON)
    assert tries(tmp_path) == 4
    counts = await index.update(store(POST), OWNER, NOON)
    assert (tries(tmp_path), counts.stored) == (8, 1)
    assert list(await index.find(ANY)) == [STORED]
    index.close()


async def test_a_row_that_is_undone_for_another_reason_is_not_tried_again(
    database: Database, tmp_path: Path
) -> None:
    log = SqlAccessLog(database, open_vault(database))
    undo(tmp_path, "question", 7, "23514")
    with pytest.raises(AuditUnavailable, match="cannot be written"):
        await log.append(record(1))
    assert tries(tmp_path) == 1
    await log.close()


async def test_a_real_deadlock_with_another_session_costs_nobody_an_answer(
    database: Database, tmp_path: Path
) -> None:
    """Each holds what the other wants; the server lets the hub's transaction go."""
    log = SqlAccessLog(database, open_vault(database), patience=60)
    await log.append(record(1))
    with psycopg.connect(databases.url_text(tmp_path)) as other:
        other.execute("SET LOCAL deadlock_timeout = '60s'")  # so that the hub finds it out
        other.execute("SELECT * FROM audit_tree FOR UPDATE")
        appended = asyncio.create_task(log.append(record(2)))
        with psycopg.connect(databases.url_text(tmp_path), autocommit=True) as looking:
            while not looking.execute(  # noqa: ASYNC110 - another session sets no event
                "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
                f" AND pid IN ({_mine(tmp_path)})".encode()
            ).fetchone():
                await asyncio.sleep(0.01)
        await asyncio.to_thread(other.execute, lock_statement(Lock.ACCESS_LOG).encode())
        assert not appended.done()
        other.rollback()
        await appended
    await log.close()
    assert databases.tamper(tmp_path, "SELECT sequence FROM question ORDER BY 1") == [(1,), (2,)]


async def test_two_hubs_write_one_sequence_of_rows(database: Database, tmp_path: Path) -> None:
    """Row after row in one tree, whoever writes; nobody's row is refused for the other's sake."""
    second = databases.open_database(tmp_path)
    vault = open_vault(database)
    logs = [SqlAccessLog(each, vault, patience=60) for each in (database, second)]
    for round_ in range(15):
        numbers = range(4 * round_, 4 * round_ + 4)
        await asyncio.gather(*(logs[n % 2].append(record(n)) for n in numbers))
    for log in logs:
        await log.close()
    second.close()

    leaves = databases.tamper(tmp_path, "SELECT sequence, leaf FROM question ORDER BY sequence")
    size, peaks = databases.tamper(tmp_path, "SELECT size, peaks FROM audit_tree")[0]
    growing = Growing(CompactRange())
    for _, leaf in leaves:
        growing.add(bytes(leaf))
    assert [sequence for sequence, _ in leaves] == list(range(1, 61))
    assert CompactRange.read(size, peaks) == growing.range


async def test_the_access_log_waits_for_no_other_writer(database: Database) -> None:
    """A long load or a large registry must not stop questions."""
    log = SqlAccessLog(database, open_vault(database))
    other = database.raw()
    other.begin(Lock.WRITE)
    async with asyncio.timeout(2):
        await log.append(record(1))
    other.rollback()
    other.close()
    await log.close()


async def test_searches_do_not_hold_up_the_event_loop(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    lookup = database.lookup()
    slow = [asyncio.create_task(lookup.all("SELECT pg_sleep(0.3)", ())) for _ in range(4)]
    ticks = 0
    while not all(task.done() for task in slow):
        await asyncio.sleep(0.01)
        ticks += 1
    await asyncio.gather(*slow)
    assert ticks > 5
    lookup.close()


def test_one_moment_is_seen_as_long_as_one_looks(database: Database) -> None:
    add = sa.insert(SETTING).values(name="a", value="b")
    with database.read() as looking:
        assert looking.execute(sa.select(SETTING)).all() == []
        with database.write() as connection, connection.begin():
            connection.execute(add)
        assert looking.execute(sa.select(SETTING)).all() == []
    with database.read() as looking:
        assert len(looking.execute(sa.select(SETTING)).all()) == 1
        with pytest.raises(sa.exc.InternalError, match="read-only"):
            looking.execute(add)


def test_texts_sort_by_their_bytes_whatever_the_server_sorts_by(database: Database) -> None:
    names = ["a", "B", "_", "å", "Z", "a-b", "ab"]
    with database.write() as connection, connection.begin():
        connection.execute(sa.insert(SETTING), [{"name": name, "value": ""} for name in names])
        found = connection.scalars(sa.select(SETTING.c.name).order_by(SETTING.c.name)).all()

    assert found == sorted(names, key=str.encode)
