"""Who the hub is, where it listens, its bounds, what it keeps and for how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from samsvar.settings.values import DATABASE_FORM, Address, Seconds, Section, is_loopback


def names_database(text: str) -> bool:
    return text.startswith(("postgresql://", "postgres://", "file:", "env:"))


def _fault_of_redis(url: str) -> str | None:
    """What is wrong with the address of a Redis."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it must be a URL"
    if parts.query or parts.fragment or "@" in parts.netloc or not url.isprintable():
        return "no user, password, query or fragment belongs in it: see redis_password"
    if parts.scheme == "unix":
        return None if parts.path.startswith("/") and not parts.netloc else "unix:///path/to/socket"
    number = parts.path.strip("/")
    if not parts.hostname or port == 0 or not (number == "" or number.isdecimal()):
        return "it must be rediss://host:port/0, with the number of a database or without"
    if parts.scheme == "rediss" or (parts.scheme == "redis" and is_loopback(parts.hostname)):
        return None
    return "it must begin with rediss:// (redis:// only on loopback)"


class HubSettings(Section):
    """Who the hub is."""

    instance_id: Address = Field(default="SAMSVAR-1", description="x-vp-instance-id of this hub")
    environment: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")] | None = Field(
        default=None,
        description="which environment this is; the database has the same word, or is refused",
    )
    instance_name: str = Field(
        default="SAMSVAR", max_length=64, description="stands in brackets in every fault text"
    )
    addresses: tuple[Address, ...] = Field(
        default=("5565594230",),
        min_length=1,
        description="logical addresses that mean the hub itself: the question goes to everybody",
    )
    deadline_seconds: Annotated[float, Field(ge=1, le=28)] = Field(
        default=28.0, description="budget of one question, from the first byte of the request"
    )
    grace_seconds: Annotated[float, Field(gt=0, le=120)] | None = Field(
        default=None,
        description="how long a hub that is told to stop serves on and says that it is not ready",
    )
    original_consumer_senders: tuple[Address, ...] = Field(
        default=(), description="who may send x-rivta-original-serviceconsumer-hsaid for another"
    )
    most_recipients: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=500, description="one question asks no more sources than this"
    )
    data: Path = Field(default=Path("data"), description="folder of databases and keys")
    database: SecretStr | None = Field(
        default=None,
        description="URL of a PostgreSQL database, or where that is; left out: SQLite in data",
    )
    require_client_usage: bool = Field(
        default=True, description="refuse client certificates without extended key usage clientAuth"
    )
    listed_owners_only: bool = Field(
        default=False,
        description="systems too get nothing of a care giver that no [[care_giver]] row lists",
    )
    refresh_seconds: Seconds = Field(
        default=2.0, description="how often a newly published catalogue is looked for"
    )
    snapshot_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=72.0, description="how old the signed copy of the catalogue may be and still serve"
    )
    redis: str | None = Field(
        default=None,
        max_length=512,
        description="Redis, for what processes share: rediss://host:port/0; none: each has its own",
    )
    redis_user: str | None = Field(
        default=None, min_length=1, max_length=128, description="who we are in Redis"
    )
    redis_password: str | None = Field(
        default=None,
        max_length=512,
        pattern=r"^(file|env):.+$",
        description="where our password for Redis is: file:<path> or env:<NAME>",
    )
    redis_authority: Path | None = Field(
        default=None,
        description="who issued its TLS certificate, PEM; the machine's trust store otherwise",
    )

    @field_validator("redis")
    @classmethod
    def _safe_to_share_by(cls, url: str | None) -> str | None:
        if url is not None and (fault := _fault_of_redis(url)):
            raise ValueError(fault)
        return url

    @field_validator("database")
    @classmethod
    def _is_url_or_reference(cls, database: SecretStr | None) -> SecretStr | None:
        # Never repeats what was given: it may hold a password.
        if database is not None and not names_database(database.get_secret_value()):
            raise ValueError(f"must be {DATABASE_FORM}, or file:<path> or env:<NAME> of one")
        return database


class ListenSettings(Section):
    """One listener."""

    kind: Literal["tls", "plain", "unix"] = Field(description="how callers reach it")
    host: str = Field(default="127.0.0.1", description="address to bind (tls, plain)")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=0, description="port to bind (tls, plain); 0 lets the machine choose"
    )
    path: Path | None = Field(default=None, description="socket file (unix)")
    certificate: Path | None = Field(default=None, description="our certificate chain, PEM (tls)")
    key: Path | None = Field(default=None, description="its private key, PEM (tls)")
    client_authority: Path | None = Field(
        default=None, description="who may issue client certificates, PEM (tls)"
    )
    revoked: Path | None = Field(default=None, description="certificate revocation list, PEM (tls)")
    trusted: bool = Field(
        default=False,
        description="believe x-vp-sender-id and the front's certificate here (plain, unix)",
    )
    certificate_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="header in which a trusted front hands over the client certificate",
    )
    admin: bool = Field(
        default=False,
        description="serve the administrative interface and the console, /admin/v1, /console",
    )
    users: bool = Field(
        default=False,
        description="serve users with tokens here too: /fhir/r4, /documents, /citizen, /existence",
    )
    metrics: bool = Field(default=False, description="serve /metrics for Prometheus here too")

    @model_validator(mode="after")
    def _fits_its_kind(self) -> ListenSettings:
        if self.kind == "tls":
            for name in ("certificate", "key", "client_authority"):
                if getattr(self, name) is None:
                    raise ValueError(f"a tls listener needs {name}")
            if self.trusted:
                raise ValueError("trusted is for plain and unix listeners: TLS proves its callers")
        if self.kind == "unix" and self.path is None:
            raise ValueError("a unix listener needs path")
        if self.kind == "plain" and not is_loopback(self.host):
            raise ValueError("a plain listener must bind a loopback address (127.0.0.1 or ::1)")
        return self


class LimitSettings(Section):
    """Bounds of the door. None of them can be switched off."""

    request_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = Field(
        default=128 * 1024, description="largest question"
    )
    update_bytes: Annotated[int, Field(ge=1024, le=16 * 1024 * 1024)] = Field(
        default=2 * 1024 * 1024, description="largest Update to the index"
    )
    header_seconds: Seconds = Field(default=5.0, description="from connection to whole header")
    body_seconds: Seconds = Field(default=10.0, description="from header to whole body")
    idle_seconds: Seconds = Field(default=30.0, description="silence on a kept connection")
    connections: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=2000, description="open connections on one listener"
    )
    questions: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=500, description="questions in work at once; over it 503 with Retry-After"
    )
    lag_seconds: Annotated[float, Field(ge=0.05, le=28)] = Field(
        default=1.0,
        description="how late the hub may be with its own work; over it 503 with Retry-After",
    )
    sender_per_second: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        default=None,
        description="questions a second of one sender; over it 503 with Retry-After",
    )
    sender_burst: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=50, description="so many may come at once from a sender who has rested"
    )


class LogSettings(Section):
    """The routing log."""

    routing: bool = Field(default=True, description="write the routing log to standard output")
    flush_seconds: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.2, description="how often gathered lines are written"
    )
    keep_days: Annotated[int, Field(ge=0, le=400)] = Field(
        default=14,
        description="days of questions' lines that are kept for the console as well; 0: none",
    )
    keep_megabytes: Annotated[int, Field(ge=10, le=1_000_000)] = Field(
        default=2000, description="the most that these days may take; the oldest go first"
    )


class RetentionSettings(Section):
    """How long figures are kept that are nobody's access log."""

    conformance_days: Annotated[int, Field(ge=31, le=3660)] = Field(
        default=400, description="days of conformance, and figures of the index's consistency"
    )
    alert_days: Annotated[int, Field(ge=31, le=3660)] = Field(
        default=400, description="alerts that are over"
    )
    digest_days: Annotated[int, Field(ge=8, le=3660)] = Field(
        default=400, description="questions in the console's lists and figures"
    )
