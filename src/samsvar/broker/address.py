"""How a broker is reached: the settings as a connection of kombu's, with TLS and a secret.

Knows three kinds of broker: RabbitMQ, Redis, and the process's own memory. Opens nothing.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from kombu import Connection

from samsvar.settings import SECURED, BrokerSettings

MEMORY, RABBITMQ, REDIS = "memory", "rabbitmq", "redis"
_KINDS = {
    "memory": MEMORY,
    "amqp": RABBITMQ,
    "amqps": RABBITMQ,
    "redis": REDIS,
    "rediss": REDIS,
}


class BrokerUnusable(Exception):
    """What stands in the settings cannot be used. The text says what to change."""


def kind_of(settings: BrokerSettings) -> str:
    """Which kind of broker."""
    return _KINDS[urlsplit(settings.url or "memory://").scheme]


def shown(settings: BrokerSettings) -> str:
    """The address, for people: it holds no secret."""
    return settings.url or ""


def connection(
    settings: BrokerSettings,
    read_secret: Callable[[str], str],
    *,
    blocked: Callable[[str], None] | None = None,
    unblocked: Callable[[], None] | None = None,
) -> Connection:
    """A connection that is not open yet. The secret is read anew each time.

    Raises:
        BrokerUnusable: a secret or a certificate cannot be read.
    """
    parts = urlsplit(settings.url or "memory://")
    kind = kind_of(settings)
    if kind == MEMORY:
        return Connection("memory://", transport_options={"polling_interval": 0.002})
    try:
        password = read_secret(settings.password) if settings.password else None
    except (LookupError, OSError, ValueError) as error:
        raise BrokerUnusable(f"[broker] password: {error}") from error
    name = unquote(parts.path.removeprefix("/"))
    told: dict[str, Any] = {
        "hostname": parts.hostname,
        "port": parts.port,
        "userid": settings.user,
        "password": password,
        "connect_timeout": settings.connect_seconds,
        "ssl": _tls(settings, parts.hostname or "") if parts.scheme in SECURED else False,
    }
    if kind == REDIS:
        waits = settings.connect_seconds
        told["transport_options"] = {
            "global_keyprefix": "samsvar.",
            "visibility_timeout": settings.redelivery_seconds,
            "socket_connect_timeout": waits,
            "socket_timeout": waits,
            "retry_on_timeout": False,
        }
        return Connection(transport="redis", virtual_host=name or "0", **told)
    told["transport_options"] = {
        "on_blocked": blocked,
        "on_unblocked": unblocked,
        "socket_settings": _patience(settings.heartbeat_seconds),
    }
    return Connection(
        transport="pyamqp",
        virtual_host=name or "/",
        heartbeat=settings.heartbeat_seconds,
        login_method="PLAIN",
        **told,
    )


def _patience(seconds: int) -> dict[int, int]:
    """How long what has been sent may stay unheard of before the machine gives the connection up:
    as long as silence may last. The library's own second is over when a line stands still."""
    option = getattr(socket, "TCP_USER_TIMEOUT", None)  # Linux has it
    return {option: 1000 * seconds} if option is not None else {}


def connect(made: Connection) -> None:
    """Open it, or fail at once: the library's own ``connect`` sleeps for two seconds after a
    failure and tries once more, and a broker that has just come back waits for whoever sleeps."""
    made.ensure_connection(max_retries=0, reraise_as_library_errors=False)


def _tls(settings: BrokerSettings, host: str) -> dict[str, Any]:
    """Certificates and host names are always checked."""
    for path in (settings.authority, settings.certificate, settings.key):
        if path is not None and not _readable(path):
            raise BrokerUnusable(f"[broker] {path}: cannot be read")
    if kind_of(settings) == REDIS:
        told: dict[str, Any] = {
            "ssl_cert_reqs": "required",
            "ssl_check_hostname": True,
            "ssl_min_version": ssl.TLSVersion.TLSv1_2,
        }
        names = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
    else:
        told = {
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": host,
            "tls_minimum_version": ssl.TLSVersion.TLSv1_2,
        }
        names = ("ca_certs", "certfile", "keyfile")
    files = (settings.authority, settings.certificate, settings.key)
    told |= {name: str(path) for name, path in zip(names, files, strict=True) if path is not None}
    return told


def _readable(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False
