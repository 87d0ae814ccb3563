"""OpenID Connect Discovery: what an issuer's own document says of where its keys and doors are.

Knows a few members of it. Knows no socket.
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
    return _address(document, issuer, "jwks_uri")


def login_addresses(document: bytes, issuer: str) -> tuple[str, str]:
    """Where people log in, and where a code becomes tokens.

    Raises:
        KeysInvalid: as for the keys.
    """
    return (
        _address(document, issuer, "authorization_endpoint"),
        _address(document, issuer, "token_endpoint"),
    )


def _address(document: bytes, issuer: str, name: str) -> str:
    try:
        told = strict_object(document)
    except ValueError as error:
        raise KeysInvalid(f"its description cannot be read: {error}") from None
    if told.get("issuer") != issuer:
        raise KeysInvalid("its description is of another issuer than the settings name")
    address = told.get(name)
    if not isinstance(address, str) or len(address) > _LONGEST:
        raise KeysInvalid(f"its description has no {name}")
    if fault := fault_of_url(address, plain_on_loopback=issuer.startswith("http://")):
        raise KeysInvalid(f"its {name} cannot be used: {fault}")
    return address
