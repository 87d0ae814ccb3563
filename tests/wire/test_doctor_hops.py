"""The way to a producer, hop by hop: the fault is where it is, and somebody knows what to do."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from aiohttp import web

from samsvar.cli.doctor_hops import hop
from samsvar.clock import SystemClock
from samsvar.simulation import Tls, running
from samsvar.simulation.authority import TestAuthority
from tests.hub import free_port

pytestmark = pytest.mark.wire


async def test_each_hop_has_its_fault_and_its_remedy(tmp_path: Path) -> None:
    now = SystemClock().now()
    ours = TestAuthority(tmp_path / "ours", now)
    theirs = TestAuthority(tmp_path / "theirs", now)
    server = ours.server("server")
    trusted = ssl.create_default_context(cafile=str(ours.certificate))
    foreign = ssl.create_default_context(cafile=str(theirs.certificate))
    tls = Tls(server.certificate, server.key, ours.certificate)
    async with (
        running(web.Application(), tls=tls) as secure,
        running(web.Application()) as plain,
    ):
        secure_port, plain_port = (int(url.rpartition(":")[2]) for url in (secure, plain))
        assert await hop("https", "127.0.0.1", secure_port, trusted) == ("", "")
        assert await hop("http", "127.0.0.1", plain_port, None) == ("", "")
        fault, remedy = await hop("https", "127.0.0.1", secure_port, foreign)
        assert fault.startswith("TLS: its certificate is not accepted:")
        assert "producers.authority" in remedy
        fault, remedy = await hop("https", "127.0.0.1", plain_port, trusted)
        assert fault.startswith("TLS: ")
        assert "speak no TLS" in remedy
    fault, remedy = await hop("http", "127.0.0.1", free_port(), None)
    assert (fault, remedy) == ("TCP: refused", "nothing listens there: is the system running?")
    fault, remedy = await hop("https", "no-such-host.invalid", 443, trusted)
    assert fault == "DNS: the name is not known"
    assert remedy
