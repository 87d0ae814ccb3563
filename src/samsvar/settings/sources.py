"""How the hub reaches producers, workers and the index, and how they are tried."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    Field,
    field_validator,
    model_validator,
)

from samsvar.settings.values import (
    Address,
    Seconds,
    Section,
    Teller,
    is_loopback,
    of_different_keys,
)


class ProducerSettings(Section):
    """How the hub goes out to producers."""

    certificate: Path | None = Field(default=None, description="our client certificate, PEM")
    key: Path | None = Field(default=None, description="its private key, PEM")
    authority: Path | None = Field(
        default=None, description="who may issue producers' certificates"
    )
    plain_http: bool = Field(
        default=False, description="allow http:// producers that are not on loopback"
    )
    connect_seconds: Seconds = Field(default=2.0, description="to connect, TLS included")
    answer_bytes: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = Field(
        default=10 * 1024 * 1024, description="largest answer of one producer"
    )
    connections: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=1000, description="open sockets to all producers together"
    )
    connections_each: Annotated[int, Field(ge=1, le=1000)] = Field(
        default=100, description="open sockets, and calls at once, to one producer"
    )
    wait_seconds: Annotated[float, Field(gt=0, le=28)] = Field(
        default=2.0,
        description="how long a question waits for a place among a producer's calls; then: busy",
    )
    send_correlation_id: bool = Field(
        default=True, description="send x-skltp-correlation-id also to https producers"
    )

    @model_validator(mode="after")
    def _pair(self) -> ProducerSettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


class BreakerSettings(Section):
    """When a producer is not asked for a while, as asking it gives nothing. For each contract."""

    enabled: bool = Field(
        default=True, description="open by counting; off: only when somebody says so, or must"
    )
    calls: Annotated[int, Field(ge=3, le=1000)] = Field(
        default=20, description="the latest calls that are looked at"
    )
    seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=120.0, description="none of them older than this"
    )
    least_calls: Annotated[int, Field(ge=3, le=1000)] = Field(
        default=10, description="fewer calls than this never open it"
    )
    share: Annotated[float, Field(ge=0.5, le=1)] = Field(
        default=0.8, description="so great a part of them must have gone ill"
    )
    least_persons: Annotated[int, Field(ge=1, le=100)] = Field(
        default=3, description="the ill calls must be about so many different persons"
    )
    least_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        default=2.0, description="from the beginning of the first ill call to the end of the last"
    )
    fair_seconds: Annotated[float, Field(ge=0.1, le=28)] = Field(
        default=5.0,
        description="a producer that had less time is not ill for being late, unless its own"
        " timeout ran out",
    )
    open_seconds: Annotated[float, Field(ge=0.1, le=300)] = Field(
        default=10.0, description="from opening to the first question that tries it"
    )
    longest_seconds: Annotated[float, Field(ge=0.1, le=600)] = Field(
        default=60.0, description="doubled after each try that went ill, up to this"
    )

    @model_validator(mode="after")
    def _fit_each_other(self) -> BreakerSettings:
        told = self.model_fields_set
        if self.least_calls > self.calls and {"least_calls", "calls"} & told:
            raise ValueError("least_calls: more than calls, so that it would never open")
        if self.open_seconds > self.longest_seconds and {"open_seconds", "longest_seconds"} & told:
            raise ValueError("open_seconds: more than longest_seconds")
        return self


class IndexSettings(Section):
    """The engagement index that the hub keeps."""

    address: Address = Field(default="5565594230", description="its logical address and owner")
    other_addresses: tuple[Address, ...] = Field(
        default=(), description="further logical addresses under which Update is accepted"
    )
    reserved: tuple[Address, ...] = Field(
        default=(), description="HSA-ids that no engagement may name (EI005, EI006)"
    )
    notify_attempts: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=60,
        description="failures in a row after which what waits for a subscriber is given up",
    )
    full_percent: Annotated[int, Field(ge=50, le=100)] = Field(
        default=90,
        description="percent of the data folder's disk in use from which on no changes are taken"
        " in",
    )
    receive_from_broker: tuple[Teller, ...] = Field(
        default=(),
        max_length=100,
        description="which indexes tell theirs by the message broker: HSA-id and the hub's public"
        " key, a blank between; none: nothing is taken from it",
    )

    @field_validator("receive_from_broker")
    @classmethod
    def _each_key_is_one(cls, tellers: tuple[str, ...]) -> tuple[str, ...]:
        return of_different_keys(tellers, "index")


def _network(text: str) -> str:
    """A network as its first address and its length, and nothing that could mean another."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        network = None
    if network is None or "/" not in text:
        raise ValueError("a network is written as 10.20.0.0/16: its first address and its length")
    if network.prefixlen == 0:
        raise ValueError("this is every address there is: name the networks of your producers")
    return text


class BenchSettings(Section):
    """Where the test bench may go for a producer that nobody has approved."""

    public: bool = Field(
        default=True,
        description="a producer that is not approved may be tested at any public address",
    )
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="networks beside where it may be tested"
    )


class ConformanceSettings(Section):
    """Live answers judged by the rules of the test bench."""

    sample: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=100,
        description="judge one answer in so many of each producer and contract; 0 judges none",
    )


class BrokerSettings(Section):
    """The message broker, and how it is reached."""

    url: str | None = Field(
        default=None,
        max_length=512,
        description="amqps://host:port/vhost, rediss://host:port/0, or memory:// inside one"
        " process; none: no workers",
    )
    user: str | None = Field(default=None, max_length=128, description="who we are there")
    password: str | None = Field(
        default=None,
        max_length=512,
        pattern=r"^(file|env):.+$",
        description="where our password is: file:<path> or env:<NAME>",
    )
    authority: Path | None = Field(
        default=None,
        description="who issued its TLS certificate, PEM; the machine's trust store otherwise",
    )
    certificate: Path | None = Field(default=None, description="our client certificate, PEM")
    key: Path | None = Field(default=None, description="its private key, PEM")
    connect_seconds: Annotated[float, Field(gt=0, le=30)] = Field(
        default=4.0, description="to connect, TLS included"
    )
    heartbeat_seconds: Annotated[int, Field(ge=2, le=60)] = Field(
        default=10, description="silence after which the connection is given up"
    )
    hub_key: Path | None = Field(
        default=None,
        description="the hub's own key towards workers; broker.key in the data folder otherwise",
    )
    clock_seconds: Annotated[float, Field(ge=0.1, le=60)] = Field(
        default=5.0, description="how far the clocks of hub and worker may differ"
    )
    redelivery_seconds: Annotated[int, Field(ge=1, le=3600)] = Field(
        default=60,
        description="Redis alone: after so long it hands a question that a dead worker had to"
        " another; RabbitMQ does at once",
    )

    @field_validator("url")
    @classmethod
    def _safe_to_use(cls, url: str | None) -> str | None:
        if url is not None and (fault := _fault_of_broker(url)):
            raise ValueError(fault)
        return url

    @model_validator(mode="after")
    def _pair(self) -> BrokerSettings:
        if (self.certificate is None) != (self.key is None):
            raise ValueError("certificate and key go together")
        return self


SECURED = ("amqps", "rediss")
"""Schemes of brokers that are reached with TLS."""


def _fault_of_broker(url: str) -> str | None:
    if url == "memory://":
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it must be a URL"
    if not url.isascii() or not url.isprintable() or " " in url or "?" in url or "#" in url:
        return "it must be a URL without query and blanks"
    if parts.scheme not in ("amqp", "amqps", "redis", "rediss"):
        return "it must begin with amqps:// or rediss://, or be memory://"
    if "@" in parts.netloc:
        return "user and password do not belong in it: [broker] user and password"
    if not parts.hostname or port == 0:
        return "it must name a host"
    if parts.scheme not in SECURED and not is_loopback(parts.hostname):
        return f"it must begin with {parts.scheme}s://; without TLS on loopback only"
    return None
