"""The order in which a token is judged once its issuer and its keys are known. No I/O, no clock.

1. the algorithm is one that this issuer uses      4. it is bound to the caller's certificate,
2. the signature                                      if it is bound to any
3. audience and times                              5. who it says that the user is
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping
from typing import Any

from samsvar.model.user import User
from samsvar.settings import IssuerSettings
from samsvar.tokens.claims import user_from
from samsvar.tokens.keys import PublicKeys
from samsvar.tokens.reading import Sealed
from samsvar.tokens.refused import bad_token

_BINDING = "x5t#S256"
_LAST_SECOND = 32_503_680_000.0  # year 3000: no calendar breaks before it


def refuse_algorithm(sealed: Sealed, issuer: IssuerSettings) -> None:
    """Raises TokenRefused: this issuer does not sign so."""
    if sealed.algorithm not in issuer.algorithms:
        raise bad_token("the token's alg is not one that its issuer may use (algorithms)")


def checked(
    sealed: Sealed,
    keys: PublicKeys,
    issuer: IssuerSettings,
    now: float,
    certificate: bytes | None,
) -> User:
    """The user of a token that holds in every way. ``now``: seconds since 1970; ``certificate``:
    the caller's, DER, as the connection has proven it.

    Raises:
        TokenRefused: 401, the text says why.
    """
    refuse_algorithm(sealed, issuer)
    if not keys.signed(sealed):
        raise bad_token("the token's signature does not hold")
    claims = sealed.claims
    if claims.get("iss") != issuer.issuer:
        raise bad_token("the token is of another issuer")
    refuse_audience(claims, issuer)
    until = refuse_times(claims, issuer, now)
    _refuse_binding(claims, certificate)
    return user_from(claims, issuer, until)


def refuse_audience(claims: Mapping[str, Any], issuer: IssuerSettings) -> None:
    """Raises TokenRefused: it is for somebody else."""
    told = claims.get("aud")
    audience = [told] if isinstance(told, str) else told
    if not isinstance(audience, list) or not any(
        isinstance(each, str) and each in issuer.audience for each in audience
    ):
        raise bad_token("the token is not for this hub (aud)")


def refuse_times(claims: Mapping[str, Any], issuer: IssuerSettings, now: float) -> float:
    """When it ends.

    Raises:
        TokenRefused: it counts no more, or not yet.
    """
    leeway = issuer.leeway_seconds
    ends, issued = _second(claims, "exp"), _second(claims, "iat")
    if ends is None or issued is None:
        raise bad_token(f"the claim {'exp' if ends is None else 'iat'} is missing")
    if now >= ends + leeway:
        raise bad_token("the token has expired: log in again")
    if issued > now + leeway:
        raise bad_token("the token was issued in the future: compare the clocks")
    begins = _second(claims, "nbf")
    if begins is not None and begins > now + leeway:
        raise bad_token("the token is not valid yet")
    if ends - issued > issuer.longest_hours * 3600:
        raise bad_token("the token is valid for longer than is allowed (longest_hours)")
    return ends


def _second(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value <= _LAST_SECOND  # also what is no finite number
        or math.isnan(value)
    ):
        raise bad_token(f"the claim {name} is no time")
    return float(value)


def _refuse_binding(claims: Mapping[str, Any], certificate: bytes | None) -> None:
    """RFC 8705. A token that is bound in a way that cannot be proven here is no bearer token."""
    if "cnf" not in claims:
        return
    binding = claims["cnf"]
    if not isinstance(binding, dict) or set(binding) != {_BINDING}:
        raise bad_token("the token is bound to its holder in a way that is not known here (cnf)")
    told = binding[_BINDING]
    if certificate is None:
        raise bad_token("the token is bound to a client certificate, and none was shown (cnf)")
    digest = hashlib.sha256(certificate).digest()
    proven = base64.urlsafe_b64encode(digest).rstrip(b"=")
    if not isinstance(told, str) or not hmac.compare_digest(
        told.encode("ascii", "replace"), proven
    ):
        raise bad_token("the token is bound to another client certificate (cnf)")
