"""Starts several hub processes on the same sockets, starts those anew that end, stops them all.

The first one starts alone: it brings the database up to date, and what is wrong is said once. One
that ends is started again, at once and then ever more seldom; one that does not turn any more is
killed first. When none can be started any more the whole ends, with the exit code of the last.
Nothing else is done here, so that nothing else can go wrong.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from samsvar.processes.board import Board, State
from samsvar.processes.inheritance import written
from samsvar.processes.service_manager import ServiceManager

#: how long a process may go without showing that it turns
TURN_SECONDS = 10.0
#: how long a start may take: a database server may come up meanwhile
START_SECONDS = 60.0
#: from being told to stop until it is killed, beside grace and drain
PATIENCE_SECONDS = 5.0
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
#: one that has lasted so long starts again without a pause
_LASTING_SECONDS = 30.0
#: starts in a row that fail while nobody serves
_MOST_FAILURES = 6
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD}
_TICK = 0.25


@dataclass(slots=True)
class _Place:
    """One process that is to be, and the one that is."""

    process: subprocess.Popen[bytes] | None = None
    begun: float = 0.0
    due: float = 0.0
    pause: float = _SHORTEST_PAUSE


class Supervisor:
    """Of one command, run several times."""

    def __init__(
        self,
        command: Sequence[str],
        sockets: Sequence[socket.socket],
        count: int,
        *,
        stop_seconds: float,
        tell: Callable[[str], None],
        manager: ServiceManager,
    ) -> None:
        """Nothing is started yet.

        Args:
            command: what to run; the inheritance is its last word.
            sockets: of the listeners.
            count: how many processes.
            stop_seconds: what they may need to stop by themselves.
            tell: a line for people.
            manager: hears how it goes.
        """
        self._command = list(command)
        self._sockets = list(sockets)
        self._places = [_Place() for _ in range(count)]
        self._board = Board.new(count)
        self._lifeline, self._held = os.pipe()
        self._stop_seconds = stop_seconds
        self._tell = tell
        self._manager = manager
        self._failures = 0
        self._served = False

    def run(self, serving: Callable[[], None]) -> int:
        """Until told to stop: the exit code. ``serving`` is called when the first one serves."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            return self._run(serving)
        finally:
            self._kill()
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _run(self, serving: Callable[[], None]) -> int:
        while True:
            told = signal.sigtimedwait(_SIGNALS, _TICK)
            if told and told.si_signo in (signal.SIGTERM, signal.SIGINT):
                return self._stop()
            if told and told.si_signo == signal.SIGHUP:
                self._pass_on(signal.SIGHUP)
            code = self._reap()
            if code is not None:
                return code
            self._watch()
            if not self._served and self._any(State.READY, State.UNREADY):
                self._served = True
                self._manager.tell("READY=1")
                serving()
            if self._served:
                self._manager.tell("WATCHDOG=1")
            self._start_those_due()

    def _start_those_due(self) -> None:
        now = time.monotonic()
        for number, place in enumerate(self._places):
            if place.process is None and place.due <= now and (self._served or number == 0):
                self._start(number, place)

    def _start(self, number: int, place: _Place) -> None:
        word = written(number, self._board, self._lifeline, self._sockets)
        self._board.show(number, 0, 0.0, State.STARTING)
        place.begun = time.monotonic()
        place.process = subprocess.Popen(  # noqa: S603 - ourselves
            [*self._command, word],
            pass_fds=[self._board.file, self._lifeline, *(s.fileno() for s in self._sockets)],
            process_group=0,  # Ctrl-C is for us alone: a second signal would stop them at once
        )

    def _reap(self) -> int | None:
        """Note who has ended; the exit code, if it is no use to go on."""
        now = time.monotonic()
        for number, place in enumerate(self._places):
            if place.process is None or (code := place.process.poll()) is None:
                continue
            had_served = self._board.at(number).at > 0
            place.process = None
            self._board.show(number, 0, 0.0, State.STARTING)
            self._failures = 0 if had_served else self._failures + 1
            if not self._served:
                return _own(code)
            if self._failures >= _MOST_FAILURES and not self._any(State.READY, State.UNREADY):
                self._tell(f"no process can be started any more: the last {_ending(code)}")
                return _own(code)
            if now - place.begun > _LASTING_SECONDS:
                place.pause = _SHORTEST_PAUSE
            place.due = now + place.pause
            self._tell(f"process {number + 1} {_ending(code)}; the next in {place.pause:g} s")
            place.pause = min(place.pause * 2, _LONGEST_PAUSE)
        return None

    def _watch(self) -> None:
        """Kill what does not turn: it is started anew like any other that ended."""
        now = time.monotonic()
        for number, place in enumerate(self._places):
            if place.process is None:
                continue
            at = self._board.at(number).at
            late = now - at > TURN_SECONDS if at else now - place.begun > START_SECONDS
            if late:
                self._tell(f"process {number + 1} does not turn any more, and is killed")
                place.process.kill()

    def _any(self, *states: State) -> bool:
        return any(
            place.process is not None and self._board.at(number).state in states
            for number, place in enumerate(self._places)
        )

    def _pass_on(self, number: signal.Signals) -> None:
        for place in self._places:
            if place.process is not None and place.process.poll() is None:
                place.process.send_signal(number)

    def _stop(self) -> int:
        """Let all of them drain. A second signal ends it at once."""
        self._manager.tell("STOPPING=1")
        for sock in self._sockets:
            sock.close()  # the processes have theirs; who comes after them is turned away
        self._pass_on(signal.SIGTERM)
        running = [place.process for place in self._places if place.process is not None]
        give_up = time.monotonic() + self._stop_seconds + PATIENCE_SECONDS
        while any(process.poll() is None for process in running):
            told = signal.sigtimedwait(_SIGNALS, _TICK)
            again = told is not None and told.si_signo in (signal.SIGTERM, signal.SIGINT)
            if again or time.monotonic() > give_up:
                self._tell("told twice to stop" if again else "the processes do not stop: killed")
                self._kill()
                return 1
        codes = [process.wait() for process in running]
        for code in filter(None, codes):
            self._tell(f"one of the processes {_ending(code)} instead of stopping")
        return 1 if any(codes) else 0

    def _kill(self) -> None:
        for place in self._places:
            if place.process is not None:
                place.process.kill()
                place.process.wait()


def _own(code: int) -> int:
    return code if code > 0 else 1


def _ending(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was ended by {signal.Signals(-code).name}"
