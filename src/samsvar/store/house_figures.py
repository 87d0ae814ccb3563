"""What is watched of the hub itself: signing, outbox, registers, disk; and what is too old to keep.

Knows where each figure stands. Knows no rule.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from samsvar.errors import ResourcesMissing
from samsvar.model.words import Words
from samsvar.store.alert_book import SqlAlertBook
from samsvar.store.database import Database
from samsvar.store.lease import Lease, stamp
from samsvar.store.producer_hours import MOST_AT_A_LOOK, ProducerHours
from samsvar.store.routing_days import RoutingDays
from samsvar.store.tables import (
    AUDIT_HEAD,
    CATALOGUE_VERSION,
    CONFORMANCE_DAY,
    CONFORMANCE_FINDING,
    INDEX_CONSISTENCY,
    LOG_INBOX,
    LOG_OUTBOX,
    OUTBOX,
    QUESTION,
)
from samsvar.store.upsert import insert
from samsvar.store.watch_tables import PRODUCER_HOUR, SIZE_DAY
from samsvar.watch.house_rules import HouseFigures
from samsvar.watch.judging import Picture
from samsvar.watch.usual import WEEKS, key_of
from samsvar.watch.watcher import Figures

PACE_DAYS = 7
_SIZES_KEPT = timedelta(days=90)


class StoredFigures:
    """Implements ``watch.watcher.Figures``. Its methods wait for the disk."""

    def __init__(
        self,
        database: Database,
        *,
        certificates: Callable[[], Mapping[str, datetime]] = dict,
        register_notes: Callable[[datetime], Sequence[Words]] = lambda _now: (),
        broker_letters: Callable[[], Mapping[str, int]] = dict,
        alerts_kept: timedelta = timedelta(days=400),
        conformance_kept: timedelta = timedelta(days=400),
        routing_log: RoutingDays | None = None,
    ) -> None:
        """``certificates``: whose end when. ``register_notes``: what is too old, in words.
        ``broker_letters``: dead letters at the message broker, by exchange."""
        self._database = database
        self._hours = ProducerHours(database)
        self._certificates = certificates
        self._register_notes = register_notes
        self._broker_letters = broker_letters
        self._alerts_kept = alerts_kept
        self._conformance_kept = conformance_kept
        self._routing_log = routing_log
        self._lease = Lease("watch")
        self._counted = 0

    def hold(self, now: datetime) -> bool:
        """Become, or stay, the one who watches."""
        try:
            with self._database.write() as connection, connection.begin():
                return self._lease.hold(connection, now)
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error

    def release(self) -> None:
        """Stop being that, so that another need not wait."""
        try:
            with self._database.write() as connection, connection.begin():
                self._lease.release(connection)
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error

    def count(self, own_addresses: Collection[str]) -> int:
        """Add the next rows of the access log; 0 also when it has been enough for one look."""
        if self._counted >= MOST_AT_A_LOOK:
            self._counted = 0
            return 0
        read = self._hours.count(own_addresses)
        self._counted = self._counted + read if read else 0
        return read

    def pictures(self, producers: Mapping[str, bool], now: datetime) -> Mapping[str, Picture]:
        """What is known of each producer."""
        return self._hours.pictures(producers, now)

    def house(self, now: datetime) -> HouseFigures:
        """What is known of the hub."""
        disk = shutil.disk_usage(self._database.folder)
        try:
            with self._database.read() as connection:
                unsigned, since = _unsigned(connection)
                oldest, waiting, dead = _outbox(connection)
                log_waiting, log_dead = _logs(connection)
                size = database_bytes(connection, self._database.folder)
                growth = _growth(connection, size, now)
            return HouseFigures(
                now=now,
                certificates=self._certificates(),
                unsigned=unsigned,
                unsigned_since=since,
                outbox_oldest=oldest,
                outbox_waiting=waiting,
                dead_letters=dead,
                log_waiting=log_waiting,
                log_dead=log_dead,
                broker_dead=sum(self._broker_letters().values()),
                register_notes=tuple(self._register_notes(now)),
                disk_total=disk.total,
                disk_free=disk.free,
                database_bytes=size,
                growth=growth,
                behind=self._hours.behind(),
                routing_log=self._routing_log.size(now) if self._routing_log else None,
            )
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error

    def tidy(self, now: datetime) -> None:
        """Note the database's size of today, and forget what is too old."""
        weeks = key_of(now - timedelta(weeks=WEEKS, days=2))
        day = f"{now - self._conformance_kept:%Y-%m-%d}"
        moment = stamp(now - self._conformance_kept)
        sizes = f"{now.astimezone(UTC) - _SIZES_KEPT:%Y-%m-%d}"
        try:
            with self._database.read() as connection:
                size = database_bytes(connection, self._database.folder)
            with self._database.write() as connection, connection.begin():
                today = f"{now.astimezone(UTC):%Y-%m-%d}"
                put = insert(connection, SIZE_DAY).values(day=today, bytes=size)
                connection.execute(put.on_conflict_do_nothing())
                for old in (
                    sa.delete(PRODUCER_HOUR).where(PRODUCER_HOUR.c.hour < weeks),
                    sa.delete(CONFORMANCE_DAY).where(CONFORMANCE_DAY.c.day < day),
                    sa.delete(CONFORMANCE_FINDING).where(CONFORMANCE_FINDING.c.day < day),
                    sa.delete(INDEX_CONSISTENCY).where(INDEX_CONSISTENCY.c.last_at < moment),
                    sa.delete(SIZE_DAY).where(SIZE_DAY.c.day < sizes),
                ):
                    connection.execute(old)
        except sa.exc.SQLAlchemyError as error:
            raise _failed(error) from error
        SqlAlertBook(self._database).forget(now - self._alerts_kept)


def database_bytes(connection: sa.Connection, folder: Path) -> int:
    """How large the database is."""
    if connection.dialect.name == "postgresql":
        size = connection.scalar(sa.text("SELECT pg_database_size(current_database())"))
        return int(size or 0)
    return sum(file.stat().st_size for file in folder.glob("samsvar.sqlite*") if file.is_file())


def published(database: Database) -> tuple[int, datetime] | None:
    """The newest catalogue: its version, and when it was published."""
    table = CATALOGUE_VERSION.c
    with database.read() as connection:
        row = connection.execute(
            sa.select(table.version, table.published).order_by(table.version.desc()).limit(1)
        ).first()
    return (row.version, datetime.fromisoformat(row.published)) if row else None


def _unsigned(connection: sa.Connection) -> tuple[int, datetime | None]:
    last = connection.scalar(sa.select(sa.func.max(QUESTION.c.sequence))) or 0
    signed = connection.scalar(sa.select(sa.func.max(AUDIT_HEAD.c.size))) or 0
    if last <= signed:
        return 0, None
    at = connection.scalar(sa.select(QUESTION.c.at).where(QUESTION.c.sequence == signed + 1))
    return last - signed, datetime.fromisoformat(at) if at else None


def _outbox(connection: sa.Connection) -> tuple[datetime | None, int, int]:
    living = OUTBOX.c.dead == sa.false()
    oldest, waiting = connection.execute(
        sa.select(sa.func.min(OUTBOX.c.written), sa.func.count()).where(living)
    ).one()
    dead = connection.scalar(
        sa.select(sa.func.count()).select_from(OUTBOX).where(OUTBOX.c.dead == sa.true())
    )
    return (datetime.fromisoformat(oldest) if oldest else None), waiting, dead or 0


def _logs(connection: sa.Connection) -> tuple[int, int]:
    """Waiting and dead, of our access log and others'."""
    found = [0, 0]
    for table in (LOG_OUTBOX, LOG_INBOX):
        counted = sa.select(table.c.dead, sa.func.count()).group_by(table.c.dead)
        for dead, count in connection.execute(counted):
            found[bool(dead)] += count
    return found[0], found[1]


def _growth(connection: sa.Connection, size: int, now: datetime) -> float | None:
    """Bytes a day since the oldest size of the last week. On the disk of the data folder only
    where the database lies there."""
    if connection.dialect.name == "postgresql":
        return None
    today = now.astimezone(UTC).date()
    since = f"{today - timedelta(days=PACE_DAYS):%Y-%m-%d}"
    table = SIZE_DAY.c
    row = connection.execute(
        sa.select(table.day, table.bytes).where(table.day >= since).order_by(table.day).limit(1)
    ).first()
    if row is None:
        return None
    days = (today - datetime.fromisoformat(row.day).date()).days
    return (size - row.bytes) / days if days >= 1 else None


def _failed(error: Exception) -> ResourcesMissing:
    return ResourcesMissing(f"the hub's figures cannot be read ({type(error).__name__})")


_: type[Figures] = StoredFigures  # interface guard
