"""Alerts to a webhook: CloudEvents over https, signed; a receiver tells attempts apart by id."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from datetime import datetime

import aiohttp

from samsvar.model.words import Language
from samsvar.watch.alerts import Channel, Message, Undelivered
from samsvar.watch.message import (
    CLOUD_EVENT,
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    cloud_event,
    signature,
)

PATIENCE = 10.0


class Webhook:
    """One address."""

    def __init__(
        self,
        url: str,
        now: Callable[[], datetime],
        *,
        instance: str,
        link: str,
        language: Language,
        secret: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._now = now
        self._instance = instance
        self._link = link
        self._language = language
        self._secret = secret
        self._tls = tls

    async def deliver(self, message: Message) -> None:
        """Returns when the receiver has answered 2xx. Redirections are not followed.

        Raises:
            Undelivered: it has not.
        """
        body = cloud_event(message, self._instance, self._link, self._language)
        headers = {"content-type": CLOUD_EVENT, "user-agent": "samsvar"}
        if self._secret is not None:
            stamp = str(int(self._now().timestamp()))
            headers[TIMESTAMP_HEADER] = stamp
            headers[SIGNATURE_HEADER] = signature(self._secret, stamp, body)
        # A session for each: alerts are rare, and nothing of one must reach another.
        connector = aiohttp.TCPConnector(ssl=self._tls or True, force_close=True)
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        try:
            async with (
                aiohttp.ClientSession(
                    connector=connector,
                    timeout=timeout,
                    trust_env=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                ) as session,
                session.post(
                    self._url, data=body, headers=headers, allow_redirects=False
                ) as answer,
            ):
                status = answer.status
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Undelivered(f"the webhook cannot be reached ({_kind(error)})") from error
        if not 200 <= status < 300:
            raise Undelivered(f"the webhook answered HTTP {status}")


def _kind(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {PATIENCE:g} s"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not trusted: alerts.authority"
    return type(error).__name__


_: type[Channel] = Webhook  # interface guard
