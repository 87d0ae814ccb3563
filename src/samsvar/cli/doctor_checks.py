"""The checks of ``samsvar doctor``, in order: each says what it saw, and what to do if need be."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from samsvar.cli.doctor_hops import hop
from samsvar.settings import Settings

_AT_ONCE = 16
_USUAL_PORTS = {"http": 80, "https": 443}
_OTHERS = 0o077


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    NOTE = "note"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check saw."""

    check: str
    outcome: Outcome
    told: str
    remedy: str = ""
    """What to do."""


@dataclass(frozen=True, slots=True)
class Patient:
    """The installation that is looked at."""

    settings: Settings
    base: Path


Check = Callable[[Patient], Iterator[Checked]]


def _rights(patient: Patient) -> Iterator[Checked]:
    from samsvar.certificate_files import open_to_all

    settings = patient.settings
    keys = [each.key for each in settings.listen if each.key] + [settings.producers.key]
    bad = [told for key in keys if key and key.exists() and (told := open_to_all(key))]
    for told in bad:
        yield Checked("rights", Outcome.FAULT, told, "chmod 600 the key")
    data = settings.hub.data
    if data.exists():
        mode = data.stat().st_mode & _OTHERS
        if mode:
            yield Checked(
                "rights",
                Outcome.FAULT,
                f"{data}: others of this machine may look into it",
                f"chmod 700 {data}",
            )
            return
    if not bad:
        yield Checked("rights", Outcome.OK, "keys and data folder are their owner's alone")


def _disk(patient: Patient) -> Iterator[Checked]:
    from samsvar.cli.watched import size
    from samsvar.store.disk_room import DiskRoom
    from samsvar.watch.rules import THRESHOLDS

    data = patient.settings.hub.data
    if not data.exists():
        yield Checked("disk", Outcome.NOTE, f"{data} is not there yet: a hub makes it")
        return
    usage = shutil.disk_usage(data)
    low = usage.free < THRESHOLDS.disk_share * usage.total
    own = data if patient.settings.hub.database is None else None
    full = DiskRoom(own, patient.settings.index.full_percent).trouble()
    yield Checked(
        "disk",
        Outcome.FAULT if low or full else Outcome.OK,
        f"{size(usage.free)} of {size(usage.total)} free at {data}{'; ' if full else ''}{full}",
        "make room, or move the data folder: a full disk stops every answer" if low or full else "",
    )


def _certificates(patient: Patient) -> Iterator[Checked]:
    from samsvar.clock import SystemClock
    from samsvar.inbound.tls import CertificatesUnusable, MutualTls, expires
    from samsvar.outbound.http_client import client_tls
    from samsvar.watch.rules import THRESHOLDS

    settings, now = patient.settings, SystemClock().now()
    files = [each.certificate for each in settings.listen if each.certificate]
    for listener in settings.listen:
        if listener.kind == "tls":
            try:
                MutualTls(listener, now)
            except CertificatesUnusable as error:
                yield Checked("certificates", Outcome.FAULT, str(error), "samsvar check")
    client_tls(settings.producers)
    if settings.producers.certificate:
        files.append(settings.producers.certificate)
    for file in files:
        try:
            days = (expires(file) - now) / timedelta(days=1)
        except CertificatesUnusable as error:
            yield Checked("certificates", Outcome.FAULT, str(error), "put a PEM file there")
            continue
        soon = days <= THRESHOLDS.certificate_days
        yield Checked(
            "certificates",
            Outcome.FAULT if days <= 0 else Outcome.NOTE if soon else Outcome.OK,
            f"{file}: {days:.0f} days left",
            "get a new one, put it there, and send the hub SIGHUP" if soon else "",
        )


def _database(patient: Patient) -> Iterator[Checked]:
    import sqlalchemy as sa

    from samsvar.store.database import DatabaseMissing, database_of

    hub = patient.settings.hub
    try:
        database = database_of(hub, read_only=True)
    except DatabaseMissing:
        yield Checked("database", Outcome.NOTE, "none yet: a hub makes it when it starts")
        return
    try:
        with database.read() as connection:
            if connection.dialect.name == "postgresql":
                told = connection.scalar(sa.text("SHOW synchronous_commit"))
                safe = told not in ("off", "local")
                words = f"PostgreSQL, synchronous_commit = {told}"
            else:
                told = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
                safe = told == "wal"
                words = f"SQLite, journal {told}; the hub writes with synchronous = FULL"
            yield Checked(
                "database",
                Outcome.OK if safe else Outcome.FAULT,
                words,
                "" if safe else "let every commit reach the disk: synchronous_commit = on",
            )
            newest = connection.scalar(sa.text("SELECT max(at) FROM question"))
        yield from _clock(newest)
    except sa.exc.SQLAlchemyError as error:
        yield Checked("database", Outcome.FAULT, f"it cannot be read ({type(error).__name__})")
    finally:
        database.close()


def _clock(newest: str | None) -> Iterator[Checked]:
    from samsvar.clock import SystemClock

    now = SystemClock().now()
    if newest and datetime.fromisoformat(newest) > now + timedelta(minutes=1):
        yield Checked(
            "clock",
            Outcome.FAULT,
            f"it shows {now:%Y-%m-%d %H:%M:%S}, earlier than the newest row of the access log",
            "set it by NTP: times in the log, tokens and certificates depend on it",
        )
    else:
        yield Checked("clock", Outcome.OK, f"{now:%Y-%m-%d %H:%M:%S}, Swedish time")


def _alerts(patient: Patient) -> Iterator[Checked]:
    from samsvar.clock import SystemClock
    from samsvar.watching.channels import channels_of

    channels = channels_of(patient.settings, patient.base, SystemClock())
    if channels:
        told = ", ".join(channels)
        yield Checked("alerts", Outcome.OK, f"told by {told}", "try it: samsvar alerts test-fire")
    else:
        yield Checked(
            "alerts",
            Outcome.NOTE,
            "nobody is told of alerts",
            "set alerts.webhook, or alerts.mail_server (docs/alerts.md)",
        )


def _producers(patient: Patient) -> Iterator[Checked]:
    from samsvar.cli.data_folder import is_made, opened
    from samsvar.clock import SystemClock
    from samsvar.errors import CatalogueUnavailable
    from samsvar.outbound.http_client import client_tls
    from samsvar.packaged import Packaged, catalogue_of

    settings = patient.settings
    if not is_made(settings):
        return
    with opened(settings) as database:
        keeper = catalogue_of(database, Packaged.load(settings.hub.data), settings)
        keeper.refresh()
        try:
            catalogue = keeper.current()
        except CatalogueUnavailable:
            yield Checked(
                "registry", Outcome.FAULT, "none is in force", "samsvar registry load FILE"
            )
            return
    now = SystemClock().now()
    places: dict[tuple[str, str, int], list[str]] = {}
    for producer in {entry.producer.id: entry.producer for entry in catalogue.entries}.values():
        if producer.out_of_service(now) is None:
            parts = urlsplit(producer.address)
            port = parts.port or _USUAL_PORTS.get(parts.scheme, 0)
            place = (parts.scheme, parts.hostname or "", port)
            if place[1] and port:
                places.setdefault(place, []).append(producer.id)
    context = client_tls(settings.producers)
    yield from asyncio.run(_reached(places, context))


async def _reached(
    places: Mapping[tuple[str, str, int], list[str]], context: ssl.SSLContext | None
) -> list[Checked]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(place: tuple[str, str, int], names: list[str]) -> Checked:
        scheme, host, port = place
        told = f"{', '.join(names)}: {scheme}://{host}:{port}"
        async with gate:
            fault, remedy = await hop(scheme, host, port, context)
        if fault:
            return Checked("producers", Outcome.FAULT, f"{told}: {fault}", remedy)
        return Checked("producers", Outcome.OK, f"{told}: reached")

    return list(await asyncio.gather(*(one(place, names) for place, names in places.items())))


CHECKS: Mapping[str, Check] = {
    "rights": _rights,
    "disk": _disk,
    "certificates": _certificates,
    "database": _database,
    "alerts": _alerts,
    "producers": _producers,
}
