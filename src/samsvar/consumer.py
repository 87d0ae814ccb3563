"""A consumer of the hub, built from the WSDL that it serves: what ``samsvar ask`` uses.

Speaks through zeep, an implementation that is not ours, so that each question is also a proof
of the wire. Knows nothing of how the hub works inside.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import zeep
from zeep.exceptions import Error as ZeepError
from zeep.plugins import HistoryPlugin
from zeep.transports import Transport

from samsvar.model.identifiers import PersonId

_STATUS = "{urn:riv:interoperability:headers:1}"
_PATHS = {
    "plans": "/vp/clinicalprocess/logistics/logistics/GetCarePlans/2/rivtabp21",
    "contacts": "/vp/clinicalprocess/logistics/logistics/GetCareContacts/3/rivtabp21",
    "contacts2": "/vp/clinicalprocess/logistics/logistics/GetCareContacts/2/rivtabp21",
}
KINDS = tuple(_PATHS)


class AskFailed(Exception):
    """The hub gave no answer; the text says why. ``fault`` is its fault text, if there was one."""

    def __init__(self, text: str, fault: str | None = None) -> None:
        super().__init__(text)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where the hub is and as whom it is asked."""

    url: str
    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None
    sender: str | None = None
    """x-vp-sender-id, for a listener that the hub trusts."""


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """One row of ProcessingStatus, as it came."""

    logical_address: str
    code: str
    agent: str | None
    error_code: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class Collected:
    """One collected answer. ``records`` are zeep's own objects."""

    correlation_id: str
    records: Sequence[Any] = field(repr=False)
    statuses: tuple[SourceStatus, ...] = ()
    result: str | None = None
    message: str | None = None
    seconds: float = 0.0


class Consumer:
    """Asks one hub. Reads the WSDL at the first question of each kind."""

    def __init__(self, hub: HubAddress, timeout: float = 35.0) -> None:
        logging.getLogger("zeep").setLevel(logging.ERROR)
        self._hub = hub
        self._session = requests.Session()
        self._session.trust_env = False
        if hub.certificate and hub.key:
            self._session.cert = (str(hub.certificate), str(hub.key))
        if hub.authority:
            self._session.verify = str(hub.authority)
        if hub.sender:
            self._session.headers["x-vp-sender-id"] = hub.sender
        self._timeout = timeout
        self._clients: dict[str, tuple[zeep.Client, HistoryPlugin]] = {}

    def ask(
        self,
        kind: str,
        person: PersonId,
        address: str,
        *,
        source: str | None = None,
        correlation_id: str | None = None,
    ) -> Collected:
        """One question. ``kind`` is one of KINDS.

        Raises:
            AskFailed: no connection, or a fault.
        """
        client, history = self._client(kind)
        operation = "GetCarePlans" if kind == "plans" else "GetCareContacts"
        headers = {"x-skltp-correlation-id": correlation_id} if correlation_id else {}
        question: dict[str, Any] = {"patientId": {"id": person.extension, "type": person.root}}
        if source:
            question["sourceSystemHSAId"] = source
        self._session.headers.update(headers)
        begun = time.monotonic()
        try:
            answer = getattr(client.service, operation)(
                **question, _soapheaders={"LogicalAddress": address}
            )
        except zeep.exceptions.Fault as fault:
            raise AskFailed(_fault_text(fault), fault.message) from fault
        except (requests.RequestException, ZeepError) as error:
            raise AskFailed(f"no answer from {self._hub.url}: {_plainly(error)}") from error
        finally:
            for name in headers:
                del self._session.headers[name]
        received = history.last_received or {}
        records = answer if isinstance(answer, list) else _records(answer)
        result = getattr(answer, "result", None)
        return Collected(
            received["http_headers"].get("x-skltp-correlation-id", ""),
            records,
            _statuses(received["envelope"]),
            result=str(result.resultCode) if result is not None else None,
            message=result.message if result is not None else None,
            seconds=time.monotonic() - begun,
        )

    def _client(self, kind: str) -> tuple[zeep.Client, HistoryPlugin]:
        if kind not in self._clients:
            history = HistoryPlugin()  # type: ignore[no-untyped-call]
            transport = Transport(  # type: ignore[no-untyped-call]
                session=self._session,
                timeout=self._timeout,
                operation_timeout=self._timeout,
            )
            try:
                client = zeep.Client(  # type: ignore[no-untyped-call]
                    f"{self._hub.url}{_PATHS[kind]}?wsdl", transport=transport, plugins=[history]
                )
            except (requests.RequestException, ZeepError) as error:
                raise AskFailed(f"no WSDL from {self._hub.url}: {_plainly(error)}") from error
            self._clients[kind] = client, history
        return self._clients[kind]


def _records(answer: Any) -> Sequence[Any]:
    if answer is None:
        return ()
    for name in ("carePlan", "careContact"):
        found = getattr(answer, name, None)
        if found is not None:
            return list(found)
    return ()


def _statuses(envelope: Any) -> tuple[SourceStatus, ...]:
    rows = envelope.iterfind(f".//{_STATUS}ProcessingStatusList")
    return tuple(
        SourceStatus(
            row.findtext(f"{_STATUS}logicalAddress", ""),
            row.findtext(f"{_STATUS}statusCode", ""),
            row.findtext(f"{_STATUS}lastUnsuccessfulSynchError/{_STATUS}causingAgent"),
            row.findtext(f"{_STATUS}lastUnsuccessfulSynchError/{_STATUS}code"),
            row.findtext(f"{_STATUS}lastUnsuccessfulSynchError/{_STATUS}text"),
        )
        for row in rows
    )


def _fault_text(fault: zeep.exceptions.Fault) -> str:
    detail = fault.detail.findtext("detailString") if fault.detail is not None else None
    return f"{fault.message}\n{detail}" if detail else str(fault.message)


def _plainly(error: Exception) -> str:
    if isinstance(error, requests.exceptions.SSLError):
        return "TLS: the certificates do not fit (right authority? right client certificate?)"
    if isinstance(error, requests.exceptions.ConnectionError):
        return "connection refused or broken (is the hub running there?)"
    if isinstance(error, requests.exceptions.Timeout):
        return "it took too long"
    return type(error).__name__
