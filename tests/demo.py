"""``samsvar demo`` as people start it, in a process of its own."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

_READY_SECONDS = 100


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that goes on until the block ends."""

    folder: Path
    """Where it was started."""
    said: str
    """What stood on the screen when it was ready."""

    @property
    def site(self) -> Path:
        """Its files."""
        return self.folder / "site"

    @property
    def profile(self) -> Path:
        """Of its consumer."""
        return self.site / "consumer.toml"

    @property
    def settings(self) -> Path:
        """Of its hub."""
        return self.site / "settings.toml"

    @property
    def simulators(self) -> dict[str, str]:
        """Title of each source, and its URL."""
        found = re.findall(r"^  (https://127\S+)  (.+) \(", self.said, re.MULTILINE)
        return {title: url for url, title in found}

    def turn(self, title: str, **knobs: object) -> None:
        """Turn the knobs of a source, as the demo says how to."""
        files = self.site / "certificates"
        with requests.Session() as session:
            session.trust_env = False
            session.cert = (str(files / "consumer.pem"), str(files / "consumer.key"))
            session.verify = str(files / "authority.pem")
            told = session.post(f"{self.simulators[title]}/_simulator/knobs", json=knobs, timeout=5)
        assert told.ok


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Start one in the folder; told to end by SIGTERM, it ends well."""
    screen = folder / "demo.txt"  # names its person, on the screen of who started it
    command = [sys.executable, "-m", "samsvar", "demo", "--folder", "site"]
    command += ["--port", "0", "--viewer-port", "0"]
    with screen.open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        give_up = time.monotonic() + _READY_SECONDS
        while "Ctrl-C stops it all" not in screen.read_text():
            assert process.poll() is None, screen.read_text()
            assert time.monotonic() < give_up, screen.read_text()
            time.sleep(0.05)
        yield Demo(folder, screen.read_text())
    finally:
        # Also where a test has failed: killed, it would leave its hub and its viewer behind.
        process.send_signal(signal.SIGTERM)
        code = process.wait(30)
    assert code == 0
    assert "Traceback" not in screen.read_text()
