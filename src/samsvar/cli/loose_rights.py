"""Who else on the machine could change what the hub goes by: said, since it is nobody's fault yet.

Keys that others can read are refused where they are read. Knows files and users of a machine, and
nothing of a hub but where it has its files.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from samsvar.settings import Settings

ROOT = (
    "the hub runs as root: whoever breaks into it has the machine; give it a user of its own"
    " (User= in its unit, runAsUser in its pod)"
)
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def loose_rights(settings: Settings, file: Path | None) -> Iterator[str]:
    """A sentence for each, which says what to do."""
    if os.geteuid() == 0:
        yield ROOT
    for path in _files(settings, file):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # whoever needs it says so
        if stat.S_ISDIR(mode) and mode & stat.S_ISVTX:
            continue  # others may add files there, and change none
        if mode & _OTHERS_WRITE:
            yield f"{path}: others on this machine can change it: chmod go-w {path}"


def _files(settings: Settings, file: Path | None) -> list[Path]:
    """In order, each once: what the hub believes, and the folders of it."""
    told = [
        *([file, file.absolute().parent] if file else []),
        settings.hub.data,
        settings.producers.certificate,
        settings.producers.key,
        settings.producers.authority,
        settings.broker.hub_key,
    ]
    for listener in settings.listen:
        told += [listener.certificate, listener.key, listener.client_authority, listener.revoked]
    return list(dict.fromkeys(path for path in told if path is not None))
