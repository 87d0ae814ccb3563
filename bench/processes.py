"""Child processes under measurement: started, pinned, weighed, and always ended.

Knows Linux: CPU time and memory are read from /proc, and count all threads of a process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 5.0
_START_SECONDS = 30.0


def ended_when_told(main: Callable[[], int]) -> int:
    """Run it; told to stop (SIGINT, SIGTERM), it ends what it has started, and the code is 130."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return main()
    except KeyboardInterrupt:
        return 130


class ChildFailed(Exception):
    """A child ended, or said nothing in time; the text holds its last words."""


class Child:
    """One running child."""

    def __init__(self, name: str, process: Process) -> None:
        self.name = name
        self._process = process

    async def line(self, mark: str = "", *, errors: bool = False) -> str:
        """The first line that it writes, or the first that holds ``mark``.

        Raises:
            ChildFailed: none came.
        """
        stream = self._process.stderr if errors else self._process.stdout
        assert stream is not None
        seen: list[str] = []
        try:
            async with asyncio.timeout(_START_SECONDS):
                while raw := await stream.readline():
                    text = raw.decode(errors="replace").strip()
                    if mark in text:
                        return text
                    seen.append(text)
        except TimeoutError:
            seen.append(f"(nothing more within {_START_SECONDS:g} s)")
        raise ChildFailed(f"{self.name} did not start: {' / '.join(seen[-5:])}")

    async def ended(self) -> str:
        """What it complained of, if it has ended; empty: it runs."""
        if self._process.returncode is None:
            return ""
        complaint = await self._process.stderr.read() if self._process.stderr else b""
        text = complaint.decode(errors="replace").strip()[-500:]
        return f"exit code {self._process.returncode}: {text}"

    def pin(self, cores: set[int]) -> None:
        """Let it run on these cores only."""
        for thread in os.listdir(f"/proc/{self._process.pid}/task"):
            os.sched_setaffinity(int(thread), cores)

    def cpu_seconds(self) -> float:
        """User and system time of all its threads so far."""
        text = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii")
        fields = text.rpartition(")")[2].split()  # the name may hold anything, also blanks
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def memory(self) -> tuple[float, float]:
        """Resident memory now, and at most so far, in MB."""
        text = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        sizes = dict(line.split(":", 1) for line in text.splitlines() if line.startswith("Vm"))
        return tuple(int(sizes[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    async def kill(self) -> None:
        """kill -9: nothing is said, nothing is flushed."""
        self._process.kill()
        await self._process.wait()

    async def end(self) -> None:
        """Ask it to stop, then make it."""
        if self._process.returncode is not None:
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self._process.wait(), _STOP_SECONDS)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()


class Nursery:
    """All children of a run. Leaving it ends them, the last one first, however it is left."""

    def __init__(self) -> None:
        self._children: list[Child] = []

    async def __aenter__(self) -> Nursery:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for child in reversed(self._children):
            await asyncio.shield(child.end())

    async def start(
        self, name: str, arguments: Sequence[str], *, output: IO[bytes] | None = None
    ) -> Child:
        """Start Python with these arguments. ``output``: a file for what it writes."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *arguments,
            stdin=DEVNULL if output else PIPE,
            stdout=output or PIPE,
            stderr=PIPE if output else None,
            start_new_session=True,  # a Ctrl-C is for us: we end them, in order
        )
        child = Child(name, process)
        self._children.append(child)
        return child

    async def run(self, name: str, arguments: Sequence[str]) -> str:
        """Run Python with these arguments to its end; what it wrote.

        Raises:
            ChildFailed: with what it complained of.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=PIPE
        )
        said, complaint = await process.communicate()
        if process.returncode:
            raise ChildFailed(f"{name}: {complaint.decode(errors='replace').strip()[-500:]}")
        return said.decode(errors="replace").strip()
