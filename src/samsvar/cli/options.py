"""Options that several commands share, and the reading of what they point to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from samsvar.cli.outcome import WRONG_INPUT, Stop
from samsvar.settings import Settings, SettingsInvalid, load

SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--settings", "-s", help="settings file (TOML); SAMSVAR_... variables lie over it"
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="print JSON instead of a table")]


def settings_from(path: Path | None) -> Settings:
    """The settings, or the end of the command with all their faults."""
    try:
        return load(path)
    except SettingsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error


def text_of(file: Path) -> str:
    """A file's text.

    Raises:
        Stop: it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise Stop(WRONG_INPUT, f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Stop(WRONG_INPUT, f"{file}: cannot be read as UTF-8 text") from error
