"""An ID token (OpenID Connect Core, 3.1.3.7): what it says counts when all of this holds.

1. its algorithm is one that this issuer uses    3. it is for this client, now
2. the signature                                 4. it is the answer to this login (nonce)

No I/O, no clock. Knows no role.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from samsvar.settings import IssuerSettings
from samsvar.tokens.keys import PublicKeys
from samsvar.tokens.reading import Sealed
from samsvar.tokens.refused import bad_token
from samsvar.tokens.verify import refuse_algorithm, refuse_audience, refuse_times


def proven_claims(
    sealed: Sealed, keys: PublicKeys, issuer: IssuerSettings, nonce: str, now: float
) -> Mapping[str, Any]:
    """What the token says. ``issuer``'s one audience is the client; ``now``: seconds since 1970.

    Raises:
        TokenRefused: the text says why.
    """
    refuse_algorithm(sealed, issuer)
    if not keys.signed(sealed):
        raise bad_token("the token's signature does not hold")
    claims = sealed.claims
    if claims.get("iss") != issuer.issuer:
        raise bad_token("the token is of another issuer")
    refuse_audience(claims, issuer)
    audience = claims.get("aud")
    party = claims.get("azp")
    several = isinstance(audience, list) and len(audience) > 1
    if (several or party is not None) and party not in issuer.audience:
        raise bad_token("the token was made for another client (azp)")
    refuse_times(claims, issuer, now)
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise bad_token("the token is not the answer to this login (nonce)")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise bad_token("the claim sub is missing")
    return claims
