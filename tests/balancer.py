"""haproxy as the sample in ``deploy/`` sets it up, before the hubs of a test."""

from __future__ import annotations

import re
import subprocess
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

from tests.checkers import program
from tests.hub import Site, free_port

SAMPLE = Path(__file__).parents[1] / "deploy" / "haproxy" / "haproxy.cfg"


def localised(site: Site, sockets: list[Path], port: int, figures: int) -> str:
    """The sample, with the test's ports, certificates and sockets, and nothing else changed."""
    tls = site.folder / "haproxy-tls"
    tls.mkdir(exist_ok=True)
    chain = site.server.certificate.read_bytes() + site.server.key.read_bytes()
    (tls / "hub.pem").write_bytes(chain)
    (tls / "client-authority.pem").write_bytes(site.authority.certificate.read_bytes())
    (tls / "revoked.pem").write_bytes(site.authority.revoke().read_bytes())
    text = SAMPLE.read_text()
    for told, own in (
        ("bind :443 ", f"bind 127.0.0.1:{port} "),
        ("/etc/haproxy/tls", str(tls)),
        ("127.0.0.1:8405", f"127.0.0.1:{figures}"),
        *((f"/run/samsvar-{number}/hub.sock", str(path)) for number, path in enumerate(sockets, 1)),
    ):
        assert told in text, told
        text = text.replace(told, own)
    return text


class Balancer:
    """Runs until closed."""

    def __init__(self, site: Site, sockets: list[Path]) -> None:
        haproxy = program("haproxy")
        port, self._figures = free_port(), free_port()
        self.url = f"https://127.0.0.1:{port}"
        config = site.folder / "haproxy.cfg"
        config.write_text(localised(site, sockets, port, self._figures))
        self.log = site.folder / "haproxy.log"
        with self.log.open("wb") as log:
            self._process = subprocess.Popen([haproxy, "-db", "-f", config], stdout=log, stderr=log)
        give_up = time.monotonic() + 10
        while not self._answers():
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < give_up, self.log.read_text()
            time.sleep(0.02)

    def _answers(self) -> bool:
        with suppress(OSError):
            return bool(self.all_figures())
        return False

    def figures(self) -> str:
        """As Prometheus gets them."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self._figures}/metrics?scope=server", timeout=5
        ) as answer:
            return str(answer.read().decode())

    def all_figures(self) -> str:
        """Of hubs, backends and fronts."""
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self._figures}/metrics", timeout=5
        ) as answer:
            return str(answer.read().decode())

    def up(self) -> set[str]:
        """Which hubs it chooses among."""
        with suppress(OSError):
            return set(
                re.findall(
                    r'^haproxy_server_status\{proxy="hubs",server="([^"]+)",state="UP"\} 1$',
                    self.figures(),
                    re.MULTILINE,
                )
            )
        return set()

    def until_up(self, *hubs: str) -> None:
        """Just these."""
        give_up = time.monotonic() + 30
        while self.up() != set(hubs):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < give_up, self.log.read_text()
            time.sleep(0.05)

    def close(self) -> None:
        """At once."""
        self._process.kill()
        self._process.wait()
