"""Identify: evidence at the door becomes the HSA-id of the sender, or a refusal.

The identity is read from the certificate's DER, never from a printed name: the text of a
distinguished name can be forged by what stands inside another attribute.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from samsvar.errors import ListenerNotTrusted, RoutingLoop, SenderUnknown
from samsvar.model.exchange import Call, Peer, Sender
from samsvar.model.identifiers import HsaId, folded
from samsvar.ports import HouseRules

_SENDER = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def identify(call: Call, rules: HouseRules) -> Sender:
    """The sender of the call.

    Raises:
        ListenerNotTrusted: plain text on a listener that nobody has named as trusted (VP011).
        SenderUnknown: no evidence, or evidence that does not name exactly one sender (VP002).
        RoutingLoop: the call has passed this hub before (VP014).
    """
    sender = _sender(call.peer, rules)
    if call.routing_history and folded(rules.instance_id) in (
        folded(token.strip()) for token in call.routing_history.split("#")
    ):
        raise RoutingLoop("the routing history already names this platform")
    return sender


def _sender(peer: Peer, rules: HouseRules) -> Sender:
    if not (peer.secure or peer.trusted):
        raise ListenerNotTrusted(
            "Caller was not on the white list of accepted IP-addresses. "
            f" IP-address: {peer.address}. HTTP header that caused checking: x-vp-sender-id"
        )
    if peer.trusted and peer.sender_header is not None:
        ours = peer.instance_header is None or folded(peer.instance_header) == folded(
            rules.instance_id
        )
        if ours:
            if not _SENDER.fullmatch(peer.sender_header):
                raise SenderUnknown("x-vp-sender-id is not an HSA-id: letters, digits and -")
            return Sender(HsaId(peer.sender_header))
    if peer.certificate is None:
        raise SenderUnknown("No certificate found: neither a client certificate nor x-vp-sender-id")
    oddities: tuple[str, ...] = ()
    if peer.sender_header is not None:
        oddities = ("x-vp-sender-id was sent where it does not count; it was ignored",)
    return Sender(named_in(peer.certificate, rules.require_client_usage), oddities)


@lru_cache(maxsize=1024)
def named_in(certificate: bytes, require_client_usage: bool) -> HsaId:
    """The HSA-id in a certificate (DER).

    Raises:
        SenderUnknown: it names none, or several, or is not for clients.
    """
    try:
        parsed = x509.load_der_x509_certificate(certificate)
        serials = parsed.subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)
        usages = _usages(parsed)
    except ValueError as error:
        raise SenderUnknown("Exception occured parsing certificate") from error
    if len(serials) != 1:
        raise SenderUnknown(
            "No sender ID (SERIALNUMBER) found in certificate. "
            f"The subject must have exactly one; this one has {len(serials)}"
        )
    value = serials[0].value
    if not isinstance(value, str) or not _SENDER.fullmatch(value):
        raise SenderUnknown("SERIALNUMBER in the certificate is not an HSA-id")
    if usages is None and require_client_usage:
        raise SenderUnknown("The certificate has no extended key usage; clientAuth is needed")
    if usages is not None and ExtendedKeyUsageOID.CLIENT_AUTH not in usages:
        raise SenderUnknown("The certificate is not for clients: clientAuth is missing")
    return HsaId(value)


def _usages(certificate: x509.Certificate) -> x509.ExtendedKeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
