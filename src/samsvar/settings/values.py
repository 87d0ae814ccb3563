"""Kinds of values that several sections have, and what makes an address safe to use."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

DATABASE_FORM = "postgresql://user@host:5432/name"

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


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


Teller = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,64} x25519:[0-9A-Za-z_-]{43}$", max_length=130)
]

LoggingHub = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9-]{1,32} x25519:[0-9A-Za-z_-]{43}$", max_length=130)
]


def of_different_keys(named: tuple[str, ...], whose: str) -> tuple[str, ...]:
    if len({one.split(" ")[1] for one in named}) < len(named):
        raise ValueError(f"a key stands twice: it is one {whose}'s")
    return named


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
        parts.scheme == "http" and plain_on_loopback and is_loopback(parts.hostname)
    ):
        return None
    return "it must begin with https:// (http:// only on loopback)"


SecretReference = Annotated[str, Field(pattern=r"^(file|env):.+$", max_length=512)]
