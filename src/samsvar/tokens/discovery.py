"""OpenID Connect Discovery: what an issuer's own document says of where its keys are.

Knows two members of it. Knows no socket.
"""

from __future__ import annotations

from samsvar.settings import fault_of_url
from samsvar.tokens.keys import KeysInvalid
from samsvar.tokens.strict_json import strict_object

_LONGEST = 1024


def document_address(issuer: str) -> str:
    """Where an issuer describes itself."""
    return issuer.rstrip("/") + "/.well-known/openid-configuration"


def keys_address(document: bytes, issuer: str) -> str:
    """Where its keys are.

    Raises:
        KeysInvalid: it describes somebody else, or its address of keys cannot be trusted.
    """
    try:
        told = strict_object(document)
    except ValueError as error:
        raise KeysInvalid(f"its description cannot be read: {error}") from None
    if told.get("issuer") != issuer:
        raise KeysInvalid("its description is of another issuer than the settings name")
    address = told.get("jwks_uri")
    if not isinstance(address, str) or len(address) > _LONGEST:
        raise KeysInvalid("its description has no jwks_uri")
    if fault := fault_of_url(address, plain_on_loopback=issuer.startswith("http://")):
        raise KeysInvalid(f"its jwks_uri cannot be used: {fault}")
    return address
