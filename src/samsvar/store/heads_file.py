"""Signed heads copied out of the database: a file that is only ever appended to, line by line.

It belongs on another disk or machine than the database: whoever can rewrite the one should not be
able to rewrite the other. A line that a power cut tore is left as it is; the next one begins anew.
Several hubs may write to one file: each takes its turn. Knows lines, and how a head stands in one.
"""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from samsvar.audit.heads import KeyHandOver, SignedHead, StatementRefused, read_line
from samsvar.store.key_file import sync_folder

_TAIL_BYTES = 64 * 1024


def append(path: Path, missing: Callable[[SignedHead | None], Iterable[bytes]]) -> int:
    """Add lines, durable when this returns; how many. ``missing`` is told the last head that
    stands in the file, while nobody else can write there.

    Raises:
        OSError: the file cannot be written.
    """
    is_new = not path.exists()
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    descriptor = os.open(path, flags, stat.S_IRUSR | stat.S_IWUSR | stat.S_IRGRP)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        tail = _tail(descriptor)
        lines = list(missing(_last_head(tail)))
        if lines:
            torn = b"\n" if tail and not tail.endswith(b"\n") else b""
            _write(descriptor, torn + b"".join(line + b"\n" for line in lines))
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
    if is_new:
        sync_folder(path.parent)
    return len(lines)


def read(path: Path) -> tuple[list[SignedHead], list[KeyHandOver], int]:
    """Heads, keys, and the number of lines that are neither.

    Raises:
        OSError: the file cannot be read.
    """
    heads: list[SignedHead] = []
    keys: list[KeyHandOver] = []
    unreadable = 0
    for told in _parsed(path.read_bytes().splitlines()):
        if isinstance(told, SignedHead):
            heads.append(told)
        elif told is None:
            unreadable += 1
        elif told not in keys:
            keys.append(told)
    return heads, keys, unreadable


def _parsed(lines: Iterable[bytes]) -> Iterator[SignedHead | KeyHandOver | None]:
    for line in lines:
        try:
            yield read_line(line)
        except StatementRefused:
            yield None


def _tail(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    return os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))


def _last_head(tail: bytes) -> SignedHead | None:
    for told in _parsed(reversed(tail.splitlines())):
        if isinstance(told, SignedHead):
            return told
    return None


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
