"""``samsvar sim identity-provider`` and ``samsvar sim token``, as people type them."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from samsvar.inbound.tokens import TokenVerifier
from samsvar.model.user import User
from samsvar.outbound.oidc import key_sources
from samsvar.settings import UserSettings, load
from tests.command import Shell
from tests.identity import Told, Watch

pytestmark = pytest.mark.wire


@contextmanager
def provider() -> Iterator[subprocess.Popen[str]]:
    """In a process of its own."""
    command = [sys.executable, "-m", "samsvar", "sim", "identity-provider"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_simulated_login_is_told_how_to_be_trusted_and_gives_tokens(tmp_path: Path) -> None:
    """What it prints are settings; a token of the other command is proven by them."""
    shell = Shell(tmp_path)
    with provider() as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        while not lines[-1].startswith("The lines above"):
            lines.append(process.stdout.readline())
        (tmp_path / "settings.toml").write_text("".join(lines[:-1]), encoding="utf-8")
        users = load(tmp_path / "settings.toml", {}).users
        port = users.issuer[0].issuer.split(":")[2].split("/")[0]
        ran = shell.inside("sim", "token", "--as", "vera", "--port", port, records=True)
        user = asyncio.run(_proven(users, ran.out.strip()))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=10)[0]

    assert [each.kind for each in users.issuer] == ["staff", "citizen"]
    assert (user.hsa_id, user.assurance) == ("SE2129999997-E101", 3)
    assert (process.returncode, "Traceback" in said) == (130, False)
    gone = shell.inside("sim", "token", "--as", "vera", "--port", port)
    assert (gone.code, gone.faults[0].startswith("no identity provider answers")) == (4, True)


async def _proven(users: UserSettings, token: str) -> User:
    watch = Watch()
    verifier = TokenVerifier(users, watch, key_sources(users, watch, Told()))
    try:
        return await verifier.user(f"Bearer {token}", None)
    finally:
        await verifier.close()


def test_words_of_a_simulated_login_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Exit code 2, and what would do."""
    shell = Shell(tmp_path)
    for arguments, why in (
        (("token", "--port", "1"), "--as must be one of: vera, "),
        (("token", "--as", "nobody", "--port", "1"), "--as must be one of: vera, "),
        (("token", "--as", "vera"), "--port: where "),
        (("prator", "--as", "vera"), "--as goes with "),
        (("identity-provider", "--fault"), "identity-provider has --port, "),
    ):
        ran = shell.inside("sim", *arguments)

        assert (ran.code, ran.out) == (2, "")
        assert ran.faults[0].startswith(why)
