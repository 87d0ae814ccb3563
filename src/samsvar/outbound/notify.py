"""News of the index to its subscribers, as ProcessNotification over SOAP.

By the ordinary way to a producer: its address in the catalogue, our certificate, the hardened
client. Implements ``ports.Deliverer``; when and how often is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.model.catalogue import RoutingEntry
from samsvar.model.engagement import Notification
from samsvar.outbound.http_client import HttpClient
from samsvar.ports import Deliverer
from samsvar.soap.envelope import request_envelope
from samsvar.soap.index_messages import PROCESS_NOTIFICATION, notification
from samsvar.soap.notification_answer import read_notification_answer


class SoapDeliverer:
    """Tells subscribers, in the name of the index."""

    def __init__(
        self,
        client: HttpClient,
        *,
        index_address: str,
        instance_id: str,
        correlation_over_https: bool,
    ) -> None:
        self._client = client
        self._index_address = index_address
        self._instance_id = instance_id
        self._correlation_over_https = correlation_over_https

    async def deliver(
        self,
        entry: RoutingEntry,
        batch: Sequence[Notification],
        correlation_id: str,
        patience: float,
    ) -> str | None:
        """None: the subscriber has taken it. A text: it has looked at it, and refuses it.

        Raises:
            ProducerError: whether it took it cannot be known.
        """
        address = entry.producer.address
        body = notification([each.transaction for each in batch])
        exchange = await self._client.exchange(
            "POST",
            address,
            self._headers(address, batch[0].history, correlation_id),
            request_envelope(entry.profile, entry.logical_address, body),
            min(patience, entry.producer.timeout or patience),
        )
        return read_notification_answer(
            exchange.status, exchange.headers.get("content-type"), exchange.body
        )

    def _headers(self, address: str, history: str, correlation_id: str) -> dict[str, str]:
        # The instance is not put into the history: a subscriber that passes the news on, and it
        # comes back here, should hear OK (our own posts are passed over), not of a loop.
        headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "SOAPAction": f'"{PROCESS_NOTIFICATION}:ProcessNotification"',
            "x-rivta-routing-history": history,
        }
        plain = address.startswith("http:")
        if plain:
            headers["x-vp-sender-id"] = self._index_address
            headers["x-vp-instance-id"] = self._instance_id
        if plain or self._correlation_over_https:
            headers["x-skltp-correlation-id"] = correlation_id
        return headers


_: type[Deliverer] = SoapDeliverer  # interface guard
