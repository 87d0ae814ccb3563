"""Which published keys are taken, which are passed over, and when a document gives none."""

from __future__ import annotations

import base64
import warnings
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from samsvar.simulation.identity_provider import compact
from samsvar.tokens.discovery import document_address, keys_address
from samsvar.tokens.keys import KeysInvalid, keys_in
from samsvar.tokens.reading import opened, refuse_token_outside
from samsvar.tokens.refused import TokenRefused, bad_token, missing_scope, no_keys

EC = dict(ECKey.generate_key("P-256").as_dict(private=False))
EDWARDS = dict(OKPKey.generate_key("Ed25519").as_dict(private=False))
RSA = dict(RSAKey.generate_key(2048).as_dict(private=False))


def _document(*keys: Any) -> bytes:
    return orjson.dumps({"keys": keys})


def _small_rsa() -> dict[str, str]:
    numbers = rsa.generate_private_key(65537, 1024).public_key().public_numbers()
    modulus = b"\0" * 128 + numbers.n.to_bytes(128)  # looks as long as 2048 bits
    return {"kty": "RSA", "e": "AQAB", "n": base64.urlsafe_b64encode(modulus).rstrip(b"=").decode()}


@pytest.mark.parametrize("key", [EC, EDWARDS, RSA], ids=lambda key: str(key["kty"]))
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"use": "sig"},
        {"key_ops": ["verify"]},
        {"x5c": ["AAAA"], "x5t": "x", "nbf": 1, "exp": 2},
    ],
    ids=str,
)
def test_a_public_key_is_taken(key: dict[str, Any], more: dict[str, Any]) -> None:
    """With all that providers write beside it."""
    assert "a" in keys_in(_document({**key, "kid": "a", **more}))


@pytest.mark.parametrize("only", ["RS256", "PS256"])
def test_a_key_signs_with_the_algorithm_that_it_was_published_for(only: str) -> None:
    """One RSA key could do both: its publisher says which."""
    private = RSAKey.generate_key(2048)
    public = {**private.as_dict(private=False), "kid": "a"}

    def proven(algorithm: str, **more: str) -> bool:
        header = {"alg": algorithm, "typ": "JWT", "kid": "a"}
        token = compact(header, {"iss": "https://a.example"}, private, algorithm)
        return keys_in(_document({**public, **more})).signed(opened(token))

    assert {each for each in ("RS256", "PS256") if proven(each, alg=only)} == {only}
    assert proven("RS256")
    assert proven("PS256")


def test_keys_for_other_uses_may_stand_beside() -> None:
    """So may what nobody here knows."""
    found = keys_in(
        _document({**EC, "kid": "a"}, {**RSA, "kid": "b", "use": "enc"}, {"kty": "AKP"}, {})
    )

    assert found.ids() == {"a"}


@pytest.mark.parametrize(
    "key",
    [
        {**EC},
        {**EC, "kid": 7},
        {**EC, "kid": "a", "use": "enc"},
        {**EC, "kid": "a", "key_ops": ["sign"]},
        {**EC, "kid": "a", "key_ops": "verify"},
        {**EC, "kid": "a", "alg": "RS256"},
        {**EC, "kid": "a", "alg": "ES384"},
        {**EC, "kid": "a", "alg": ["ES256"]},
        {**EC, "kid": "a", "crv": "P-384"},
        {**EC, "kid": "a", "crv": ["P-256"]},
        {**EC, "kid": "a", "x": EC["y"]},
        {**EC, "kid": "a", "x": "å"},
        {**EC, "kid": "a", "y": None},
        {**EC, "kid": "a", "d": "AAAA"},
        {**EDWARDS, "kid": "a", "crv": "Ed448"},
        {**EDWARDS, "kid": "a", "crv": "X25519"},
        {**EDWARDS, "kid": "a", "x": "AAAA"},
        {**RSA, "kid": "a", "d": "AAAA"},
        {**RSA, "kid": "a", "e": "AQ"},
        {**RSA, "kid": "a", "n": "AAAA"},
        {**RSA, "kid": "a", "n": "A" * 200_000},
        {**RSA, "kid": "a", "n": "_" * 20_000},
        {**_small_rsa(), "kid": "a"},
        {**OctKey.generate_key(256).as_dict(private=True), "kid": "a"},
        {"kty": "oct", "k": "", "kid": "a"},
        {"kty": ["RSA"], "kid": "a"},
    ],
    ids=lambda key: str(key)[:60],
)
def test_what_is_no_public_key_for_tokens_is_passed_over(key: dict[str, Any]) -> None:
    """Private, symmetric, weak, of another curve or use, broken: without a warning or a crash."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(KeysInvalid, match="none of its keys"):
            keys_in(_document(key))


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b"{}",
        b'{"keys":{}}',
        b'{"keys":[1]}',
        b'{"keys":[],"keys":[]}',
        b"\xff",
        _document(*[{}] * 101),
    ],
    ids=lambda document: str(document[:20]),
)
def test_what_is_no_set_of_keys_is_refused(document: bytes) -> None:
    """With a sentence."""
    with pytest.raises(KeysInvalid, match=r"^it(s keys| publishes)"):
        keys_in(document)


def test_where_an_issuer_describes_itself() -> None:
    """A slash at its end is not doubled, and stays part of its name."""
    assert (
        document_address("https://a.example/b/")
        == document_address("https://a.example/b")
        == "https://a.example/b/.well-known/openid-configuration"
    )
    told = b'{"issuer":"https://a.example/b","jwks_uri":"https://keys.example/k?v=1"}'
    assert keys_address(told, "https://a.example/b") == "https://keys.example/k?v=1"
    with pytest.raises(KeysInvalid):
        keys_address(told, "https://a.example/b/")


def test_an_issuer_over_https_cannot_send_us_to_loopback() -> None:
    """Plain text on loopback is for simulators: their issuer is there too."""
    told = b'{"issuer":"%b","jwks_uri":"http://127.0.0.1:8080/k"}'
    assert keys_address(told % b"http://127.0.0.1:1", "http://127.0.0.1:1")
    with pytest.raises(KeysInvalid, match="https"):
        keys_address(told % b"https://a.example", "https://a.example")


@pytest.mark.parametrize(
    "text",
    [
        "/fhir/CarePlan?access_token=abc",
        "/fhir/CarePlan?x=1&ACCESS_TOKEN=abc",
        "/fhir/CarePlan?x=1;bearer=abc",
        "access_token=abc&x=1",
        "/fhir/CarePlan?access%5Ftoken=abc",
        "/fhir/CarePlan?q=eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2ln",
        "/fhir/eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2ln",
    ],
)
def test_a_token_in_an_address_or_a_form_is_refused(text: str) -> None:
    """It is lost; the text says so, and does not repeat it."""
    with pytest.raises(TokenRefused, match="let it be revoked") as refused:
        refuse_token_outside(text)
    assert (refused.value.status, refused.value.error) == (400, "invalid_request")
    assert "eyJ" not in str(refused.value)


def test_an_address_without_a_token_is_none_of_our_business() -> None:
    """Also where FHIR says token and means something else."""
    refuse_token_outside(
        "/fhir/CarePlan?subject:identifier=x&identifier:of-type=token|abc&_id=1.2.3"
    )


def test_a_refusal_has_what_its_answer_needs() -> None:
    """In the words of RFC 6750."""
    assert missing_scope("user/CarePlan.s").headers == (
        (
            b"www-authenticate",
            b'Bearer realm="samsvar", error="insufficient_scope",'
            b' error_description="the token lacks a scope such as user/CarePlan.s"',
        ),
    )
    assert missing_scope("x").status == 403
    assert (bad_token("x").status, str(bad_token("x"))) == (401, "x")
    assert no_keys("https://a.example").headers == ((b"retry-after", b"10"),)
