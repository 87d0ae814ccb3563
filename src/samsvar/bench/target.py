"""What is to be tested, and with what: an address, contracts, our identity, test persons."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path

from samsvar.model.contract import ServiceContract
from samsvar.model.identifiers import LogicalAddress, PersonId
from samsvar.ports import EngagementIndex


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """PEM files: our certificate and key, and who issues producers' certificates.

    Without an authority the machine's trust store decides.
    """

    certificate: Path | None = None
    key: Path | None = None
    authority: Path | None = None

    def context(self, *, shows_certificate: bool = True, verify: bool = True) -> ssl.SSLContext:
        """A client context. ``verify=False`` only looks at a certificate; no question goes out
        with it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif self.authority is not None:
            context.load_verify_locations(self.authority)
        else:
            context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        if shows_certificate and self.certificate is not None:
            context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True, slots=True)
class Target:
    """A producer, as the bench meets it."""

    url: str
    logical_address: LogicalAddress
    contracts: tuple[ServiceContract, ...]
    tls: TlsIdentity
    known: PersonId
    """A test person about whom the producer has something."""
    unknown: PersonId
    """A test person about whom it has nothing."""
    period: tuple[str, str] | None = None
    """First and last day (YYYYMMDD) of a period in which the known person has something; without
    it a day is taken from the first answer."""
    deadline: float = 27.0  # LOG313: what a producer may use
    slow: float = 15.0  # LOG2015, and what people who wait will bear
    parallel: int = 10  # LOG313: at least so many at once
    addresses: tuple[str, ...] | None = None
    """Where the URL's host is, already looked up: the bench goes there and nowhere else. None: it
    looks by itself."""
    index: EngagementIndex | None = field(default=None, repr=False)
