"""What an operator may set: one TOML file and the environment, read once, refused as a whole.

The one place that reads the environment. Every setting has a row in ``docs/settings.md``. Long,
because every setting stands here.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)

from samsvar import settings_file

PREFIX = "SAMSVAR_"
_URL_FORM = "postgresql://user@host:5432/name"

Address = Annotated[str, Field(pattern=r"^[A-Za-z0-9_:.-]{1,64}$")]
Seconds = Annotated[float, Field(gt=0, le=300)]
ClaimName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_:./#@-]{1,128}$")]
#: a rule of ``watch.rules``, which stands on a higher floor: a test holds the two together
RuleId = Literal[
    "answers-empty",
    "indexed-empty",
    "gone-quiet",
    "hub-quiet",
    "slower",
    "failing",
    "certificate-ends",
    "certificate-ended",
    "heads-unsigned",
    "outbox-growing",
    "given-up",
    "register-old",
    "disk-filling",
    "routing-log-short",
    "log-behind",
]
#: of ``onboarding.roles``, which stands on a higher floor: a test holds the two together
_ROLE_PAIR = r"^[^=\s]{1,200}=(?:observer|operator|registrar|security-officer|auditor)$"
#: of ``access.words.Purpose``, which stands on a higher floor: a test holds the two together
PurposeWord = Literal[
    "CARE",
    "CARE_COORDINATION",
    "SICK_LEAVE_COORD",
    "CERTIFICATE",
    "OWN_ACCESS",
    "LOG_CONTROL",
    "STATISTICS",
]


class SettingsInvalid(Exception):
    """The settings are refused. ``faults`` names all of them: file, key, what is allowed."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def _names_database(text: str) -> bool:
    return text.startswith(("postgresql://", "postgres://", "file:", "env:"))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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
    if parts.scheme == "rediss" or (parts.scheme == "redis" and _is_loopback(parts.hostname)):
        return None
    return "it must begin with rediss:// (redis:// only on loopback)"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HubSettings(_Section):
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
        if database is not None and not _names_database(database.get_secret_value()):
            raise ValueError(f"must be {_URL_FORM}, or file:<path> or env:<NAME> of one")
        return database


class ListenSettings(_Section):
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
        if self.kind == "plain" and not _is_loopback(self.host):
            raise ValueError("a plain listener must bind a loopback address (127.0.0.1 or ::1)")
        return self


class ProducerSettings(_Section):
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


class BreakerSettings(_Section):
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


Teller = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,64} x25519:[0-9A-Za-z_-]{43}$", max_length=130)
]

LoggingHub = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,32} x25519:[0-9A-Za-z_-]{43}$", max_length=130)
]


def _of_different_keys(named: tuple[str, ...], whose: str) -> tuple[str, ...]:
    if len({one.split(" ")[1] for one in named}) < len(named):
        raise ValueError(f"a key stands twice: it is one {whose}'s")
    return named


class IndexSettings(_Section):
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
        return _of_different_keys(tellers, "index")


class LimitSettings(_Section):
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


class LogSettings(_Section):
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


class BenchSettings(_Section):
    """Where the test bench may go for a producer that nobody has approved."""

    public: bool = Field(
        default=True,
        description="a producer that is not approved may be tested at any public address",
    )
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        default=(), description="networks beside where it may be tested"
    )


class ConformanceSettings(_Section):
    """Live answers judged by the rules of the test bench."""

    sample: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        default=100,
        description="judge one answer in so many of each producer and contract; 0 judges none",
    )


class AccessSettings(_Section):
    """Answers to what the law leaves open, for the access rules. Off is the cautious answer."""

    version: str = Field(
        default="cautious-1",
        min_length=1,
        max_length=64,
        description="name of this configuration; change it with every change below",
    )
    sol_other_exception: bool = Field(
        default=False,
        description="GT6: SOL_OTHER that its owner has marked as an exception may be shared (U4)",
    )
    boards_as_one: bool = Field(
        default=False,
        description="SP6: boards (nämnder) of one municipality are one omsorgsgivare (U6)",
    )
    social_unit_blocks: bool = Field(
        default=False,
        description="SP5: blocks of a unit count inside an omsorgsgivare (U5)",
    )
    care_coordination: bool = Field(
        default=False,
        description="VG1 and what follows it, OG1 too: CARE_COORDINATION is a purpose (U7)",
    )
    emergency_social_care: bool = Field(
        default=False,
        description="VG6: emergency access reaches data of an omsorgsgivare (U1)",
    )
    guardian_consent: bool = Field(
        default=False,
        description="OG5: a guardian may consent to data of a vårdgivare (U2)",
    )
    hide_existence: bool = Field(
        default=False,
        description="VG4, OG2, SP2, VG12: not even existence is told (U12)",
    )
    hide_blocked_from_citizen: bool = Field(
        default=False,
        description="CZ5, CZ9: own health care data that are blocked are masked (U3)",
    )
    citizen_blocked_social_care: bool = Field(
        default=False,
        description="CZ6: own data of an omsorgsgivare are shown though blocked (U3)",
    )
    citizen_released_parts: bool = Field(
        default=False,
        description="CZ7: other parts that the owner has marked as releasable are shown (U4)",
    )
    young_citizens: bool = Field(
        default=False,
        description="CZ8: exceptions by a unit's head count for those of 13 to 15 years (U11)",
    )
    guardians_of_teenagers: bool = Field(
        default=False,
        description="CZ10: extensions by a unit's head count until 16 years (U11)",
    )
    adult_agents: bool = Field(
        default=False,
        description="CZ12: an adult agent (ombud) with a mandate may read (U10)",
    )


class AuditSettings(_Section):
    """How the access log proves that it is whole."""

    head_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=60.0, description="how long a row of the access log may wait for a signed head"
    )
    head_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=1000, description="so many new rows are signed for at once"
    )
    heads_file: Path | None = Field(
        default=None, description="file that signed heads are copied to, on another disk"
    )
    keep_years: Annotated[int, Field(ge=5, le=100)] = Field(
        default=10, description="rows younger than this cannot be let go; the law demands 5"
    )
    store_log: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/?#@]+(?:/[^\s#]*)?$",
        description="URL of a log service (StoreLog 2) that hears what staff has seen",
    )
    store_log_address: Address | None = Field(
        default=None,
        description="its logical address; left out: the care giver whose staff it was",
    )
    store_log_system: Annotated[str, Field(pattern=r"^[A-Za-z0-9_:.-]{1,32}$")] | None = Field(
        default=None, description="HSA-id of this hub in log records; left out: its first address"
    )
    store_log_through: Teller | None = Field(
        default=None,
        description="the hub that delivers ours, by the message broker: its first address and its"
        " public key, a blank between; none: store_log is called from here",
    )
    store_log_for: tuple[LoggingHub, ...] = Field(
        default=(),
        max_length=100,
        description="hubs whose records come by the message broker and are delivered to store_log:"
        " HSA-id in log records and public key, a blank between",
    )
    store_log_attempts: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=300,
        description="failures in a row after which what those hubs have given us becomes dead"
        " letters",
    )
    report_seconds: Annotated[float, Field(ge=0.1, le=15)] = Field(
        default=10.0, description="GetAccessLogsForPatient: later than this, the report is queued"
    )
    report_rows: Annotated[int, Field(ge=1, le=10_000)] = Field(
        default=10_000, description="GetAccessLogsForPatient: a larger report is refused"
    )

    @model_validator(mode="after")
    def _safe(self) -> AuditSettings:
        if self.store_log and self.store_log.startswith("http:"):
            host = re.sub(r":\d+$", "", self.store_log.split("/")[2]).strip("[]")
            if not _is_loopback(host):
                raise ValueError("store_log must be https, or http on a loopback address")
        if self.store_log_for and not self.store_log:
            raise ValueError("store_log_for: needs store_log, where they are delivered to")
        if self.store_log_through and self.store_log and not self.store_log_for:
            raise ValueError("store_log and store_log_through: our own records go by one of them")
        return self

    @field_validator("store_log_for")
    @classmethod
    def _each_key_is_one(cls, hubs: tuple[str, ...]) -> tuple[str, ...]:
        return _of_different_keys(hubs, "hub")


class PopulationSettings(_Section):
    """The population register (folkbokföring), as an operator loads it."""

    longest_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=36.0, description="a population register older than this answers nothing"
    )


class ClaimSettings(_Section):
    """Under which names an issuer's tokens say things. The defaults are those of Sambi."""

    hsa_id: ClaimName = Field(default="employeeHsaId", description="HSA-id of the employee")
    name: ClaimName = Field(default="name", description="the user's name, for people")
    title: ClaimName = Field(default="title", description="the employee's title")
    assignment: ClaimName = Field(
        default="commissionHsaId", description="HSA-id of the assignment (medarbetaruppdrag)"
    )
    care_giver: ClaimName = Field(
        default="healthCareProviderHsaId",
        description="HSA-id of the care giver (vårdgivare, omsorgsgivare)",
    )
    care_unit: ClaimName = Field(
        default="healthCareUnitHsaId", description="HSA-id of the care unit (vårdenhet)"
    )
    purpose: ClaimName = Field(
        default="commissionPurpose", description="what the assignment is for (ändamål)"
    )
    person: ClaimName = Field(
        default="personalIdentityNumber",
        description="the citizen's personnummer or samordningsnummer",
    )
    assurance: ClaimName = Field(
        default="acr", description="level of assurance (tillitsnivå) of the login"
    )
    scope: ClaimName = Field(default="scope", description="what the client may do for the user")

    @model_validator(mode="after")
    def _each_says_one_thing(self) -> ClaimSettings:
        names = [getattr(self, key) for key in type(self).model_fields]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"one claim cannot mean two things: {', '.join(twice)}")
        return self


class IssuerSettings(_Section):
    """One identity provider whose tokens let users in."""

    issuer: str = Field(
        max_length=512,
        description="its URL, exactly as in its tokens (iss); keys are found below it",
    )
    kind: Literal["staff", "citizen"] = Field(description="whom its tokens are of: one kind only")
    audience: tuple[Annotated[str, Field(min_length=1, max_length=512)], ...] = Field(
        description="what its tokens call this hub (aud); one of them is enough"
    )
    authority: Path | None = Field(
        default=None,
        description="who issued its TLS certificate, PEM; the machine's trust store otherwise",
    )
    algorithms: tuple[Literal["RS256", "PS256", "ES256", "EdDSA"], ...] = Field(
        default=("RS256", "PS256", "ES256", "EdDSA"),
        description="how its tokens may be signed",
    )
    leeway_seconds: Annotated[float, Field(ge=0, le=120)] = Field(
        default=30.0, description="how far its clock may be from ours"
    )
    longest_hours: Annotated[float, Field(gt=0, le=24)] = Field(
        default=12.0, description="tokens that are valid for longer than this are refused"
    )
    fresh_seconds: Annotated[float, Field(ge=1, le=3600)] = Field(
        default=300.0, description="its keys are fetched anew when they are older than this"
    )
    keys_hours: Annotated[float, Field(gt=0, le=72)] = Field(
        default=12.0, description="how long its last keys still count while it does not answer"
    )
    claims: ClaimSettings = Field(
        default=ClaimSettings(), description="names of claims, where they are not the usual ones"
    )
    assurance: dict[str, Annotated[int, Field(ge=1, le=4)]] = Field(
        default={
            "http://id.sambi.se/loa/loa1": 1,
            "http://id.sambi.se/loa/loa2": 2,
            "http://id.sambi.se/loa/loa3": 3,
            "http://id.sambi.se/loa/loa4": 4,
            "http://id.elegnamnden.se/loa/1.0/loa2": 2,
            "http://id.elegnamnden.se/loa/1.0/loa3": 3,
            "http://id.elegnamnden.se/loa/1.0/loa4": 4,
        },
        min_length=1,
        max_length=100,
        description="what its tokens say of the login -> level of assurance, 1 to 4",
    )
    purposes: dict[str, PurposeWord] = Field(
        default={"Vård och behandling": "CARE", "Statistik": "STATISTICS"},
        max_length=100,
        description="what its tokens say of the purpose -> the purpose of the access rules",
    )

    @field_validator("audience", "algorithms")
    @classmethod
    def _not_none(cls, told: tuple[str, ...]) -> tuple[str, ...]:
        if not told:  # not min_length, as for listeners
            raise ValueError("at least one is needed")
        return told

    @field_validator("issuer")
    @classmethod
    def _safe_to_ask(cls, issuer: str) -> str:
        if (fault := fault_of_url(issuer, plain_on_loopback=True)) or "?" in issuer:
            raise ValueError(fault or "no query belongs in it")
        return issuer


class UserSettings(_Section):
    """Who may say who a user is."""

    issuer: tuple[IssuerSettings, ...] = Field(
        default=(), max_length=20, description="identity providers; none: no user is let in"
    )
    base_url: str | None = Field(
        default=None,
        max_length=512,
        description="how clients reach the hub, where that is not what their Host header says",
    )
    step_seconds: Annotated[float, Field(gt=0, le=10)] = Field(
        default=0.25,
        description="answers leave at a multiple of this: their time must tell nothing",
    )
    handle_minutes: Annotated[float, Field(gt=0, le=1440)] = Field(
        default=30.0, description="how long the id of a resource can be used to read it again"
    )

    @field_validator("issuer")
    @classmethod
    def _each_is_one(cls, issuers: tuple[IssuerSettings, ...]) -> tuple[IssuerSettings, ...]:
        if len({each.issuer for each in issuers}) < len(issuers):
            raise ValueError("an issuer stands twice: its tokens are of one kind of user")
        return issuers

    @field_validator("base_url")
    @classmethod
    def _can_be_reached(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if (fault := fault_of_url(url, plain_on_loopback=True)) or "?" in url:
            raise ValueError(fault or "no query belongs in it")
        return url.rstrip("/")


def fault_of_url(url: str, *, plain_on_loopback: bool) -> str | None:
    """What is wrong with the address of something that must not be tapped or forged."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "it must be a URL"
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        return "it must be a URL, percent-encoded"
    if not parts.hostname or port == 0 or "#" in url or "@" in parts.netloc:
        return "it must be a URL with a host, and without user name and fragment"
    if parts.scheme == "https" or (
        parts.scheme == "http" and plain_on_loopback and _is_loopback(parts.hostname)
    ):
        return None
    return "it must begin with https:// (http:// only on loopback)"


class ConsoleSettings(_Section):
    """The operators' console, and who else than holders of tokens may log in to it."""

    session_hours: Annotated[float, Field(gt=0, le=24)] = Field(
        default=8.0, description="how long one login lasts at most"
    )
    idle_minutes: Annotated[float, Field(ge=1, le=480)] = Field(
        default=30.0, description="a login ends when nothing has been done for so long"
    )
    url: str | None = Field(
        default=None,
        max_length=512,
        description="the console as browsers call it, where people log in by their own provider",
    )
    issuer: str | None = Field(
        default=None,
        max_length=512,
        description="identity provider (OpenID Connect) at which staff log in to the console",
    )
    authority: Path | None = Field(
        default=None,
        description="who issued that provider's TLS certificate, PEM; the machine's trust store"
        " otherwise",
    )
    client_id: str = Field(
        default="", max_length=256, description="what the provider calls the console"
    )
    client_secret: Annotated[str, Field(pattern=r"^(?:file|env):.{1,255}$")] | None = Field(
        default=None,
        description="where the console's secret at the provider is: file:PATH or env:NAME; none:"
        " PKCE alone",
    )
    role_claim: ClaimName = Field(
        default="groups", description="claim that tells what somebody is; a text, or several"
    )
    roles: tuple[Annotated[str, Field(pattern=_ROLE_PAIR)], ...] = Field(
        default=(),
        max_length=50,
        description="a value of that claim = a role; the first that fits counts, without one nobody"
        " comes in",
    )

    @model_validator(mode="after")
    def _whole(self) -> ConsoleSettings:
        if self.issuer is None:
            return self
        for name in ("issuer", "url"):
            address = getattr(self, name)
            if address is None:
                raise ValueError("with issuer, url is needed: where the provider sends people back")
            fault = fault_of_url(address, plain_on_loopback=True)
            if fault or "?" in address:
                raise ValueError(f"{name}: {fault or 'no query belongs in it'}")
        if not (self.url or "").endswith("/console"):
            raise ValueError("url: must end with /console")
        if not self.client_id or not self.roles:
            raise ValueError("with issuer, client_id and roles are needed")
        return self


class SecuritySettings(_Section):
    """Where consents and blocks are kept."""

    addresses: tuple[Address, ...] = Field(
        default=(),
        description=(
            "logical addresses under which the embedded services are served: the first is the"
            " whole service's, each further one a care giver's own; none: not served"
        ),
    )
    consents: str = Field(
        default="embedded", max_length=512, description="the consent service that decisions ask"
    )
    blocks: str = Field(
        default="embedded", max_length=512, description="the block service that decisions ask"
    )
    logical_address: Address = Field(
        default="SE165565594230-1000", description="logical address of the outside services"
    )
    seconds: Annotated[float, Field(gt=0, le=28)] = Field(
        default=2.0, description="how long an outside service may take to answer"
    )

    @field_validator("consents", "blocks")
    @classmethod
    def _kept_here_or_safe_to_ask(cls, where: str) -> str:
        if where != "embedded" and (fault := fault_of_url(where, plain_on_loopback=True)):
            raise ValueError(f'"embedded", or {fault.removeprefix("it must be ")}')
        return where


class BrokerSettings(_Section):
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
    if parts.scheme not in SECURED and not _is_loopback(parts.hostname):
        return f"it must begin with {parts.scheme}s://; without TLS on loopback only"
    return None


_QUIET = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MAIL_SERVER = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}", re.ASCII)
SecretReference = Annotated[str, Field(pattern=r"^(file|env):.+$", max_length=512)]
MailAddress = Annotated[str, Field(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}$")]


class AlertSettings(_Section):
    """When people are told of trouble, and how."""

    every_seconds: Annotated[float, Field(ge=0.2, le=3600)] = Field(
        default=30.0, description="how often the rules are looked at"
    )
    off: tuple[RuleId, ...] = Field(default=(), description="rules that do not count")
    quiet_hours: str = Field(
        default="",
        description="when only what is critical is told at once, Swedish time; empty: never",
    )
    link: str = Field(
        default="",
        max_length=512,
        description="address of the pages where an operator looks; stands in every alert",
    )
    webhook: str | None = Field(
        default=None, max_length=512, description="URL that alerts are posted to as CloudEvents"
    )
    webhook_secret: SecretReference | None = Field(
        default=None, description="file:<path> or env:<NAME> of the key that signs what is posted"
    )
    authority: Path | None = Field(
        default=None,
        description="who may issue the certificates of webhook and mail server, PEM; left out: "
        "whom the machine trusts",
    )
    mail_server: str | None = Field(default=None, description="mail server, host:port")
    mail_tls: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how it is reached; none: on loopback only"
    )
    mail_user: str | None = Field(default=None, max_length=256, description="log in there as")
    mail_password: SecretReference | None = Field(
        default=None, description="file:<path> or env:<NAME> of the password"
    )
    mail_from: MailAddress | None = Field(default=None, description="sender of alerts")
    mail_to: tuple[MailAddress, ...] = Field(
        default=(), max_length=50, description="who gets alerts: functions rather than persons"
    )
    language: Literal["sv", "en"] = Field(
        default="sv", description="language of mails and of what is posted to the webhook"
    )

    @model_validator(mode="after")
    def _can_be_told(self) -> AlertSettings:
        begins, _, ends = self.quiet_hours.partition("-")
        if self.quiet_hours and (not _QUIET.fullmatch(self.quiet_hours) or begins == ends):
            raise ValueError("quiet_hours is written as 22:00-06:00")
        for name in ("webhook", "link"):
            url = getattr(self, name)
            if url and (fault := fault_of_url(url, plain_on_loopback=True)):
                raise ValueError(f"{name}: {fault}")
        if self.webhook_secret and not self.webhook:
            raise ValueError("webhook_secret goes with webhook")
        if self.mail_server is None:
            if self.mail_to or self.mail_from or self.mail_user:
                raise ValueError("mail needs mail_server, mail_from and mail_to")
            return self
        if not _MAIL_SERVER.fullmatch(self.mail_server):
            raise ValueError("mail_server is written as host:port")
        if not self.mail_to or self.mail_from is None:
            raise ValueError("mail needs mail_server, mail_from and mail_to")
        if (self.mail_user is None) != (self.mail_password is None):
            raise ValueError("mail_user and mail_password go together")
        if self.mail_tls == "none" and not _is_loopback(self.mail_server.rpartition(":")[0]):
            raise ValueError("mail_tls: none is for a mail server on loopback only")
        return self


class TraceSettings(_Section):
    """Traces for OpenTelemetry; needs the extra ``samsvar[traces]``."""

    endpoint: str | None = Field(
        default=None, max_length=512, description="OTLP over HTTP is sent there; left out: none is"
    )
    sample: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1, description="share of questions that are traced, where the caller has not said"
    )
    to_producers: bool = Field(
        default=False, description="send traceparent to producers that speak the contract"
    )

    @field_validator("endpoint")
    @classmethod
    def _safe(cls, endpoint: str | None) -> str | None:
        if endpoint and (fault := fault_of_url(endpoint, plain_on_loopback=True)):
            raise ValueError(fault)
        return endpoint


class RetentionSettings(_Section):
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


class Settings(_Section):
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


def taken_from_environment(name: str) -> str:
    """A variable that is no setting, and that no process further down shall see; empty: none."""
    return os.environ.pop(name, "")


def load(path: Path | None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the file, lay the environment over it (``SAMSVAR_HUB__DEADLINE_SECONDS=20``).

    Relative paths in the file are relative to the file.

    Raises:
        SettingsInvalid: with every fault at once.
    """
    environment = os.environ if environment is None else environment
    tree: dict[str, Any] = {}
    where, text = "environment", ""
    if path is not None:
        where = str(path)
        try:
            tree, text = settings_file.read(path)
        except settings_file.FileUnreadable as error:
            raise SettingsInvalid([str(error)]) from error
    of_another_kind = list(_of_another_kind(tree, Settings))
    faults, origins = _lay_over(tree, environment)
    settings, found = Settings(), list[Any]()
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        found = list(error.errors())
    others = {one["loc"]: one for one in of_another_kind if tuple(one["loc"][:2]) not in origins}
    told = [others.pop(fault["loc"], fault) for fault in found]
    told += others.values()
    # A list whose members are faulty is not also too short.
    lists = {fault["loc"][:-1] for fault in told}
    told = [one for one in told if one["type"] != "too_short" or one["loc"] not in lists]
    faults += [_sentence(where, origins, fault, text) for fault in told]
    if not faults:
        try:
            return _resolved(settings, path.parent if path else Path.cwd())
        except LookupError as error:
            told_by = origins.get(("hub", "database"), f"{where}: hub.database")
            faults.append(f"{told_by}: {error}")
    raise SettingsInvalid(faults)


def read_secret(reference: str, base: Path) -> str:
    """What ``file:<path>`` or ``env:<NAME>`` refers to, without its last newline.

    Raises:
        LookupError: nothing there; the text names the reference, never a value.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name in os.environ:
        return os.environ[name]
    if kind == "file":
        try:
            return (base / name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise LookupError(f"{reference}: cannot be read") from error
    raise LookupError(f"{reference}: no such secret; give file:<path> or env:<NAME>")


def _lay_over(
    tree: dict[str, Any], environment: Mapping[str, str]
) -> tuple[list[str], dict[tuple[str, str], str]]:
    """Faults, and which variable each section and key was told by."""
    faults: list[str] = []
    origins: dict[tuple[str, str], str] = {}
    for name, text in sorted(environment.items()):
        if not name.startswith(PREFIX):
            continue
        section, _, key = name[len(PREFIX) :].lower().partition("__")
        field = Settings.model_fields.get(section)
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, _Section)):
            faults.append(f"{name}: no such setting")
            continue
        if kind is UserSettings and (key == "issuer" or key not in kind.model_fields):
            faults.append(f"{name}: no such setting; [[users.issuer]] stands in the file only")
            continue
        if key not in kind.model_fields:
            known = ", ".join(f"{PREFIX}{section}__{each}".upper() for each in kind.model_fields)
            faults.append(f"{name}: no such setting; there are {known}")
            continue
        several = "tuple" in str(kind.model_fields[key].annotation)
        told = tree.setdefault(section, {})
        if isinstance(told, dict):  # if not, the check of the whole says so
            told[key] = text.split(",") if several else text
            origins[section, key] = name
    return faults, origins


def _sentence(
    where: str, origins: Mapping[tuple[str, str], str], fault: Mapping[str, Any], text: str
) -> str:
    place = tuple(fault["loc"])
    told = settings_file.in_words(fault, _names_at(place[:-1]))
    variable = origins.get(place[:2])
    if variable is not None:
        return f"{variable}: {told}"
    if not place:
        return f"{where}: {told}"
    line = settings_file.line_of(text, place)
    at = "" if line is None else f" (line {line})"
    return f"{where}: {'.'.join(str(part) for part in place)}: {told}{at}"


def _names_at(place: Sequence[str | int]) -> list[str]:
    """The settings that there are in a section; the sections, at the top."""
    section: type[BaseModel] = Settings
    for part in place:
        if isinstance(part, str) and part in section.model_fields:
            section = _section_of(section.model_fields[part].annotation) or section
    return list(section.model_fields)


def _section_of(annotation: Any) -> type[_Section] | None:
    """The section that a field holds, or holds a list of."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and issubclass(kind, _Section):
            return kind
    return None


def _of_another_kind(
    tree: Mapping[str, Any], section: type[BaseModel], above: tuple[str | int, ...] = ()
) -> Iterator[dict[str, Any]]:
    """Values of the file that would be turned into what they are not: "28", true for 1, 1 for
    true. What a variable says is text, and is read as what it stands for."""
    for name, value in tree.items():
        field = section.model_fields.get(name)
        wanted = field.annotation if field else None
        if (inner := _section_of(wanted)) is not None:
            tables = enumerate(value) if isinstance(value, list) else [(None, value)]
            for number, table in tables:
                if isinstance(table, dict):
                    place = (*above, name) if number is None else (*above, name, number)
                    yield from _of_another_kind(table, inner, place)
        elif wanted is bool and not isinstance(value, bool):
            yield {"type": "bool_type", "loc": (*above, name)}
        elif wanted in (int, float) and isinstance(value, bool | str):
            kind = "int_type" if wanted is int else "float_type"
            yield {"type": kind, "loc": (*above, name)}


def _resolved(settings: Settings, base: Path) -> Settings:
    """The same with every path made absolute, from the settings file's folder.

    Raises:
        LookupError: what the database's reference names is not there.
    """

    def absolute(section: Any) -> Any:
        changes = {
            name: base / value
            for name in type(section).model_fields
            if isinstance(value := getattr(section, name), Path)
        }
        return section.model_copy(update=changes)

    hub = absolute(settings.hub)
    database = _database_url(hub.database, base)
    return settings.model_copy(
        update={
            "hub": hub.model_copy(update={"database": database}),
            "producers": absolute(settings.producers),
            "audit": absolute(settings.audit),
            "broker": absolute(settings.broker),
            "alerts": absolute(settings.alerts),
            "console": absolute(settings.console),
            "listen": tuple(absolute(listener) for listener in settings.listen),
            "users": settings.users.model_copy(
                update={"issuer": tuple(absolute(each) for each in settings.users.issuer)}
            ),
        }
    )


def _database_url(told: SecretStr | None, base: Path) -> SecretStr | None:
    if told is None or told.get_secret_value().startswith("postgres"):
        return told
    reference = told.get_secret_value()
    url = read_secret(reference, base).strip()
    if not url.startswith(("postgresql://", "postgres://")):
        raise LookupError(f"{reference}: must hold {_URL_FORM}")
    return SecretStr(url)
