"""What a refusal looks like on the wire: one table from error class to SOAP fault.

The codes and Swedish texts are the national platform's, to the letter: consumers compare them.
Knows nothing of why anything was refused, nor of HTTP but the one status. No other place
decides by the class of an error what a consumer sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from samsvar import errors
from samsvar.errors import HubError
from samsvar.soap import rivta
from samsvar.soap.shown import shown

__all__ = ["FAULT_STATUS", "TABLE", "FaultRow", "fault_bytes", "row_of", "shown"]

FAULT_STATUS: Final = 500
"""HTTP status of every fault (SOAP 1.1, section 6.2; Basic Profile 1.1, R1126)."""

_CLIENT = "Client"
_SERVER = "Server"


@dataclass(frozen=True, slots=True)
class FaultRow:
    """How one class of errors is told. ``opening`` begins the detail unless the error's own
    text already does: the national tests look for it. ``bare``: the detail is empty there."""

    code: str
    faultcode: str
    text: str
    opening: str = ""
    bare: bool = False


_MALFORMED_TEXT = "Anrop ej korrekt utformat och kan därför inte behandlas."
_INDEX_OPENING = "A technical error has occurred, error message:"
_UNFORESEEN = FaultRow(
    "VP012",
    _SERVER,
    "Internt fel i tjänsteplattformen. Nödvändiga resurser saknas för att VP skall fungera.",
    "Server problem, VP does not have all necessary resources to operate.",
)
_PRODUCER = FaultRow("VP009", _SERVER, "Fel vid kontakt med tjänsteproducenten.")

TABLE: Final[dict[type[HubError], FaultRow]] = {
    HubError: _UNFORESEEN,
    errors.RivtaVersionMissing: FaultRow(
        "VP001",
        _CLIENT,
        "Rivta-version saknas i anrop eller stöds ej av tjänsteplattformen.",
        "No RIV version configured",
    ),
    errors.SenderUnknown: FaultRow(
        "VP002",
        _CLIENT,
        "Fel i klientcertifikat. Saknas, är av felaktig typ, eller är felaktigt utformad.",
    ),
    errors.AddressMissing: FaultRow(
        "VP003",
        _CLIENT,
        "Logisk adressat (ReceiverId) saknas i RivHeadern i inkommande meddelande.",
        "No receiverId (logical address) found in message header.",
    ),
    errors.NoRoute: FaultRow(
        "VP004",
        _CLIENT,
        "Det finns inget vägval i tjänsteadresseringskatalogen som matchar anropets logiska"
        " adressat (ReceiverId) och tjänstekontrakt. Kontrollera uppgifterna i anropet och vid"
        " behov, beställ konfigurering i aktuell tjänsteplattform.",
    ),
    errors.ProfileMismatch: FaultRow(
        "VP005",
        _CLIENT,
        "Tjänsteproducenten stödjer inte anropets angivna rivta-version. Kontrollera uppgifterna.",
    ),
    errors.AmbiguousRoute: FaultRow(
        "VP006",
        _SERVER,
        "Internt fel i tjänsteplattformen. Det finns fler än en tjänsteproducent definierad i"
        " tjänsteadresseringskatalogen som matchar logisk adressat (ReceiverId), tjänstekontrakt"
        " och dagens datum. Tyder på felkonfiguration. Rapportera felet till"
        " tjänsteplattformsförvaltningen.",
    ),
    # Server, though the caller must act: so says the national platform, and retries look at it.
    errors.NotPermitted: FaultRow(
        "VP007",
        _SERVER,
        "Tjänstekonsumenten saknar behörighet att anropa den logiska adressaten via detta"
        " tjänstekontrakt. Kontrollera uppgifterna och vid behov, tillse att det beställs"
        " konfiguration i aktuell tjänsteplattform.",
    ),
    # The hub's own refusal, for consumers whose users' rules it applies itself.
    errors.AccessRefused: FaultRow(
        "VP007",
        _SERVER,
        "Uppgifterna får inte lämnas ut till den som frågar. Kontrollera vem frågan ställs för"
        " (headern Actor) och i vilket syfte.",
    ),
    errors.CatalogueUnavailable: FaultRow(
        "VP008",
        _SERVER,
        "Internt fel i tjänsteplattformen. Ingen kontakt med tjänsteadresseringskatalogen."
        " Informera tjänsteplattformsförvaltningen.",
        "No contact with TAK at startup, and no local cache to fallback on,"
        " not possible to route call",
    ),
    errors.ProducerError: _PRODUCER,
    errors.ProducerFailed: _PRODUCER,
    errors.AddressEmpty: FaultRow(
        "VP010",
        _SERVER,
        "Internt fel i tjänsteplattformen. URL saknas för tjänsteproducenten i tjänsteplattformens"
        " tjänsteadresseringskatalog.",
    ),
    errors.ListenerNotTrusted: FaultRow(
        "VP011",
        _CLIENT,
        "Anrop har gjorts utanför TLS vilket ej är tillåtet. Tjänstekonsumenten ska alltid använda"
        " TLS för säker kommunikation.",
    ),
    errors.ResourcesMissing: _UNFORESEEN,
    errors.AuditUnavailable: _UNFORESEEN,
    errors.FactsUnavailable: _UNFORESEEN,
    errors.OriginalConsumerRefused: FaultRow(
        "VP013",
        _CLIENT,
        "Enligt tjänsteplattformens konfiguration saknar tjänstekonsumenten rätt att använda"
        " headern x-rivta-original-serviceconsumer-hsaid. Kontakta"
        " tjänsteplattformsförvaltningen.",
        "Sender is not approved to set header x-rivta-original-serviceconsumer-hsaid.",
    ),
    errors.RoutingLoop: FaultRow(
        "VP014",
        _SERVER,
        "Anropsförmedlingen för den logiska adressaten har givit upphov till rundgång mellan"
        " tjänsteplattformar. Rapportera felet till tjänsteplattformsförvaltningen.",
        bare=True,
    ),
    errors.MalformedRequest: FaultRow(
        "VP015", _CLIENT, _MALFORMED_TEXT, "The request could not be read properly."
    ),
    # Only where the contract has no result to say it in.
    errors.RuleBroken: FaultRow("VP015", _CLIENT, _MALFORMED_TEXT),
    errors.VersionMismatch: FaultRow("VP015", "VersionMismatch", _MALFORMED_TEXT),
    errors.NotUnderstood: FaultRow("VP015", "MustUnderstand", _MALFORMED_TEXT),
    errors.EngagementIndexUnavailable: FaultRow("EI000", _SERVER, "", _INDEX_OPENING),
    errors.IndexRequestRefused: FaultRow("EI", _SERVER, ""),
    errors.RegistryRequestRefused: FaultRow("TAK", _CLIENT, ""),
}


def row_of(error: BaseException) -> FaultRow:
    """The row of the nearest class that has one; whatever nobody foresaw is VP012."""
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return _UNFORESEEN


def fault_bytes(error: BaseException, instance_name: str) -> bytes:
    """The envelope of a fault, UTF-8. ``instance_name`` is the hub's, shown in brackets.

    An error that is not ours is told without its text, which may hold anything.
    """
    row = row_of(error)
    own_text = str(error) if isinstance(error, HubError) and not row.bare else ""
    text = _opened(row.opening, own_text)
    if row.code == "TAK":
        return _envelope(row.faultcode, own_text, None)
    if row.code.startswith("EI"):
        code = error.ei_code if isinstance(error, errors.IndexRequestRefused) else row.code
        return _envelope(row.faultcode, _opened(f"{code}:", text), None)
    return _envelope(row.faultcode, f"{row.code} [{instance_name}] {row.text}", text)


def _opened(opening: str, text: str) -> str:
    if text.startswith(opening):
        return text
    stop = "." if text and opening[-1].isalnum() else ""
    return f"{opening}{stop} {text}".strip()


_HEAD = (
    f'<SOAP-ENV:Envelope xmlns:SOAP-ENV="{rivta.SOAP}"><SOAP-ENV:Header/><SOAP-ENV:Body>'
    "<SOAP-ENV:Fault>"
)
_TAIL = "</SOAP-ENV:Fault></SOAP-ENV:Body></SOAP-ENV:Envelope>"
_LONGEST_TEXT = 2000


def _envelope(faultcode: str, faultstring: str, detail: str | None) -> bytes:
    parts = [
        _HEAD,
        f"<faultcode>SOAP-ENV:{faultcode}</faultcode>",
        f"<faultstring>{_escaped(faultstring)}</faultstring>",
    ]
    if detail is not None:
        parts.append(f"<detail><detailString>{_escaped(detail)}</detailString></detail>")
    parts.append(_TAIL)
    return "".join(parts).encode()


_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _escaped(text: str) -> str:
    plain = _NOT_XML.sub("?", text[:_LONGEST_TEXT])
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
