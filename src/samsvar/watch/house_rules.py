"""Whether a rule holds for the hub itself now: certificates, signing, outbox, registers, disk.

Pure: figures in, findings out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from samsvar.model.log_size import RoutingLogSize
from samsvar.model.words import Words, joined
from samsvar.watch.judging import HUB, Finding
from samsvar.watch.rules import THRESHOLDS as T


@dataclass(frozen=True, slots=True)
class HouseFigures:
    """What is known of the hub itself now. None: cannot be known."""

    now: datetime
    certificates: Mapping[str, datetime] = field(default_factory=dict)
    """Whose -> when it ends."""
    unsigned: int = 0
    unsigned_since: datetime | None = None
    """When the oldest row was written that no head covers."""
    outbox_oldest: datetime | None = None
    outbox_waiting: int = 0
    dead_letters: int = 0
    log_waiting: int = 0
    """Of the access log, our own and other hubs', what the log service has not taken."""
    log_dead: int = 0
    broker_dead: int = 0
    """Dead letters at the message broker, of all that comes to us by it."""
    register_notes: tuple[Words, ...] = ()
    """Why a register is too old, in words."""
    disk_total: int = 0
    disk_free: int = 0
    database_bytes: int = 0
    growth: float | None = None
    """Bytes a day of the database, at this week's pace."""
    behind: int = 0
    routing_log: RoutingLogSize | None = None
    """None: none is kept."""

    @property
    def days_left(self) -> float | None:
        """Until the disk is full; None: it does not grow."""
        if not self.growth or self.growth <= 0:
            return None
        return self.disk_free / self.growth


def of_house(figures: HouseFigures) -> Iterator[Finding]:
    """All rules about the hub itself."""
    now = figures.now
    for holder, ends in figures.certificates.items():
        days = (ends - now) / timedelta(days=1)
        told = (
            Words(
                f"det går ut {ends:%Y-%m-%d}, om {days:.0f} dagar",
                f"it ends {ends:%Y-%m-%d}, in {days:.0f} days",
            )
            if days > 0
            else Words("det har gått ut", "it has ended")
        )
        last = days <= T.certificate_last_days
        yield Finding("certificate-ended", holder, last, told)
        yield Finding("certificate-ends", holder, days <= T.certificate_days and not last, told)
    waited = _minutes(figures.unsigned_since, now) if figures.unsigned else 0.0
    yield Finding(
        "heads-unsigned",
        HUB,
        waited >= T.unsigned_minutes,
        Words(
            f"{figures.unsigned} rader saknar undertecknat huvud, den äldsta sedan {waited:.0f}"
            " minuter",
            f"{figures.unsigned} rows have no signed head, the oldest for {waited:.0f} minutes",
        ),
    )
    oldest = _minutes(figures.outbox_oldest, now)
    yield Finding(
        "outbox-growing",
        HUB,
        oldest >= T.outbox_minutes or figures.dead_letters > 0,
        Words(
            f"den äldsta ändringen har väntat i {oldest:.0f} minuter; {figures.dead_letters}"
            " brev har getts upp",
            f"the oldest change has waited {oldest:.0f} minutes; {figures.dead_letters} dead"
            " letters",
        ),
    )
    yield Finding(
        "given-up",
        HUB,
        figures.log_dead > 0 or figures.broker_dead > 0,
        Words(
            f"{figures.log_dead} ur åtkomstloggen och {figures.broker_dead} i meddelandekön har"
            " getts upp: samsvar queue list",
            f"{figures.log_dead} of the access log and {figures.broker_dead} at the message broker"
            " are dead letters: samsvar queue list",
        ),
    )
    yield Finding(
        "register-old", HUB, bool(figures.register_notes), joined(list(figures.register_notes))
    )
    yield _disk(figures)
    if (log := figures.routing_log) is not None:
        yield Finding(
            "routing-log-short",
            HUB,
            log.short,
            Words(
                f"{log.days} dagar av ruttloggen tar {log.bytes / 1e6:.0f} MB; det finns plats för"
                f" {log.room / 1e6:.0f} MB, vilket är mindre än {log.keep_days} dagar",
                f"{log.days} days of the routing log take {log.bytes / 1e6:.0f} MB; there is room"
                f" for {log.room / 1e6:.0f} MB, which is less than {log.keep_days} days",
            ),
        )
    yield Finding(
        "log-behind",
        HUB,
        figures.behind >= T.behind,
        Words(
            f"{figures.behind} rader i åtkomstloggen är inte räknade",
            f"{figures.behind} rows of the access log have not been counted",
        ),
    )


def _disk(figures: HouseFigures) -> Finding:
    days = figures.days_left
    low = figures.disk_total > 0 and figures.disk_free < T.disk_share * figures.disk_total
    soon = days is not None and days < T.disk_days
    free = f"{figures.disk_free / 1e9:.1f} GB"
    told = Words(f"{free.replace('.', ',')} är lediga", f"{free} are free")
    if days is not None:
        told = Words(
            f"{told.swedish}: full om {days:.0f} dagar i den här veckans takt",
            f"{told}: full in {days:.0f} days at this week's pace",
        )
    return Finding("disk-filling", HUB, low or soon, told)


def _minutes(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since) / timedelta(minutes=1)) if since else 0.0
