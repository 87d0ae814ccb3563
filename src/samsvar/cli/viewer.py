"""``samsvar viewer``: the reference viewer, until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop

if TYPE_CHECKING:
    from samsvar.viewer.settings import ViewerSettings


def viewer(
    settings: Annotated[
        Path, typer.Option("--settings", "-s", help="the viewer's own settings file (TOML)")
    ] = Path("viewer.toml"),
) -> None:
    """Serve the reference viewer: plans for staff and citizens, in a browser."""
    from samsvar.viewer.settings import ViewerSettingsInvalid, load

    try:
        told = load(settings)
    except ViewerSettingsInvalid as error:
        raise Stop(WRONG_INPUT, "\n".join(error.faults)) from error
    asyncio.run(_until_told(told))


async def _until_told(settings: ViewerSettings) -> None:
    from samsvar.clock import SystemClock
    from samsvar.viewer.server import serving

    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        async with serving(settings, SystemClock()):
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, told.set)
            sys.stderr.write(f"the viewer serves at {settings.address}\n")
            sys.stderr.flush()
            await told.wait()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)  # the second one stops at once
    except ssl.SSLError as error:
        raise Stop(WRONG_INPUT, f"a certificate or key cannot be used: {error.reason}") from error
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        raise Stop(UNREACHED, f"cannot listen at {where}: {error.strerror}") from error
