"""Records of the access log to the log service, as StoreLog over SOAP.

By the hardened client and our certificate, to the one address that the settings name. Implements
``log_ports.LogService``; when, how often and how many is not decided here.
"""

from __future__ import annotations

from collections.abc import Sequence

from samsvar.model.catalogue import RivtaProfile
from samsvar.model.log_entry import LogEntry, LogRefusal
from samsvar.outbound.http_client import HttpClient
from samsvar.pipeline.log_ports import LogService
from samsvar.soap.envelope import request_envelope
from samsvar.soap.log_messages import STORE_LOG, read_store_log_answer, store_log

SYSTEM_NAME = "Samsvar"


class SoapLogService:
    """The log service behind a URL."""

    def __init__(
        self, client: HttpClient, url: str, *, system_id: str, logical_address: str | None = None
    ) -> None:
        """``system_id``: HSA-id of the hub, as records name it. ``logical_address``: of a service
        that keeps everybody's log; None: the care giver whose log it is."""
        self._client = client
        self._url = url
        self._system_id = system_id
        self._address = logical_address

    async def store(
        self, receiver: str, entries: Sequence[LogEntry], patience: float
    ) -> LogRefusal | None:
        """None: it has taken them all. A refusal: it has looked at them, and taken none.

        Raises:
            ProducerError: whether it took them cannot be known.
        """
        headers = {
            "Content-Type": "text/xml; charset=UTF-8",
            "SOAPAction": f'"{STORE_LOG}:StoreLog"',
        }
        if self._url.startswith("http:"):
            headers["x-vp-sender-id"] = self._system_id
        body = store_log(entries, self._system_id, SYSTEM_NAME)
        exchange = await self._client.exchange(
            "POST",
            self._url,
            headers,
            request_envelope(RivtaProfile.BP21, self._address or receiver, body),
            patience,
            again=False,
        )
        return read_store_log_answer(
            exchange.status, exchange.headers.get("content-type"), exchange.body
        )


_: type[LogService] = SoapLogService  # interface guard
