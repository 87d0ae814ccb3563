"""An adapter reaches its own producer's origin, and nothing else."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from samsvar.adapter_api import ProducerAnswerInvalid
from samsvar.outbound.adapter_http import ProducerHttp
from samsvar.outbound.http_client import HttpClient
from samsvar.settings import ProducerSettings
from tests.bad_producer import http, misbehaving, saying

ADDRESS = "https://records.example:8443/api/v1/"


@pytest_asyncio.fixture
async def client() -> AsyncIterator[HttpClient]:
    """The hub's own client."""
    made = HttpClient(ProducerSettings(), None)
    yield made
    await made.close()


@pytest.mark.parametrize(
    "url",
    [
        "https://elsewhere.example:8443/api/v1/",
        "https://records.example/api/v1/",
        "https://records.example:443/",
        "http://records.example:8443/",
        "//elsewhere.example/x",
        "https://records.example:8443@elsewhere.example/",
        "https://records.example:8443.elsewhere.example/",
        "https://elsewhere.example#@records.example:8443/",
        "https://elsewhere.example\\@records.example:8443/x",
        "https://records.example:99999/",
        "https://[records.example:8443/",
        "file:///etc/passwd",
        "ftp://records.example:8443/",
        "http://169.254.169.254/latest/",
    ],
)
async def test_another_origin_is_refused_before_anything_is_sent(
    client: HttpClient, url: str
) -> None:
    """A paging link is what the producer wrote: it does not lead the hub elsewhere."""
    with pytest.raises(ProducerAnswerInvalid, match=r"^it refers to another host than its own$"):
        await ProducerHttp(client, ADDRESS).request("GET", url)


@pytest.mark.wire
async def test_relative_links_are_the_producers_own(client: HttpClient) -> None:
    """Resolved as a browser would."""
    async with misbehaving(saying(http(b"yes"), keep=True)) as producer:
        mine = ProducerHttp(client, f"{producer.url}api/")
        same = f"{producer.url}api/x"
        answers = [
            (await mine.request("GET", url)).body
            for url in ("x", "?page=2", "/other", "../up", same)
        ]

    assert answers == [b"yes"] * 5


@pytest.mark.wire
async def test_a_compressed_answer_is_refused(client: HttpClient) -> None:
    """It was not asked for, and could be as big as it likes."""
    bomb = saying(http(gzip.compress(bytes(10_000)), "Content-Encoding: gzip"))
    async with misbehaving(bomb) as producer:
        with pytest.raises(ProducerAnswerInvalid, match="compressed"):
            await ProducerHttp(client, producer.url).request("GET", "x")

    assert [each.headers["accept-encoding"] for each in producer.asked] == ["identity"]
