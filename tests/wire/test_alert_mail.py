"""Alerts by e-mail, to a real mail server: by STARTTLS or not at all."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from samsvar.clock import SystemClock
from samsvar.model.words import Language, Words
from samsvar.outbound.alert_mail import Mail, MailServer
from samsvar.simulation.authority import TestAuthority
from samsvar.watch.alerts import Alert, Message, Phase, Undelivered
from samsvar.watch.rules import Severity
from tests.hub import free_port

pytestmark = pytest.mark.wire
ALERT = Alert(
    "a1",
    "answers-empty",
    "prator",
    Severity.CRITICAL,
    datetime(2026, 6, 10, 10, tzinfo=UTC),
    Words("om 191212121212", "about 191212121212"),
)


class Box:
    """What has come."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep it."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        return "250 OK"


def password(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
    good = data.login == b"hub" and data.password == b"secret"
    return AuthResult(success=good, handled=False)


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path, SystemClock().now())


def serving(authority: TestAuthority, box: Box, *, offered: bool = True) -> Controller:
    server = authority.server("mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    options: dict[str, Any] = {
        "auth_require_tls": True,
        "authenticator": password,
        "auth_required": offered,
    }
    if offered:
        options |= {"tls_context": context, "require_starttls": True}
    return Controller(box, hostname="127.0.0.1", port=free_port(), **options)


def mail(
    authority: TestAuthority | None,
    port: int,
    secret: str = "secret",
    language: Language = "sv",
) -> Mail:
    tls = ssl.create_default_context(cafile=str(authority.certificate)) if authority else None
    server = MailServer("127.0.0.1", port, "starttls", tls, "hub", secret)
    return Mail(
        server,
        "hub@example.se",
        ("drift@example.se", "jour@example.se"),
        instance="SAMSVAR-1",
        link="https://hub.example/console",
        language=language,
    )


async def test_a_mail_server_gets_one_mail_by_starttls_in_the_language_that_is_set(
    authority: TestAuthority,
) -> None:
    """With what to look at, and no number of a person, whatever stood in the reason."""
    box = Box()
    controller = serving(authority, box)
    controller.start()
    try:
        port = controller.port
        await mail(authority, port).deliver(Message(ALERT, Phase.OPENED, "mail"))
        await mail(authority, port, language="en").deliver(Message(ALERT, Phase.OPENED, "mail"))
        with pytest.raises(Undelivered, match="refuses mail_user or mail_password"):
            await mail(authority, port, "wrong").deliver(Message(ALERT, Phase.OPENED, "mail"))
        with pytest.raises(Undelivered, match="certificate is not trusted"):
            await mail(None, port).deliver(Message(ALERT, Phase.OPENED, "mail"))
    finally:
        controller.stop()
    swedish, english = box.mails
    assert swedish["Subject"] == "[SAMSVAR-1] kritiskt: prator: Den svarar, men med ingenting"
    assert english["Subject"] == "[SAMSVAR-1] critical: prator: It answers, but with nothing"
    assert [line.strip() for line in swedish.get_content().splitlines()] == [
        "prator: Den svarar, men med ingenting",
        "",
        "Varför:    om <masked>",
        "Sedan:     2026-06-10 12:00",
        "Se:        https://hub.example/console/alerts?subject=prator",
        "Eller kör: samsvar alerts list --id a1",
        "",
        "Samsvar SAMSVAR-1, regel answers-empty",
    ]
    for came in box.mails:
        assert came["To"] == "drift@example.se, jour@example.se"
        assert came["Auto-Submitted"] == "auto-generated"
    text = english.get_content()
    assert "about <masked>" in text
    assert "https://hub.example/console/alerts?subject=prator" in text
    assert "samsvar alerts list --id a1" in text


async def test_without_starttls_nothing_is_sent(authority: TestAuthority) -> None:
    box = Box()
    controller = serving(authority, box, offered=False)
    controller.start()
    try:
        port = controller.port
        with pytest.raises(Undelivered, match="offers no STARTTLS"):
            await mail(authority, port).deliver(Message(ALERT, Phase.OPENED, "mail"))
    finally:
        controller.stop()
    assert box.mails == []
    with pytest.raises(Undelivered, match="cannot be reached"):
        await mail(authority, port).deliver(Message(ALERT, Phase.OPENED, "mail"))
