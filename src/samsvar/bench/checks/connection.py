"""Checks of the connection: DNS, TCP, TLS, certificates. Judged once for a producer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta

from samsvar.bench.connection import Door, DoorSeen
from samsvar.bench.model import Area, Check, Judgement, Severity, broken, fine, unknown

SOON = timedelta(days=30)
_MUST, _SHOULD = Severity.MUST, Severity.SHOULD


def _dns(seen: DoorSeen) -> Judgement:
    if seen.door.dns is None:
        return fine()
    return broken(
        "Värdnamnet finns inte i DNS: rätta adressen eller registrera namnet.",
        "The host name is not in DNS: correct the URL or register the name.",
    )


def _tcp(seen: DoorSeen) -> Judgement:
    if seen.door.dns is not None:
        return _no_contact()
    if seen.door.tcp is None:
        return fine()
    return broken(
        f"Ingen förbindelse ({seen.door.tcp}): kontrollera port, brandvägg och att tjänsten är"
        " igång.",
        f"No connection ({seen.door.tcp}): look at port, firewall, and whether the service runs.",
    )


def _https(seen: DoorSeen) -> Judgement:
    if seen.door.https:
        return fine()
    return broken(
        "Adressen är http: personuppgifter får bara gå över TLS.",
        "The URL is http: personal data may only travel over TLS.",
    )


def _tls(judge: Callable[[DoorSeen, Door], Judgement]) -> Callable[[DoorSeen], Judgement]:
    """A judgement that needs a TLS door to look at."""

    def judged(seen: DoorSeen) -> Judgement:
        door = seen.door
        if not door.https or door.dns is not None or door.tcp is not None:
            return _no_contact()
        return judge(seen, door)

    return judged


def _chain(_: DoorSeen, door: Door) -> Judgement:
    if door.chain is not None:
        return broken(
            "Servercertifikatet kommer inte från en utfärdare som frågaren litar på, eller har"
            f" slutat gälla ({door.chain}).",
            f"The server certificate cannot be trusted ({door.chain}).",
        )
    if door.handshake is not None and door.host_name is None:
        return broken(
            f"TLS-handskakningen misslyckades ({door.handshake}): godtas vårt klientcertifikat?",
            f"The TLS handshake failed ({door.handshake}): is our client certificate accepted?",
        )
    return fine()


def _host_name(_: DoorSeen, door: Door) -> Judgement:
    if door.host_name is not None:
        return broken(
            "Servercertifikatet är utfärdat för ett annat värdnamn än det i adressen.",
            "The server certificate is for another host name than the URL's.",
        )
    if door.handshake is not None:
        return _no_contact()
    return fine()


def _ends(seen: DoorSeen, door: Door) -> Judgement:
    if door.ends is None:
        return _no_contact()
    left = door.ends - seen.now.astimezone(UTC)
    if left < SOON:
        return broken(
            f"Servercertifikatet slutar gälla om {max(left.days, 0)} dagar: förnya det.",
            f"The server certificate ends in {max(left.days, 0)} days: renew it.",
        )
    return fine(
        swedish=f"Gäller i {left.days} dagar till.", english=f"Valid for {left.days} more days."
    )


def _demands(_: DoorSeen, door: Door) -> Judgement:
    if door.demands_certificate is None:
        return _no_contact()
    if door.demands_certificate:
        return fine()
    return broken(
        "En frågare utan klientcertifikat släpps in: kräv certifikat (ömsesidig TLS).",
        "A caller without a client certificate is let in: demand one (mutual TLS).",
    )


def _old(_: DoorSeen, door: Door) -> Judgement:
    if door.takes_old is None:
        return unknown(
            "Den här datorn kan inte pröva TLS 1.0 och 1.1.",
            "This machine cannot try TLS 1.0 and 1.1.",
        )
    if door.takes_old:
        return broken(
            "TLS 1.0 eller 1.1 godtas: stäng av dem.", "TLS 1.0 or 1.1 is taken: turn them off."
        )
    return fine()


def _new(_: DoorSeen, door: Door) -> Judgement:
    if door.takes_1_3:
        return fine()
    return broken("TLS 1.3 erbjuds inte.", "TLS 1.3 is not offered.")


def _cipher(_: DoorSeen, door: Door) -> Judgement:
    if not door.cipher:
        return _no_contact()
    modern = door.cipher.startswith("TLS_") or (
        door.cipher.startswith(("ECDHE-", "DHE-"))
        and any(mode in door.cipher for mode in ("GCM", "CHACHA20", "CCM"))
    )
    if modern:
        return fine(swedish=f"Vald: {door.cipher}.", english=f"Chosen: {door.cipher}.")
    return broken(
        f"Kryptot {door.cipher} saknar framåtsekretess eller autentisering (AEAD).",
        f"The cipher {door.cipher} lacks forward secrecy or authentication (AEAD).",
    )


def _no_contact() -> Judgement:
    return unknown("Kan inte bedömas utan kontakt.", "Cannot be told without contact.")


CONNECTION: tuple[Check[DoorSeen], ...] = (
    Check(
        "CON-01",
        Area.CONNECTION,
        "Värdnamnet finns",
        "The host name resolves",
        "RFC 1034",
        _MUST,
        _dns,
    ),
    Check(
        "CON-02",
        Area.CONNECTION,
        "Porten svarar",
        "The port accepts connections",
        "RFC 9293",
        _MUST,
        _tcp,
    ),
    Check(
        "CON-03",
        Area.CONNECTION,
        "Adressen är https",
        "The URL is https",
        "BP31 rule 6",
        _MUST,
        _https,
    ),
    Check(
        "CON-04",
        Area.CONNECTION,
        "Servercertifikatet kommer från en betrodd utfärdare",
        "The server certificate is from a trusted issuer",
        "BP31 rule 6",
        _MUST,
        _tls(_chain),
    ),
    Check(
        "CON-05",
        Area.CONNECTION,
        "Servercertifikatet är för adressens värdnamn",
        "The server certificate is for the URL's host name",
        "RFC 9110, section 4.3.4",
        _MUST,
        _tls(_host_name),
    ),
    Check(
        "CON-06",
        Area.CONNECTION,
        "Servercertifikatet gäller i minst 30 dagar till",
        "The server certificate is valid for 30 more days at least",
        "Operations: renewal takes weeks",
        _SHOULD,
        _tls(_ends),
    ),
    Check(
        "CON-07",
        Area.CONNECTION,
        "Klientcertifikat krävs",
        "A client certificate is demanded",
        "BP31 rules 6 and 28",
        _MUST,
        _tls(_demands),
    ),
    Check(
        "CON-08",
        Area.CONNECTION,
        "TLS 1.0 och 1.1 är avstängda",
        "TLS 1.0 and 1.1 are turned off",
        "RFC 8996",
        _MUST,
        _tls(_old),
    ),
    Check(
        "CON-09",
        Area.CONNECTION,
        "TLS 1.3 erbjuds",
        "TLS 1.3 is offered",
        "RFC 9325, section 3.1.1",
        _SHOULD,
        _tls(_new),
    ),
    Check(
        "CON-10",
        Area.CONNECTION,
        "Kryptot har framåtsekretess och autentisering",
        "The cipher has forward secrecy and authentication",
        "RFC 9325, section 4.2",
        _SHOULD,
        _tls(_cipher),
    ),
)
