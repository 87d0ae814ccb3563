"""A secret key in a file of its own: made once, whole or not at all, for its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from samsvar.errors import ResourcesMissing


def make_key_file(path: Path, key: str) -> None:
    """Write a new key; if another process was first, its key stands.

    Raises:
        OSError: the folder cannot be written.
    """
    if path.exists():
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(draft, flags, stat.S_IRUSR | stat.S_IWUSR)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
    sync_folder(path.parent)


def read_key_file(path: Path) -> str:
    """The key.

    Raises:
        ResourcesMissing: others can read it.
        OSError: it is not there.
    """
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ResourcesMissing(f"{path.name} can be read by others: chmod 600 it")
    return path.read_text().strip()


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut, as well as their content."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
