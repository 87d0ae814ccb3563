"""The last hop to a producer: whether anything answers over HTTP. No question is put."""

from __future__ import annotations

import http.client
import ssl
from urllib.parse import urlsplit

from samsvar.bench.target import TlsIdentity

PATIENCE = 5.0


def http_status(url: str, identity: TlsIdentity) -> int | str:
    """The status that a GET of the URL is answered with; or, in English, why there is none."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    try:
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=PATIENCE, context=identity.context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        try:
            connection.request("GET", parts.path or "/", headers={"Connection": "close"})
            return connection.getresponse().status
        finally:
            connection.close()
    except TimeoutError:
        return f"no answer in {PATIENCE:g} s"
    except (OSError, ssl.SSLError, http.client.HTTPException) as error:
        return type(error).__name__
