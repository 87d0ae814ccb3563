"""Sockets of the listeners: bound once, by a hub for itself or by the one who starts several.

A socket that several processes have inherited has one queue of callers: when one of them dies,
those who wait are served by the others. (With SO_REUSEPORT each process has a queue of its own,
and whoever waits in it goes down with it.)
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Sequence

from samsvar.settings import ListenSettings

BACKLOG = 2048


class CannotListen(Exception):
    """A socket cannot be bound; the text says which, and why."""


def bound(wanted: Sequence[ListenSettings]) -> list[socket.socket]:
    """A socket for each listener, in their order; callers are taken from now on, and wait.

    Raises:
        CannotListen: with one sentence; none is left open.
    """
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(_bound(settings)) for settings in wanted]
        opened.pop_all()
        return sockets


def where(settings: ListenSettings, sock: socket.socket) -> str:
    """Where a listener can be reached, for people."""
    if settings.kind == "unix":
        return f"unix:{settings.path}"
    scheme = "https" if settings.kind == "tls" else "http"
    return f"{scheme}://{settings.host}:{sock.getsockname()[1]}"


def _bound(settings: ListenSettings) -> socket.socket:
    try:
        if settings.kind == "unix":
            sock = _at_path(str(settings.path))
        else:
            sock = _at_port(settings.host, settings.port)
    except OSError as error:
        place = settings.path or f"{settings.host}:{settings.port}"
        raise CannotListen(f"cannot listen on {place}: {error.strerror}") from error
    sock.setblocking(False)
    return sock


def _at_path(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        os.chmod(path, 0o660)
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock


def _at_port(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sets TCP_NODELAY only where it reads TCP; without, each answer waits 40 ms for an ACK
    sock = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(BACKLOG)
    except OSError:
        sock.close()
        raise
    return sock
