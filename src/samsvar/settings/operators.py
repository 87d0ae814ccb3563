"""What those who run the hub see and hear of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    Field,
    field_validator,
    model_validator,
)

from samsvar.settings.values import (
    ClaimName,
    RuleId,
    SecretReference,
    Section,
    fault_of_url,
    is_loopback,
)

#: of ``onboarding.roles``, which stands on a higher floor: a test holds the two together
_ROLE_PAIR = r"^[^=\s]{1,200}=(?:observer|operator|registrar|security-officer|auditor)$"


class ConsoleSettings(Section):
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


_QUIET = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d", re.ASCII)
_MAIL_SERVER = re.compile(r"[A-Za-z0-9.-]{1,253}:[0-9]{1,5}", re.ASCII)
MailAddress = Annotated[str, Field(pattern=r"^[!-?A-~]{1,64}@[A-Za-z0-9.-]{1,253}$")]


class AlertSettings(Section):
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
        if self.mail_tls == "none" and not is_loopback(self.mail_server.rpartition(":")[0]):
            raise ValueError("mail_tls: none is for a mail server on loopback only")
        return self


class TraceSettings(Section):
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
