"""The Authorization header becomes a token that has been taken apart, and is not believed yet.

Knows the forms: RFC 6750's header, a JWT in compact form, its header's members. Nothing in the
token's header can bring a key: ``jku``, ``jwk``, ``x5u`` and ``x5c`` are not looked at.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from samsvar.tokens.refused import TokenRefused, bad_request, bad_token
from samsvar.tokens.strict_json import strict_object

#: precedents: nginx takes 8 KiB header lines, so no token over that comes far elsewhere either
MOST_TOKEN_BYTES = 8 * 1024
MOST_HEADER_BYTES = 4 * 1024

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE | re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_KEY_ID = re.compile(r"[!-~]{1,256}", re.ASCII)
_TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_ALGORITHMS = frozenset({"RS256", "PS256", "ES256", "EdDSA", "Ed25519"})
_SLIPPED_OUT = re.compile(
    r"(?:^|[?&;])(?:access_token|id_token|refresh_token|bearer_token|bearer)="
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sealed:
    """A token taken apart. What it claims counts when its signature has been proven."""

    text: str = field(repr=False)
    algorithm: str
    """As keys know it: EdDSA over curve 25519 has two names and is ``EdDSA`` here."""
    key_id: str = field(repr=False)
    issuer: str = field(repr=False)
    claims: dict[str, Any] = field(repr=False)


def refuse_token_outside(text: str) -> None:
    """Look at a path with its query, or at the body of a form: no token may stand there.

    Raises:
        TokenRefused: 400, one does, and is in somebody's log now.
    """
    if _SLIPPED_OUT.search(text) or _SLIPPED_OUT.search(unquote_plus(text)):
        raise bad_request(
            "a token belongs in the Authorization header and nowhere else: this one is in"
            " an address or a form now, so let it be revoked"
        )


def token_in(authorization: str | None) -> str:
    """The token in the header's one value.

    Raises:
        TokenRefused: 401 without it, 400 where it is no bearer token.
    """
    if authorization is None or not authorization.strip():
        raise TokenRefused(401, None, "log in, and send Authorization: Bearer TOKEN")
    if len(authorization) > MOST_TOKEN_BYTES + len("Bearer "):
        raise bad_request(f"the token is over {MOST_TOKEN_BYTES} bytes")
    match = _BEARER.fullmatch(authorization.strip())
    if match is None:
        raise bad_request("the Authorization header must be: Bearer TOKEN")
    return match[1]


def opened(token: str) -> Sealed:
    """Take it apart.

    Raises:
        TokenRefused: it is no signed JWT that could be judged here; the text says why.
    """
    segments = token.split(".")
    if len(segments) == 5:
        raise bad_token("the token is encrypted: only signed ones are read here")
    if len(segments) != 3 or not all(map(_SEGMENT.fullmatch, segments)):
        raise bad_token("the token is no signed JWT: three parts in base64url, none of them empty")
    if len(segments[0]) > MOST_HEADER_BYTES:
        raise bad_token(f"the token's header is over {MOST_HEADER_BYTES} bytes")
    header = _object(segments[0], "header")
    algorithm = _judged(header)
    claims = _object(segments[1], "payload")
    issuer = claims.get("iss")
    if not isinstance(issuer, str):
        raise bad_token("the claim iss is missing")
    key_id = header.get("kid")
    if not isinstance(key_id, str) or not _KEY_ID.fullmatch(key_id):
        raise bad_token("the token's header does not name its key (kid)")
    return Sealed(token, algorithm, key_id, issuer, claims)


def _judged(header: dict[str, Any]) -> str:
    """The algorithm, when nothing else in the header is against it."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS:
        raise bad_token("the token's alg is not one that is taken: RS256, PS256, ES256, EdDSA")
    kind = header.get("typ")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise bad_token("the token's typ must be at+jwt or JWT")
    if "crit" in header or "b64" in header:
        raise bad_token("the token's header has a member that must be understood and is not")
    if "cty" in header:
        raise bad_token("the token's cty says that another token is nested in it")
    return "EdDSA" if algorithm == "Ed25519" else algorithm


def _object(segment: str, where: str) -> dict[str, Any]:
    try:
        data = base64.b64decode(segment + "=" * (-len(segment) % 4), b"-_", validate=True)
        return strict_object(data)
    except binascii.Error:
        raise bad_token(f"the token's {where} is not base64url") from None
    except ValueError as error:
        raise bad_token(f"the token's {where} cannot be read: {error}") from None
