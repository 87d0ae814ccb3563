"""Connection and headers become a Peer: evidence, which ``identify`` judges later."""

from __future__ import annotations

import base64
import binascii
import re
from functools import lru_cache
from urllib.parse import unquote

from samsvar.inbound.http import Headers
from samsvar.inbound.http_protocol import Arrival
from samsvar.model.exchange import Peer

_PEM = re.compile(
    r"(?:-----BEGIN CERTIFICATE-----)?([A-Za-z0-9+/=\s]+)(?:-----END CERTIFICATE-----)?"
)
_LONGEST_PEM = 16 * 1024


def peer_of(arrival: Arrival, headers: Headers, client: tuple[str, int] | None) -> Peer:
    """What the door saw. A front's certificate header counts on its own, trusted listener only."""
    facts = arrival.listener
    certificate = arrival.certificate
    if facts.trusted and facts.certificate_header is not None:
        handed = headers.get(facts.certificate_header)
        certificate = _der(handed) if handed else None
    return Peer(
        secure=facts.secure,
        trusted=facts.trusted,
        certificate=certificate,
        sender_header=headers.get(b"x-vp-sender-id"),
        instance_header=headers.get(b"x-vp-instance-id"),
        address=client[0] if client else "local",
    )


@lru_cache(maxsize=256)
def _der(text: str) -> bytes | None:
    """The certificate in a header: PEM with or without its lines, blanks for newlines, possibly
    percent-encoded; of a list, the first. None if it is none: nobody is identified by it."""
    if len(text) > _LONGEST_PEM:
        return None
    if "%" in text:
        text = unquote(text)
    match = _PEM.fullmatch(text.split(",")[0].strip())
    if match is None:
        return None
    try:
        return base64.b64decode("".join(match[1].split()), validate=True)
    except binascii.Error:
        return None
