"""Where a test may go for somebody whom nobody has approved, and that it goes nowhere else."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from samsvar.bench.connection import look_at
from samsvar.bench.reach import OutOfReach, Reach, led_to
from samsvar.bench.wire import Wire
from samsvar.settings import SettingsInvalid, load
from tests.bench_targets import hospital, target

PUBLIC = Reach()
WIDE = Reach.of(["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "fd00::/8"], public=True)


@pytest.mark.parametrize(
    ("address", "public", "wide"),
    [
        ("8.8.8.8", True, True),
        ("2001:4860:4860::8888", True, True),
        ("10.1.2.3", False, True),
        ("192.168.1.1", False, False),
        ("172.16.0.1", False, False),
        ("100.64.0.1", False, False),
        ("127.0.0.1", False, True),
        ("::1", False, False),
        ("fd00::1", False, True),
        ("0.0.0.0", False, False),
        ("::", False, False),
        ("224.0.0.1", False, False),
        ("ff02::1", False, False),
        ("255.255.255.255", False, False),
        ("169.254.169.254", False, False),
        ("fe80::1", False, False),
        ("fd00:ec2::254", False, False),
        ("100.100.100.200", False, False),
        ("::ffff:169.254.169.254", False, False),
        ("::ffff:10.1.2.3", False, False),
        ("64:ff9b::a9fe:a9fe", False, False),
        ("64:ff9b::10.1.2.3", False, False),
        ("2002:a01:203::1", False, False),
    ],
)
def test_which_addresses_are_allowed(address: str, public: bool, wide: bool) -> None:
    asked = ipaddress.ip_address(address)

    assert (PUBLIC.allows(asked), WIDE.allows(asked)) == (public, wide)


def test_without_public_only_the_named_networks_are_left() -> None:
    reach = Reach.of(["10.0.0.0/8"], public=False)

    assert reach.allows(ipaddress.ip_address("10.0.0.1"))
    assert not reach.allows(ipaddress.ip_address("8.8.8.8"))


def test_a_name_that_leads_inside_and_outside_is_refused_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(OutOfReach, match=r"bench\.networks"):
        led_to("https://kommun.example/", PUBLIC)
    assert led_to("https://kommun.example/", WIDE) == ("8.8.8.8", "10.0.0.1")


def test_a_name_that_nobody_knows_leads_nowhere() -> None:
    assert led_to("https://kommun.invalid/", PUBLIC) == ()
    assert look_at(replace(target("https://kommun.invalid/"), addresses=())).dns is not None


async def test_the_test_goes_to_the_addresses_that_were_judged(tmp_path: Path) -> None:
    """A name that leads elsewhere a moment later, or nowhere, changes nothing."""
    async with hospital() as url:
        port = url.rstrip("/").rpartition(":")[2]
        named = f"http://omdirigerad.invalid:{port}/"
        door = look_at(replace(target(named), addresses=("127.0.0.1",)))
        async with Wire(named, None, 5.0, ("127.0.0.1",)) as wire:
            answered = await wire.get_wsdl("wsdl")
        async with Wire(named, None, 5.0) as free:
            lost = await free.get_wsdl("wsdl")

    assert door.reachable
    assert answered.status != 0
    assert answered.failure is None
    assert lost.failure is not None


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("10.0.0.1", "its first address and its length"),
        ("10.0.0.1/8", "its first address and its length"),
        ("10.0.0", "its first address and its length"),
        ("10.*", "its first address and its length"),
        ("0.0.0.0/0", "every address there is"),
        ("::/0", "every address there is"),
    ],
)
def test_a_network_is_written_in_one_way_only(written: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(f'[bench]\nnetworks = ["10.20.0.0/16", "{written}"]\n', encoding="utf-8")

    with pytest.raises(SettingsInvalid) as caught:
        load(file, {})

    (fault,) = caught.value.faults
    assert fault.startswith(f"{file}: bench.networks.1: ")
    assert said in fault
