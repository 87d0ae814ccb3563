"""Runs ``samsvar`` as people do, in a process of its own, or in this one where that is enough.

Everything it prints goes to ``cli.log`` in the folder, for the scan at the end; but not records
that were asked for, which name their person.
"""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from samsvar.cli import run


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def faults(self) -> list[str]:
        """The lines of standard error."""
        return self.err.splitlines()


@dataclass(frozen=True, slots=True)
class Shell:
    """Commands given in one folder."""

    folder: Path

    def run(self, *arguments: object, stdin: str = "", records: bool = False) -> Ran:
        """``python -m samsvar`` with these arguments."""
        ended = subprocess.run(
            [sys.executable, "-m", "samsvar", *map(str, arguments)],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return self._kept(Ran(ended.returncode, ended.stdout, ended.stderr), records)

    def inside(self, *arguments: object, stdin: str = "", records: bool = False) -> Ran:
        """The same in this process; paths must be absolute."""
        out, err, before = _written(), _written(), sys.stdin
        sys.stdin = io.StringIO(stdin)
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = run([str(argument) for argument in arguments])
        finally:
            sys.stdin = before
        return self._kept(Ran(code, _text(out), _text(err)), records)

    def _kept(self, ran: Ran, records: bool) -> Ran:
        with (self.folder / "cli.log").open("a", encoding="utf-8") as log:
            log.write(ran.err if records else ran.out + ran.err)
        assert "Traceback" not in ran.out + ran.err
        assert "broke unexpectedly" not in ran.err
        return ran


def _written() -> io.TextIOWrapper:
    """What takes text as the real ones do: over bytes, which some write themselves."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)


def _text(written: io.TextIOWrapper) -> str:
    written.seek(0)
    return written.read()
