"""Where a URL leads, and whether the hub may go there for somebody whom nobody has approved.

A test makes the hub call an address that a stranger has written. So the host name is looked up
once, every address that it leads to is judged, and the test goes to those addresses and to no
other, whatever the name leads to a moment later. Knows addresses and networks; asks nothing of
who the stranger is.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: the machine's own surroundings, metadata of clouds, tunnels: of no municipality, ever
_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("169.254.0.0/16", "fe80::/10", "100.100.100.200/32", "fd00:ec2::/32"),
        *("2002::/16", "2001::/32"),
    )
)
_TRANSLATED = ipaddress.ip_network("64:ff9b::/96")


class OutOfReach(Exception):
    """The hub may not go there. The text says what may be done, and not where the name leads."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a test may go: public addresses, and the networks that the settings name."""

    networks: tuple[Network, ...] = ()
    public: bool = True

    @classmethod
    def of(cls, networks: Sequence[str], *, public: bool) -> Reach:
        """From the settings' words, which have been checked."""
        return cls(tuple(ipaddress.ip_network(text) for text in networks), public)

    def allows(self, address: Address) -> bool:
        """Whether a test may go to an address; one that carries another is judged as that too."""
        return all(self._allows(each) for each in _carried(address))

    def _allows(self, address: Address) -> bool:
        if address.is_multicast or address.is_unspecified or any(address in net for net in _NEVER):
            return False
        if any(address in network for network in self.networks):
            return True
        return self.public and address.is_global and not address.is_reserved


def led_to(url: str, reach: Reach) -> tuple[str, ...]:
    """The addresses of a URL's host, all of them allowed; none, if nobody knows the name.

    Raises:
        OutOfReach: one of them is not.
    """
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return ()
    addresses = dict.fromkeys(str(entry[4][0]) for entry in found)
    for text in addresses:
        if not reach.allows(ipaddress.ip_address(text)):
            raise OutOfReach(
                "nobody has approved this producer yet, and its URL leads to an address where such "
                "a one may not be tested: it is neither public nor in bench.networks of the hub's "
                "settings. Whoever runs the hub can name the network there; or a registrar "
                "approves first, and it is tested then"
            )
    return tuple(addresses)


def _carried(address: Address) -> Iterator[Address]:
    yield address
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            yield address.ipv4_mapped
        if address in _TRANSLATED:
            yield ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
