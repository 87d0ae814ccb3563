#!/usr/bin/env -S python3 -ISB
"""Asks a hub over its Unix socket whether it is ready or alive: exit code 0 or 1, and what is
missing.

For container engines: they have no client certificate, and no curl. samsvar-probe ready|live SOCKET
"""

import socket
import sys

SECONDS = 4


def main() -> int:
    """Ask once."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("ready", "live"):
        sys.stderr.write("usage: samsvar-probe ready|live SOCKET\n")
        return 2
    what, path = sys.argv[1:]
    try:
        with socket.socket(socket.AF_UNIX) as hub:
            hub.settimeout(SECONDS)
            hub.connect(path)
            lines = (f"GET /health/{what} HTTP/1.1", "Host: hub", "Connection: close", "", "")
            hub.sendall("\r\n".join(lines).encode())
            answer = b""
            while part := hub.recv(65536):
                answer += part
    except OSError as error:
        sys.stdout.write(f"{path}: {error.strerror or error}\n")
        return 1
    head, _, body = answer.partition(b"\r\n\r\n")
    sys.stdout.write(body.decode(errors="replace") + "\n")
    return 0 if head.startswith(b"HTTP/1.1 200 ") else 1


if __name__ == "__main__":
    sys.exit(main())
