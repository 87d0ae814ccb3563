"""Foreign errors become ours in one table, and every class that aiohttp has is judged in it."""

from __future__ import annotations

import inspect

import aiohttp
import pytest

from samsvar.errors import (
    ProducerAnswerInvalid,
    ProducerError,
    ProducerTimedOut,
    ProducerUnreachable,
)
from samsvar.outbound.http_client import ERRORS, client_tls, translated
from samsvar.settings import ProducerSettings

#: every exception of aiohttp that a call may raise -> what a consumer is told of it
JUDGED: dict[str, type[ProducerError]] = {
    "ClientConnectionError": ProducerUnreachable,
    "ClientConnectionResetError": ProducerUnreachable,
    "ClientConnectorCertificateError": ProducerUnreachable,
    "ClientConnectorDNSError": ProducerUnreachable,
    "ClientConnectorError": ProducerUnreachable,
    "ClientConnectorSSLError": ProducerUnreachable,
    "ClientError": ProducerUnreachable,
    "ClientHttpProxyError": ProducerAnswerInvalid,
    "ClientOSError": ProducerUnreachable,
    "ClientPayloadError": ProducerAnswerInvalid,
    "ClientProxyConnectionError": ProducerUnreachable,
    "ClientResponseError": ProducerAnswerInvalid,
    "ClientSSLError": ProducerUnreachable,
    "ConnectionTimeoutError": ProducerTimedOut,
    "ContentTypeError": ProducerAnswerInvalid,
    "InvalidURL": ProducerUnreachable,
    "InvalidUrlClientError": ProducerUnreachable,
    "InvalidUrlRedirectClientError": ProducerUnreachable,
    "NonHttpUrlClientError": ProducerUnreachable,
    "NonHttpUrlRedirectClientError": ProducerUnreachable,
    "RedirectClientError": ProducerUnreachable,
    "ServerConnectionError": ProducerUnreachable,
    "ServerDisconnectedError": ProducerUnreachable,
    "ServerFingerprintMismatch": ProducerUnreachable,
    "ServerTimeoutError": ProducerTimedOut,
    "SocketTimeoutError": ProducerTimedOut,
    "TooManyRedirects": ProducerAnswerInvalid,
    "UploadAbortedError": ProducerUnreachable,
    "WSServerHandshakeError": ProducerAnswerInvalid,
}

#: exceptions that no call of ours can raise: websockets, multipart, warnings, the server's side
NOT_OURS = {
    "BadContentDispositionHeader",
    "BadContentDispositionParam",
    "EofStream",
    "WSMessageTypeError",
    "WebSocketError",
}


class _OfLaterVersions(aiohttp.ClientError):
    """An error that nobody has thought of."""


def _without_init(kind: type[BaseException]) -> BaseException:
    """An instance, whatever its constructor wants."""
    return kind.__new__(kind)


def test_every_exception_of_aiohttp_is_judged() -> None:
    """A new class in a later aiohttp fails here, until somebody has decided what it means."""
    found = {
        name
        for name, kind in vars(aiohttp).items()
        if inspect.isclass(kind) and issubclass(kind, BaseException)
    }

    assert found - NOT_OURS == JUDGED.keys()


@pytest.mark.parametrize("name", JUDGED)
def test_an_exception_of_aiohttp_becomes_the_one_that_says_who_must_act(name: str) -> None:
    """The most specific row of the table wins."""
    assert type(translated(_without_init(getattr(aiohttp, name)))) is JUDGED[name]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TimeoutError(), ProducerTimedOut),
        (ConnectionResetError(), ProducerUnreachable),
        (OSError(), ProducerUnreachable),
        (ValueError("x"), ProducerUnreachable),
        (_OfLaterVersions("x"), ProducerUnreachable),
    ],
)
def test_other_errors_are_judged_too(error: BaseException, expected: type[ProducerError]) -> None:
    """None gets past as what it was."""
    assert type(translated(error)) is expected


def test_no_text_of_ours_quotes_the_foreign_one() -> None:
    """aiohttp's words may hold a URL or what the producer sent."""
    error = aiohttp.ClientPayloadError("191212121212 in the middle")

    assert str(translated(error)) == "its answer was cut short"


def test_consumers_find_the_word_timeout_where_it_was_one() -> None:
    """They look for it (compat 4.6)."""
    late = [text for ours, text in ERRORS.values() if ours is ProducerTimedOut]

    assert late
    assert [text for text in late if "timeout" not in text] == []


def test_without_certificates_the_machine_decides_whom_to_trust() -> None:
    """No context of ours; never one that checks nothing."""
    assert client_tls(ProducerSettings()) is None
