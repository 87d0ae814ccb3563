"""The way of access logs to a log service put together: our own, and those of other hubs.

Knows constructors, as ``app`` does, and decides nothing.
"""

from __future__ import annotations

from contextlib import ExitStack

from samsvar.broker.durable import LOG_RECORDS
from samsvar.broker.durable_end import DurableEnd
from samsvar.broker.keys import KeyPair, public_key
from samsvar.broker.streams import received_streams
from samsvar.inbound.broker_log import BrokerLog
from samsvar.outbound.broker_log import BrokerLogService
from samsvar.outbound.http_client import HttpClient
from samsvar.outbound.store_log import SoapLogService
from samsvar.pipeline.log_ports import LogService
from samsvar.pipeline.log_shipper import LogShipper, ShippingHabits
from samsvar.ports import Clock, Events
from samsvar.settings import Settings
from samsvar.store.database import Database
from samsvar.store.log_inbox import SqlLogInbox
from samsvar.store.log_outbox import SqlLogOutbox
from samsvar.store.secrets import PersonVault

_OTHERS = "access log of other hubs"


class LogShipping:
    """What the settings ask for; nothing, where they ask for none."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        vault: PersonVault,
        client: HttpClient,
        durable: DurableEnd,
        keys: KeyPair,
        events: Events,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._durable = durable
        self._keys = keys
        self._clock = clock
        self._closing = ExitStack()
        self._inbox: SqlLogInbox | None = None
        self.shippers: dict[str, LogShipper] = {}
        """Each by what its chore is called."""
        audit = settings.audit
        if audit.store_log_through:
            address, key = audit.store_log_through.split(" ")
            through = BrokerLogService(durable, keys, address, public_key(key))
            self._ship_own(database, vault, through, "the message broker", events)
        elif audit.store_log:
            service = self._log_service(client, audit.store_log)
            self._ship_own(database, vault, service, "the log service", events)
        if audit.store_log_for and audit.store_log:
            self._inbox = SqlLogInbox(database, vault)
            self._closing.callback(self._inbox.close)
            self.shippers[f"shipping of the {_OTHERS}"] = LogShipper(
                self._inbox,
                self._log_service(client, audit.store_log),
                events,
                clock,
                ShippingHabits(attempts=audit.store_log_attempts),
                whose=_OTHERS,
            )

    def reader(self, events: Events) -> BrokerLog | None:
        """Takes the records that other hubs send us by the message broker, if any may."""
        if self._inbox is None:
            return None
        return BrokerLog(
            self._inbox,
            self._durable,
            events,
            self._clock,
            self._keys,
            address=received_streams(self._settings)[LOG_RECORDS],
            hubs=self._settings.audit.store_log_for,
        )

    def notes(self) -> list[str]:
        """What does not work, for readiness."""
        return [note for shipper in self.shippers.values() for note in shipper.notes()]

    def close(self) -> None:
        """Finish what is being read and written."""
        self._closing.close()

    def _ship_own(
        self, database: Database, vault: PersonVault, way: LogService, to: str, events: Events
    ) -> None:
        outbox = SqlLogOutbox(database, vault)
        self._closing.callback(outbox.close)
        shipper = LogShipper(outbox, way, events, self._clock, to=to)
        self.shippers["shipping of the access log"] = shipper

    def _log_service(self, client: HttpClient, url: str) -> SoapLogService:
        return SoapLogService(
            client,
            url,
            system_id=self._settings.audit.store_log_system or self._settings.hub.addresses[0],
            logical_address=self._settings.audit.store_log_address,
        )
