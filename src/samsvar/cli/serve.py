"""``samsvar serve``: run the hub until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from pathlib import Path

from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop
from samsvar.settings import Settings


def serve(settings: SettingsOption = None) -> None:
    """Run the hub. SIGTERM and Ctrl-C drain and stop it; SIGHUP reads certificates again."""
    import uvloop

    told = settings_from(settings)
    uvloop.run(_until_told(told, settings.parent if settings else Path.cwd()))


async def _until_told(settings: Settings, base: Path) -> None:
    from samsvar.app import Hub
    from samsvar.contracts import ContractsInvalid
    from samsvar.errors import HubError
    from samsvar.inbound.listeners import CannotListen
    from samsvar.inbound.tls import CertificatesUnusable
    from samsvar.manifest import AdaptersInvalid

    hub = Hub(settings, base)
    try:
        urls = await hub.start()
    except (ContractsInvalid, AdaptersInvalid, CertificatesUnusable) as error:
        raise Stop(WRONG_INPUT, str(error)) from error
    except (HubError, CannotListen) as error:
        raise Stop(UNREACHED, str(error)) from error
    # What start-up made stays: the collector need not walk it again. Questions make thousands of
    # objects that nothing cyclic holds; looking for cycles after every 700 cost a tenth of each.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)
    for url in urls:
        sys.stderr.write(f"samsvar serves at {url}\n")
    for missing in hub.missing():
        sys.stderr.write(f"not ready: {missing}\n")
    sys.stderr.flush()
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    loop.add_signal_handler(signal.SIGHUP, hub.reload_certificates)
    await told.wait()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(number)  # the second one stops at once
    await hub.stop()
