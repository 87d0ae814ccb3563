"""Published keys (JWKS, RFC 7517), and the one question they are for: did one of them sign this?

Only public keys of three kinds are taken, each judged by its own members: RSA of 2048 to 8192
bits, P-256, Ed25519. All else in a document is passed over, so that a provider may publish keys
for other uses beside. A private or symmetric key is never one: who publishes it has lost it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, OKPKey, RSAKey

from samsvar.tokens.reading import MOST_HEADER_BYTES, Sealed
from samsvar.tokens.strict_json import strict_object

MOST_KEYS = 100
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192  # the largest: one signature takes under a millisecond
#: (kty, crv) -> algorithms that such a key can sign with; its public members
_KINDS: Mapping[tuple[str, str | None], tuple[frozenset[str], tuple[str, ...]]] = {
    ("RSA", None): (frozenset({"RS256", "PS256"}), ("n", "e")),
    ("EC", "P-256"): (frozenset({"ES256"}), ("crv", "x", "y")),
    ("OKP", "Ed25519"): (frozenset({"EdDSA"}), ("crv", "x")),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_NAMES = {"Ed25519": "EdDSA"}


class KeysInvalid(ValueError):
    """The document is no set of keys; the text says why, and quotes nothing."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key, and what it may sign with."""

    algorithms: frozenset[str]
    key: RSAKey | ECKey | OKPKey = field(repr=False)


class PublicKeys:
    """The keys of one issuer, by their ids."""

    def __init__(self, keys: Mapping[str, tuple[PublicKey, ...]]) -> None:
        self._keys = keys

    def __contains__(self, key_id: str) -> bool:
        return key_id in self._keys

    def ids(self) -> frozenset[str]:
        """Of all of them."""
        return frozenset(self._keys)

    def signed(self, sealed: Sealed) -> bool:
        """Whether the key that the token names has signed it, with that algorithm."""
        return any(
            sealed.algorithm in each.algorithms and _signed_by(sealed, each)
            for each in self._keys.get(sealed.key_id, ())
        )


def keys_in(document: bytes) -> PublicKeys:
    """The keys of a document that can prove tokens.

    Raises:
        KeysInvalid: it is no JWKS, or none of its keys will do.
    """
    try:
        members = strict_object(document).get("keys")
    except ValueError as error:
        raise KeysInvalid(f"its keys cannot be read: {error}") from None
    if not isinstance(members, list) or not all(isinstance(each, dict) for each in members):
        raise KeysInvalid("its keys cannot be read: no list of keys")
    if len(members) > MOST_KEYS:
        raise KeysInvalid(f"it publishes over {MOST_KEYS} keys")
    found: dict[str, tuple[PublicKey, ...]] = {}
    for member in members:
        key_id = member.get("kid")
        if isinstance(key_id, str) and (key := _usable(member)) is not None:
            found[key_id] = (*found.get(key_id, ()), key)
    if not found:
        raise KeysInvalid(
            "none of its keys is a public key with a kid for RS256, PS256, ES256 or EdDSA"
        )
    return PublicKeys(found)


def _usable(member: dict[str, Any]) -> PublicKey | None:
    kind, curve = member.get("kty"), member.get("crv")
    if not isinstance(kind, str) or not (curve is None or isinstance(curve, str)):
        return None
    if (known := _KINDS.get((kind, curve))) is None or _PRIVATE & member.keys():
        return None
    algorithms, names = known
    if member.get("use", "sig") != "sig":
        return None
    operations = member.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return None
    if (only := member.get("alg")) is not None:
        algorithms &= {_NAMES.get(only, only)} if isinstance(only, str) else frozenset()
    if not algorithms or not all(isinstance(member.get(name), str) for name in names):
        return None
    key = _imported(kind, {"kty": kind, **{name: member[name] for name in names}})
    return None if key is None else PublicKey(algorithms, key)


def _imported(kind: str, parts: dict[str, str]) -> RSAKey | ECKey | OKPKey | None:
    try:
        match kind:
            case "RSA":
                fits = _SMALLEST_RSA <= _bits(parts["n"]) <= _LARGEST_RSA
                return RSAKey.import_key(dict(parts)) if fits else None
            case "EC":
                return ECKey.import_key(dict(parts))
            case _:
                return OKPKey.import_key(dict(parts))
    except (JoseError, ValueError, TypeError, OverflowError):
        return None


def _bits(number: str) -> int:
    """How long it is; ValueError if it is none."""
    padded = number + "=" * (-len(number) % 4)
    return int.from_bytes(base64.b64decode(padded, b"-_", validate=True)).bit_length()


class _Registry(jws.JWSRegistry):
    """The token's header has been judged already, and so has which algorithm the key is for."""

    max_header_length = MOST_HEADER_BYTES
    max_signature_length = 2048

    def __init__(self, algorithm: str) -> None:
        # RFC 9864 has given EdDSA over curve 25519 a name of its own; tokens use both.
        self._model = self.algorithms["Ed25519" if algorithm == "EdDSA" else algorithm]
        super().__init__(algorithms=[algorithm], strict_check_header=False)

    def get_alg(self, name: str) -> JWSAlgModel:
        """The one that the token was judged by, whatever is asked for."""
        return self._model

    def check_header(self, header: dict[str, Any]) -> None:
        """Judged in ``reading``; what stands in ``jku`` and the like is never used."""


_REGISTRIES = {name: _Registry(name) for name in ("RS256", "PS256", "ES256", "EdDSA")}


def _signed_by(sealed: Sealed, public: PublicKey) -> bool:
    try:
        jws.deserialize_compact(sealed.text, public.key, registry=_REGISTRIES[sealed.algorithm])
    except (JoseError, ValueError):
        return False
    return True
