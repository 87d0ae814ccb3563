"""Metrics, traces and alerts put together for a hub, and for the commands.

Knows constructors, as ``app`` does, and decides nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from samsvar.errors import CatalogueUnavailable, HubError
from samsvar.model.identifiers import folded
from samsvar.model.words import Words
from samsvar.ports import (
    AccessLog,
    CatalogueSource,
    Clock,
    EngagementIndex,
    Events,
    Transport,
)
from samsvar.settings import Settings
from samsvar.span_ports import NO_SPANS, Spans
from samsvar.store.alert_book import SqlAlertBook
from samsvar.store.database import Database
from samsvar.store.house_figures import published
from samsvar.store.metric_shelf import EVERY_SECONDS, MetricShelf
from samsvar.store.secrets import PersonVault
from samsvar.watch import metric_table as table
from samsvar.watch.alerts import QuietHours
from samsvar.watch.house_rules import HouseFigures
from samsvar.watch.metrics import Gauges, Metrics
from samsvar.watch.rules import RULES
from samsvar.watch.tally import Labels
from samsvar.watch.taps import CountedEvents, MeasuredIndex, MeasuredLog, MeasuredTransport
from samsvar.watch.watcher import Habits, Watcher
from samsvar.watching.channels import channels_of
from samsvar.watching.sources import figures_of

Breakers = Callable[[], Mapping[str, bool]]
"""Producers whose calls can be held back -> whether they are, now. Quick: asks no disk."""


class Watching:
    """All that watches one hub process. Close it when the hub stops."""

    def __init__(
        self,
        settings: Settings,
        base: Path,
        database: Database,
        vault: PersonVault,
        catalogue: CatalogueSource,
        events: Events,
        clock: Clock,
        *,
        process: str = "1",
        shared: bool = False,
        catalogue_notes: Callable[[], Sequence[Words]] = list,
        broker_letters: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """``shared``: other processes serve beside this one; their metrics are shown too.

        Raises:
            ResourcesMissing: a secret or a certificate file is not there, or a library.
        """
        self._settings = settings
        self._database = database
        self._catalogue = catalogue
        self._clock = clock
        self.metrics = Metrics(catalogue, process)
        self.metrics.also(self._gauges)
        self.events: Events = CountedEvents(events, self.metrics)
        self.spans: Spans = _spans(settings, self.metrics)
        self._shelf = MetricShelf(settings.hub.data, process) if shared else None
        self._published: tuple[int, datetime] | None = None
        self._broker_letters = broker_letters
        self._figures = figures_of(settings, database, vault, catalogue_notes, broker_letters)
        channels = channels_of(settings, base, clock)
        self.watcher = Watcher(
            self._figures,
            SqlAlertBook(database, channels),
            channels,
            catalogue,
            self.events,
            clock,
            own_addresses=frozenset(map(folded, settings.hub.addresses)),
            habits=Habits(
                settings.alerts.every_seconds,
                QuietHours.read(settings.alerts.quiet_hours),
                frozenset(settings.alerts.off),
            ),
        )

    def log(self, inner: AccessLog) -> AccessLog:
        """The access log, measured."""
        return MeasuredLog(inner, self.metrics, self._clock, self.spans)

    def index(self, inner: EngagementIndex) -> EngagementIndex:
        """The index, measured."""
        return MeasuredIndex(inner, self.metrics, self._clock, self.spans)

    def transport(self, inner: Transport) -> Transport:
        """The way to producers, each call with its span."""
        return MeasuredTransport(inner, self.spans)

    def see(
        self,
        connections: Callable[[], Mapping[str, int]],
        in_work: Callable[[], int],
        missing: Callable[[], Sequence[str]],
        breakers: Breakers = dict,
    ) -> None:
        """Show these too."""

        def gauges() -> Gauges:
            return {
                table.CONNECTIONS: {(name,): count for name, count in connections().items()},
                table.IN_WORK: {(): in_work()},
                table.READY: {(): not missing()},
                table.BREAKER: {(name,): held for name, held in breakers().items()},
            }

        self.metrics.also(gauges)

    def chores(self) -> list[tuple[str, Coroutine[Any, Any, None]]]:
        """What runs beside the hub, each with its name."""
        running: list[tuple[str, Coroutine[Any, Any, None]]] = [
            ("the watcher", self.watcher.run()),
            ("alerts", self.watcher.deliver()),
            ("the catalogue's age", self._look_at_catalogue()),
        ]
        if self._shelf is not None:
            running.append(("metrics", self._lay_down(self._shelf)))
        return running

    async def exposition(self) -> bytes:
        """What a scraper gets."""
        others = (
            await asyncio.to_thread(
                lambda shelf: list(shelf.others(self._clock.now())), self._shelf
            )
            if self._shelf is not None
            else []
        )
        return self.metrics.text(others)

    def notes(self) -> list[str]:
        """What an operator must know although the hub serves."""
        house = self.watcher.latest
        alerts = [one for one in self.watcher.open_ones if one.rule == "disk-filling"]
        found = [f"disk: {one.reason}" for one in alerts]
        if house is not None and len(self.watcher.open_ones) > len(alerts):
            count = len(self.watcher.open_ones) - len(alerts)
            found.append(f"alerts: {count} open; samsvar alerts list")
        return found

    async def close(self) -> None:
        """Send what waits, and let another process watch."""
        with contextlib.suppress(HubError):  # the lease ends by itself
            await asyncio.to_thread(self._figures.release)
        close = getattr(self.spans, "close", None)
        if close is not None:
            await asyncio.to_thread(close)
        if self._shelf is not None:
            self._shelf.take_away()

    async def _lay_down(self, shelf: MetricShelf) -> None:
        while True:
            await asyncio.to_thread(shelf.lay_down, self.metrics.text())
            await asyncio.sleep(EVERY_SECONDS)

    async def _look_at_catalogue(self) -> None:
        while True:
            try:
                self._published = await asyncio.to_thread(published, self._database)
            except (sa.exc.SQLAlchemyError, HubError, OSError, ValueError):
                self._published = None
            await asyncio.sleep(self._settings.alerts.every_seconds)

    def _gauges(self) -> Gauges:
        now = self._clock.now()
        found: dict[table.Metric, Mapping[Labels, float]] = {}
        try:
            catalogue = self._catalogue.current()
            found[table.CATALOGUE_VERSION] = {(): catalogue.version}
            found[table.DISABLED] = {
                (entry.producer.id,): entry.producer.out_of_service(now) is not None
                for entry in catalogue.entries
            }
        except CatalogueUnavailable:
            found[table.CATALOGUE_VERSION] = {(): 0}
        if self._published is not None:
            found[table.CATALOGUE_AGE] = {(): (now - self._published[1]).total_seconds()}
        found[table.BROKER_DEAD] = {
            (exchange,): count for exchange, count in self._broker_letters().items()
        }
        if self.watcher.latest is not None:
            found |= _of_house(self.watcher.latest)
        alerts: dict[Labels, float] = dict.fromkeys(((rule,) for rule in RULES), 0)
        for one in self.watcher.open_ones:
            alerts[(one.rule,)] = alerts.get((one.rule,), 0) + 1
        found[table.ALERTS] = alerts
        return found


def _of_house(house: HouseFigures) -> dict[table.Metric, Mapping[Labels, float]]:
    oldest, log = house.outbox_oldest, house.routing_log
    kept: dict[table.Metric, Mapping[Labels, float]] = (
        {table.ROUTING_BYTES: {(): log.bytes}, table.ROUTING_ROOM: {(): log.room}} if log else {}
    )
    return kept | {
        table.OUTBOX_WAITING: {(): house.outbox_waiting},
        table.OUTBOX_DEAD: {(): house.dead_letters},
        table.OUTBOX_OLDEST: {(): (house.now - oldest).total_seconds() if oldest else 0},
        table.LOG_WAITING: {(): house.log_waiting},
        table.LOG_DEAD: {(): house.log_dead},
        table.UNSIGNED: {(): house.unsigned},
        table.DATABASE_BYTES: {(): house.database_bytes},
        table.DISK_FREE: {(): house.disk_free},
        table.CERTIFICATE_LEFT: {
            (holder,): (ends - house.now).total_seconds()
            for holder, ends in house.certificates.items()
        },
    }


def _spans(settings: Settings, metrics: Metrics) -> Spans:
    traces = settings.traces
    if traces.endpoint is None:
        return NO_SPANS
    from samsvar.outbound.traces import TracedSpans

    return TracedSpans(
        traces.endpoint,
        instance=settings.hub.instance_id,
        sample=traces.sample,
        to_producers=traces.to_producers,
        told=lambda result, count: metrics.spans.add((result,), count),
    )
