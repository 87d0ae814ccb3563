"""Users' tokens against a real identity provider over sockets: who is let in, and who is not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from joserfc.jwk import ECKey, RSAKey

from samsvar.access.words import Purpose
from samsvar.clock import SystemClock
from samsvar.model.identifiers import HsaId, PersonId
from samsvar.model.person_numbers import PERSONNUMMER, SAMORDNINGSNUMMER
from samsvar.model.user import User, UserKind
from samsvar.simulation.authority import TestAuthority
from samsvar.simulation.identity_provider import ALGORITHMS
from samsvar.simulation.users import PERSONAS
from samsvar.tokens import TokenRefused
from tests import privacy
from tests.identity import Desk, trusted_provider

pytestmark = pytest.mark.wire

STAFF, CITIZEN = UserKind.STAFF, UserKind.CITIZEN
TOLVAN = "191212121212"


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Desk]:
    """A provider that answers, and a verifier that trusts it."""
    async with trusted_provider() as one:
        yield one


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# Who is let in


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_staff_are_let_in_with_all_that_their_issuer_says(desk: Desk, algorithm: str) -> None:
    """By each algorithm that is taken."""
    token = desk.provider.token("vera", algorithm)

    user = await desk.user(token)

    assert replace(user, until=None) == User(
        kind=STAFF,
        subject="vera@SE2129999997",
        issuer=desk.provider.issuer(STAFF),
        assurance=3,
        hsa_id=HsaId("SE2129999997-E101"),
        name="Vera Läkarsson",
        title="Läkare",
        assignment="SE2129999997-M101",
        care_giver=HsaId("SE2129999997-VG1"),
        care_unit=HsaId("SE2129999997-U1"),
        purpose=Purpose.CARE,
        scopes=frozenset({"openid", "user/*.rs"}),
    )
    assert user.until is not None
    assert 3590 < user.until.timestamp() - desk.watch.now().timestamp() <= 3600


@pytest.mark.parametrize(
    ("alias", "person", "level"),
    [
        ("tolvan", PersonId(PERSONNUMMER, TOLVAN), 3),
        ("lars", PersonId(SAMORDNINGSNUMMER, "194100642398"), 3),
        ("gun", PersonId(PERSONNUMMER, "200101012383"), 2),
    ],
)
async def test_citizens_are_let_in_as_themselves(
    desk: Desk, alias: str, person: PersonId, level: int
) -> None:
    """By personnummer or samordningsnummer, each with the level that the login had."""
    user = await desk.user(desk.provider.token(alias))

    assert (user.kind, user.person, user.assurance) == (CITIZEN, person, level)
    assert (user.hsa_id, user.care_giver, user.assignment) == (None, None, None)
    assert user.purpose == Purpose.OWN_ACCESS
    assert person.extension not in repr(user)
    assert "Tolvan" not in repr(user)


async def test_what_a_purpose_is_called_is_looked_up(desk: Desk) -> None:
    """In any case of letters, composed or not; one that nobody knows is none."""
    provider = desk.provider

    async def purpose(said: object) -> object:
        return (await desk.user(provider.token("vera", commissionPurpose=said))).purpose

    assert (await desk.user(provider.token("stina"))).purpose == Purpose.STATISTICS
    assert await purpose("vA\u030ard och Behandling ") == Purpose.CARE
    assert await purpose("Kvalitetssäkring") is None
    assert await purpose(None) is None


async def test_names_of_claims_and_levels_are_the_issuers_own() -> None:
    """What is not named keeps its usual name."""
    async with trusted_provider(
        claims={"hsa_id": "https://x.example/hsa", "scope": "scp"},
        assurance={"mfa": 4},
        purposes={"Samordning": "CARE_COORDINATION"},
    ) as desk:
        user = await desk.user(
            desk.provider.token(
                "vera",
                acr="mfa",
                commissionPurpose="samordning",
                scp=["user/CarePlan.read"],
                **{"https://x.example/hsa": "SE2129999997-E7"},
            )
        )

    assert (user.assurance, user.hsa_id, user.purpose) == (
        4,
        "SE2129999997-E7",
        Purpose.CARE_COORDINATION,
    )
    assert user.scopes == {"user/CarePlan.read"}


async def test_a_token_for_several_is_for_us_too(desk: Desk) -> None:
    """A list of audiences, a type that is spelt in full, a number of seconds with a fraction."""
    provider = desk.provider
    claims = provider.claims("vera")
    claims |= {"aud": ["https://other.example", claims["aud"]], "exp": claims["exp"] + 0.5}

    for kind in ("JWT", "jwt", "application/at+jwt", "AT+JWT"):
        assert await desk.user(provider.signed(STAFF, claims, header={"typ": kind}))


# Who is not: the token itself


def _with_public_key_as_secret(desk: Desk) -> str:
    """The oldest trick: HMAC keyed with what everybody can fetch."""
    key = desk.provider.key(STAFF, "RS256")
    assert isinstance(key, RSAKey)
    head = _base64url(orjson.dumps({"alg": "HS256", "typ": "JWT", "kid": key.kid}))
    body = _base64url(orjson.dumps(desk.provider.claims("vera")))
    secret = key.as_pem(private=False)
    mac = hmac.digest(secret, f"{head}.{body}".encode(), hashlib.sha256)
    return f"{head}.{body}.{_base64url(mac)}"


def _unsigned(desk: Desk, signature: str) -> str:
    head = _base64url(b'{"alg":"none","typ":"JWT","kid":"x"}')
    return f"{head}.{_base64url(orjson.dumps(desk.provider.claims('vera')))}.{signature}"


def _with_own_key(desk: Desk, **header: object) -> str:
    """Signed by a key of the sender's own, which the header brings along."""
    own = ECKey.generate_key("P-256")
    public = dict(own.as_dict(private=False))
    brought = {name: public if value is ... else value for name, value in header.items()}
    kid = desk.provider.key(STAFF).kid
    return desk.provider.signed(
        STAFF, desk.provider.claims("vera"), header={"kid": kid, **brought}, key=own
    )


def _payload(desk: Desk, text: str) -> str:
    return desk.provider.signed(STAFF, text.encode())


def _twice(desk: Desk) -> str:
    claims = orjson.dumps(desk.provider.claims("vera")).decode()
    return _payload(desk, claims[:-1] + ',"commissionPurpose":"Statistik"}')


def _twice_in_header(desk: Desk) -> str:
    kid = desk.provider.key(STAFF).kid
    head = f'{{"alg":"ES256","typ":"JWT","kid":"x","kid":"{kid}"}}'
    return f"{_base64url(head.encode())}.{_base64url(b'{}')}.AAAA"


def _header(**changes: object) -> Callable[[Desk], str]:
    return lambda desk: desk.provider.signed(STAFF, desk.provider.claims("vera"), header=changes)


def _claims(alias: str = "vera", **changes: object) -> Callable[[Desk], str]:
    kind = PERSONAS[alias].kind
    return lambda desk: desk.provider.signed(kind, desk.provider.claims(alias, **changes))


def _seconds(**changes: float) -> Callable[[Desk], str]:
    """Times from now."""

    def made(desk: Desk) -> str:
        now = desk.watch.now().timestamp()
        times = {name: now + at for name, at in changes.items()}
        return desk.provider.signed(STAFF, desk.provider.claims("vera", **times))

    return made


def _changed(desk: Desk) -> str:
    """Good signature, other claims."""
    head, body, signature = desk.provider.token("vera").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["employeeHsaId"] = "SE2129999997-E999"
    return f"{head}.{_base64url(orjson.dumps(claims))}.{signature}"


def _nested(desk: Desk) -> str:
    inner = desk.provider.token("vera").encode()
    return desk.provider.signed(STAFF, inner, header={"cty": "JWT"})


BAD: dict[str, tuple[Callable[[Desk], str], str]] = {
    "alg none": (lambda desk: _unsigned(desk, "AAAA"), "alg"),
    "alg None, spelt otherwise": (_header(alg="nOnE"), "alg"),
    "no signature": (lambda desk: _unsigned(desk, ""), "three parts"),
    "HS256 with the public key": (_with_public_key_as_secret, "alg"),
    "RS512": (_header(alg="RS512"), "alg"),
    "alg of another key": (_header(alg="RS256"), "signature"),
    "alg a list": (_header(alg=["ES256"]), "alg"),
    "no alg": (_header(alg=None), "alg"),
    "jwk in header": (lambda desk: _with_own_key(desk, jwk=...), "signature"),
    "jku in header": (
        lambda desk: _with_own_key(desk, jku="https://thief.example/keys"),
        "signature",
    ),
    "x5u in header": (lambda desk: _with_own_key(desk, x5u="https://thief.example"), "signature"),
    "x5c in header": (lambda desk: _with_own_key(desk, x5c=["AAAA"]), "signature"),
    "crit": (_header(crit=["exp"]), "understood"),
    "b64 false": (_header(b64=False, crit=["b64"]), "understood"),
    "b64 true": (_header(b64=True), "understood"),
    "an ID token's sibling": (_header(typ="logout+jwt"), "typ"),
    "no typ": (_header(typ=None), "typ"),
    "no kid": (_header(kid=None), "kid"),
    "kid no text": (_header(kid=7), "kid"),
    "unknown kid": (_header(kid="nobody-has-it"), "publish"),
    "claims changed": (_changed, "signature"),
    "truncated": (lambda desk: desk.provider.token("vera")[:-9], "signature"),
    "two parts": (lambda desk: desk.provider.token("vera").rpartition(".")[0], "three parts"),
    "encrypted": (lambda _desk: "eyJhbGciOiJub25lIn0.a.b.c.d", "encrypted"),
    "nested": (_nested, "nested"),
    "nested, unmarked": (
        lambda desk: desk.provider.signed(STAFF, desk.provider.token("vera").encode()),
        "payload",
    ),
    "a claim twice": (_twice, "twice"),
    "a header member twice": (_twice_in_header, "twice"),
    "payload a list": (lambda desk: _payload(desk, "[]"), "object"),
    "payload deep": (lambda desk: _payload(desk, "[" * 4000), "JSON"),
    "payload NaN": (lambda desk: _payload(desk, '{"exp": NaN}'), "JSON"),
    "payload no UTF-8": (lambda desk: desk.provider.signed(STAFF, b'{"iss":"\xff"}'), "JSON"),
    "no iss": (_claims(iss=None), "iss"),
    "iss of a stranger": (_claims(iss="https://idp.example/staff"), "not trusted"),
    "iss with a slash more": (
        lambda desk: desk.provider.token("vera", iss=desk.provider.issuer(STAFF) + "/"),
        "not trusted",
    ),
    "another issuer's name, own key": (
        lambda desk: desk.provider.token("tolvan", iss=desk.provider.issuer(STAFF)),
        "publish",
    ),
    "aud of another": (_claims(aud="https://other.example"), "aud"),
    "aud missing": (_claims(aud=None), "aud"),
    "aud beginning alike": (_claims(aud="https://samsvar.example.thief"), "aud"),
    "aud empty": (_claims(aud=[]), "aud"),
    "aud an object": (_claims(aud={"https://samsvar.example": 1}), "aud"),
    "expired": (_seconds(exp=-31, iat=-600), "expired"),
    "no exp": (_claims(exp=None), "exp"),
    "exp text": (_claims(exp="4102444800"), "exp"),
    "exp true": (_claims(exp=True), "exp"),
    "exp without end": (
        lambda desk: _payload(
            desk,
            '{"iss":"' + desk.provider.issuer(STAFF) + '","aud":"https://samsvar.example",'
            '"iat":1,"exp":1e999}',
        ),
        "exp",
    ),
    "no iat": (_claims(iat=None), "iat"),
    "not valid yet": (_seconds(nbf=60), "yet"),
    "issued in the future": (_seconds(iat=60), "future"),
    "valid for too long": (_seconds(exp=13 * 3600), "longest_hours"),
    "no acr": (_claims(acr=None), "acr"),
    "acr unknown": (_claims(acr="http://id.sambi.se/loa/loa9"), "acr"),
    "acr a list": (_claims(acr=["http://id.sambi.se/loa/loa3"]), "acr"),
    "no sub": (_claims(sub=None), "sub"),
    "sub a number": (_claims(sub=7), "sub"),
    "name over two lines": (_claims(name="Vera\nLäkarsson"), "name"),
    "no employee": (_claims(employeeHsaId=None), "employeeHsaId"),
    "employee blank": (_claims(employeeHsaId=" "), "employeeHsaId"),
    "employee a personal number": (_claims(employeeHsaId=TOLVAN), "employeeHsaId"),
    "no assignment": (_claims(commissionHsaId=None), "commissionHsaId"),
    "no care giver": (_claims(healthCareProviderHsaId=None), "healthCareProviderHsaId"),
    "no care unit": (_claims(healthCareUnitHsaId=None), "healthCareUnitHsaId"),
    "scopes no text": (_claims(scope={"user/*.rs": True}), "scope"),
    "too many scopes": (_claims(scope=" ".join(["a"] * 101)), "scope"),
    "staff from the citizens' issuer": (
        _claims("tolvan", employeeHsaId="SE2129999997-E101"),
        "staff",
    ),
    "an assignment from the citizens' issuer": (
        _claims("tolvan", commissionHsaId="SE2129999997-M101"),
        "staff",
    ),
    "no personal number": (_claims("tolvan", personalIdentityNumber=None), "personalIdentity"),
    "wrong check digit": (
        _claims("tolvan", personalIdentityNumber="191212121213"),
        "personalIdentity",
    ),
    "ten digits": (_claims("tolvan", personalIdentityNumber="121212-1212"), "personalIdentity"),
    "a reserve number": (
        _claims("tolvan", personalIdentityNumber="991981000010"),
        "personalIdentity",
    ),
    "a number that is a number": (
        _claims("tolvan", personalIdentityNumber=int(TOLVAN)),
        "personalIdentity",
    ),
    "bound to a certificate that was not shown": (_claims(cnf={"x5t#S256": "AAAA"}), "cnf"),
    "bound to a key (DPoP)": (_claims(cnf={"jkt": "AAAA"}), "cnf"),
    "bound to nothing that is known": (_claims(cnf={}), "cnf"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_token_is_refused_and_told_why(desk: Desk, case: str) -> None:
    """401 and invalid_token, a sentence that names what is wrong, and nothing of what it held."""
    made, why = BAD[case]
    token = made(desk)

    refused = await desk.refused(token)

    assert (refused.status, refused.error) == (401, "invalid_token")
    assert why in refused.description
    ((name, challenge),) = refused.headers
    assert name == b"www-authenticate"
    assert challenge.decode("ascii") == (
        f'Bearer realm="samsvar", error="invalid_token", error_description="{refused.description}"'
    )
    assert '"' not in refused.description
    assert not privacy.found(challenge)
    for held in (TOLVAN, "Vera", "SE2129999997", "thief", "nobody-has-it"):
        assert held not in refused.description


async def test_what_the_table_changes_is_all_that_was_wrong(desk: Desk) -> None:
    """The same tokens without the change are good: so each case fails for its own reason."""
    provider = desk.provider
    assert await desk.user(provider.signed(STAFF, provider.claims("vera"), header={}))
    assert await desk.user(provider.token("tolvan"))
    assert await desk.user(_seconds(exp=600, nbf=-1, iat=-1)(desk))


async def test_clocks_may_differ_a_little(desk: Desk) -> None:
    """By the leeway, both ways, and not by more."""
    assert await desk.user(_seconds(exp=-25, iat=-600)(desk))
    assert await desk.user(_seconds(nbf=25, iat=25)(desk))


async def test_an_issuer_signs_only_as_the_settings_say() -> None:
    """A key that is published does not make its algorithm good."""
    async with trusted_provider(algorithms=["PS256"]) as desk:
        for algorithm in ("ES256", "RS256", "EdDSA"):
            refused = await desk.refused(desk.provider.token("vera", algorithm))
            assert "algorithms" in refused.description
        assert desk.provider.fetches == 0
        assert await desk.user(desk.provider.token("vera", "PS256"))


# Who is not: the header


@pytest.mark.parametrize("header", [None, "", "  "])
async def test_who_sends_nothing_is_told_how(desk: Desk, header: str | None) -> None:
    """RFC 6750: then the challenge has no error code."""
    with pytest.raises(TokenRefused) as told:
        await desk.verifier.user(header, None)

    assert (told.value.status, told.value.error) == (401, None)
    assert told.value.headers == ((b"www-authenticate", b'Bearer realm="samsvar"'),)


@pytest.mark.parametrize(
    "header",
    [
        "Basic dmVyYTpoZW1saWc=",
        "DPoP abc",
        "Bearer",
        "Bearer a b",
        "Bearer a,b",
        "Bearer å.b.c",
        "Bearer a.b.c\r\nX: y",
        "Bearer " + "a" * 8193,
        "Bearer" + " " * 9000 + "a",
    ],
)
async def test_a_header_that_is_no_bearer_token_is_a_bad_request(desk: Desk, header: str) -> None:
    """400 and invalid_request; nobody is asked for keys."""
    with pytest.raises(TokenRefused) as told:
        await desk.verifier.user(header, None)

    assert (told.value.status, told.value.error) == (400, "invalid_request")
    assert desk.provider.fetches == 0


async def test_the_word_bearer_may_be_written_in_any_case(desk: Desk) -> None:
    """RFC 9110: schemes have no case."""
    token = desk.provider.token("vera")

    for header in (f"bearer {token}", f" BEARER   {token} "):
        assert (await desk.verifier.user(header, None)).subject == "vera@SE2129999997"


async def test_no_refusal_and_no_event_holds_what_a_token_held(desk: Desk) -> None:
    """Also when somebody has put a personal number in every claim there is."""
    provider = desk.provider
    for name in (*provider.claims("vera"), "cnf"):
        if name in ("iss", "exp", "iat"):
            continue
        claims = provider.claims("vera", **{name: TOLVAN})
        try:
            user = await desk.user(provider.signed(STAFF, claims))
        except TokenRefused as refused:
            shown = f"{refused!r} {refused} {refused.headers!r}"
        else:
            shown = repr(user)
        assert not privacy.found(shown.encode()), name
    for said in (provider.token("tolvan"), provider.token("tolvan", acr="x")):
        try:
            shown = repr(await desk.user(said))
        except TokenRefused as refused:
            shown = repr(refused)
        assert not privacy.found(shown.encode())
    assert not privacy.found(repr(desk.told.events).encode())


# Tokens bound to a client certificate


def _der(path: Path) -> bytes:
    return x509.load_pem_x509_certificate(path.read_bytes()).public_bytes(Encoding.DER)


async def test_a_bound_token_opens_for_its_holder_only(desk: Desk, tmp_path: Path) -> None:
    """RFC 8705: the thumbprint of the certificate that the connection has proven."""
    authority = TestAuthority(tmp_path, SystemClock().now())
    holder = _der(authority.client("holder", ["SE2129999963-A"]).certificate)
    thief = _der(authority.client("thief", ["SE2129999963-B"]).certificate)
    bound: dict[str, Any] = {"x5t#S256": _base64url(hashlib.sha256(holder).digest())}
    token = desk.provider.token("vera", cnf=bound)

    assert await desk.user(token, holder)
    assert "another client certificate" in (await desk.refused(token, thief)).description
    assert "none was shown" in (await desk.refused(token)).description
    both = desk.provider.token("vera", cnf={**bound, "jkt": "AAAA"})
    assert "not known here" in (await desk.refused(both, holder)).description
    odd = desk.provider.token("vera", cnf={"x5t#S256": 7})
    assert (await desk.refused(odd, holder)).status == 401
    assert await desk.user(desk.provider.token("vera"), thief), "an unbound one is anybody's"
