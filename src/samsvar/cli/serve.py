"""``samsvar serve``: run the hub, in one process or several, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from samsvar.cli.loose_rights import loose_rights
from samsvar.cli.options import SettingsOption, settings_from
from samsvar.cli.outcome import UNREACHED, WRONG_INPUT, Stop
from samsvar.processes.board import State
from samsvar.processes.inheritance import Inheritance, when_orphaned
from samsvar.processes.service_manager import ServiceManager
from samsvar.settings import Settings, taken_from_environment

if TYPE_CHECKING:
    from samsvar.app import Hub

_BEAT_SECONDS = 0.5
_MOST_WORKERS = 64
_STOPPING = (signal.SIGTERM, signal.SIGINT)


def serve(
    settings: SettingsOption = None,
    workers: Annotated[
        int, typer.Option(min=1, max=_MOST_WORKERS, help="how many processes share the listeners")
    ] = 1,
    inherited: Annotated[str, typer.Option(hidden=True)] = "",
) -> None:
    """Run the hub. SIGTERM and Ctrl-C drain and stop it; SIGHUP reads certificates again."""
    told = settings_from(settings)
    manager = ServiceManager(taken_from_environment("NOTIFY_SOCKET"))
    if inherited:
        _one_of_several(told, settings, _taken_over(inherited, workers))
    elif workers > 1:
        _several(told, settings, workers, manager)
    else:
        _one(told, settings, manager)


def _one(settings: Settings, file: Path | None, manager: ServiceManager) -> None:
    from samsvar.app import Hub

    serving = _Serving(Hub(settings, _base(file)), settings.hub.grace_seconds or 0.0)
    serving.shown = lambda state: manager.tell("WATCHDOG=1", *_STATES.get(state, ()))
    serving.warnings = tuple(loose_rights(settings, file))
    serving.run()


_STATES = {State.STOPPING: ("STOPPING=1",), State.READY: ("READY=1",), State.UNREADY: ("READY=1",)}


def _one_of_several(settings: Settings, file: Path | None, mine: Inheritance) -> None:
    from samsvar.app import Hub

    hub = Hub(settings, _base(file), sockets=mine.sockets, siblings=mine)
    serving = _Serving(hub, settings.hub.grace_seconds or 0.0)
    serving.shown = lambda state: mine.board.show(mine.place, os.getpid(), time.monotonic(), state)
    serving.prepare = lambda: when_orphaned(mine.lifeline, serving.orphaned)
    serving.tells_where = False
    serving.tells_what_is_missing = mine.place == 0
    serving.run()


def _several(settings: Settings, file: Path | None, count: int, manager: ServiceManager) -> None:
    from samsvar.app import DRAIN_SECONDS
    from samsvar.inbound.sockets import CannotListen, bound, where
    from samsvar.processes.supervisor import Supervisor

    try:
        sockets = bound(settings.listen)
    except CannotListen as error:
        raise Stop(UNREACHED, str(error)) from error
    urls = [where(one, sock) for one, sock in zip(settings.listen, sockets, strict=True)]
    command = [sys.executable, "-m", "samsvar", "serve", "--workers", str(count)]
    command += ["--settings", str(file)] if file else []

    def serving() -> None:
        _say_where(urls)
        _say(f"samsvar serves with {count} processes")
        _warn(loose_rights(settings, file))

    supervisor = Supervisor(
        [*command, "--inherited"],
        sockets,
        count,
        stop_seconds=(settings.hub.grace_seconds or 0.0) + DRAIN_SECONDS,
        tell=_say,
        manager=manager,
    )
    code = supervisor.run(serving)
    if code:
        raise Stop(code)


class _Serving:
    """One hub, from its start to its end."""

    def __init__(self, hub: Hub, grace: float) -> None:
        self._hub = hub
        self._grace = grace
        self.shown: Callable[[State], None] = lambda state: None
        """Called every half second, as long as the process turns and nothing in it has ended."""
        self.prepare: Callable[[], None] = lambda: None
        self.warnings: tuple[str, ...] = ()
        self.tells_where = True
        self.tells_what_is_missing = True

    def run(self) -> None:
        """Until it is told to stop."""
        import uvloop

        uvloop.run(self._until_told())

    def orphaned(self) -> None:
        """Whoever started this one has gone: the next one needs the sockets, so now."""
        self._grace = 0.0
        self._told.set()

    async def _until_told(self) -> None:
        self._told = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOPPING:
            loop.add_signal_handler(number, self._told.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)  # nothing is old yet
        # Several are started with signals held back, so that none comes before there is an ear.
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        self.prepare()
        beat = asyncio.create_task(self._beat())
        try:
            await self._serve(loop)
        finally:
            beat.cancel()

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        if not await self._started():
            return
        loop.add_signal_handler(signal.SIGHUP, self._hub.reload_certificates)
        await self._told.wait()
        for number in _STOPPING:
            loop.remove_signal_handler(number)  # the second one stops at once
        self._hub.retire()
        self.shown(State.STOPPING)
        if self._grace:
            await asyncio.sleep(self._grace)
        await self._hub.stop()

    async def _started(self) -> bool:
        """False: it was told to stop before it served."""
        start = asyncio.create_task(_start(self._hub))
        told = asyncio.create_task(self._told.wait())
        await asyncio.wait((start, told), return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        if not start.done():
            start.cancel()
            with contextlib.suppress(asyncio.CancelledError, Stop):
                await start
            return False
        urls = await start
        self.shown(self._state())
        # What start-up made stays: the collector need not walk it again. Questions make thousands
        # of objects that nothing cyclic holds; looking for cycles after every 700 cost a tenth of
        # each.
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 100)
        if self.tells_where:
            _say_where(urls)
        _warn(self.warnings)
        if self.tells_what_is_missing:
            for missing in self._hub.missing():
                _say(f"not ready: {missing}")
        return True

    async def _beat(self) -> None:
        while True:
            if self._hub.listens and not self._hub.dead():
                self.shown(self._state())
            await asyncio.sleep(_BEAT_SECONDS)

    def _state(self) -> State:
        if self._told.is_set():
            return State.STOPPING
        return State.UNREADY if self._hub.missing() else State.READY


async def _start(hub: Hub) -> tuple[str, ...]:
    from samsvar.contracts import ContractsInvalid
    from samsvar.errors import HubError
    from samsvar.inbound.sockets import CannotListen
    from samsvar.inbound.tls import CertificatesUnusable
    from samsvar.manifest import AdaptersInvalid

    try:
        return await hub.start()
    except (ContractsInvalid, AdaptersInvalid, CertificatesUnusable) as error:
        raise Stop(WRONG_INPUT, str(error)) from error
    except (HubError, CannotListen) as error:
        raise Stop(UNREACHED, str(error)) from error


def _taken_over(word: str, workers: int) -> Inheritance:
    try:
        return Inheritance.read(word, workers)
    except (ValueError, OSError) as error:
        raise Stop(WRONG_INPUT, "--inherited is for samsvar itself: use --workers") from error


def _base(file: Path | None) -> Path:
    return file.parent if file else Path.cwd()


def _say_where(urls: Iterable[str]) -> None:
    for url in urls:
        _say(f"samsvar serves at {url}")


def _warn(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        _say(f"warning: {sentence}")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
