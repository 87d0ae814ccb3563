"""Alerts by e-mail: the standard library's client in a thread; TLS always, but on loopback."""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate

from samsvar.model.words import Language
from samsvar.watch.alerts import Channel, Message, Undelivered
from samsvar.watch.message import as_mail

PATIENCE = 15.0


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes in, and as whom."""

    host: str
    port: int
    security: str
    """``starttls``, ``tls`` or ``none``."""
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    user: str | None = None
    password: str | None = field(default=None, repr=False)


class Mail:
    """One mail server and those who get alerts."""

    def __init__(
        self,
        server: MailServer,
        sender: str,
        recipients: tuple[str, ...],
        *,
        instance: str,
        link: str,
        language: Language,
    ) -> None:
        self._server = server
        self._sender = sender
        self._recipients = recipients
        self._instance = instance
        self._link = link
        self._language = language

    async def deliver(self, message: Message) -> None:
        """Returns when the server has taken it.

        Raises:
            Undelivered: it has not.
        """
        subject, text = as_mail(message, self._instance, self._link, self._language)
        mail = EmailMessage()
        mail["Subject"] = subject
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._recipients)
        mail["Date"] = formatdate()
        domain = self._sender.rpartition("@")[2]
        mail["Message-ID"] = f"<{message.alert.id}-{message.phase.value}@{domain}>"
        if message.phase.value != "opened":
            mail["References"] = f"<{message.alert.id}-opened@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text)
        try:
            await asyncio.to_thread(self._send, mail)
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered("the mail server refuses mail_user or mail_password") from error
        except smtplib.SMTPNotSupportedError as error:
            raise Undelivered("the mail server offers no STARTTLS: alerts.mail_tls") from error
        except smtplib.SMTPResponseException as error:
            raise Undelivered(f"the mail server answered {error.smtp_code}") from error
        except ssl.SSLCertVerificationError as error:
            raise Undelivered(
                "the mail server's certificate is not trusted: alerts.authority"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Undelivered(
                f"the mail server cannot be reached ({type(error).__name__})"
            ) from error

    def _send(self, mail: EmailMessage) -> None:
        server = self._server
        context = server.tls or ssl.create_default_context()
        if server.security == "tls":
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=PATIENCE, context=context
            )
        else:
            client = smtplib.SMTP(server.host, server.port, timeout=PATIENCE)
        with client:
            if server.security == "starttls":
                client.starttls(context=context)
            if server.user is not None and server.password is not None:
                client.login(server.user, server.password)
            refused = client.send_message(mail)
        if refused:
            raise smtplib.SMTPRecipientsRefused(refused)


_: type[Channel] = Mail  # interface guard
