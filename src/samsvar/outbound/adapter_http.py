"""The HTTP port that an adapter is given: its own producer's origin, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from samsvar.adapter_api import Http, HttpAnswer, ProducerAnswerInvalid
from samsvar.outbound.http_client import HttpClient

#: the question's deadline cancels the adapter; this is only the bound that nothing lacks
LONGEST = 30.0
_USUAL_PORTS = {"http": 80, "https": 443}


class ProducerHttp:
    """Implements ``adapter_api.Http`` for one producer."""

    def __init__(self, client: HttpClient, address: str) -> None:
        self._client = client
        self._address = address

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> HttpAnswer:
        """One exchange. Relative URLs are resolved against the producer's address.

        Raises:
            ProducerAnswerInvalid: the URL (a paging link, say) leads to another origin.
        """
        try:
            target = urljoin(self._address, url)
            own = _origin(target) == _origin(self._address)
        except ValueError:  # a port or an address that cannot be
            target, own = "", False
        if not own:
            raise ProducerAnswerInvalid("it refers to another host than its own")
        exchange = await self._client.exchange(method, target, headers or {}, body, LONGEST)
        if exchange.headers.get("content-encoding", "identity") != "identity":
            raise ProducerAnswerInvalid("its answer is compressed, though that was not asked for")
        return HttpAnswer(exchange.status, exchange.headers, exchange.body)


def _origin(url: str) -> tuple[str, str | None, str | None, int | None]:
    """With the user's name, so that a URL that has one is nobody's own."""
    parts = urlsplit(url)
    return (
        parts.scheme,
        parts.username,
        parts.hostname,
        parts.port or _USUAL_PORTS.get(parts.scheme),
    )


_: type[Http] = ProducerHttp  # interface guard
