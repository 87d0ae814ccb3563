"""All sections together, and what must fit between them."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from samsvar.settings.hub import (
    HubSettings,
    LimitSettings,
    ListenSettings,
    LogSettings,
    RetentionSettings,
)
from samsvar.settings.law import AccessSettings, AuditSettings, PopulationSettings, SecuritySettings
from samsvar.settings.operators import AlertSettings, ConsoleSettings, TraceSettings
from samsvar.settings.people import UserSettings
from samsvar.settings.sources import (
    BenchSettings,
    BreakerSettings,
    BrokerSettings,
    ConformanceSettings,
    IndexSettings,
    ProducerSettings,
)
from samsvar.settings.values import Section


class Settings(Section):
    """All of it."""

    hub: HubSettings = HubSettings()
    listen: tuple[ListenSettings, ...] = Field(
        default=(ListenSettings(kind="plain", port=8080, trusted=True),)
    )
    producers: ProducerSettings = ProducerSettings()
    breaker: BreakerSettings = BreakerSettings()
    index: IndexSettings = IndexSettings()
    limits: LimitSettings = LimitSettings()
    log: LogSettings = LogSettings()
    audit: AuditSettings = AuditSettings()
    bench: BenchSettings = BenchSettings()
    conformance: ConformanceSettings = ConformanceSettings()
    access: AccessSettings = AccessSettings()
    population: PopulationSettings = PopulationSettings()
    users: UserSettings = UserSettings()
    console: ConsoleSettings = ConsoleSettings()
    security: SecuritySettings = SecuritySettings()
    broker: BrokerSettings = BrokerSettings()
    alerts: AlertSettings = AlertSettings()
    traces: TraceSettings = TraceSettings()
    retention: RetentionSettings = RetentionSettings()

    @field_validator("listen")
    @classmethod
    def _reachable(cls, listen: tuple[ListenSettings, ...]) -> tuple[ListenSettings, ...]:
        # not min_length: pydantic counts listeners with faults as none, and would say so as well
        if not listen:
            raise ValueError("at least one listener is needed")
        return listen

    @model_validator(mode="after")
    def _fit_each_other(self) -> Settings:
        ours, deadline = self.producers, self.hub.deadline_seconds
        if "connect_seconds" in ours.model_fields_set and ours.connect_seconds > deadline:
            raise ValueError(
                f"producers.connect_seconds: {ours.connect_seconds:g} is more than a whole "
                f"question may take: at most hub.deadline_seconds, {deadline:g}"
            )
        scheme = urlsplit(self.broker.url or "").scheme
        for name, told in (
            ("index.receive_from_broker", self.index.receive_from_broker),
            ("audit.store_log_through", self.audit.store_log_through),
            ("audit.store_log_for", self.audit.store_log_for),
        ):
            if told and scheme not in ("amqp", "amqps"):
                raise ValueError(f"{name}: needs RabbitMQ: [broker] url, beginning with amqps://")
        if self.limits.request_bytes > ours.answer_bytes:
            raise ValueError(
                "producers.answer_bytes: less than limits.request_bytes: an answer is larger than "
                "its question"
            )
        return self
