"""How people are told of alerts, by the settings."""

from __future__ import annotations

import ssl
from pathlib import Path

from samsvar.errors import ResourcesMissing
from samsvar.outbound.alert_mail import Mail, MailServer
from samsvar.outbound.alert_webhook import Webhook
from samsvar.ports import Clock
from samsvar.settings import Settings, read_secret
from samsvar.watch.alerts import Channel


def channels_of(settings: Settings, base: Path, clock: Clock) -> dict[str, Channel]:
    """How people are told.

    Raises:
        ResourcesMissing: a secret or the authority's file is not there.
    """
    told, name = settings.alerts, settings.hub.instance_id
    tls = _tls(told.authority)
    found: dict[str, Channel] = {}
    if told.webhook is not None:
        found["webhook"] = Webhook(
            told.webhook,
            clock.now,
            instance=name,
            link=told.link,
            language=told.language,
            secret=_secret(told.webhook_secret, base),
            tls=tls,
        )
    if told.mail_server is not None and told.mail_from is not None:
        host, _, port = told.mail_server.rpartition(":")
        server = MailServer(
            host,
            int(port),
            told.mail_tls,
            tls,
            told.mail_user,
            _secret(told.mail_password, base),
        )
        found["mail"] = Mail(
            server,
            told.mail_from,
            told.mail_to,
            instance=name,
            link=told.link,
            language=told.language,
        )
    return found


def _secret(reference: str | None, base: Path) -> str | None:
    if reference is None:
        return None
    try:
        return read_secret(reference, base)
    except LookupError as error:
        raise ResourcesMissing(f"alerts: {error}") from error


def _tls(authority: Path | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    try:
        return ssl.create_default_context(cafile=str(authority))
    except OSError as error:
        raise ResourcesMissing(f"alerts.authority: {authority}: no PEM") from error
