"""The way to one system, hop by hop: which fails, why, and what to do. Sends nothing but TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl

CONNECT_SECONDS = 3.0


async def hop(scheme: str, host: str, port: int, context: ssl.SSLContext | None) -> tuple[str, str]:
    """Which hop fails, and what to do; empty texts: none does."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, TimeoutError):
        return "DNS: the name is not known", "look at the address in the registry, and at DNS"
    tls = (context or ssl.create_default_context()) if scheme == "https" else None
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host, port, ssl=tls)
    except ssl.SSLCertVerificationError as error:
        return (
            f"TLS: its certificate is not accepted: {error.verify_message}",
            "producers.authority must hold its issuer, and the address its name",
        )
    except ssl.SSLError as error:
        return (
            f"TLS: {error.reason or 'the handshake failed'}",
            "it may refuse our certificate (producers.certificate), or speak no TLS",
        )
    except TimeoutError:
        return f"TCP: no answer within {CONNECT_SECONDS:g} s", "a firewall drops it: ask for a hole"
    except ConnectionRefusedError:
        return "TCP: refused", "nothing listens there: is the system running?"
    except OSError as error:
        return f"TCP: {error.strerror or type(error).__name__}", "look at routes and firewalls"
    writer.close()
    return "", ""
