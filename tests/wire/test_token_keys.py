"""Where issuers' keys come from: rotation, and providers that are down, slow, wrong or hostile."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from samsvar.clock import SystemClock
from samsvar.errors import ResourcesMissing
from samsvar.inbound.tokens import TokenVerifier
from samsvar.model.user import UserKind
from samsvar.outbound import oidc
from samsvar.outbound.oidc import key_sources
from samsvar.settings import IssuerSettings, UserSettings
from samsvar.simulation.authority import TestAuthority
from samsvar.simulation.identity_provider import AUDIENCE, IdentityProvider, identity_provider
from samsvar.simulation.server import running
from samsvar.tokens import TokenRefused
from tests.bad_producer import http as answer
from tests.bad_producer import misbehaving, saying
from tests.identity import Told, Watch, trusted_provider, verifying

pytestmark = pytest.mark.wire

STAFF, CITIZEN = UserKind.STAFF, UserKind.CITIZEN


async def test_keys_are_fetched_once_and_not_before_somebody_comes() -> None:
    """A hundred at the same moment wait for the same fetch."""
    async with trusted_provider() as desk:
        assert desk.provider.fetches == 0
        token = desk.provider.token("vera")
        desk.provider.knobs.latency = 0.1
        await asyncio.gather(*(desk.user(token) for _ in range(100)))

        assert desk.provider.fetches == 1
        assert desk.told.actions() == ["issuer-keys-changed"]


async def test_who_hangs_up_does_not_end_the_fetch_of_others() -> None:
    """The first one's request is cancelled while the keys are on their way."""
    async with trusted_provider() as desk:
        desk.provider.knobs.latency = 0.2
        token = desk.provider.token("vera")
        first = asyncio.create_task(desk.user(token))
        await asyncio.sleep(0.05)
        second = asyncio.create_task(desk.user(token))
        await asyncio.sleep(0.05)
        first.cancel()

        assert (await second).hsa_id == "SE2129999997-E101"
        assert first.cancelled()
        assert desk.provider.fetches == 1


async def test_a_new_key_is_found_when_a_token_names_it() -> None:
    """And tokens of the old key go on as long as it is published."""
    async with trusted_provider() as desk:
        old = desk.provider.token("vera")
        await desk.user(old)
        desk.provider.rotate(STAFF)
        desk.watch.moved += 31

        assert await desk.user(desk.provider.token("vera"))
        assert await desk.user(old)
        assert desk.provider.fetches == 2
        assert desk.told.actions() == ["issuer-keys-changed"] * 2


async def test_strangers_cannot_make_us_hammer_a_provider() -> None:
    """However many unknown keys are named: one fetch in thirty seconds."""
    async with trusted_provider() as desk:
        await desk.user(desk.provider.token("vera"))
        claims = desk.provider.claims("vera")
        forged = [
            desk.provider.signed(STAFF, claims, header={"kid": f"k{number}"})
            for number in range(200)
        ]
        for token in forged:
            assert "publish" in (await desk.refused(token)).description
        assert desk.provider.fetches == 1
        desk.watch.moved += 31
        for token in forged:
            await desk.refused(token)
        assert desk.provider.fetches == 2
        stranger = "https://idp.example/staff"
        assert (await desk.refused(desk.provider.token("vera", iss=stranger))).status == 401


async def test_a_key_that_is_taken_back_stops_counting_in_time() -> None:
    """At the latest when what is held is no longer fresh."""
    async with trusted_provider(fresh_seconds=60) as desk:
        stolen = desk.provider.token("vera")
        await desk.user(stolen)
        desk.provider.rotate(STAFF, forget=True)
        desk.watch.moved += 59
        assert await desk.user(stolen)
        desk.watch.moved += 2

        assert "publish" in (await desk.refused(stolen)).description


async def test_a_provider_that_is_down_at_the_start_is_told_of_and_tried_again() -> None:
    """503 and when to come back; the same hub serves when the provider does."""
    async with trusted_provider() as desk:
        desk.provider.knobs.outage = True
        token = desk.provider.token("vera")
        refused = await desk.refused(token)

        assert (refused.status, refused.error) == (503, None)
        assert refused.headers == ((b"retry-after", b"10"),)
        assert desk.provider.issuer(STAFF) in refused.description
        ((action, fields),) = desk.told.events
        assert action == "issuer-keys-failed"
        assert "HTTP 503" in str(fields["detail"])
        assert "none are held" in str(fields["detail"])

        calls = desk.provider.knobs.calls
        for _ in range(50):
            await desk.refused(token)
        assert desk.provider.knobs.calls == calls, "it was asked again at once"
        desk.provider.knobs.outage = False
        desk.watch.moved += 6
        assert await desk.user(token)


async def test_held_keys_go_on_for_a_bounded_time_while_the_provider_is_down() -> None:
    """Then no token can be proven any more."""
    async with trusted_provider(keys_hours=2) as desk:
        await desk.user(desk.provider.token("vera"))
        desk.provider.knobs.outage = True
        desk.watch.moved += 2 * 3600 - 60
        assert await desk.user(desk.provider.token("vera"))
        assert desk.told.actions() == ["issuer-keys-changed", "issuer-keys-failed"]
        assert "those that are held go on" in str(desk.told.events[-1][1]["detail"])
        desk.watch.moved += 120

        assert (await desk.refused(desk.provider.token("vera"))).status == 503


async def test_one_provider_that_is_down_is_not_the_others_trouble() -> None:
    """Citizens come in while the provider of staff is away."""
    watch = Watch()
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unheard.getsockname()[1]}/staff"
        async with identity_provider(watch.now) as provider:
            settings = UserSettings(
                issuer=(
                    IssuerSettings(issuer=nowhere, kind="staff", audience=(AUDIENCE,)),
                    IssuerSettings(
                        issuer=provider.issuer(CITIZEN), kind="citizen", audience=(AUDIENCE,)
                    ),
                )
            )
            async with _verifier(settings, watch) as (verifier, told):
                with pytest.raises(TokenRefused) as refused:
                    await verifier.user(f"Bearer {provider.token('vera', iss=nowhere)}", None)
                assert refused.value.status == 503
                assert "connection refused" in str(told.events)
                user = await verifier.user(f"Bearer {provider.token('tolvan')}", None)
                assert user.kind is CITIZEN


@contextlib.asynccontextmanager
async def _verifier(
    settings: UserSettings, watch: Watch
) -> AsyncIterator[tuple[TokenVerifier, Told]]:
    told = Told()
    verifier = TokenVerifier(settings, watch, key_sources(settings, watch, told))
    try:
        yield verifier, told
    finally:
        await verifier.close()


@pytest.mark.parametrize("knob", ["latency", "drip"])
async def test_a_slow_provider_is_not_waited_for(
    knob: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No first byte, or a byte now and then: the bound is on both documents together."""
    monkeypatch.setattr(oidc, "FETCH_SECONDS", 0.5)
    async with trusted_provider() as desk:
        token = desk.provider.token("vera")
        setattr(desk.provider.knobs, knob, 0.4)
        began = time.monotonic()

        assert (await desk.refused(token)).status == 503
        assert time.monotonic() - began < 3
        assert "no whole answer in 0.5 s" in str(desk.told.events)


async def test_a_verifier_closes_while_keys_are_on_their_way() -> None:
    """Nothing is left running."""
    async with trusted_provider() as desk:
        desk.provider.knobs.latency = 30
        waiting = asyncio.create_task(desk.user(desk.provider.token("vera")))
        await asyncio.sleep(0.1)
        await desk.verifier.close()

        with pytest.raises(asyncio.CancelledError):
            await waiting


# Documents that are not what they should be


def _described(port_url: str, **changes: object) -> bytes:
    told = {"issuer": port_url, "jwks_uri": f"{port_url}/keys", **changes}
    return json.dumps({key: value for key, value in told.items() if value is not None}).encode()


DESCRIPTIONS: dict[str, tuple[Any, str]] = {
    "of another issuer": ({"issuer": "https://idp.example"}, "another issuer"),
    "of no issuer": ({"issuer": None}, "another issuer"),
    "without jwks_uri": ({"jwks_uri": None}, "no jwks_uri"),
    "jwks_uri a list": ({"jwks_uri": ["x"]}, "no jwks_uri"),
    "jwks_uri in plain text elsewhere": ({"jwks_uri": "http://192.0.2.1/keys"}, "https"),
    "jwks_uri a file": ({"jwks_uri": "file:///etc/passwd"}, "host"),
    "jwks_uri with a password": ({"jwks_uri": "https://a:b@idp.example/"}, "user name"),
    "jwks_uri no address": ({"jwks_uri": "https://[/"}, "URL"),
    "no JSON": (b"<html>", "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "a name twice": (b'{"issuer":"a","issuer":"b"}', "twice"),
    "deep": (b"[" * 100_000, "not JSON"),
    "nothing": (b"", "not JSON"),
    "too large": (b" " * 300_000, "over 262144 bytes"),
}


@pytest.mark.parametrize("case", DESCRIPTIONS)
async def test_a_description_that_cannot_be_trusted_gives_no_keys(case: str) -> None:
    """503, and an event that says what the provider should mend."""
    changes, why = DESCRIPTIONS[case]

    async def say(asked: Any, writer: asyncio.StreamWriter) -> None:
        told = changes if isinstance(changes, bytes) else _described(bad.url, **changes)
        writer.write(answer(told))

    async with misbehaving(say) as bad:
        refused, told = await _refused_by(bad.url)

    assert refused.status == 503
    assert why in str(told.events)
    assert len(bad.asked) == 1


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            b"HTTP/1.1 302 Found\r\nLocation: https://idp.example/\r\nContent-Length: 0\r\n\r\n",
            "302",
        ),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"\x00\xff\xfe not HTTP at all\r\n\r\n", "not HTTP"),
        (b"", "closed the connection"),
    ],
)
async def test_an_answer_that_is_no_document_gives_no_keys(said: bytes, why: str) -> None:
    """Redirects are not followed: they could lead anywhere."""
    async with misbehaving(saying(said)) as bad:
        refused, told = await _refused_by(bad.url)

    assert refused.status == 503
    assert why in str(told.events)


async def _refused_by(issuer: str) -> tuple[TokenRefused, Told]:
    """A token that only this issuer could prove."""
    watch = Watch()
    maker = IdentityProvider(watch.now)
    settings = UserSettings(
        issuer=(IssuerSettings(issuer=issuer, kind="staff", audience=(AUDIENCE,)),)
    )
    async with _verifier(settings, watch) as (verifier, told):
        with pytest.raises(TokenRefused) as refused:
            await verifier.user(f"Bearer {maker.token('vera', iss=issuer)}", None)
    return refused.value, told


# Over TLS


async def test_a_provider_must_prove_itself(tmp_path: Path) -> None:
    """By the authority of the settings, and no other; nothing is asked of one that does not."""
    authority = TestAuthority(tmp_path / "a", SystemClock().now())
    other = TestAuthority(tmp_path / "b", SystemClock().now())
    server = authority.server("server")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(server.certificate, server.key)
    watch = Watch()
    provider = IdentityProvider(watch.now)
    async with running(provider.application(), tls=_Server(tls)) as base:  # type: ignore[arg-type] # as much of a Tls as is used
        provider.base = base
        assert base.startswith("https://")
        async with verifying(provider, watch, authority=str(authority.certificate)) as desk:
            assert await desk.user(provider.token("vera"))
        for trusted in ({"authority": str(other.certificate)}, {}):
            async with verifying(provider, watch, **trusted) as desk:
                assert (await desk.refused(provider.token("vera"))).status == 503
                assert "TLS" in str(desk.told.events)
    assert provider.fetches == 1


class _Server:
    """TLS of a server that asks its callers for no certificate."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context

    def context(self) -> ssl.SSLContext:
        """As ``simulation.Tls`` has it."""
        return self._context


async def test_an_authority_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    """At the start, not at the first user."""
    nothing = tmp_path / "authority.pem"
    nothing.write_text("x", encoding="utf-8")
    settings = UserSettings(
        issuer=(
            IssuerSettings(
                issuer="https://idp.example",
                kind="staff",
                audience=(AUDIENCE,),
                authority=nothing,
            ),
        )
    )

    with pytest.raises(ResourcesMissing, match=r"users\.issuer\.authority: .*authority\.pem"):
        key_sources(settings, Watch(), Told())
